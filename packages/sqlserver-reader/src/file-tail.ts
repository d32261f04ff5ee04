import { hash } from "node:crypto";
import type { FilePosition } from "./cursor.ts";
import { fileTimeOf } from "./file-time.ts";
import { EVENT_TIME_COLUMN, eventTimeOf, type SqlServerRow, type SqlValue, type TrailDescription } from "./row.ts";

/** Where the rows of a read go. */
export interface TailSink {
  /** A new row is about to be added; the tail's position is still the one before it. */
  before(row: SqlServerRow): void;
  /** A new row, or a known one that must be given out again. */
  add(row: SqlServerRow): void;
}

/**
 * Tells, of the rows that a read of a file returns, which are new. Pure: no I/O, no clock.
 *
 * A read starts at the block before the last one known (see `FilePosition`), so it returns rows that are known
 * already: those of older blocks, and the first `rowsInLast` of the last block. They are skipped. The last known row
 * must still have its digest; when it has not, the block is given out again: a duplicate rather than a loss.
 */
export class FileTail {
  readonly #trail: TrailDescription;
  readonly #known: FilePosition;
  readonly #offsetIndex: number;
  readonly #digestIndexes: readonly number[];
  readonly #skipped: SqlServerRow[] = [];
  #confirmed: boolean;
  #offsetText = "";
  #offset = -1n;
  #ordinal = 0;
  #previousOffset: bigint | null;
  #lastOffset: bigint | null;
  #rowsInLast: number;
  #lastRow: SqlServerRow | undefined;
  /** Of the last known row, while no other was given out. */
  #lastDigest: string;
  #anomalies = 0;

  constructor(known: FilePosition, trail: TrailDescription) {
    this.#known = known;
    this.#trail = trail;
    const names = trail.columns.map((column) => column.name);
    this.#offsetIndex = names.indexOf("audit_file_offset");
    this.#digestIndexes = DIGEST_COLUMNS.map((column) => names.indexOf(column)).filter((index) => index >= 0);
    this.#confirmed = known.lastOffset === null || known.rowsInLast === 0;
    this.#lastDigest = known.digest;
    this.#previousOffset = known.previousOffset;
    this.#lastOffset = known.lastOffset;
    this.#rowsInLast = known.rowsInLast;
  }

  /** Blocks whose content was not what the position said, and rows out of the file's order. */
  get anomalies(): number {
    return this.#anomalies;
  }

  /** The next row that the read returned. */
  accept(values: readonly SqlValue[], sink: TailSink): void {
    const offsetText = String(values[this.#offsetIndex]);
    if (offsetText === this.#offsetText) this.#ordinal += 1;
    else this.#enterBlock(offsetText, sink);
    const row: SqlServerRow = {
      trail: this.#trail,
      values,
      fileTime: this.#known.fileTime,
      offset: offsetText,
      ordinal: this.#ordinal,
    };
    if (!this.#isKnown()) {
      sink.before(row);
      this.#advance(row);
      sink.add(row);
      return;
    }
    if (this.#offset !== this.#known.lastOffset) return;
    this.#skipped.push(row);
    if (this.#ordinal !== this.#known.rowsInLast - 1) return;
    if (this.#digest(row) === this.#known.digest) this.#confirm();
    else this.#giveOutAgain(sink);
  }

  /** The read ran to its end: what was expected must have come. Not to be called after a cancelled read. */
  end(sink: TailSink): void {
    if (!this.#confirmed) this.#giveOutAgain(sink);
  }

  /** Offset of the last block seen. */
  get lastOffset(): bigint | null {
    return this.#lastOffset;
  }

  /** The place just after the last row that was given out. */
  position(): FilePosition {
    return {
      ...this.#known,
      previousOffset: this.#previousOffset,
      lastOffset: this.#lastOffset,
      rowsInLast: this.#rowsInLast,
      digest: this.#lastRow ? this.#digest(this.#lastRow) : this.#lastDigest,
      lastEvent: this.#lastRow ? fileTimeOf(eventTimeOf(this.#lastRow)) : this.#known.lastEvent,
    };
  }

  #enterBlock(offsetText: string, sink: TailSink): void {
    const offset = BigInt(offsetText);
    if (offset < this.#offset) this.#anomalies += 1;
    this.#offsetText = offsetText;
    this.#offset = offset;
    this.#ordinal = 0;
    if (!this.#confirmed && this.#known.lastOffset !== null && offset > this.#known.lastOffset)
      this.#giveOutAgain(sink);
  }

  #isKnown(): boolean {
    const { lastOffset, rowsInLast } = this.#known;
    if (lastOffset === null) return false;
    return this.#offset < lastOffset || (this.#offset === lastOffset && this.#ordinal < rowsInLast);
  }

  #advance(row: SqlServerRow): void {
    if (this.#lastOffset !== null && this.#offset < this.#lastOffset) return;
    if (this.#offset !== this.#lastOffset) {
      this.#previousOffset = this.#lastOffset;
      this.#lastOffset = this.#offset;
    }
    this.#rowsInLast = this.#ordinal + 1;
    this.#lastRow = row;
  }

  #confirm(): void {
    this.#confirmed = true;
    this.#skipped.length = 0;
  }

  #giveOutAgain(sink: TailSink): void {
    this.#anomalies += 1;
    // The place becomes what is there now, or the same rows would come again with every read.
    this.#rowsInLast = this.#skipped.length;
    this.#lastRow = this.#skipped.at(-1);
    this.#lastDigest = "";
    for (const row of this.#skipped) sink.add(row);
    this.#confirm();
  }

  #digest(row: SqlServerRow): string {
    const values = this.#digestIndexes.map((index) => digestible(row.values[index]));
    return hash("sha256", JSON.stringify(values), "buffer").subarray(0, 6).toString("hex");
  }
}

/** Columns that every supported version has and that the reader always selects, whatever else the stream carries. */
const DIGEST_COLUMNS = [
  EVENT_TIME_COLUMN,
  "sequence_number",
  "action_id",
  "session_id",
  "class_type",
  "server_principal_name",
  "sequence_group_id",
  "statement",
];

function digestible(value: SqlValue | undefined): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
