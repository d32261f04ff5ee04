/** The code tables that the engine serves (SQL Server notes §2.4), read once from the fixtures. */
import { readFileSync } from "node:fs";

export interface ActionCode {
  readonly actionId: string;
  readonly name: string;
  readonly isGroup: boolean;
}

export interface ClassTypeCode {
  readonly classType: string;
  readonly description: string;
  readonly securable: string;
}

/** Versions up to 2017 spell some names differently. */
const LAST_WITH_OLD_NAMES = 2017;

export function actionCodes(year: number): readonly ActionCode[] {
  actions ??= readTable("actions.csv");
  return actions.map(([actionId = "", name = "", isGroup = "", , oldName = ""]) => ({
    actionId,
    name: year <= LAST_WITH_OLD_NAMES && oldName !== "" ? oldName : name,
    isGroup: isGroup === "1",
  }));
}

export function classTypeCodes(year: number): readonly ClassTypeCode[] {
  classTypes ??= readTable("class-types.csv");
  return classTypes.map(([classType = "", description = "", securable = "", , oldDescription = ""]) => ({
    classType,
    description: year <= LAST_WITH_OLD_NAMES && oldDescription !== "" ? oldDescription : description,
    securable,
  }));
}

type Table = readonly (readonly string[])[];

let actions: Table | undefined;
let classTypes: Table | undefined;

/** Comma-separated without quotes; the first line names the columns. */
function readTable(name: string): Table {
  const text = readFileSync(new URL(`../fixtures/code-tables/${name}`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(","));
}
