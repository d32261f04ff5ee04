import { SequenceRanges } from "./sequence-ranges.ts";

/** What a lane gives out, in its order. */
export type Released<Record> =
  | { readonly record: Record; readonly late: boolean; readonly repeated: boolean }
  /** Sequences that are not waited for any more; `acknowledged`: Kinesis had taken them. */
  | { readonly missing: { readonly from: number; readonly to: number; readonly acknowledged: boolean } };

/** Gaps of a lane that are remembered, so that what comes late is not taken for a repetition. */
const MOST_RANGES = 100;

/**
 * The records of one epoch and lane in the order of their sequences.
 *
 * A record can be overtaken only inside the PutRecords call that it failed in. So the one behind it says whether to
 * wait: what was acknowledged when that one was sealed had arrived before it, and what is missing of it is not coming.
 */
export class LaneOrder<Record> {
  readonly #waiting = new Map<number, Record>();
  readonly #seen = new SequenceRanges(MOST_RANGES);
  /** The sequence that is to be given out next; undefined until a record was seen. */
  #next: number | undefined;
  /** Nothing was given out: what is missing came before reading began, as far as anybody knows. */
  #hasBegun = false;

  get waiting(): number {
    return this.#waiting.size;
  }

  get longestWaiting(): Record | undefined {
    return this.#waiting.values().next().value;
  }

  /** @param acked of the record: everything of its lane up to there had arrived before it was sealed */
  push(sequence: number, acked: number, record: Record): Released<Record>[] {
    if (!this.#seen.add(sequence)) return [{ record, late: false, repeated: true }];
    this.#next ??= acked + 1;
    if (sequence < this.#next) return [{ record, late: true, repeated: false }];
    this.#waiting.set(sequence, record);
    return [...this.#upTo(acked, true), ...this.#inOrder()];
  }

  /** What waits has waited long enough: all of it, with what is missing between. */
  giveUp(): Released<Record>[] {
    return this.#upTo(Math.max(-1, ...this.#waiting.keys()), false);
  }

  /** Gives out everything up to the sequence, with what is missing. */
  #upTo(last: number, acknowledged: boolean): Released<Record>[] {
    const released: Released<Record>[] = [];
    while (this.#next !== undefined && this.#next <= last) {
      const from = this.#next;
      released.push(...this.#inOrder());
      if (this.#next > from) continue;
      const to = Math.min(last, Math.min(...this.#waiting.keys()) - 1);
      if (this.#hasBegun) released.push({ missing: { from, to, acknowledged } });
      this.#next = to + 1;
    }
    return released;
  }

  #inOrder(): Released<Record>[] {
    const released: Released<Record>[] = [];
    for (let next = this.#next ?? 0; this.#waiting.has(next); next += 1) {
      const record = this.#waiting.get(next);
      this.#waiting.delete(next);
      this.#next = next + 1;
      this.#hasBegun = true;
      if (record !== undefined) released.push({ record, late: false, repeated: false });
    }
    return released;
  }
}
