import type { Provenance } from "@das/core";
import { wrongOption } from "./follow-options.ts";
import { LaneOrder, type Released } from "./lane-order.ts";

export interface OrderOptions {
  /**
   * Milliseconds for which a record waits for one that it overtook: on the stream's clock, and as long as this reader
   * has nothing to read, on this machine's. 30,000 when absent. It has to outlast the resending of what was throttled.
   */
  readonly maxWait?: number;
  /** Records that may wait at a time, of all lanes together; 1,000 when absent. */
  readonly mostWaiting?: number;
}

/** A lane of an epoch, as provenance names it. */
export type LanePlace = Pick<Provenance, "generation" | "source" | "history" | "epoch" | "lane">;

export interface OrderedRecord {
  readonly provenance: Provenance;
  readonly shardId: string;
  readonly approximateArrivalTime: Date | undefined;
}

/** What comes out, with the lane that it is of. */
export type Ordered<Record> = Released<Record> & { readonly place: LanePlace; readonly shardId: string };

interface Waiter<Record> {
  readonly record: Record;
  /** When it arrived, and how long there had been nothing to read by then. */
  readonly since: number;
  readonly sinceIdle: number;
}

interface Lane<Record> {
  readonly order: LaneOrder<Waiter<Record>>;
  readonly place: LanePlace;
  /** Of its newest record. */
  shardId: string;
}

const MAX_WAIT = 30_000;
const MOST_WAITING = 1_000;
/** Lanes of all epochs that are remembered; the one that was silent longest is forgotten first. */
const MOST_LANES = 10_000;

/** Gives out the records of each source and lane in the order of (epoch, sequence). */
export class RecordOrder<Record extends OrderedRecord> {
  /** By generation, source, epoch and lane; the one that was silent longest first. */
  readonly #lanes = new Map<string, Lane<Record>>();
  readonly #waiting = new Set<Lane<Record>>();
  readonly #maxWait: number;
  readonly #mostWaiting: number;
  /** Milliseconds during which there was nothing to read, summed up. */
  #idle = 0;

  /** @throws ConfigurationError */
  constructor({ maxWait = MAX_WAIT, mostWaiting = MOST_WAITING }: OrderOptions = {}) {
    if (!(Number.isFinite(maxWait) && maxWait >= 0)) throw wrongOption("maxWait", maxWait, "milliseconds, 0 or more");
    if (!(Number.isInteger(mostWaiting) && mostWaiting >= 0)) {
      throw wrongOption("mostWaiting", mostWaiting, "a whole number, 0 or more");
    }
    this.#maxWait = maxWait;
    this.#mostWaiting = mostWaiting;
  }

  /** Records that wait for another. */
  get waiting(): number {
    let sum = 0;
    for (const { order } of this.#waiting) sum += order.waiting;
    return sum;
  }

  /** How long there may be nothing to read until something is given out all the same; undefined: nothing waits. */
  get patience(): number | undefined {
    const [longest] = this.#byWaiting();
    return longest && Math.max(0, longest.sinceIdle + this.#maxWait - this.#idle);
  }

  push(record: Record): Ordered<Record>[] {
    const { provenance, shardId } = record;
    const key = keyOf(provenance);
    const known = this.#lanes.get(key);
    // The publisher's next run has begun: it reads again what this one did not see acknowledged.
    const before = known ? [] : this.#giveUpOthers(provenance);
    const lane = known ?? this.#laneOf(provenance, shardId);
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
    lane.shardId = shardId;
    const since = record.approximateArrivalTime?.getTime() ?? Number.POSITIVE_INFINITY;
    const waiter = { record, since, sinceIdle: this.#idle };
    const released = lane.order.push(provenance.sequence, provenance.acked, waiter);
    if (lane.order.waiting > 0) this.#waiting.add(lane);
    else this.#waiting.delete(lane);
    this.#forgetLanes();
    return [...before, ...ordered(lane, released), ...this.#giveUpForCount()];
  }

  /** A record of the shard has come, of whatever source: what has waited in that shard for too long is given out. */
  arrived(shardId: string, arrival: Date | undefined): Ordered<Record>[] {
    if (!arrival || this.#waiting.size === 0) return [];
    return this.#byWaiting()
      .filter(({ lane, since }) => lane.shardId === shardId && arrival.getTime() - since > this.#maxWait)
      .flatMap(({ lane }) => this.#giveUp(lane));
  }

  /** There was nothing to read for so long. Milliseconds. */
  idled(milliseconds: number): void {
    this.#idle += milliseconds;
  }

  /** What has waited for too long while there was nothing to read. */
  overdue(): Ordered<Record>[] {
    return this.#byWaiting()
      .filter(({ sinceIdle }) => this.#idle - sinceIdle >= this.#maxWait)
      .flatMap(({ lane }) => this.#giveUp(lane));
  }

  /** Nothing more will come. */
  flush(): Ordered<Record>[] {
    return [...this.#waiting].flatMap((lane) => this.#giveUp(lane));
  }

  #laneOf({ generation, source, history, epoch, lane }: Provenance, shardId: string): Lane<Record> {
    const place = { generation, source, history, epoch, lane };
    return { order: new LaneOrder(), place, shardId };
  }

  /** The lanes in which something waits, the one that has waited longest first. */
  #byWaiting(): { readonly lane: Lane<Record>; readonly since: number; readonly sinceIdle: number }[] {
    return [...this.#waiting]
      .map((lane) => ({ lane, since: 0, sinceIdle: 0, ...lane.order.longestWaiting }))
      .sort((one, other) => one.sinceIdle - other.sinceIdle || one.since - other.since);
  }

  #giveUp(lane: Lane<Record>): Ordered<Record>[] {
    this.#waiting.delete(lane);
    return ordered(lane, lane.order.giveUp());
  }

  #giveUpOthers({ generation, source, lane }: Provenance): Ordered<Record>[] {
    const others = [...this.#waiting].filter(
      ({ place }) => place.generation === generation && place.source === source && place.lane === lane,
    );
    return others.flatMap((other) => this.#giveUp(other));
  }

  #giveUpForCount(): Ordered<Record>[] {
    const released: Ordered<Record>[] = [];
    while (this.waiting > this.#mostWaiting) {
      const [longest] = this.#byWaiting();
      if (!longest) break;
      released.push(...this.#giveUp(longest.lane));
    }
    return released;
  }

  #forgetLanes(): void {
    if (this.#lanes.size <= MOST_LANES) return;
    for (const [key, lane] of this.#lanes) {
      if (this.#waiting.has(lane)) continue;
      this.#lanes.delete(key);
      return;
    }
  }
}

function ordered<Record>(
  { place, shardId }: Lane<Record>,
  released: readonly Released<Waiter<Record>>[],
): Ordered<Record>[] {
  return released.map((one) =>
    "record" in one ? { ...one, record: one.record.record, place, shardId } : { ...one, place, shardId },
  );
}

function keyOf({ generation, source, epoch, lane }: Provenance): string {
  return JSON.stringify([generation, source, epoch, lane]);
}
