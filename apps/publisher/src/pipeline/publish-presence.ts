import type { HeldSource } from "@das/core";
import { ByteBudget } from "./byte-budget.ts";
import { Lane } from "./lane.ts";
import { Packer } from "./pack.ts";
import type { PublishParts, SourcePublishing } from "./publish-source.ts";
import { Watermark } from "./watermark.ts";

/** One heartbeat waits at a time. */
const LANES = 1;

/**
 * The publisher's own source (architecture §5): its heartbeats say that it lives, and which sources it reads or waits for.
 * One at once, one an interval, and a last one at the end.
 * @throws RefusedError when the very first is refused
 */
export async function publishPresence(
  sourceId: string,
  held: () => readonly SourcePublishing<unknown>[],
  { settings, sealing, putting, nameEpoch, clock, counters }: PublishParts,
  stopping: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const { generation, resourceId, heartbeatInterval } = settings;
  const epoch = nameEpoch();
  const numbers = new Watermark(LANES);
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  failure.catch(() => undefined);
  let hasFailed = false;
  const lane = new Lane({
    partitionKey: sourceId,
    packer: new Packer({
      instanceId: resourceId,
      maxEvents: 1,
      targetBytes: settings.targetBytes,
      provenance: (markers) => ({
        generation,
        source: sourceId,
        history: "",
        epoch,
        lane: 0,
        sequence: numbers.made(0),
        acked: numbers.acked(0),
        watermark: null,
        behind: [0],
        sources: held().map(heldSource),
        markers,
      }),
    }),
    sealing,
    putting,
    budget: new ByteBudget(settings.maxUnderWay),
    signal: giveUp,
    acknowledged: (sequence, _, bytes) => {
      counters.records += 1;
      counters.heartbeats += 1;
      counters.bytes += bytes;
      numbers.acknowledge(0, sequence);
    },
    failed: (error) => {
      hasFailed = true;
      if (giveUp.aborted) return;
      fail(error);
    },
  });
  while (!stopping.aborted && !hasFailed) {
    if (lane.isIdle) lane.heartbeat();
    await Promise.race([clock.sleep(heartbeatInterval, stopping), failure]);
  }
  if (!hasFailed) lane.heartbeat();
  await Promise.race([lane.drained(), failure]);
}

function heldSource({ source, isReading }: SourcePublishing<unknown>): HeldSource {
  return { id: source.id, history: source.history, state: isReading ? "reading" : "waiting" };
}
