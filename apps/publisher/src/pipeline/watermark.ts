import type { Cursor } from "@das/core";

/**
 * The newest cursor before which every row is known to be on the stream.
 *
 * A cursor waits until every lane has acknowledged the records that hold the rows before it. Records of a lane are
 * counted in the order in which they are made, and acknowledged in that order.
 */
export class Watermark {
  readonly #made: number[];
  readonly #acknowledged: number[];
  readonly #waiting: { readonly cursor: Cursor; readonly needs: readonly number[] }[] = [];
  #cursor: Cursor | undefined;

  constructor(lanes: number) {
    this.#made = new Array<number>(lanes).fill(0);
    this.#acknowledged = new Array<number>(lanes).fill(0);
  }

  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** A record of the lane was closed: its number, from 1, without holes. */
  made(lane: number): number {
    const number = (this.#made[lane] ?? 0) + 1;
    this.#made[lane] = number;
    return number;
  }

  /**
   * Every row before the cursor has been handed to its lane.
   * @param pending whether the lane holds events that are in no record yet: they will be in its next one
   */
  reached(cursor: Cursor, pending: (lane: number) => boolean): void {
    const needs = this.#made.map((made, lane) => (pending(lane) ? made + 1 : made));
    // A quiet trail reaches a place again and again; only the newest of those that need the same matters.
    const last = this.#waiting.at(-1);
    if (last?.needs.every((need, lane) => need === needs[lane])) this.#waiting.pop();
    this.#waiting.push({ cursor, needs });
  }

  /** The lane's records up to this number are on the stream. @returns the watermark, when it moved */
  acknowledge(lane: number, number: number): Cursor | undefined {
    this.#acknowledged[lane] = number;
    return this.settle();
  }

  /** @returns the watermark, when it moved */
  settle(): Cursor | undefined {
    let moved: Cursor | undefined;
    for (let next = this.#waiting[0]; next && this.#isIn(next.needs); next = this.#waiting[0]) {
      moved = next.cursor;
      this.#waiting.shift();
    }
    if (moved !== undefined) this.#cursor = moved;
    return moved;
  }

  #isIn(needs: readonly number[]): boolean {
    return needs.every((need, lane) => (this.#acknowledged[lane] ?? 0) >= need);
  }
}
