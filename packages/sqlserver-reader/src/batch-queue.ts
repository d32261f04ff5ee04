import { BATCH_MAX_BYTES, BATCH_MAX_ROWS } from "@das/core";
import type { SqlServerRow } from "./row.ts";

/** How many complete batches may wait for the caller. Rows come as fast as the driver reads; who is slower cancels. */
const MAX_WAITING = 16;

/** What a row costs besides its long texts. An estimate: the limit is there to bound memory, not to be exact. */
const ROW_BYTES = 600;

/**
 * Between the driver, which hands over rows as they arrive, and the caller, who pulls batches. Bounded: the producer
 * asks `isFull` after each row and cancels its request when it is.
 */
export class BatchQueue<Mark> {
  readonly #mark: () => Mark;
  readonly #statementIndex: number;
  readonly #waiting: { rows: SqlServerRow[]; mark: Mark }[] = [];
  #rows: SqlServerRow[] = [];
  #bytes = 0;
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  /** @param mark the place after the newest row; asked for when a batch is complete */
  constructor(mark: () => Mark, statementIndex: number) {
    this.#mark = mark;
    this.#statementIndex = statementIndex;
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  add(row: SqlServerRow): void {
    this.#rows.push(row);
    const statement = row.values[this.#statementIndex];
    this.#bytes += ROW_BYTES + (typeof statement === "string" ? statement.length : 0);
    if (this.#rows.length >= BATCH_MAX_ROWS || this.#bytes >= BATCH_MAX_BYTES) this.#complete();
  }

  /** No more rows; what was added before is still given out, then the failure, if any, is thrown. */
  end(failure?: unknown): void {
    if (this.#rows.length > 0) this.#complete();
    this.#failure = failure;
    this.#ended = true;
    this.#wake();
  }

  async *batches(): AsyncGenerator<{ readonly rows: readonly SqlServerRow[]; readonly mark: Mark }> {
    for (;;) {
      const batch = this.#waiting.shift();
      if (batch) yield batch;
      else if (this.#ended) break;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #complete(): void {
    this.#waiting.push({ rows: this.#rows, mark: this.#mark() });
    this.#rows = [];
    this.#bytes = 0;
    this.#wake();
  }
}
