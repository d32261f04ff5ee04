import { type Provenance, systemClock } from "@das/core";
import type { IntegerForm } from "./activity-event.ts";
import { type ReadOptions, readActivityStream } from "./activity-stream.ts";
import { EventMemory } from "./event-memory.ts";
import type { Released } from "./lane-order.ts";
import { LossWindowBook } from "./loss-window-book.ts";
import { newEvents, nothingNew } from "./new-events.ts";
import type { HoleItem, LossWindowItem, NewEventsItem, OrderedItem } from "./ordered-item.ts";
import { type Ordered, type OrderOptions, RecordOrder } from "./record-order.ts";
import { SavePoints } from "./save-points.ts";
import type { StreamAccount } from "./stream-account.ts";
import type { EventsItem, HeartbeatItem, StreamItem } from "./stream-item.ts";
import { type Waited, waitingFor } from "./waiting-for.ts";

export interface OrderedReadOptions<Integers extends IntegerForm = "bigint">
  extends ReadOptions<Integers>,
    OrderOptions {
  /** Which events came before. One of its own, with its defaults, when absent; give one to read on with it later. */
  readonly memory?: EventMemory;
  /** Kept up to date with what is read. */
  readonly account?: StreamAccount;
}

/** What is read of a record. */
type RecordItem<Integers extends IntegerForm> = Exclude<StreamItem<Integers>, { kind: "lost-shard" }>;

type RecordState = Pick<Extract<Released<unknown>, { record: unknown }>, "late" | "repeated">;

/** A record that says where it belongs. */
type PlacedItem<Integers extends IntegerForm> = (EventsItem<Integers> | HeartbeatItem) & {
  readonly provenance: Provenance;
};

/** What is given out, before it is known what may be saved with it. */
type Given<Integers extends IntegerForm> =
  | NewEventsItem<Integers>
  | LossWindowItem<Integers>
  | HoleItem
  | Exclude<StreamItem<Integers>, { kind: "events" }>;

/**
 * The events of a database activity stream, each once, and those of each source and lane in the order in which they were
 * published, across restarts and failovers of the publishers. What is missing is told in its place: the loss windows
 * that the publishers told, and the holes that are found here.
 *
 * Reads as `readActivityStream` does. Of what waits for its turn, and of what is remembered so that doubles are found,
 * there is never more than the options say. Records without provenance, as AWS's own, come at once and as they are.
 * @throws RefusedError when only a person can help: no such stream, a missing right, a disabled key; ConfigurationError
 */
export async function* readOrderedEvents<Integers extends IntegerForm = "bigint">(
  options: OrderedReadOptions<Integers>,
): AsyncGenerator<OrderedItem<Integers>, void> {
  const { clock = systemClock, memory = new EventMemory(), account } = options;
  const order = new RecordOrder<PlacedItem<Integers>>(options);
  const windows = new LossWindowBook();
  const savePoints = new SavePoints();

  function* give(released: readonly Ordered<PlacedItem<Integers>>[]): Generator<OrderedItem<Integers>, void> {
    for (const one of released) {
      if ("missing" in one) {
        const { place, shardId, missing } = one;
        yield { kind: "hole", ...place, shardId, ...missing, savePoint: savePoints.of(shardId) };
        continue;
      }
      yield* save(one.record, one);
    }
  }

  /** The last part ends what is to be done with the record. */
  function* save(item: RecordItem<Integers>, state: RecordState): Generator<OrderedItem<Integers>, void> {
    const parts = partsOf(item, state);
    for (;;) {
      const { done, value } = parts.next();
      if (done) savePoints.done(item.shardId, item.sequenceNumber);
      yield { ...value, savePoint: savePoints.of(item.shardId) };
      if (done) return;
    }
  }

  function* partsOf(
    item: RecordItem<Integers>,
    { late, repeated }: RecordState,
  ): Generator<Given<Integers>, Given<Integers>> {
    if (item.kind !== "events") return item;
    const last = repeated ? nothingNew(item) : yield* newEvents(late ? { ...item, late } : item, memory, windows);
    if (item.provenance) account?.dropped(item.provenance, last.doubles);
    return last;
  }

  function* take(item: StreamItem<Integers>): Generator<OrderedItem<Integers>, void> {
    account?.add(item);
    if (item.kind === "lost-shard") {
      yield { ...item, savePoint: savePoints.of(item.shardId) };
      return;
    }
    savePoints.read(item.shardId, item.sequenceNumber);
    yield* give(order.arrived(item.shardId, item.approximateArrivalTime));
    if (isPlaced(item)) yield* give(order.push(item));
    else yield* save(item, { late: false, repeated: false });
  }

  // Whoever leaves the loop may do so while the next item is still waited for.
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, ...(options.signal ? [options.signal] : [])]);
  const items = readActivityStream({ ...options, signal })[Symbol.asyncIterator]();
  try {
    for (let next = items.next(); ; ) {
      const came: Waited<IteratorResult<StreamItem<Integers>, void>> = await waitingFor(next, order.patience, clock);
      order.idled(came.waited);
      if ("result" in came) {
        if (came.result.done) break;
        yield* take(came.result.value);
      }
      yield* give(order.overdue());
      // Not before: while an item is dealt with, nobody would hear of an error.
      if ("result" in came) next = items.next();
    }
    // What waits for its turn when the caller stops is not missing: it comes again.
    if (!options.signal?.aborted) yield* give(order.flush());
  } finally {
    left.abort();
    await items.return(undefined);
  }
}

function isPlaced<Integers extends IntegerForm>(item: StreamItem<Integers>): item is PlacedItem<Integers> {
  return (item.kind === "events" || item.kind === "heartbeat") && item.provenance !== undefined;
}
