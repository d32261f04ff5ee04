import type { Stretch } from "@das/consumer";
import type { Cursor, EventIdentity, Provenance } from "@das/core";
import { Epoch } from "../src/pipeline/epoch.ts";
import type { Comparing } from "../src/stream/resume-rule.ts";
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
    compare: (a, b) => rowAt(a) - rowAt(b),
    ...(overlap > 0 && { rereadFrom: (cursor: Cursor) => cursorAt(Math.max(0, rowAt(cursor) - overlap)) }),
  };
}

interface Closed {
  readonly provenance: Provenance;
  readonly rows: readonly number[];
}

export interface LifeParts {
  readonly stream: ModelStream;
  readonly name: string;
  readonly history: string;
  readonly lanes: number;
  readonly found: { readonly cursor: Cursor; readonly history: string } | undefined;
  readonly since: number | undefined;
}

/** One run of a publisher, by the product's own bookkeeping: what it reads, closes, puts, and learns to be there. */
export class ModelLife {
  readonly #parts: LifeParts;
  readonly #epoch: Epoch;
  readonly #pending: number[][];
  readonly #closed: Closed[][];
  /** Records whose call is not answered yet, by lane. */
  readonly #called: Closed[][];

  constructor(parts: LifeParts) {
    const { name, history, lanes, found, since } = parts;
    this.#parts = parts;
    const source = { id: "model:a:trail", history };
    this.#epoch = new Epoch({ source, name, generation: 1, lanes, recollection: { point: found, since } });
    [this.#pending, this.#closed, this.#called] = [0, 1, 2].map(() => Array.from({ length: lanes }, () => [])) as never;
  }

  /** A batch was read. */
  read(rows: readonly number[], place: number, marks: { readonly resuming: boolean; readonly provisional: boolean }): void {
    for (const row of rows) this.#pending[row % this.#parts.lanes]?.push(row);
    this.#epoch.watermark.reached(cursorAt(place), (lane) => (this.#pending[lane]?.length ?? 0) > 0, marks);
    this.#epoch.watermark.settle();
  }

  close(lane: number): void {
    const rows = this.#pending[lane]?.splice(0) ?? [];
    if (rows.length > 0) this.#closed[lane]?.push({ provenance: this.#epoch.provenance(lane, "", false), rows });
  }

  heartbeat(): void {
    this.close(0);
    this.#closed[0]?.push({ provenance: this.#epoch.provenance(0, "", true), rows: [] });
  }

  /** What is closed leaves in one call, unless one of the lane is not answered yet. */
  call(lane: number): void {
    const called = this.#called[lane];
    if (called?.length === 0) called.push(...(this.#closed[lane]?.splice(0) ?? []));
  }

  /** The call arrives. @returns the rows that it brought */
  arrive(lane: number, at: number): readonly number[] {
    const called = this.#called[lane] ?? [];
    for (const { provenance, rows } of called) {
      const { markers: _, ...said } = provenance as Provenance & { markers: string };
      this.#parts.stream.records.push({ ...said, arrival: at, identities: rows.map(identityOf) } as SourceRecord);
    }
    return called.flatMap(({ rows }) => rows);
  }

  /** The call is answered. */
  answer(lane: number): void {
    for (const { provenance } of this.#called[lane]?.splice(0) ?? []) {
      this.#epoch.watermark.acknowledge(lane, provenance.sequence);
    }
  }

  get calledRows(): number {
    return this.#called.flat().reduce((sum, { rows }) => sum + rows.length, 0);
  }
}
