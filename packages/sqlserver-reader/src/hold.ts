import { type Clock, Watchdog } from "@das/core";
import type { Flow } from "./audit-server.ts";

/** Holds a result back for a slow caller, but never for longer than its limit. */
export class Hold {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #onLimit: () => void;
  #held: { readonly flow: Flow; readonly watchdog: Watchdog } | undefined;

  /**
   * @param limit milliseconds
   * @param onLimit the caller took nothing for so long; the result is held back until `release`
   */
  constructor(clock: Clock, limit: number, onLimit: () => void) {
    this.#clock = clock;
    this.#limit = limit;
    this.#onLimit = onLimit;
  }

  /** Has no effect while the result is held back already. */
  take(flow: Flow): void {
    if (this.#held) return;
    flow.pause();
    this.#held = { flow, watchdog: new Watchdog(this.#clock, this.#limit, this.#onLimit) };
  }

  release(): void {
    if (!this.#held) return;
    const { flow, watchdog } = this.#held;
    this.#held = undefined;
    watchdog.stop();
    flow.resume();
  }
}
