import type { AuditRow } from "./audit-row.ts";

/** UTF-16 units of one piece; a surrogate pair may be cut in two (SQL Server notes §2.2). */
export const PIECE_LENGTH = 4000;

/** A record whose statement is longer becomes several rows, alike but for the piece and its number. */
export function splitRecord(row: AuditRow): readonly AuditRow[] {
  const { statement } = row;
  if (typeof statement !== "string" || statement.length <= PIECE_LENGTH) return [row];
  const rows: AuditRow[] = [];
  for (let from = 0; from < statement.length; from += PIECE_LENGTH) {
    rows.push({ ...row, statement: statement.slice(from, from + PIECE_LENGTH), sequence_number: rows.length + 1 });
  }
  return rows;
}
