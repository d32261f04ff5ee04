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

/** Without the groups that came later. */
export function actionCodes(year: number): readonly ActionCode[] {
  actions ??= readTable("actions.csv");
  return actions
    .filter(([, name = "", isGroup = ""]) => isGroup !== "1" || groupSince(name) <= year)
    .map(([actionId = "", name = "", isGroup = "", , oldName = ""]) => ({
      actionId,
      name: year <= LAST_WITH_OLD_NAMES && oldName !== "" ? oldName : name,
      isGroup: isGroup === "1",
    }));
}

export interface ActionGroup {
  readonly name: string;
  /** May a database audit specification have it too? */
  readonly inDatabases: boolean;
}

/** What a specification may name, by version. */
export function actionGroups(year: number): readonly ActionGroup[] {
  const coded = actionCodes(year).filter(({ isGroup }) => isGroup);
  const names = [...coded.map(({ name }) => name), ...UNCODED_GROUPS.filter((name) => groupSince(name) <= year)];
  return names.map((name) => ({ name, inDatabases: DATABASE_GROUPS.has(name.replace(/_GROUP$/, "")) }));
}

export function classTypeCodes(year: number): readonly ClassTypeCode[] {
  classTypes ??= readTable("class-types.csv");
  return classTypes.map(([classType = "", description = "", securable = "", , oldDescription = ""]) => ({
    classType,
    description: year <= LAST_WITH_OLD_NAMES && oldDescription !== "" ? oldDescription : description,
    securable,
  }));
}

/** Groups of 2022 whose action ids nobody published. */
const UNCODED_GROUPS = ["SENSITIVE_BATCH_COMPLETED_GROUP", "EXTGOV_OPERATION_GROUP"];

/** SQL Server notes §6.2: those that not every version since 2012 has. */
const LATER_GROUPS: Readonly<Record<number, readonly string[]>> = {
  2016: [
    "GLOBAL_TRANSACTIONS_LOGIN",
    "STATEMENT_ROLLBACK",
    "TRANSACTION",
    "TRANSACTION_BEGIN",
    "TRANSACTION_COMMIT",
    "TRANSACTION_ROLLBACK",
  ],
  2017: ["STORAGE_LOGIN"],
  2019: ["FEATURE_RESTRICTION_CHANGE", "SENSITIVITY_CLASSIFICATION_CHANGE", "BATCH_STARTED", "BATCH_COMPLETED"],
  2022: ["LEDGER_OPERATION", "SENSITIVE_BATCH_COMPLETED", "EXTGOV_OPERATION"],
};

function groupSince(name: string): number {
  const plain = name.replace(/_GROUP$/, "");
  const later = Object.entries(LATER_GROUPS).find(([, names]) => names.includes(plain));
  return Number(later?.[0] ?? 0);
}

/** SQL Server notes §6.2; those after 2014 by the rule that they concern what happens in a database (not verified). */
const DATABASE_GROUPS: ReadonlySet<string> = new Set([
  "APPLICATION_ROLE_CHANGE_PASSWORD",
  "AUDIT_CHANGE",
  "BACKUP_RESTORE",
  "DATABASE_CHANGE",
  "DATABASE_LOGOUT",
  "DATABASE_OBJECT_ACCESS",
  "DATABASE_OBJECT_CHANGE",
  "DATABASE_OBJECT_OWNERSHIP_CHANGE",
  "DATABASE_OBJECT_PERMISSION_CHANGE",
  "DATABASE_OPERATION",
  "DATABASE_OWNERSHIP_CHANGE",
  "DATABASE_PERMISSION_CHANGE",
  "DATABASE_PRINCIPAL_CHANGE",
  "DATABASE_PRINCIPAL_IMPERSONATION",
  "DATABASE_ROLE_MEMBER_CHANGE",
  "DBCC",
  "FAILED_DATABASE_AUTHENTICATION",
  "SCHEMA_OBJECT_ACCESS",
  "SCHEMA_OBJECT_CHANGE",
  "SCHEMA_OBJECT_OWNERSHIP_CHANGE",
  "SCHEMA_OBJECT_PERMISSION_CHANGE",
  "SUCCESSFUL_DATABASE_AUTHENTICATION",
  "USER_CHANGE_PASSWORD",
  "USER_DEFINED_AUDIT",
  "STATEMENT_ROLLBACK",
  "TRANSACTION",
  "TRANSACTION_BEGIN",
  "TRANSACTION_COMMIT",
  "TRANSACTION_ROLLBACK",
  "BATCH_STARTED",
  "BATCH_COMPLETED",
  "SENSITIVITY_CLASSIFICATION_CHANGE",
  "SENSITIVE_BATCH_COMPLETED",
  "LEDGER_OPERATION",
]);

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
