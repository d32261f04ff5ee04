import type { DatabaseActivityEvent } from "@das/core";

/** The lane of an event: all events of one session share one, so their order survives (wire format §13.9). */
export function laneOf(event: DatabaseActivityEvent, lanes: number): number {
  if (lanes === 1) return 0;
  const { sessionId } = event;
  if (sessionId === null) return 0;
  return Number(BigInt.asUintN(64, BigInt(sessionId)) % BigInt(lanes));
}
