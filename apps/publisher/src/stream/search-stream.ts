import type { EventIdentity } from "@das/core";
import { findEnd } from "./find-end.ts";
import { RecordBook } from "./record-book.ts";
import { assess, type Comparing, type Place } from "./resume-rule.ts";
import type { SourceRecord } from "./source-record.ts";
import type { SourceStretches } from "./source-stretches.ts";

export interface StreamSearchParts {
  readonly source: Comparing;
  readonly stretches: SourceStretches;
  /** Milliseconds between two heartbeats of a source. */
  readonly heartbeatInterval: number;
  /** About now, by the clock of the stream. */
  readonly now: number;
  /** The stream holds nothing that arrived before. */
  readonly horizon: number;
}

/** What the stream says of a source. */
export interface FoundPlace {
  readonly place: Place;
  /** Every event that may stand behind the place. */
  readonly published: ReadonlySet<EventIdentity>;
  /** The newest one of the place's history. */
  readonly ledger: string | undefined;
  /** Arrival of the earliest record that was needed, in milliseconds by the clock of the stream. */
  readonly since: number;
}

/** How late a heartbeat may be: it is packed, sealed and put with what else there is. Milliseconds. */
const LATENESS = 2_000;
/** Milliseconds by which arrivals of what was put at about the same time may differ. */
const MARGIN = 5_000;
/** What a shard gives in eight seconds: so much is read as a whole before slices are leapt over. */
const AFFORDABLE_BYTES = 16_000_000;
/** A publisher that could not reach Kinesis for so many heartbeats, and then went on, is not taken for two. */
const QUIET_SLICES = 5;

/**
 * Looks where a source goes on, and what of it is on the stream already (architecture §5): for the newest end of what it
 * wrote, then back until everything is there that the place needs.
 */
export class StreamSearch {
  readonly #parts: StreamSearchParts;
  readonly #slice: number;
  readonly #book = new RecordBook();
  /** Whatever arrived from this moment on, and is wanted, is in the book. */
  #readFrom: number;

  constructor(parts: StreamSearchParts) {
    this.#parts = parts;
    this.#slice = parts.heartbeatInterval + LATENESS;
    this.#readFrom = parts.now;
  }

  /**
   * @returns undefined when nothing was found
   * @throws what reading the stream throws; the signal's reason
   */
  async run(signal: AbortSignal): Promise<FoundPlace | undefined> {
    await this.#readNewest(signal);
    if (this.#book.isEmpty) await this.#leapToEnd(signal);
    return this.#book.isEmpty ? undefined : this.#readBack(signal);
  }

  /** What arrived lately, as far back as is affordable until something of the source is there. */
  async #readNewest(signal: AbortSignal): Promise<void> {
    const { stretches, now } = this.#parts;
    await this.#read(now - 2 * this.#slice, undefined, signal);
    while (this.#book.isEmpty && !this.#isAtHorizon) {
      const length = now - this.#readFrom;
      // What lies before is taken to be as dense as what was read; reading goes twice as far in all.
      if (2 * stretches.bytesRead > AFFORDABLE_BYTES) return;
      await this.#read(this.#readFrom - length, this.#readFrom, signal);
    }
  }

  /** The source has been silent for long: the end of what it wrote is searched, and read on from. */
  async #leapToEnd(signal: AbortSignal): Promise<void> {
    if (this.#isAtHorizon) return;
    const { stretches, now, horizon } = this.#parts;
    const silentFrom = this.#readFrom;
    const end = await findEnd({ stretches, slice: this.#slice, silentFrom, reach: now - silentFrom, horizon }, signal);
    if (!end) return;
    const quiet = QUIET_SLICES * this.#slice;
    let to = Math.min(end.silentFrom + this.#slice, silentFrom);
    await this.#read(end.seen, to, signal);
    while (to < silentFrom && this.#book.newestArrival + quiet > to) {
      const next = Math.min(this.#book.newestArrival + quiet, silentFrom);
      await this.#add(to, next, signal);
      to = next;
    }
  }

  async #readBack(signal: AbortSignal): Promise<FoundPlace | undefined> {
    const { source } = this.#parts;
    for (let length = 2 * this.#slice; ; length *= 2) {
      const { records } = this.#book;
      const readFrom = this.#isAtHorizon ? Number.NEGATIVE_INFINITY : this.#readFrom;
      const { place, neededFrom, isIncomplete, missingFrom } = assess(records, readFrom, source, MARGIN);
      if (!isIncomplete || this.#isAtHorizon) return place && foundPlace(place, records, neededFrom);
      await this.#read(Math.min(missingFrom ?? this.#readFrom, this.#readFrom - length), this.#readFrom, signal);
    }
  }

  get #isAtHorizon(): boolean {
    return this.#readFrom <= this.#parts.horizon;
  }

  async #read(from: number, to: number | undefined, signal: AbortSignal): Promise<void> {
    this.#readFrom = await this.#add(Math.max(from, this.#parts.horizon), to, signal);
  }

  async #add(from: number, to: number | undefined, signal: AbortSignal): Promise<number> {
    const answer = await this.#parts.stretches.read({ from, to }, signal);
    this.#book.add(answer.records);
    return answer.from;
  }
}

function foundPlace(place: Place, records: readonly SourceRecord[], since: number): FoundPlace {
  let newest: SourceRecord | undefined;
  for (const record of records) {
    if (record.ledger === undefined || record.history !== place.history) continue;
    if (!newest || record.arrival >= newest.arrival) newest = record;
  }
  return {
    place,
    published: new Set(records.flatMap(({ identities }) => identities)),
    ledger: newest?.ledger,
    since,
  };
}
