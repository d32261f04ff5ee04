/** Which audits take what happens on the server: those that an enabled specification feeds. */
import type { AuditRow } from "./audit-row.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { splitRecord } from "./split-record.ts";
import { appendRows } from "./write-rows.ts";

/**
 * A specification of the server hears everything of its group, one of a database what happens there. An audit that both
 * feed takes the row once. Long statements become several rows.
 * @param database where it happens; null for what belongs to the server as a whole
 */
export function recordAction(
  trail: AuditTrail,
  group: string,
  database: string | null,
  row: AuditRow,
  now: number,
): AuditTrail {
  const rows = splitRecord(row);
  return auditsFedBy(trail, group, database).reduce((changed, name) => appendRows(changed, name, rows, now), trail);
}

export function auditsFedBy(trail: AuditTrail, group: string, database: string | null): readonly string[] {
  const hears = (specified: string | null) => specified === null || specified.toLowerCase() === database?.toLowerCase();
  const guids = new Set(
    trail.specifications
      .filter(
        ({ enabled, database: specified, details }) =>
          enabled && hears(specified) && details.some(({ action }) => action === group),
      )
      .map(({ auditGuid }) => auditGuid),
  );
  return trail.audits.filter(({ guid, status }) => guids.has(guid) && status === "STARTED").map(({ name }) => name);
}
