import type { ActivityEvent } from "@das/consumer";
import type { AuditRow } from "@das/sqlserver-emulator";

/** What tells an event from the others of a run: its time is exact to 100 ns, and pieces of one statement are numbered. */
export function eventKey({ logTime, statementId, substatementId }: ActivityEvent): string {
  return `${logTime} ${statementId} ${substatementId}`;
}

/** The key of the event that the row becomes: made here and not by the reader, whose work is being measured. */
export function rowKey(row: AuditRow): string {
  const statementId = row.sequence_group_id ?? `0x${"0".repeat(32)}`;
  return `${row.event_time}+00 ${statementId} ${row.sequence_number ?? 1}`;
}
