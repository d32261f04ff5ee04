import type { Clock } from "@das/core";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that only passes when everybody sleeps: then it jumps to the first who wants to wake. */
export class VirtualTime {
  /** Milliseconds since 1970, true time. */
  now: number;
  #sleepers: Sleeper[] = [];

  constructor(now: number) {
    this.now = now;
  }

  readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.now,
    sleep: (milliseconds, signal) =>
      new Promise<void>((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const leave = () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          resolve();
        };
        const wake = () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        };
        const sleeper = { at: this.now + Math.max(1, milliseconds), wake };
        this.#sleepers.push(sleeper);
        signal?.addEventListener("abort", leave, { once: true });
      }),
  };

  /** Lets everybody work until all sleep, and wakes the first. @returns false when nobody sleeps */
  async step(until: number): Promise<boolean> {
    // What is under way needs some turns of the microtask queue; none of it waits for anything else.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const next = this.#sleepers.reduce<Sleeper | undefined>(
      (first, sleeper) => (first === undefined || sleeper.at < first.at ? sleeper : first),
      undefined,
    );
    this.now = next === undefined ? until : Math.min(next.at, until);
    if (next === undefined || next.at > until) return next !== undefined;
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
    next.wake();
    return true;
  }
}
