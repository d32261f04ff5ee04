import { readdirSync, readFileSync } from "node:fs";
import type { AuditRow } from "../model/audit-row.ts";
import { isReleaseName, type ReleaseName } from "../version-profiles.ts";

/** A row that a real server wrote, or that a vendor documents. */
export interface RealRow {
  /** Where it was found: repository and path, or document. */
  readonly source: string;
  readonly version: ReleaseName;
  /** Complete in the sense of the model: what is left out is NULL. */
  readonly row: AuditRow;
}

const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** In the order of their files. */
export function realRows(): readonly RealRow[] {
  const folder = new URL("real-rows/", FIXTURES);
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => (JSON.parse(readFileSync(new URL(name, folder), "utf8")) as unknown[]).map(realRowOf));
}

/** The CREATE TABLE of AWS's documentation, as a row of 19c. */
export function documentedCreateTable(): RealRow {
  return realRowOf(JSON.parse(readFileSync(new URL("documented-create-table.json", FIXTURES), "utf8")));
}

interface Found {
  readonly source: string;
  readonly version: string;
  readonly row: Readonly<Record<string, string | number | null>>;
  readonly completed?: Readonly<Record<string, string>>;
}

const REQUIRED = ["ENTRY_ID", "STATEMENT_ID", "RETURN_CODE", "ACTION_NAME"] as const;

function realRowOf(found: unknown): RealRow {
  const { source, version, row: shown, completed = {} } = found as Found;
  const texts = Object.entries({ ...shown, ...completed }).map(([column, value]) => [
    column,
    typeof value === "number" ? String(value) : value,
  ]);
  const row: Readonly<Record<string, string | null>> = Object.fromEntries(texts);
  const { EVENT_TIMESTAMP_UTC: time, AUDIT_TYPE: type } = row;
  const isComplete = REQUIRED.every((column) => typeof row[column] === "string");
  if (!isReleaseName(version) || !isComplete || typeof time !== "string" || typeof type !== "string") {
    throw new Error(`oracle-emulator: a fixture row of ${source} is not complete`);
  }
  return { source, version, row: { ...row, EVENT_TIMESTAMP_UTC: time, AUDIT_TYPE: type } };
}
