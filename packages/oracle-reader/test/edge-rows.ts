import { type AuditColumn, auditColumns, type NewAuditRow } from "@das/oracle-emulator";
import { selectRow } from "./emulated-trail.ts";

const EDGES: Readonly<Record<string, readonly (string | null)[]>> = {
  VARCHAR2: [null, "plain", " blanks around ", "NULL", "äöü", "line\nbreak\tand tab", `'quoted' "twice" ]`, "a\u0000b"],
  NUMBER: [null, "0", "1", "-1", "9007199254740993", "866957642826845769"],
  CLOB: [null, "short", "Überprüfung, проверка, 検査, 😀", "a\u0000b", "x".repeat(40_000), "äß😀".repeat(9_000)],
  RAW: [null, "00", "0000000000000000", "02000800D5030000"],
};

/** What the model decides, or what makes a row visible at all. */
const LEFT_ALONE = new Set(["EVENT_TIMESTAMP", "EVENT_TIMESTAMP_UTC", "SOURCE", "DBID", "AUDIT_TYPE", "ACTION_NAME"]);

/** Codes, which have names in tables, and counts of a session. */
const NUMBERED = new Set([
  "ENTRY_ID",
  "STATEMENT_ID",
  "RETURN_CODE",
  "INSTANCE_ID",
  "SYSTEM_PRIVILEGE",
  "AUDIT_OPTION",
]);

/** Rows in which every column takes every edge value of its type that it can hold. @param major of the release */
export function edgeRows(major: number): readonly NewAuditRow[] {
  const columns = auditColumns(major).filter(({ name }) => !LEFT_ALONE.has(name) && !NUMBERED.has(name));
  return Array.from({ length: 12 }, (_, row) => ({
    ...selectRow(row),
    ...Object.fromEntries(columns.map((column, index) => [column.name, edgeOf(column, row + index)])),
  }));
}

function edgeOf({ type, length }: AuditColumn, turn: number): string | null {
  const most = length || Number.POSITIVE_INFINITY;
  const bytes = (value: string) => (type === "RAW" ? value.length / 2 : Buffer.byteLength(value));
  const fits = (value: string | null) => value === null || type === "NUMBER" || type === "CLOB" || bytes(value) <= most;
  const values = [...(EDGES[type] ?? [null]), ...(type === "VARCHAR2" ? ["y".repeat(most)] : [])].filter(fits);
  return values[turn % values.length] ?? null;
}
