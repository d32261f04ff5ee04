import type { InstanceDescription, NativeAuditFields, OracleEvent } from "@das/core";
import { type NewAuditRow, type ReleaseName, timestampMilliseconds } from "@das/oracle-emulator";
import { openEmulatedTrail } from "./emulated-trail.ts";
import { readUntil } from "./read-until.ts";

/** Milliseconds by which the emulated database is younger than its row. */
const LATER = 60_000;

/**
 * What becomes of a row, whenever it is from, when it goes through an emulated database of a release, the driver, the
 * reader and the mapping.
 */
export async function readBack(
  release: ReleaseName,
  row: NewAuditRow & { readonly EVENT_TIMESTAMP_UTC: string },
  nativeAuditFields: NativeAuditFields = "include",
): Promise<{
  readonly event: OracleEvent | undefined;
  readonly marker: string | undefined;
  readonly instance: InstanceDescription;
}> {
  await using trail = await openEmulatedTrail({ release, nativeAuditFields: nativeAuditFields === "include" });
  // Not years of nothing behind the row.
  trail.emulator.shiftClock(timestampMilliseconds(row.EVENT_TIMESTAMP_UTC) + LATER - trail.emulator.now());
  trail.appendRows([row]);
  const { rows, markers, batches } = await readUntil(trail, undefined, 1);
  const [instance] = batches.map((batch) => batch.instance);
  if (!instance || rows.length !== 1) throw new Error(`the reader gave ${rows.length} rows`);
  await using reader = trail.openReader();
  const event = rows[0] && reader.toEvent(rows[0], { ...instance, nativeAuditFields });
  return { event, marker: markers[0], instance };
}
