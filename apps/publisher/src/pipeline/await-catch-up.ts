import type { Clock, UtcTime } from "@das/core";
import type { SourcePublishing } from "./publish-source.ts";

/** Milliseconds between two looks. */
const LOOK_INTERVAL = 100;
/** Of two quiet batches the second was certainly asked for after we began to wait. */
const QUIET_BATCHES = 2;

/**
 * Waits until every source that is being read has come to the end of its trail, or past a moment.
 *
 * @param held the sources, now
 * @param until by the clock of the database
 */
export async function awaitCatchUp(
  held: () => readonly Pick<SourcePublishing<unknown>, "isReading" | "quietBatches" | "newestTime">[],
  until: UtcTime,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const began = new Map(held().map((publishing) => [publishing, publishing.quietBatches]));
  const isBehind = (publishing: ReturnType<typeof held>[number]): boolean => {
    const before = began.get(publishing) ?? 0;
    const isPast = publishing.newestTime > until;
    return publishing.isReading && !isPast && publishing.quietBatches < before + QUIET_BATCHES;
  };
  while (!signal.aborted && held().some(isBehind)) await clock.sleep(LOOK_INTERVAL, signal);
}
