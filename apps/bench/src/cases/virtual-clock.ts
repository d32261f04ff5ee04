import type { Clock } from "@das/core";

/** A clock that goes on only when it is told to: hours pass in a moment. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#sleepers.set(wake, this.#now + milliseconds);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Whoever sleeps until then or less is woken; what they do next happens before this resolves. */
  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const [wake, at] of this.#sleepers) if (at <= this.#now) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
