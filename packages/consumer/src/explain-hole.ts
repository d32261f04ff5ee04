import { utcTimeOf } from "@das/core";
import type { ToldLossWindow } from "./loss-window-book.ts";
import type { Gap } from "./sequence-ranges.ts";

/**
 * The loss window that covers all event time which a hole can hold: from the last event before it to the first event
 * behind it or, where there is none, to the moment at which the stream took the record behind it (an event is audited
 * before it is published). A hole of which one side is unknown is covered by no window.
 */
export function explanationOf(gap: Gap, windows: readonly ToldLossWindow[]): ToldLossWindow | undefined {
  const from = gap.before.eventTime;
  const to = gap.after.eventTime ?? (gap.after.arrival && utcTimeOf(gap.after.arrival.getTime(), 3));
  if (from === undefined || to === undefined) return undefined;
  return windows.find(
    ({ startTime, endTime }) =>
      digits(startTime) <= digits(from) && (endTime === null || digits(endTime) >= digits(to)),
  );
}

/** Comparable as text whatever the number of fraction digits is. */
function digits(time: string): string {
  return time.replace(/\+00$/, "");
}
