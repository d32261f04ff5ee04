import { type StreamNotice, type UtcTime, utcTimeOf } from "@das/core";
import type { Hint } from "./hint-file.ts";
import type { LivingStream } from "./kinesis-memory.ts";
import type { Recollection } from "./stream-memory.ts";

export interface Start {
  readonly stream: Pick<LivingStream, "createdAt" | "retentionHours">;
  /** What this host noted of the source in the same generation. */
  readonly hint: Hint | undefined;
  /** Where reading begins without any place: everything in the trail, what comes next, or from a moment on. */
  readonly startAt: "oldest" | "now" | { readonly time: UtcTime };
  /** Fraction digits of the engine's times. */
  readonly fractionDigits: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** By how much the clocks of database, stream and publisher may be apart; milliseconds. */
const CLOCK_MARGIN = 10 * 60_000;

const CAUSE = "nothing of the source is on the stream any more";

/**
 * Where a source goes on of which the stream holds nothing (architecture §5): after the place that this host noted, else
 * at the start position. When the stream may have held something, what can be there twice or not at all is told on it.
 * Pure.
 */
export function startWithoutStream(start: Start): Recollection {
  const { stream, hint, startAt, fractionDigits, now } = start;
  const heldFrom = now - stream.retentionHours * 3_600_000;
  const isForgetful = stream.createdAt < heldFrom;
  const point = hint && { cursor: hint.cursor, history: hint.history, published: new Set<never>() };
  // The stream is older than the note, or than what it holds: something may have been on it that nobody can read now.
  const until = Math.max(stream.createdAt, heldFrom, hint?.notedAt ?? 0);
  if (!hint && !isForgetful) return { point: undefined, since: undefined, notices: [] };
  const notice = (command: StreamNotice["command"], startTime: UtcTime): StreamNotice => ({
    command,
    cause: CAUSE,
    startTime,
    endTime: utcTimeOf(until, fractionDigits),
  });
  if (!hint && startAt === "now") {
    const window = notice("LOSS WINDOW", utcTimeOf(stream.createdAt, fractionDigits));
    return { point, since: undefined, notices: [{ ...window, endTime: utcTimeOf(now, fractionDigits) }] };
  }
  const from = hint?.notedAt ?? stream.createdAt;
  const begin = !hint && typeof startAt === "object" ? startAt.time : utcTimeOf(from, fractionDigits);
  return {
    point,
    since: undefined,
    notices: [notice("REPEAT", begin)],
    repeatUntil: utcTimeOf(until + CLOCK_MARGIN, fractionDigits),
  };
}
