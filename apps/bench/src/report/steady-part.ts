/**
 * The part of a backlog in which CPU time is compared. Before it V8 still compiles what runs often, in the driver's
 * process as in the publisher's, which a publisher does once in its life; and at either end of it as much is under way
 * between reading and the stream.
 */
const FROM = 0.5;
const TO = 0.95;

/** The numbers of the first and the last event of the steady part. */
export function steadyPart(events: number): { readonly from: number; readonly to: number } {
  return { from: Math.round(events * FROM), to: Math.round(events * TO) };
}
