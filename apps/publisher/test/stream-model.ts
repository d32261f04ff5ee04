import type { Stretch } from "@das/consumer";
import type { AuditBatch, Cursor, EventIdentity, Provenance } from "@das/core";
import { Epoch } from "../src/pipeline/epoch.ts";
import type { Comparing } from "../src/stream/resume-rule.ts";
import type { FoundPlace } from "../src/stream/search-stream.ts";
import type { SourceRecord } from "../src/stream/source-record.ts";
import type { SourceStretches } from "../src/stream/source-stretches.ts";

/** A stream as plain data: what one source put on it, and how much others write. Times in milliseconds. */
export class ModelStream {
  readonly records: SourceRecord[] = [];
  /** Of all others, for the shard that they share with the source. */
  readonly bytesPerSecond: number;

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** @param now nothing that arrives later is seen */
  stretches(now: number): SourceStretches & { readonly looks: number } {
    const { records, bytesPerSecond } = this;
    let bytes = 0;
    let looks = 0;
    const within = ({ from, to = now }: Stretch) => {
      looks += 1;
      return records.filter(({ arrival }) => arrival >= from && arrival < to && arrival < now);
    };
    const gave = (milliseconds: number, found: number) => {
      bytes += Math.max(0, milliseconds / 1_000) * bytesPerSecond + found * 100;
    };
    return {
      get bytesRead() {
        return bytes;
      },
      get looks() {
        return looks;
      },
      read: async (stretch) => {
        const found = within(stretch);
        gave((stretch.to ?? now) - stretch.from, found.length);
        return { from: stretch.from, records: found };
      },
      probe: async (stretch) => {
        const [first] = within(stretch).toSorted((a, b) => a.arrival - b.arrival);
        gave((first?.arrival ?? stretch.to ?? now) - stretch.from, 1);
        return first?.arrival;
      },
    };
  }
}

/** Rows are numbered from 0; a cursor is the number of the next row. */
export const cursorAt = (row: number) => `r${row}` as Cursor;
export const rowAt = (cursor: string) => Number(cursor.slice(1));
export const identityOf = (row: number) => `row ${row}` as EventIdentity;

/** @param overlap rows before a place from which on reading begins again */
export function modelSource(history: string, overlap: number): Comparing {
  return {
    history,
    ledger: () => "",
    compare: (a, b) => rowAt(a) - rowAt(b),
    ...(overlap > 0 && { rereadFrom: (cursor: Cursor) => cursorAt(Math.max(0, rowAt(cursor) - overlap)) }),
  };
}

interface Closed {
  readonly provenance: Provenance;
  readonly rows: readonly number[];
}

interface Lane {
  readonly pending: number[];
  readonly closed: Closed[];
  /** The call that is under way. */
  called: readonly Closed[];
  hasArrived: boolean;
}

export interface LifeParts {
  readonly stream: ModelStream;
  readonly name: string;
  readonly history: string;
  readonly lanes: number;
  /** By lane: milliseconds by which the clock of its shard is slow. */
  readonly skews: readonly number[];
  readonly found: Pick<FoundPlace, "place" | "since"> | undefined;
}

/** One run of a publisher, with the product's own bookkeeping: it reads, closes, puts, and learns what is there. */
export class ModelLife {
  readonly #parts: LifeParts;
  readonly #epoch: Epoch;
  readonly #lanes: readonly Lane[];
  #heartbeats = 0;

  constructor(parts: LifeParts) {
    const { name, history, lanes, found } = parts;
    this.#parts = parts;
    this.#epoch = new Epoch({
      source: { id: "model:a:trail", history, ledger: () => `ledger ${this.#heartbeats} of ${name}` },
      name,
      generation: 1,
      lanes,
      recollection: { point: found?.place, since: found?.since },
    });
    this.#lanes = Array.from({ length: lanes }, () => ({ pending: [], closed: [], called: [], hasArrived: false }));
  }

  /** A batch was read, up to a place. */
  read(rows: readonly number[], place: number, marks: Pick<AuditBatch<unknown>, "resuming" | "provisional">): void {
    for (const row of rows) this.#lanes[row % this.#lanes.length]?.pending.push(row);
    const { watermark } = this.#epoch;
    watermark.reached(cursorAt(place), (lane) => (this.#lanes[lane]?.pending.length ?? 0) > 0, marks);
    watermark.settle();
  }

  close(lane: number): void {
    const { pending, closed } = this.#lane(lane);
    const rows = pending.splice(0);
    if (rows.length > 0) closed.push({ provenance: this.#epoch.provenance(lane, "", false), rows });
  }

  heartbeat(): void {
    this.close(0);
    this.#heartbeats += 1;
    this.#lane(0).closed.push({ provenance: this.#epoch.provenance(0, "", true), rows: [] });
  }

  /** What is closed leaves in one call, unless one of the lane is under way. */
  call(lane: number): void {
    const { called, closed } = this.#lane(lane);
    if (called.length === 0) this.#lane(lane).called = closed.splice(0);
  }

  /** The call that is under way arrives; again, if its answer was lost. */
  arrive(lane: number, at: number): readonly SourceRecord[] {
    const { called } = this.#lane(lane);
    const arrived = called.map(({ provenance: { markers: _, ...said }, rows }) => {
      const arrival = at - (this.#parts.skews[lane] ?? 0);
      return { ...said, arrival, identities: rows.map(identityOf) } as unknown as SourceRecord;
    });
    this.#parts.stream.records.push(...arrived);
    this.#lane(lane).hasArrived = called.length > 0;
    return arrived;
  }

  /** The call is answered, if it has arrived. */
  answer(lane: number): void {
    const { called, hasArrived } = this.#lane(lane);
    if (!hasArrived) return;
    this.#lane(lane).called = [];
    this.#lane(lane).hasArrived = false;
    for (const { provenance } of called) this.#epoch.watermark.acknowledge(lane, provenance.sequence);
  }

  /** What is under way and has not arrived yet comes late. */
  arriveLate(at: number): readonly SourceRecord[] {
    return this.#lanes.flatMap(({ hasArrived }, lane) => (hasArrived ? [] : this.arrive(lane, at)));
  }

  #lane(lane: number): Lane {
    return this.#lanes[lane] as Lane;
  }
}
