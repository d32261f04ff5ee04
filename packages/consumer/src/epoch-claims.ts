import type { SequenceRanges } from "./sequence-ranges.ts";

/** What was read of one lane. */
export interface LaneSeen {
  readonly sequences: SequenceRanges;
  /** What the lane's own records say was acknowledged of it: all of that stands before them in the shard. */
  readonly ownAcked: number;
}

/** A record's word that everything before its watermark is on the stream, up to these sequences of each lane. */
export interface Claim {
  /** Of the record, on lane 0. */
  readonly sequence: number;
  readonly history: string;
  readonly watermark: string;
  readonly arrival: Date | undefined;
  /** By lane: the sequence up to which everything was acknowledged; -1: nothing. */
  readonly acked: readonly number[];
}

/** What is waited for at a time; beyond that, every second one is given up: another one is never far. */
const MOST_PENDING = 32;

/**
 * The greatest claim of an epoch that can be confirmed: every sequence that it is about was seen. Cursors are opaque
 * here, but within one epoch a later record's watermark is never the smaller one.
 */
export class EpochClaims {
  /** In the order of their sequences. */
  #pending: Claim[] = [];
  #complete: Claim | undefined;
  /** By lane: what the first word on it that was seen says was acknowledged; that came before, so it need not be seen. */
  #before: readonly number[] | undefined;

  get complete(): Claim | undefined {
    return this.#complete;
  }

  /** A record says what was acknowledged of each lane, whether or not it names a watermark. */
  noteAcknowledged(acked: readonly number[]): void {
    this.#before ??= acked;
  }

  add(claim: Claim): void {
    this.noteAcknowledged(claim.acked);
    if (claim.sequence <= (this.#complete?.sequence ?? -1)) return;
    const after = this.#pending.findLastIndex(({ sequence }) => sequence < claim.sequence);
    this.#pending.splice(after + 1, 0, claim);
    if (this.#pending.length > MOST_PENDING) {
      const last = this.#pending.length - 1;
      this.#pending = this.#pending.filter((_, index) => (last - index) % 2 === 0);
    }
  }

  /** Looks again, because more was seen. @returns whether a greater claim is complete now */
  settle(lanes: ReadonlyMap<number, LaneSeen>): boolean {
    const index = this.#pending.findLastIndex((claim) => this.#isComplete(claim, lanes));
    if (index < 0) return false;
    this.#complete = this.#pending[index];
    this.#pending.splice(0, index + 1);
    return true;
  }

  #isComplete({ acked }: Claim, lanes: ReadonlyMap<number, LaneSeen>): boolean {
    return acked.every((sequence, lane) => {
      const seen = lanes.get(lane);
      if (!seen) return sequence <= (this.#before?.[lane] ?? -1);
      const { sequences, ownAcked } = seen;
      // What is missing before the first one that was seen may still come, in the wrong order, out of the same call.
      return sequences.isUnbrokenUpTo(sequence) && (sequences.first ?? 0) - 1 <= ownAcked;
    });
  }
}
