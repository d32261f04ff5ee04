import type { Clock } from "@das/core";
import type { Flow } from "./audit-server.ts";

/**
 * Holds a result back for a slow caller, but never for longer than its limit.
 *
 * It is taken and released with every batch, so it sleeps once per limit, not once per batch: to set a timer and to
 * abort it costs more than to map several rows.
 */
export class Hold implements Disposable {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #onLimit: () => void;
  readonly #over = new AbortController();
  #held: { readonly flow: Flow; readonly since: number } | undefined;
  #isWatched = false;

  /**
   * @param limit milliseconds
   * @param onLimit the caller took nothing for so long; the result is held back until `release`. Called once at the most
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
    this.#held = { flow, since: this.#clock.monotonic() };
    if (!this.#isWatched) void this.#watch();
  }

  release(): void {
    const flow = this.#held?.flow;
    this.#held = undefined;
    flow?.resume();
  }

  [Symbol.dispose](): void {
    this.release();
    this.#over.abort();
  }

  async #watch(): Promise<void> {
    this.#isWatched = true;
    while (this.#held && !this.#over.signal.aborted) {
      const remaining = this.#held.since + this.#limit - this.#clock.monotonic();
      if (remaining <= 0) return this.#onLimit();
      await this.#clock.sleep(remaining, this.#over.signal);
    }
    this.#isWatched = false;
  }
}
