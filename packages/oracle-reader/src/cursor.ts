import { type Cursor, CursorError, type UtcTime } from "@das/core";
import { LOSS_CAUSES, type LossCause, type LossState } from "./loss-account.ts";
import type { Micros } from "./micros.ts";

/**
 * A place in one trail: every row from before `low` is known, but for those that are committed late (Oracle notes
 * §2.4). Rows have no place of their own that lasts, so a place is a moment, and whoever resumes reads the time before
 * it again.
 */
export interface TrailPosition {
  /** Rises when the database's clock was set back: moments compare within one turn only. */
  readonly turn: number;
  readonly low: Micros;
  /** Of the batch after which this place is, so that every batch has a place of its own. */
  readonly batch: number;
}

/** Drift of the locked policy that was told, and is not over. */
export interface ToldDrift {
  /** What is not as it was recorded; the cause begins with it. */
  readonly line: string;
  readonly cause: string;
  readonly startTime: UtcTime;
  /** How often it was tried to be put back. */
  readonly attempts: number;
  /** The last of them ran, and it was not given up: when it is over, that is why. */
  readonly isHealed: boolean;
}

/** What a cursor says: a place, and what is known there although no row behind it shows it. */
export interface Bookmark {
  readonly position: TrailPosition;
  readonly losses: LossState;
  readonly drift?: readonly ToldDrift[];
}

/** Version, turn, moment, batch; then what is rarely there: an archive time that was told, open windows, told drift. */
const FORMAT = /^1:(\d+):(\d+):(\d+)((?::[aw]\d+(?:\.\d+)?)*(?::d[\w-]+)*)$/;

/** More drift than that is told again by whoever resumes. */
const MOST_DRIFT = 16;

/** Causes of windows that are open at the place, as `w` parts name them. Never changed, only added to. */
const CAUSE_NUMBERS: readonly LossCause[] = [
  LOSS_CAUSES.purgePassed,
  LOSS_CAUSES.rowsDeleted,
  LOSS_CAUSES.entriesMissing,
  LOSS_CAUSES.canaryMissing,
  LOSS_CAUSES.redoLost,
];

/** One text without blanks, as short as it can be: it travels in every record. */
export function formatCursor({ position, losses, drift = [] }: Bookmark): Cursor {
  const parts = [`1:${position.turn}:${position.low}:${position.batch}`];
  if (losses.purgeTold !== undefined && losses.purgeTold > position.low) parts.push(`a${losses.purgeTold}`);
  for (const { cause, start } of losses.open) parts.push(`w${CAUSE_NUMBERS.indexOf(cause)}.${start}`);
  for (const { line, cause, startTime, attempts, isHealed } of drift.slice(0, MOST_DRIFT)) {
    const text = JSON.stringify([line.length, cause, startTime, attempts, isHealed]);
    parts.push(`d${Buffer.from(text).toString("base64url")}`);
  }
  return parts.join(":") as Cursor;
}

/** @throws CursorError when the text is not one that `formatCursor` wrote. */
export function parseCursor(cursor: Cursor): Bookmark {
  const [, turn, low, batch, rest = ""] = FORMAT.exec(cursor) ?? [];
  if (batch === undefined) {
    throw new CursorError({
      who: "oracle-reader",
      what: `the cursor "${cursor}" was not written by this reader or by a newer version of it`,
      remedy: "Run the version that wrote it, or start from a time instead",
      code: "cursor-unknown",
    });
  }
  const parts = rest.split(":").slice(1);
  const told = parts.find((part) => part.startsWith("a"));
  const open = parts
    .filter((part) => part.startsWith("w"))
    .flatMap((part) => {
      const [number, start] = part.slice(1).split(".");
      const cause = CAUSE_NUMBERS[Number(number)];
      return cause === undefined ? [] : [{ cause, start: Number(start) }];
    });
  const drift = parts.filter((part) => part.startsWith("d")).flatMap((part) => parseDrift(part.slice(1)));
  return {
    position: { turn: Number(turn), low: Number(low), batch: Number(batch) },
    losses: { purgeTold: told === undefined ? undefined : Number(told.slice(1)), open },
    ...(drift.length > 0 && { drift }),
  };
}

/** What nobody of ours wrote is nothing. */
function parseDrift(text: string): readonly ToldDrift[] {
  try {
    const [length, cause, startTime, attempts, isHealed] = JSON.parse(Buffer.from(text, "base64url").toString()) as [
      number,
      string,
      UtcTime,
      number,
      boolean,
    ];
    return [{ line: cause.slice(0, length), cause, startTime, attempts, isHealed }];
  } catch {
    return [];
  }
}

/** Order of two places of one history: by turn, moment and batch. @throws CursorError */
export function compareCursors(a: Cursor, b: Cursor): number {
  const [first, second] = [parseCursor(a).position, parseCursor(b).position];
  return first.turn - second.turn || first.low - second.low || first.batch - second.batch;
}
