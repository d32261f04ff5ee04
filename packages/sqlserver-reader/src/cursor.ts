import { type Cursor, CursorError } from "@das/core";
import type { DroppedRecords } from "./audit-server.ts";

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

/** What a cursor says: a place, and what is accounted for although no row shows it. */
export interface Bookmark {
  readonly position: FilePosition;
  /** Records that the audit's event session dropped, already told. */
  readonly dropped?: DroppedRecords;
}

const VERSION = "1";
const NONE = "-";

/** turn, directory, file time, two offsets, rows, digest; session and count of what was dropped, if anything was. */
const FORMAT = /^1:(\d+):([^:]*):(\d+):(\d+|-):(\d+|-):(\d+):([0-9a-f]*)(?::(\d+):(\d+))?$/;

/** One text without blanks, as short as it can be: it travels in every record. */
export function formatCursor(position: FilePosition, dropped?: DroppedRecords): Cursor {
  const parts = [
    VERSION,
    position.turn,
    encodeURIComponent(position.directory),
    position.fileTime,
    position.previousOffset ?? NONE,
    position.lastOffset ?? NONE,
    position.rowsInLast,
    position.digest,
  ];
  if (dropped && dropped.count > 0n) parts.push(dropped.session, dropped.count);
  return parts.join(":") as Cursor;
}

/** @throws CursorError when the text is not one that `formatCursor` wrote. */
export function parseCursor(cursor: Cursor): Bookmark {
  const [, turn, directory, fileTime, previousOffset, lastOffset, rowsInLast, digest, session, count] =
    FORMAT.exec(cursor) ?? [];
  const path = directory === undefined ? undefined : decoded(directory);
  if (digest === undefined || path === undefined) {
    throw new CursorError({
      who: "sqlserver-reader",
      what: `the cursor "${cursor}" was not written by this reader or by a newer version of it`,
      remedy: "Run the version that wrote it, or start from a time instead",
      code: "cursor-unknown",
    });
  }
  const offset = (part: string | undefined) => (part === NONE ? null : BigInt(part ?? ""));
  const position: FilePosition = {
    turn: Number(turn),
    directory: path,
    fileTime: BigInt(fileTime ?? ""),
    previousOffset: offset(previousOffset),
    lastOffset: offset(lastOffset),
    rowsInLast: Number(rowsInLast),
    digest,
  };
  return session === undefined ? { position } : { position, dropped: { session, count: BigInt(count ?? "") } };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that no cursor of ours contains.
    return undefined;
  }
}

/** Order of two places of one audit: by turn, file, block and row. @throws CursorError */
export function compareCursors(a: Cursor, b: Cursor): number {
  return comparePositions(parseCursor(a).position, parseCursor(b).position);
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
