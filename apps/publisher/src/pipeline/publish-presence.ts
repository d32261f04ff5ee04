import { type Engine, type HeldSource, type InstanceDescription, streamEvent, stringifyExact } from "@das/core";
import { ByteBudget } from "./byte-budget.ts";
import { Lane } from "./lane.ts";
import { Packer } from "./pack.ts";
import type { PublishParts, SourcePublishing } from "./publish-source.ts";
import type { StreamNews } from "./stream-news.ts";
import { Watermark } from "./watermark.ts";

/** The publisher of one instance as it speaks of itself. */
export interface PresenceParts {
  readonly engine: Engine;
  /** `publisher:<instance id>` */
  readonly sourceId: string;
  readonly news: StreamNews;
  /** What is known of the instance before anything was read from it. */
  readonly instance: InstanceDescription;
}

/** One heartbeat waits at a time. */
const LANES = 1;

/**
 * The publisher's own source (architecture §5): its heartbeats say that it lives, and which sources it reads or waits for.
 * One at once, one an interval or when there is news, and a last one at the end. What happens to the stream itself is
 * told here.
 * @throws RefusedError when the very first is refused
 */
export async function publishPresence(
  { engine, sourceId, news, instance }: PresenceParts,
  held: () => readonly SourcePublishing<unknown>[],
  { settings, sealing, putting, notify, nameEpoch, clock, counters }: PublishParts,
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
        ...(news.revision !== undefined && { revision: news.revision }),
        ...(news.isFinished && markers === "" && { last: true }),
        sources: held().map(heldSource),
        markers,
      }),
    }),
    sealing,
    putting,
    budget: new ByteBudget(settings.maxUnderWay),
    signal: giveUp,
    acknowledged: (sequence, events, bytes) => {
      counters.records += 1;
      counters.events += events;
      if (events === 0) counters.heartbeats += 1;
      counters.bytes += bytes;
      numbers.acknowledge(0, sequence);
    },
    failed: (error) => {
      hasFailed = true;
      if (giveUp.aborted) return;
      fail(error);
    },
  });
  const tell = (described: InstanceDescription): void => {
    for (const notice of news.take()) {
      const event = streamEvent(engine, notice, described);
      lane.add(stringifyExact(event), undefined);
      notify?.(sourceId, event);
    }
  };
  let described: InstanceDescription | undefined;
  while (!stopping.aborted && !hasFailed) {
    news.told();
    // An event names the instance as the instance names itself: it waits until that was heard.
    described ??= held().find(({ instance: known }) => known)?.instance;
    if (described) tell(described);
    if (lane.isIdle) lane.heartbeat();
    await Promise.race([clock.sleep(heartbeatInterval, stopping), news.arrival, failure]);
  }
  if (!hasFailed) {
    tell(described ?? instance);
    lane.heartbeat();
  }
  await Promise.race([lane.drained(), failure]);
}

function heldSource({ source, isReading }: SourcePublishing<unknown>): HeldSource {
  return { id: source.id, history: source.history, state: isReading ? "reading" : "waiting" };
}
