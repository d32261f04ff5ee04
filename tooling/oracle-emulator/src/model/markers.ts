import { type AuditRow, keyOf } from "./audit-row.ts";

/**
 * `INSTANCE_ID:ENTRY_ID:process:policy:ordinal` of each row: what tells it from others that agree in every field of
 * their events. The process stands there only when it is no plain number, the policy when there is one, the ordinal
 * among equal keys when it is not 0; empty parts at the end are left out. Computed here once more, so that a reader can
 * be held against it.
 */
export function* markersOf(rows: Iterable<AuditRow>): Generator<string> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    const ordinal = counts.get(key) ?? 0;
    counts.set(key, ordinal + 1);
    const { INSTANCE_ID: instance, ENTRY_ID: entry, OS_PROCESS: process, FGA_POLICY_NAME: policy } = row;
    const isNumber = process != null && String(Number(process)) === process && Number(process) < 2 ** 31;
    const parts = [instance, entry, isNumber ? null : process, policy, ordinal === 0 ? null : String(ordinal)];
    yield parts
      .map((part) => (part ?? "").replace(/[^\w$.-]/g, hexadecimal))
      .join(":")
      .replace(/:+$/, "");
  }
}

function hexadecimal(unit: string): string {
  return `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
