import { median } from "../report/statistics.ts";
import { type BacklogRound, backlogRounds, VARIANTS } from "./backlog-rounds.ts";
import type { Case } from "./case.ts";

/** What the publisher adds to reading, over the floor. */
const BAR = 1.5;

/** CPU time of an event: all of it, what the driver alone takes, what the publisher adds, and the floor under that. */
export const cpu: Case = async (scale) => {
  const rounds = await backlogRounds(scale);
  return VARIANTS.map((variant) => {
    const of = (figure: (round: BacklogRound) => number) => median(rounds[variant].map(figure));
    return {
      case: "cpu",
      measures:
        "user and system time of all threads, per event: publisher, and driver for the same rows, from half of the " +
        "backlog to 95 % of it (warm, and as much under way at either end); added is their difference; floor " +
        "JSON.stringify + gzip level 1 + AES-256-GCM of events of the same mix, in lists of 100 and of as many as the " +
        "publisher put into a record; ratios within a round; medians over the rounds",
      parameters: rounds.parameters[variant],
      figures: {
        publisherMicroseconds: of(({ publisher }) => publisher.cpuSecondsPerEvent * 1e6),
        driverMicroseconds: of(({ driver }) => driver.cpuSecondsPerRow * 1e6),
        addedMicroseconds: of((round) => added(round) * 1e6),
        floorMicroseconds: of(({ floorAt100 }) => floorAt100 * 1e6),
        floorAtPublisherSizeMicroseconds: of(({ floorAtPublisherSize }) => floorAtPublisherSize * 1e6),
        addedToFloor: of((round) => added(round) / round.floorAt100),
        addedToFloorAtPublisherSize: of((round) => added(round) / round.floorAtPublisherSize),
        eventsPerRecord: of(({ publisher }) => publisher.events / publisher.records),
        startSeconds: of(({ publisher }) => publisher.startCpuSeconds),
      },
      bar: { addedToFloor: BAR },
    };
  });
};

function added({ publisher, driver }: BacklogRound): number {
  return publisher.cpuSecondsPerEvent - driver.cpuSecondsPerRow;
}
