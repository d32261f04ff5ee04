import type { Clock } from "@das/core";

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** How many sleep: what a test may demand to be none when everything is closed. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { wakesAt: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Goes on, waking each sleeper at its time and letting what it does finish. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.wakesAt);
      next.wake();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /** Time passes while nothing of the process runs: no sleeper wakes before the next `advance`. */
  suspend(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #next(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.wakesAt <= end);
    return due.sort((a, b) => a.wakesAt - b.wakesAt)[0];
  }
}

/** Everything that needs no outside event has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
