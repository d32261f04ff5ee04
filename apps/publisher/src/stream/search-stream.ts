import type { EventIdentity } from "@das/core";
import { findEnd, narrowEnd } from "./find-end.ts";
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
  #millisecondsRead = 0;

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
    return this.#book.isEmpty ? undefined : this.#readBack(signal);
  }

  /** What arrived lately, as far back as is affordable until something of the source is there. */
  async #readNewest(signal: AbortSignal): Promise<void> {
    const { now } = this.#parts;
    await this.#read(now - 2 * this.#slice, undefined, signal);
    while (this.#book.isEmpty && !this.#isAtHorizon) {
      const before = this.#readFrom - (now - this.#readFrom);
      if (!this.#isAffordable(before)) return this.#leap(undefined, signal);
      await this.#read(before, this.#readFrom, signal);
    }
  }

  async #readBack(signal: AbortSignal): Promise<FoundPlace | undefined> {
    const { source } = this.#parts;
    let isSilent = false;
    let ledgerReads = 0;
    for (let length = 2 * this.#slice; ; length *= 2) {
      const { records } = this.#book;
      const readFrom = this.#isAtHorizon ? Number.NEGATIVE_INFINITY : this.#readFrom;
      const { place, neededFrom, isIncomplete, missingFrom } = assess(records, readFrom, source, MARGIN);
      if (this.#isAtHorizon) return place && foundPlace(place, records, neededFrom);
      if (!isIncomplete) {
        const found = place && foundPlace(place, records, neededFrom);
        const mayHoldLedger = !isSilent && ledgerReads < this.#mostLedgerReads;
        if (!found || found.ledger !== undefined || !mayHoldLedger) return found;
        ledgerReads += 1;
      }
      const isNear = missingFrom !== undefined && this.#isAffordable(missingFrom);
      const before = isNear ? missingFrom : this.#readFrom - length;
      if (isSilent && !this.#isAffordable(before)) {
        await this.#leap(missingFrom, signal);
        length = this.#slice;
        isSilent = false;
      } else {
        await this.#read(before, this.#readFrom, signal);
        isSilent = this.#book.records.length === records.length;
      }
    }
  }

  /** A heartbeat carries the ledger; the one before the last record that was read may just not be there. */
  get #mostLedgerReads(): number {
    return this.#parts.source.ledger ? 2 : 0;
  }

  /**
   * Nothing of the source arrived just before what was read: the end of what it wrote earlier is looked for, and read.
   * @param seen when something of it arrived, if that is known
   */
  async #leap(seen: number | undefined, signal: AbortSignal): Promise<void> {
    const { stretches, now, horizon } = this.#parts;
    const silentFrom = this.#readFrom;
    const search = { stretches, slice: this.#slice, silentFrom, reach: now - silentFrom, horizon };
    const end =
      seen === undefined ? await findEnd(search, signal) : await narrowEnd(search, { seen, silentFrom }, signal);
    this.#readFrom = end?.seen ?? horizon;
    if (!end) return;
    const quiet = QUIET_SLICES * this.#slice;
    let newest = end.seen;
    for (let from = end.seen; from < Math.min(newest + quiet, silentFrom); ) {
      const to = Math.min(newest + quiet, silentFrom);
      newest = Math.max(newest, ...(await this.#add(from, to, signal)).records.map(({ arrival }) => arrival));
      from = to;
    }
  }

  /** Whether everything from a moment on up to what was read takes no longer than looks here and there would. */
  #isAffordable(from: number): boolean {
    const { stretches, horizon } = this.#parts;
    // What lies before is taken to be as dense as what was read.
    const density = stretches.bytesRead / Math.max(1, this.#millisecondsRead);
    return (this.#readFrom - Math.max(from, horizon)) * density <= AFFORDABLE_BYTES;
  }

  get #isAtHorizon(): boolean {
    return this.#readFrom <= this.#parts.horizon;
  }

  async #read(from: number, to: number | undefined, signal: AbortSignal): Promise<void> {
    this.#readFrom = (await this.#add(Math.max(from, this.#parts.horizon), to, signal)).from;
  }

  async #add(from: number, to: number | undefined, signal: AbortSignal): ReturnType<SourceStretches["read"]> {
    const answer = await this.#parts.stretches.read({ from, to }, signal);
    this.#book.add(answer.records);
    this.#millisecondsRead += (to ?? this.#parts.now) - answer.from;
    return answer;
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
