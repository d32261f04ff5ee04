import { hash } from "node:crypto";
import type { DatabaseActivityEvent } from "./event.ts";
import { STREAM_CLASS } from "./loss-window.ts";

/** What tells an event from all others: two events with the same identity are one event. */
export type EventIdentity = string & { readonly identity: unique symbol };

/** The source id up to `#`: a row that moved from one source of a trail to another stays the same event. */
export function trailOf(sourceId: string): string {
  const end = sourceId.indexOf("#");
  return end < 0 ? sourceId : sourceId.slice(0, end);
}

/** The trail of what happens to the stream as a whole: told by two publishers, it is still one event. */
const STREAM_TRAIL = "stream";

/**
 * The identity of an event, the same whoever computes it and whether native fields are on or off.
 *
 * A trail's event: (trail, marker and ten mapped fields). A loss window: (trail, cause, start), so that its end and
 * its rediscovery after a restart are the same event. Any other notice: (its command, cause, start), without a trail.
 *
 * 128 bits of SHA-256, base64url. The parts go through JSON, so that no two lists of parts give the same text.
 */
export function eventIdentity(sourceId: string, marker: string, event: DatabaseActivityEvent): EventIdentity {
  const parts =
    event.class === STREAM_CLASS
      ? [
          event.command === "LOSS WINDOW" ? trailOf(sourceId) : STREAM_TRAIL,
          event.command,
          event.errorMessage,
          event.startTime,
        ]
      : [
          trailOf(sourceId),
          marker,
          event.logTime,
          event.class,
          event.command,
          String(event.sessionId),
          String(event.statementId),
          String(event.substatementId),
          String(event.pid),
          String(event.exitCode),
          event.objectType,
          event.objectName,
        ];
  return hash("sha256", JSON.stringify(parts), "buffer").subarray(0, 16).toString("base64url") as EventIdentity;
}
