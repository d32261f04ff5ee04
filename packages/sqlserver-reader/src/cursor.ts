import { type Cursor, CursorError } from "@das/core";
import { fileTimeOf, utcTimeOfFileTime } from "./file-time.ts";
import { LOSS_CAUSES, type LossCause, type LossState } from "./loss-account.ts";

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
  /** When the last known row happened, in the unit of `fileTime`; null when no row is known: a loss begins there. */
  readonly lastEvent: bigint | null;
}

/**
 * Where a read began that broke off before the file's end. Rows behind it are known, but not whether records between
 * them were skipped: the server may say so after the rows only.
 */
export interface UnverifiedFrom {
  readonly previousOffset: bigint | null;
  readonly lastOffset: bigint | null;
  /** When the last row before it happened, in the unit of `FilePosition.fileTime`. */
  readonly lastEvent: bigint;
}

/** What a cursor says: a place, and what is known there although no row behind it shows it. */
export interface Bookmark {
  readonly position: FilePosition;
  readonly losses: LossState;
  readonly unverified?: UnverifiedFrom | undefined;
}

const NONE = "-";

/** Version, turn, directory, file time, two offsets, rows, digest, event time; then what is rarely there. */
const FORMAT = /^1:(\d+):([^:]*):(\d+):(\d+|-):(\d+|-):(\d+):([0-9a-f]*):(\d+|-)((?::[sdvw][0-9.-]*)*)$/;

/** Causes of windows that are open at the place, as `w` parts name them. Never changed, only added to. */
const CAUSE_NUMBERS: readonly LossCause[] = [
  LOSS_CAUSES.fileDeleted,
  LOSS_CAUSES.fileUnreadable,
  LOSS_CAUSES.recordsUnreadable,
  LOSS_CAUSES.recordsDropped,
  LOSS_CAUSES.stopped,
  LOSS_CAUSES.failed,
  LOSS_CAUSES.missing,
  LOSS_CAUSES.recreated,
  LOSS_CAUSES.timesWentBack,
  LOSS_CAUSES.restarted,
];

/** One text without blanks, as short as it can be: it travels in every record. */
export function formatCursor({ position, losses, unverified }: Bookmark): Cursor {
  const parts = [
    1,
    position.turn,
    encodeURIComponent(position.directory),
    position.fileTime,
    position.previousOffset ?? NONE,
    position.lastOffset ?? NONE,
    position.rowsInLast,
    position.digest,
    position.lastEvent ?? NONE,
  ];
  if (losses.shutdownRecorded) parts.push("s");
  if (losses.dropped && losses.dropped.count > 0n) parts.push(`d${losses.dropped.session}.${losses.dropped.count}`);
  if (unverified) {
    const { previousOffset, lastOffset, lastEvent } = unverified;
    parts.push(`v${previousOffset ?? NONE}.${lastOffset ?? NONE}.${lastEvent}`);
  }
  for (const { cause, startTime } of losses.open)
    parts.push(`w${CAUSE_NUMBERS.indexOf(cause)}.${fileTimeOf(startTime)}`);
  return parts.join(":") as Cursor;
}

/** @throws CursorError when the text is not one that `formatCursor` wrote. */
export function parseCursor(cursor: Cursor): Bookmark {
  const [, turn, directory, fileTime, previousOffset, lastOffset, rowsInLast, digest, lastEvent, rest = ""] =
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
  const remarks = rest.split(":").slice(1);
  return {
    position: {
      turn: Number(turn),
      directory: path,
      fileTime: BigInt(fileTime ?? ""),
      previousOffset: numberOrNull(previousOffset),
      lastOffset: numberOrNull(lastOffset),
      rowsInLast: Number(rowsInLast),
      digest,
      lastEvent: numberOrNull(lastEvent),
    },
    losses: parseLosses(remarks),
    unverified: parseUnverified(remarks),
  };
}

function numberOrNull(part: string | undefined): bigint | null {
  return part === NONE ? null : BigInt(part ?? "");
}

function numbersOf(remarks: readonly string[], letter: string): readonly string[][] {
  return remarks.filter((remark) => remark.startsWith(letter)).map((remark) => remark.slice(1).split("."));
}

function parseUnverified(remarks: readonly string[]): UnverifiedFrom | undefined {
  const [numbers] = numbersOf(remarks, "v");
  if (!numbers) return undefined;
  const [previousOffset, lastOffset, lastEvent] = numbers;
  return {
    previousOffset: numberOrNull(previousOffset),
    lastOffset: numberOrNull(lastOffset),
    lastEvent: BigInt(lastEvent ?? ""),
  };
}

function parseLosses(remarks: readonly string[]): LossState {
  const [dropped] = numbersOf(remarks, "d");
  return {
    shutdownRecorded: remarks.includes("s"),
    dropped: dropped && { session: dropped[0] ?? "", count: BigInt(dropped[1] ?? "") },
    open: numbersOf(remarks, "w").flatMap(([number, start]) => {
      const cause = CAUSE_NUMBERS[Number(number)];
      return cause === undefined ? [] : [{ cause, startTime: utcTimeOfFileTime(BigInt(start ?? "")) }];
    }),
  };
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
