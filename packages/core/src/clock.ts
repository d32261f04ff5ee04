import { setTimeout as delay } from "node:timers/promises";

/** Time, as a parameter, so that everything also runs under a virtual clock. */
export interface Clock {
  /** Milliseconds since 1970, by this machine. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number;
  /** Resolves after the wait or, without an error, as soon as the signal aborts: the caller looks at the signal. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, signal && { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
