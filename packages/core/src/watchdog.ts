import type { Clock } from "./clock.ts";

/** Calls back once when nothing was heard for too long. Cheap to touch: no timer is set anew for each row. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #lastHeard: number;

  /**
   * @param patience milliseconds without a touch
   * @param onSilence must not throw
   */
  constructor(clock: Clock, patience: number, onSilence: () => void) {
    this.#clock = clock;
    this.#lastHeard = clock.monotonic();
    void this.#watch(patience, onSilence);
  }

  touch(): void {
    this.#lastHeard = this.#clock.monotonic();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(patience: number, onSilence: () => void): Promise<void> {
    for (;;) {
      const remaining = this.#lastHeard + patience - this.#clock.monotonic();
      if (remaining <= 0) return onSilence();
      await this.#clock.sleep(remaining, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
    }
  }
}
