import type { Clock } from "../src/index.ts";

/** Time that stands still until a test moves it. Sleepers wake when it passes them. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  constructor(now = Date.parse("2026-01-15T10:00:00Z")) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ until: this.#now + milliseconds, wake });
    });
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const woken = this.#sleepers.filter((sleeper) => sleeper.until <= this.#now);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.until > this.#now);
    for (const sleeper of woken) sleeper.wake();
  }
}
