import type { Clock } from "@das/core";

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/**
 * A clock that jumps to the next moment at which somebody wants to wake, as soon as nothing else is left to do. All
 * that it drives must wait for nothing but it: then a run is decided by its inputs alone.
 */
export class VirtualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #turns: number;

  /** @param turns of the event loop that work takes that waits for no timer: promises take one, Node's streams some */
  constructor(turns = 1) {
    this.#now = Date.UTC(2026, 0, 1);
    this.#turns = turns;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { wakeAt: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Lets time pass until the work is done. @throws when everybody waits and nobody ever wakes */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    finished.catch(() => undefined);
    for (;;) {
      for (let turn = 0; turn < this.#turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (done) return finished;
      let next: Sleeper | undefined;
      for (const sleeper of this.#sleepers) if (!next || sleeper.wakeAt < next.wakeAt) next = sleeper;
      if (!next) throw new Error("nothing will ever happen again, and the work is not done");
      this.#now = Math.max(this.#now, next.wakeAt);
      next.wake();
    }
  }
}
