/** When a record came, and which span of event time it holds; undefined where it holds no event. */
export interface RecordTimes {
  readonly arrival: Date | undefined;
  readonly firstEvent: string | undefined;
  readonly lastEvent: string | undefined;
}

/** One side of a gap. */
export interface Edge {
  readonly arrival: Date | undefined;
  /** Of the nearest event on this side of the gap. */
  readonly eventTime: string | undefined;
}

/** Sequences that are missing between others that are there. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly before: Edge;
  readonly after: Edge;
}

interface Range {
  from: number;
  to: number;
  first: Edge;
  last: Edge;
}

const NOWHERE: Edge = { arrival: undefined, eventTime: undefined };
const NO_TIMES: RecordTimes = { arrival: undefined, firstEvent: undefined, lastEvent: undefined };

/** What stands before the first sequence of all. */
const BEGINNING = -1;

/**
 * The sequences of one epoch and lane that were seen, as ranges: what is in order costs nothing, only gaps do.
 *
 * What lies before the first one that was seen is no gap, unless the beginning itself is known to have been seen. Holds
 * at most so many ranges: beyond that the oldest gap is closed up, as if it had been seen, and counted.
 */
export class SequenceRanges {
  /** Ascending, never touching each other. */
  readonly #ranges: Range[] = [];
  readonly #most: number;
  #forgottenGaps = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns false when it had been seen already */
  add(sequence: number, times: RecordTimes = NO_TIMES): boolean {
    const index = this.#indexAfter(sequence);
    const left = this.#ranges[index - 1];
    const right = this.#ranges[index];
    if (left && sequence <= left.to) return false;
    const first = { arrival: times.arrival, eventTime: times.firstEvent };
    const last = { arrival: times.arrival, eventTime: times.lastEvent };
    const touchesLeft = left?.to === sequence - 1;
    const touchesRight = right?.from === sequence + 1;
    if (touchesLeft) {
      left.to = sequence;
      left.last = { ...last, eventTime: last.eventTime ?? left.last.eventTime };
      left.first = { ...left.first, eventTime: left.first.eventTime ?? first.eventTime };
      if (touchesRight) this.#join(index);
    } else if (touchesRight) {
      right.from = sequence;
      right.first = { ...first, eventTime: first.eventTime ?? right.first.eventTime };
      right.last = { ...right.last, eventTime: right.last.eventTime ?? last.eventTime };
    } else {
      this.#ranges.splice(index, 0, { from: sequence, to: sequence, first, last });
      if (this.#ranges.length > this.#most) this.#forgetOldestGap();
    }
    return true;
  }

  /** The lane began while it was read: whatever is missing before the first sequence that was seen is a gap. */
  addBeginning(): void {
    this.add(BEGINNING);
  }

  /** undefined: nothing was seen. */
  get first(): number | undefined {
    const [one, other] = this.#ranges;
    if (one?.from !== BEGINNING) return one?.from;
    return one.to === BEGINNING ? other?.from : 0;
  }

  get last(): number | undefined {
    const last = this.#ranges.at(-1)?.to;
    return last === BEGINNING ? undefined : last;
  }

  /** Whether it was seen, with everything before it that is not before the first that was seen. */
  isUnbrokenUpTo(sequence: number): boolean {
    const [oldest] = this.#ranges;
    return oldest !== undefined && sequence <= oldest.to;
  }

  /** The gaps, also the one behind the last sequence that was seen when the lane is known to reach further. */
  gapsUpTo(end: number): Gap[] {
    return this.#ranges.flatMap((range, index) => {
      const next = this.#ranges[index + 1];
      const to = (next?.from ?? end + 1) - 1;
      return range.to < to ? [{ from: range.to + 1, to, before: range.last, after: next?.first ?? NOWHERE }] : [];
    });
  }

  /** Gaps that were closed up because there were too many. */
  get forgottenGaps(): number {
    return this.#forgottenGaps;
  }

  /** The place of the first range that begins after the sequence. */
  #indexAfter(sequence: number): number {
    // Nearly always the newest: search from the end.
    let index = this.#ranges.length;
    if (index > 0 && (this.#ranges[index - 1]?.from ?? 0) <= sequence) return index;
    let low = 0;
    while (low < index) {
      const middle = (low + index) >> 1;
      if ((this.#ranges[middle]?.from ?? 0) <= sequence) low = middle + 1;
      else index = middle;
    }
    return low;
  }

  /** Joins the range at the place to the one before it. */
  #join(index: number): void {
    const [left, right] = [this.#ranges[index - 1], this.#ranges[index]];
    if (!left || !right) return;
    left.to = right.to;
    left.last = { ...right.last, eventTime: right.last.eventTime ?? left.last.eventTime };
    left.first = { ...left.first, eventTime: left.first.eventTime ?? right.first.eventTime };
    this.#ranges.splice(index, 1);
  }

  #forgetOldestGap(): void {
    this.#join(1);
    this.#forgottenGaps += 1;
  }
}
