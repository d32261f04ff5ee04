import type { AuditBatch, Cursor } from "@das/core";

/** What a batch says of the place that it ends at. */
type PlaceMarks = Pick<AuditBatch<unknown>, "provisional" | "resuming">;

interface Place extends PlaceMarks {
  readonly cursor: Cursor;
  /** By lane: how many of its records have to be acknowledged so that every row before the cursor is. */
  readonly needs: readonly number[];
  /** By lane: how many of its records can only hold rows from before the cursor. */
  readonly behind: readonly number[];
}

/**
 * The newest cursor before which every row is known to be on the stream, in one epoch.
 *
 * A cursor waits until every lane has acknowledged the records that hold the rows before it. Records of a lane are
 * counted in the order in which they are made, and acknowledged in that order.
 */
export class Watermark {
  readonly #made: number[];
  readonly #acknowledged: number[];
  readonly #waiting: Place[] = [];
  #behind: readonly number[];
  #cursor: Cursor | undefined;
  #isResuming = true;

  /** @param resumed what the stream said when the epoch began */
  constructor(lanes: number, resumed?: Cursor) {
    this.#made = new Array<number>(lanes).fill(0);
    this.#acknowledged = new Array<number>(lanes).fill(0);
    this.#behind = this.#made.slice();
    this.#cursor = resumed;
  }

  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** By lane: no row from behind the watermark is in a record of this epoch with a lower sequence. */
  get behind(): readonly number[] {
    return this.#behind;
  }

  /** Rows that earlier epochs put on the stream may lie behind the watermark. */
  get isResuming(): boolean {
    return this.#isResuming;
  }

  /** The sequence up to which a lane is acknowledged; -1: nothing is. */
  acked(lane: number): number {
    return (this.#acknowledged[lane] ?? 0) - 1;
  }

  /** A record of the lane was closed. @returns its sequence, from 0, without holes */
  made(lane: number): number {
    const sequence = this.#made[lane] ?? 0;
    this.#made[lane] = sequence + 1;
    return sequence;
  }

  /**
   * Every row before the cursor has been handed to its lane.
   * @param pending whether the lane holds events that are in no record yet: they will be in its next one
   */
  reached(cursor: Cursor, pending: (lane: number) => boolean, { provisional, resuming }: PlaceMarks = {}): void {
    const behind = this.#made.slice();
    const needs = behind.map((made, lane) => (pending(lane) ? made + 1 : made));
    // A quiet trail reaches a place again and again; only the newest of those that need the same matters.
    const last = this.#waiting.at(-1);
    if (last?.needs.every((need, lane) => need === needs[lane])) this.#waiting.pop();
    this.#waiting.push({ cursor, needs, behind, ...(provisional && { provisional }), ...(resuming && { resuming }) });
  }

  /** The lane's records up to this sequence are on the stream. @returns the place that is acknowledged now, if another */
  acknowledge(lane: number, sequence: number): Cursor | undefined {
    this.#acknowledged[lane] = sequence + 1;
    return this.settle();
  }

  /** @returns the place that is acknowledged now, if another */
  settle(): Cursor | undefined {
    let moved: Cursor | undefined;
    for (let next = this.#waiting[0]; next && this.#isIn(next.needs); next = this.#waiting[0]) {
      moved = next.cursor;
      this.#isResuming = next.resuming === true || next.provisional === true;
      // What is provisional is acknowledged to the reader, and no watermark for whoever reads the stream.
      if (!next.provisional) {
        this.#cursor = next.cursor;
        this.#behind = next.behind;
      }
      this.#waiting.shift();
    }
    return moved;
  }

  #isIn(needs: readonly number[]): boolean {
    return needs.every((need, lane) => (this.#acknowledged[lane] ?? 0) >= need);
  }
}
