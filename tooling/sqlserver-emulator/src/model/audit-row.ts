/** A column of an audit row, as plain JSON: see `SqlValue` for how times, binary values and GUIDs are written. */
export type ColumnValue = string | number | boolean | null;

/**
 * One row of sys.fn_get_audit_file (SQL Server notes §2.1) under the engine's column names. `null` is NULL; a column
 * that is left out has the value that the engine shows where it does not apply (`version-profiles.ts`).
 *
 * `file_name` and `audit_file_offset` are never in the row: where it stands decides them.
 */
export interface AuditRow {
  /** UTC, `yyyy-mm-dd hh:mm:ss.nnnnnnn`. */
  readonly event_time: string;
  /** Padded with blanks to four, as the engine shows it: `SL  `. */
  readonly action_id: string;
  readonly [column: string]: ColumnValue;
}

const FIXED_BYTES = 180;

/** About what the row takes in an audit file: the fixed columns, and two bytes for each character of the others. */
export function storedSize(row: AuditRow): number {
  let size = FIXED_BYTES;
  for (const column in row) {
    const value = row[column];
    if (typeof value === "string") size += 2 * value.length;
  }
  return size;
}

/** `event_time` of a moment: milliseconds since 1970, and what is finer in units of 100 ns (0 to 9999). */
export function eventTime(epochMilliseconds: number, hundredNanoseconds = 0): string {
  const iso = new Date(epochMilliseconds).toISOString();
  return [iso.slice(0, 10), " ", iso.slice(11, 23), String(hundredNanoseconds).padStart(4, "0")].join("");
}
