import { type Clock, systemClock } from "@das/core";

/** A clock on which time passes as fast as it is told to, for waits that only end a hang. */
export interface FastClock extends Clock {
  /** Sets how many times as fast as usual time passes from now on. */
  speedUp(factor: number): void;
}

export function fastClock(factor = 1): FastClock {
  let speed = factor;
  let since = systemClock.monotonic();
  let passed = 0;
  const monotonic = () => passed + (systemClock.monotonic() - since) * speed;
  return {
    now: () => systemClock.now(),
    monotonic,
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / speed, signal),
    speedUp: (newFactor) => {
      passed = monotonic();
      since = systemClock.monotonic();
      speed = newFactor;
    },
  };
}
