import { median } from "../report/statistics.ts";
import { type BacklogRound, backlogRounds, VARIANTS } from "./backlog-rounds.ts";
import type { Case } from "./case.ts";

/** How fast a backlog gets onto the stream, beside how fast the bare driver reads it. */
export const throughput: Case = async (scale) => {
  const rounds = await backlogRounds(scale);
  return VARIANTS.map((variant) => {
    const of = (figure: (round: BacklogRound) => number) => median(rounds[variant].map(figure));
    return {
      case: "throughput",
      measures:
        "a backlog in the audit: events over the time from the first record with events on the stream to the last " +
        "(fromStart: from the start of the process); beside it the bare driver, which reads the same rows from the " +
        "same server and drops them; ratio within a round; medians over the rounds",
      parameters: rounds.parameters[variant],
      figures: {
        eventsPerSecond: of(({ publisher }) => publisher.events / publisher.seconds),
        eventsPerSecondFromStart: of(({ publisher }) => publisher.events / publisher.secondsFromStart),
        driverRowsPerSecond: of(({ driver }) => driver.rows / driver.seconds),
        ratio: of(({ publisher, driver }) => publisher.events / publisher.seconds / (driver.rows / driver.seconds)),
        eventsPerRecord: of(({ publisher }) => publisher.events / publisher.records),
        bytesPerEvent: of(({ publisher }) => publisher.bytes / publisher.events),
        peakMemoryMiB: of(({ publisher }) => publisher.peakMemory),
      },
    };
  });
};
