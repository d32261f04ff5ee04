import { type Clock, systemClock } from "@das/core";

/** A clock that runs so many times as fast: for what is counted and not timed, so that nobody waits for idle polls. */
export function fastClock(factor: number): Clock {
  const begin = systemClock.now();
  const beginMonotonic = systemClock.monotonic();
  return {
    now: () => begin + (systemClock.now() - begin) * factor,
    monotonic: () => beginMonotonic + (systemClock.monotonic() - beginMonotonic) * factor,
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / factor, signal),
  };
}
