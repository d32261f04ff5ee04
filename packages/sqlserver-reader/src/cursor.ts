import { type Cursor, CursorError } from "@das/core";

/**
 * A place in one audit's files: just after row `rowsInLast` of block `lastOffset` of the file created at `fileTime`.
 *
 * Rows carry only the offset of the block that holds them, so a place is a block and a count, and the last block is
 * read again each time: that is exact whether the engine starts after the offset it is given or at it, and while the
 * block still grows (SQL Server notes §4.2).
 */
export interface FilePosition {
  /** Rises when file times went backwards or the audit was created anew: file times compare within one turn only. */
  readonly turn: number;
  /** The directory of the file: it outlives a change of FILEPATH. */
  readonly directory: string;
  /** Creation time from the file's name: 100 ns since 1601-01-01 UTC. */
  readonly fileTime: bigint;
  /** Offset of the block before the last one seen; null when the last is the first of its file. */
  readonly previousOffset: bigint | null;
  /** Offset of the last block seen; null when no row of this file was seen yet. */
  readonly lastOffset: bigint | null;
  /** Rows known in that block. */
  readonly rowsInLast: number;
  /** Of the last known row, to notice a block whose content changed; empty when there is none. */
  readonly digest: string;
}

const VERSION = "1";
const NONE = "-";

export function formatCursor(position: FilePosition): Cursor {
  return [
    VERSION,
    position.turn,
    encodeURIComponent(position.directory),
    position.fileTime,
    position.previousOffset ?? NONE,
    position.lastOffset ?? NONE,
    position.rowsInLast,
    position.digest,
  ].join(":") as Cursor;
}

/** @throws CursorError when the text is not one that `formatCursor` wrote. */
export function parseCursor(cursor: Cursor): FilePosition {
  const [version, turn, directory, fileTime, previousOffset, lastOffset, rowsInLast, digest, ...rest] =
    cursor.split(":");
  const numbers = [turn, fileTime, rowsInLast].every((part) => /^\d+$/.test(part ?? ""));
  const offsets = [previousOffset, lastOffset].every((part) => /^(\d+|-)$/.test(part ?? ""));
  if (version !== VERSION || !numbers || !offsets || digest === undefined || rest.length > 0) {
    throw new CursorError({
      who: "sqlserver-reader",
      what: `the cursor "${cursor}" was not written by this reader or by a newer version of it`,
      remedy: "Run the version that wrote it, or start from a time instead",
      code: "cursor-unknown",
    });
  }
  const offset = (part: string | undefined) => (part === NONE ? null : BigInt(part ?? ""));
  return {
    turn: Number(turn),
    directory: decodeURIComponent(directory ?? ""),
    fileTime: BigInt(fileTime ?? ""),
    previousOffset: offset(previousOffset),
    lastOffset: offset(lastOffset),
    rowsInLast: Number(rowsInLast),
    digest,
  };
}

/** Order of two places of one audit: by turn, file, block and row. @throws CursorError */
export function compareCursors(a: Cursor, b: Cursor): number {
  return comparePositions(parseCursor(a), parseCursor(b));
}

function comparePositions(a: FilePosition, b: FilePosition): number {
  return (
    a.turn - b.turn ||
    compareBigints(a.fileTime, b.fileTime) ||
    compareBigints(a.lastOffset ?? -1n, b.lastOffset ?? -1n) ||
    a.rowsInLast - b.rowsInLast
  );
}

function compareBigints(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
