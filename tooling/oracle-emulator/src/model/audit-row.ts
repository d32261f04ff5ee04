/**
 * One row of the unified audit trail under the column names of `UNIFIED_AUDIT_TRAIL` (Oracle notes §1.2), upper case.
 * A value is exact text: digits of a number, upper-case hex of a RAW, times as `YYYY-MM-DD HH24:MI:SS.FF6` in UTC. A
 * column that is left out is NULL; Oracle has no empty text.
 *
 * Not in the row, because where it stands decides them: EVENT_TIMESTAMP (the time in the session's zone), SOURCE,
 * INST_ID, CON_ID. A row that moves from a file into the table, or is replicated, stays the same object: object
 * identity is the row's identity in the model, whatever its columns say.
 */
export interface AuditRow {
  readonly EVENT_TIMESTAMP_UTC: string;
  /** `Standard`, `FineGrainedAudit`, … */
  readonly AUDIT_TYPE: string;
  /**
   * The number behind ACTION_NAME, only where the lookup table lacks it: ACTION_NAME is then NULL, and the view does
   * not show the row (Oracle notes §1.1).
   */
  readonly ACTION_CODE?: string;
  readonly [column: string]: string | null | undefined;
}

/** What `audit` completes: time, DBID, INSTANCE_ID, ENTRY_ID, STATEMENT_ID, RETURN_CODE and AUDIT_TYPE may be left out. */
export type NewAuditRow = Readonly<Record<string, string | null | undefined>>;

/** Oracle notes §1.4. */
export const KEY_COLUMNS = [
  "DBID",
  "INSTANCE_ID",
  "SESSIONID",
  "ENTRY_ID",
  "STATEMENT_ID",
  "EVENT_TIMESTAMP_UTC",
  "OS_PROCESS",
  "AUDIT_TYPE",
  "ACTION_NAME",
  "RETURN_CODE",
  "OBJECT_SCHEMA",
  "OBJECT_NAME",
  "FGA_POLICY_NAME",
] as const;

/** The values of the key columns as one text in which NULL and shifted values cannot be mistaken for each other. */
export function keyOf(row: AuditRow): string {
  return JSON.stringify(KEY_COLUMNS.map((column) => row[column] ?? null));
}

/** `YYYY-MM-DD HH24:MI:SS.FF6` of a moment in milliseconds since 1970, whose fraction gives the microseconds. */
export function timestampText(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const microseconds = Math.floor((milliseconds - whole) * 1000 + 0.5);
  if (microseconds === 1000) return timestampText(whole + 1);
  const iso = new Date(whole).toISOString();
  return [iso.slice(0, 10), " ", iso.slice(11, 23), String(microseconds).padStart(3, "0")].join("");
}

/** Milliseconds since 1970, with the microseconds as their fraction. */
export function timestampMilliseconds(text: string): number {
  const milliseconds = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23)}Z`);
  return milliseconds + Number(text.slice(23, 26).padEnd(3, "0")) / 1000;
}
