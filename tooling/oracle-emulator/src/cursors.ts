import type { Column, SqlValue } from "./engine-session.ts";
import type { Fault } from "./faults.ts";
import { OracleError } from "./oracle-error.ts";
import type { ColumnMetadata } from "./protocol/column-metadata.ts";
import type { KnownBinds } from "./protocol/execute.ts";
import type { RowCodec } from "./protocol/rows.ts";
import type { StatementRecord } from "./statement-log.ts";

/** What is left of a result. */
export interface OpenResult {
  readonly rows: Iterator<readonly SqlValue[]>;
  readonly codec: RowCodec;
  readonly fault: Extract<Fault, { at: "rows" }> | undefined;
  rowsSent: number;
}

/** A statement that the client may run again by its number (Oracle notes §7.6). */
export class Cursor implements KnownBinds {
  readonly id: number;
  sql = "";
  binds: readonly ColumnMetadata[] = [];
  isPlsql = false;
  /** As the client was last told of them; undefined for what is no query. */
  columns: readonly Column[] | undefined;
  /** As the client wants them. */
  defines: readonly ColumnMetadata[] | undefined;
  result: OpenResult | undefined;
  /** Its last execution. */
  record: StatementRecord | undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** The rest of the result is given up. */
  endResult(): void {
    this.result?.rows.return?.();
    this.result = undefined;
    if (this.record?.outcome === "open") this.record.outcome = "closed";
  }
}

const MOST_OPEN_CURSORS = 300;
/** They are ub2 on the wire. */
const LARGEST_ID = 0xffff;

/** The open cursors of a session. */
export class Cursors {
  readonly #open = new Map<number, Cursor>();
  #lastId = 0;

  /** @throws OracleError 1000 */
  create(): Cursor {
    if (this.#open.size >= MOST_OPEN_CURSORS) throw new OracleError(1000, "maximum open cursors exceeded");
    do this.#lastId = (this.#lastId % LARGEST_ID) + 1;
    while (this.#open.has(this.#lastId));
    const cursor = new Cursor(this.#lastId);
    this.#open.set(cursor.id, cursor);
    return cursor;
  }

  find(id: number): Cursor | undefined {
    return this.#open.get(id);
  }

  /** @throws OracleError 1001 */
  get(id: number): Cursor {
    const cursor = this.#open.get(id);
    if (!cursor) throw new OracleError(1001, "invalid cursor");
    return cursor;
  }

  close(id: number): void {
    this.#open.get(id)?.endResult();
    this.#open.delete(id);
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}
