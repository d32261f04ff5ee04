import { type RetryPolicy, retryDelay } from "@das/core";
import type { KinesisCalls, ShardAnswer } from "./kinesis-calls.ts";
import { isExpiredIterator, isMissing } from "./kinesis-errors.ts";
import type { RepeatSettings } from "./repeat.ts";
import type { ShardStart } from "./shard-tree.ts";
import { afterSequenceNumber, type ShardPosition } from "./start-position.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface ShardReaderSettings extends RepeatSettings {
  /** Milliseconds between two calls once the newest record was read. */
  readonly pollInterval: number;
  /** Records that arrived then, or later, are not wanted. Milliseconds since 1970. */
  readonly until: number;
}

/**
 * `closed`: read to its end. `reached`: read as far as was wanted. `missing`: this shard, or the whole stream, is not
 * there any more.
 */
export type ShardEnd = "closed" | "reached" | "missing";

/**
 * How far this machine's clock may be off while its signatures are still accepted: AWS refuses a request that is more
 * than five minutes old.
 */
const CLOCK_TOLERANCE_MILLISECONDS = 5 * 60_000;
const RENEWAL: RetryPolicy = { base: 200, cap: 10_000 };

/** Reads one shard, each record once and in order, only as fast as they are taken. */
export class ShardReader {
  readonly shardId: string;
  readonly #calls: KinesisCalls;
  readonly #settings: ShardReaderSettings;
  /** Where an iterator has to stand that goes on from here. */
  #position: ShardPosition;
  #lastSequenceNumber: string | undefined;
  /** Reading began with the newest record, and none has come yet. */
  #nothingSeen: boolean;

  constructor(start: ShardStart, calls: KinesisCalls, settings: ShardReaderSettings) {
    this.shardId = start.shardId;
    this.#position = start.position;
    this.#nothingSeen = start.position.ShardIteratorType === "LATEST";
    this.#calls = calls;
    this.#settings = settings;
  }

  get lastSequenceNumber(): string | undefined {
    return this.#lastSequenceNumber;
  }

  /**
   * Reads on from where the last call ended.
   * @param deliver resolves when the record has been taken
   * @param signal ends reading before the next call to Kinesis; what was read is still delivered
   * @throws RefusedError; the signal's reason when it aborts
   */
  async read(deliver: (record: StreamRecord) => Promise<void>, signal: AbortSignal): Promise<ShardEnd> {
    try {
      let iterator = await this.#iterator(signal);
      for (;;) {
        const asked = this.#settings.clock.now();
        const answer = await this.#records(iterator, signal);
        for (const record of answer.records) {
          if (Number(record.approximateArrivalTime ?? 0) >= this.#settings.until) return "reached";
          await deliver(record);
          this.#nothingSeen = false;
          this.#lastSequenceNumber = record.sequenceNumber;
          this.#position = afterSequenceNumber(record.sequenceNumber);
        }
        if (answer.nextIterator === undefined) return "closed";
        if (!answer.behind && asked >= this.#settings.until) return "reached";
        iterator = answer.nextIterator;
        if (!answer.behind) await this.#settings.clock.sleep(this.#settings.pollInterval, signal);
      }
    } catch (error) {
      if (!signal.aborted && isMissing(error)) return "missing";
      throw error;
    }
  }

  async #iterator(signal: AbortSignal): Promise<string> {
    const asked = this.#settings.clock.now();
    const iterator = await this.#calls.iteratorAt(this.shardId, this.#position, signal);
    if (this.#position.ShardIteratorType === "LATEST") this.#rememberNothingUntil(asked);
    return iterator;
  }

  async #records(iterator: string, signal: AbortSignal): Promise<ShardAnswer> {
    let current = iterator;
    for (let renewals = 0; ; renewals += 1) {
      const asked = this.#settings.clock.now();
      try {
        const answer = await this.#calls.records(this.shardId, current, signal);
        if (this.#nothingSeen && answer.records.length === 0 && !answer.behind) this.#rememberNothingUntil(asked);
        return answer;
      } catch (error) {
        if (signal.aborted || !isExpiredIterator(error)) throw error;
      }
      // The first renewal is at once; an iterator that is expired as soon as it is made needs patience.
      if (renewals > 0) await this.#settings.clock.sleep(retryDelay(RENEWAL, renewals, this.#settings.random), signal);
      current = await this.#iterator(signal);
    }
  }

  /**
   * Up to a moment there was nothing to read. Without a sequence number to go on from, that moment is where a renewed
   * iterator has to stand: `LATEST` once more would skip what came meanwhile.
   */
  #rememberNothingUntil(milliseconds: number): void {
    const timestamp = new Date(milliseconds - CLOCK_TOLERANCE_MILLISECONDS);
    this.#position = { ShardIteratorType: "AT_TIMESTAMP", Timestamp: timestamp };
  }
}
