import { type Clock, type Logger, silentLogger, systemClock } from "@das/core";
import { KinesisCalls, type KinesisReader } from "./kinesis-calls.ts";
import { isMissing, streamMissing } from "./kinesis-errors.ts";
import type { RepeatSettings } from "./repeat.ts";
import { type Deliver, ShardStretches, type Stretch } from "./shard-stretch.ts";
import type { ListedShard } from "./start-position.ts";

export interface StretchReaderOptions {
  /** See `FollowOptions.kinesis`. */
  readonly kinesis: KinesisReader;
  /** Name or ARN. */
  readonly stream: string;
  readonly clock?: Clock;
  /** The jitter of retries; uniform in [0, 1). */
  readonly random?: () => number;
  readonly logger?: Logger;
}

/** What GetRecords gives at most. */
const RECORDS_PER_CALL = 10_000;
/** Shards that are read at once: each holds one answer. */
const SHARDS_AT_ONCE = 32;
/** Milliseconds until a listing that is out of date is asked for again. */
const LISTING_INTERVAL = 500;
/** How far a clock that is fast is gone after: AWS does not even accept a signature that is five minutes off. */
const FIRST_STEP = 15_000;
const LARGEST_STEP = 60 * 60_000;

/**
 * Reads parts of a stream by the time at which records arrived, sealed as they are: all shards, closed ones too, each
 * in its order; nothing is promised between shards. Made for looking back; `followStream` is for going on.
 *
 * Throttling and outages are waited out. A shard that has left the stream, with everything that it held, is no error.
 */
export class StretchReader {
  readonly #stream: string;
  readonly #calls: KinesisCalls;
  readonly #settings: RepeatSettings;
  readonly #shards = new Map<string, ShardStretches>();

  constructor(options: StretchReaderOptions) {
    this.#stream = options.stream;
    this.#settings = {
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
      logger: options.logger ?? silentLogger,
    };
    this.#calls = new KinesisCalls(options.kinesis, options.stream, RECORDS_PER_CALL, this.#settings);
  }

  /**
   * @param deliver shards are read side by side, so its calls may overlap; that of one shard waits for it
   * @returns where reading began: earlier than asked when that has not come yet by the clock of the stream
   * @throws RefusedError when only a person can help; the signal's reason
   */
  async read(stretch: Stretch, deliver: Deliver, signal: AbortSignal): Promise<number> {
    if (stretch.to !== undefined) {
      await this.#readOnce(stretch, deliver, new Set(), signal);
      return stretch.from;
    }
    // This machine's clock may be fast. What was delivered before that was found comes again.
    let { from } = stretch;
    for (let step = FIRST_STEP; step <= LARGEST_STEP; step *= 2) {
      const done = new Set<string>();
      const future = await this.#readOnce({ from, to: undefined }, deliver, done, signal);
      if (!future) return from;
      from = stretch.from - step;
    }
    return from;
  }

  /** @returns whether the stretch has not begun yet */
  async #readOnce(stretch: Stretch, deliver: Deliver, done: Set<string>, signal: AbortSignal): Promise<boolean> {
    let enough = false;
    let future = false;
    const closed = new Set<string>();
    const deliverUnlessEnough: Deliver = async (records) => {
      enough ||= await deliver(records);
      return enough;
    };
    for (;;) {
      const shards = await this.#listShards(signal);
      const waiting = shards.filter(({ shardId }) => !done.has(shardId));
      const read = async (): Promise<void> => {
        for (let shard = waiting.shift(); shard && !enough && !future; shard = waiting.shift()) {
          const end = await this.#shard(shard.shardId).read(stretch, deliverUnlessEnough, signal);
          done.add(shard.shardId);
          future ||= end === "future";
          if (end === "closed") closed.add(shard.shardId);
        }
      };
      await Promise.all(Array.from({ length: Math.min(SHARDS_AT_ONCE, waiting.length) }, read));
      if (enough || future || stretch.to !== undefined) return future;
      // What was put a moment ago may stand in a shard that no listing shows yet: that of a closed one's child.
      if (allChildrenRead(shards, done, closed)) return false;
      await this.#settings.clock.sleep(LISTING_INTERVAL, signal);
      signal.throwIfAborted();
    }
  }

  #shard(shardId: string): ShardStretches {
    let shard = this.#shards.get(shardId);
    if (!shard) {
      shard = new ShardStretches(shardId, this.#calls, this.#settings);
      this.#shards.set(shardId, shard);
    }
    return shard;
  }

  async #listShards(signal: AbortSignal): Promise<readonly ListedShard[]> {
    try {
      return await this.#calls.listShards(signal);
    } catch (error) {
      if (signal.aborted || !isMissing(error)) throw error;
      throw streamMissing(this.#stream, error);
    }
  }
}

/** @param closed shards that were read to their end, though the listing may show them open */
function allChildrenRead(
  shards: readonly ListedShard[],
  done: ReadonlySet<string>,
  closed: ReadonlySet<string>,
): boolean {
  const parents = new Set(shards.flatMap((shard) => shard.parents));
  return shards.every((shard) => done.has(shard.shardId) && (!closed.has(shard.shardId) || parents.has(shard.shardId)));
}
