import { DasError, retryDelay } from "@das/core";
import type { KinesisCalls, ShardAnswer } from "./kinesis-calls.ts";
import { isExpiredIterator, isMissing } from "./kinesis-errors.ts";
import type { RepeatSettings } from "./repeat.ts";
import { ShardPace } from "./shard-pace.ts";
import { afterSequenceNumber, type ShardPosition } from "./start-position.ts";
import type { StreamRecord } from "./stream-record.ts";

/** A part of a stream, by when records arrived: milliseconds since 1970, by the clock of the stream. */
export interface Stretch {
  readonly from: number;
  /** Not included, and some seconds ago, so that every shard is listed; undefined: up to the newest record. */
  readonly to: number | undefined;
}

/** A record whose arrival is known at least about: where Kinesis gives none it is that of the record before. */
export interface ArrivedRecord extends StreamRecord {
  /** Milliseconds since 1970, by the clock of the stream. */
  readonly arrival: number;
}

/** @returns whether that is enough, so that reading ends */
export type Deliver = (records: readonly ArrivedRecord[]) => Promise<boolean>;

/** `closed`: the shard was read to its end, and nothing will come behind it. */
export type StretchEnd = "end" | "closed" | "future" | "missing";

/** Nothing says how exact `MillisBehindLatest` is. */
const ANSWER_MARGIN = 1_000;

const RENEWAL = { base: 200, cap: 10_000 };

/** Reads stretches of one shard, one after the other, within what the shard gives. */
export class ShardStretches {
  readonly #shardId: string;
  readonly #calls: KinesisCalls;
  readonly #settings: RepeatSettings;
  readonly #pace = new ShardPace();
  #turn: Promise<void> = Promise.resolve();
  /** A span in which nothing arrived. */
  #quiet: { readonly from: number; readonly to: number } | undefined;

  constructor(shardId: string, calls: KinesisCalls, settings: RepeatSettings) {
    this.#shardId = shardId;
    this.#calls = calls;
    this.#settings = settings;
  }

  /**
   * Delivers what arrived in the stretch, in the shard's order; a little more where arrivals are not known.
   * @returns `future`: its beginning has not come yet; `missing`: the shard has left the stream
   * @throws RefusedError; the signal's reason
   */
  async read({ from, to }: Stretch, deliver: Deliver, signal: AbortSignal): Promise<StretchEnd> {
    if (to !== undefined && this.#quiet && this.#quiet.from <= from && to <= this.#quiet.to) return "end";
    try {
      return await this.#read({ from, to }, deliver, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (isMissing(error)) return "missing";
      if (error instanceof DasError && error.code === "position-refused") return "future";
      throw error;
    }
  }

  async #read({ from, to }: Stretch, deliver: Deliver, signal: AbortSignal): Promise<StretchEnd> {
    let position: ShardPosition = { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(from) };
    let iterator: string | undefined;
    let arrival = from;
    let end = to;
    let count = 0;
    for (let renewals = 0; ; ) {
      iterator ??= await this.#calls.iteratorAt(this.#shardId, position, signal);
      let answer: ShardAnswer;
      try {
        answer = await this.#ask(iterator, to === undefined ? undefined : to - arrival, signal);
      } catch (error) {
        if (signal.aborted || !isExpiredIterator(error)) throw error;
        // It lives five minutes: made too early. One that is expired as soon as it is made needs patience.
        if (renewals > 0)
          await this.#settings.clock.sleep(retryDelay(RENEWAL, renewals, this.#settings.random), signal);
        renewals += 1;
        iterator = undefined;
        continue;
      }
      const { records, beyond } = arrivedRecords(answer, arrival, end);
      if (count === 0) this.#rememberQuiet(from, answer);
      count += records.length;
      arrival = records.at(-1)?.arrival ?? arrival;
      this.#pace.arrived(count, arrival - from);
      if (records.length > 0 && (await deliver(records))) return "end";
      if (beyond) return "end";
      if (answer.nextIterator === undefined) return "closed";
      if (!answer.behind) return "end";
      // What arrives while it is read is not waited for: a stream that is written as fast as it is read has no end.
      end ??= answeredAt(answer, arrival);
      const last = answer.records.at(-1);
      if (last) position = afterSequenceNumber(last.sequenceNumber);
      iterator = answer.nextIterator;
    }
  }

  /** One call at a time, whoever reads the shard. */
  async #ask(iterator: string, left: number | undefined, signal: AbortSignal): Promise<ShardAnswer> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await this.#call(iterator, left, signal);
    } finally {
      resolve();
    }
  }

  async #call(iterator: string, left: number | undefined, signal: AbortSignal): Promise<ShardAnswer> {
    const { clock } = this.#settings;
    await clock.sleep(this.#pace.wait(clock.monotonic()), signal);
    signal.throwIfAborted();
    const answer = await this.#calls.records(this.#shardId, iterator, signal, this.#pace.limit(left));
    const bytes = answer.records.reduce((sum, record) => sum + record.data.byteLength, 0);
    this.#pace.gave(clock.monotonic(), answer.records.length, bytes);
    return answer;
  }

  /** A shard that began later, or has long been closed, is not asked for every stretch before or after. */
  #rememberQuiet(from: number, { records, nextIterator }: ShardAnswer): void {
    const first = records[0];
    const to = first ? first.approximateArrivalTime?.getTime() : nextIterator === undefined ? Infinity : undefined;
    if (to === undefined) return;
    const joins = this.#quiet && from <= this.#quiet.from && this.#quiet.from <= to;
    if (!this.#quiet || joins) this.#quiet = { from, to: Math.max(to, this.#quiet?.to ?? to) };
    else if (to - from > this.#quiet.to - this.#quiet.from) this.#quiet = { from, to };
  }
}

/** The records of an answer that arrived before the end. @returns beyond: there are some that did not */
function arrivedRecords(
  answer: ShardAnswer,
  before: number,
  end: number | undefined,
): { readonly records: ArrivedRecord[]; readonly beyond: boolean } {
  const records: ArrivedRecord[] = [];
  let arrival = before;
  for (const record of answer.records) {
    arrival = record.approximateArrivalTime?.getTime() ?? arrival;
    if (end !== undefined && arrival >= end) return { records, beyond: true };
    records.push({ ...record, arrival });
  }
  return { records, beyond: false };
}

/** The moment of an answer by the clock of the stream, after which nothing more is wanted; undefined: not known. */
function answeredAt({ records, millisecondsBehind }: ShardAnswer, arrival: number): number | undefined {
  if (records.at(-1)?.approximateArrivalTime === undefined) return undefined;
  return arrival + millisecondsBehind + ANSWER_MARGIN;
}
