import { BATCH_MAX_BYTES, BATCH_MAX_ROWS, type LossWindow } from "@das/core";
import type { SqlServerRow } from "./row.ts";

/**
 * Rows of a batch. Fewer than the contract allows: a row that is mapped soon dies young, which is what the garbage
 * collector does best; those that wait for each other are copied from generation to generation, at a third of the publisher's CPU.
 */
const BATCH_ROWS = Math.min(32, BATCH_MAX_ROWS);

/** Complete batches that may wait for the caller: the trail is the better buffer. */
const MAX_WAITING = 2;

/** What a row costs besides its long texts. An estimate: the limit is there to bound memory, not to be exact. */
const ROW_BYTES = 600;

interface Waiting<Mark> {
  readonly rows: SqlServerRow[];
  /** They stand before the first row. */
  readonly lossWindows: readonly LossWindow[];
  readonly mark: Mark;
}

/**
 * Between the driver, which hands over rows as they arrive, and the caller, who pulls batches. Bounded: the producer
 * asks `isFull` after each row and holds its request back until `onRoom`.
 */
export class BatchQueue<Mark> {
  readonly #mark: () => Mark;
  readonly #statementIndex: number;
  readonly #onRoom: () => void;
  readonly #waiting: Waiting<Mark>[] = [];
  #rows: SqlServerRow[] = [];
  #lossWindows: readonly LossWindow[] = [];
  #bytes = 0;
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  /**
   * @param mark the place after the newest row; asked for when a batch is complete
   * @param onRoom told when the caller took a batch
   */
  constructor(mark: () => Mark, statementIndex: number, onRoom: () => void) {
    this.#mark = mark;
    this.#onRoom = onRoom;
    this.#statementIndex = statementIndex;
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** The next row begins a batch. */
  cut(): void {
    if (this.#rows.length > 0) this.#complete();
  }

  /** Before the first row of a batch. */
  addLossWindows(lossWindows: readonly LossWindow[]): void {
    this.#lossWindows = [...this.#lossWindows, ...lossWindows];
  }

  add(row: SqlServerRow): void {
    this.#rows.push(row);
    const statement = row.values[this.#statementIndex];
    this.#bytes += ROW_BYTES + (typeof statement === "string" ? statement.length : 0);
    if (this.#rows.length >= BATCH_ROWS || this.#bytes >= BATCH_MAX_BYTES) this.#complete();
  }

  /** No more rows; what was added before is still given out, then the failure, if any, is thrown. */
  end(failure?: unknown): void {
    if (this.#rows.length > 0) this.#complete();
    this.#failure = failure;
    this.#ended = true;
    this.#wake();
  }

  async *batches(): AsyncGenerator<Waiting<Mark>> {
    for (;;) {
      const batch = this.#waiting.shift();
      if (batch) {
        this.#onRoom();
        yield batch;
      } else if (this.#ended) break;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #complete(): void {
    this.#waiting.push({ rows: this.#rows, lossWindows: this.#lossWindows, mark: this.#mark() });
    this.#rows = [];
    this.#lossWindows = [];
    this.#bytes = 0;
    this.#wake();
  }
}
