import type { AuditServer } from "./audit-server.ts";
import { LOSS_CAUSES, type LossAccount } from "./loss-account.ts";
import type { Micros } from "./micros.ts";

/** The procedure that does nothing but leave a row (Oracle notes §5). */
export const CANARY = "DAS_CANARY";

/** Milliseconds between two rows, and what one of them gets to arrive. */
const INTERVAL = 300_000;
const PATIENCE = 10_000;

/**
 * A row of our own that has to come through: policies, table, disk and reader work together. One that does not come
 * opens a loss window from when it was made until one comes again.
 */
export class Canary {
  readonly #losses: LossAccount;
  #firedAt: number | undefined;
  /** By the database's clock; undefined when the last one has come. */
  #missingSince: Micros | undefined;
  #newestFire: Micros = 0;

  constructor(losses: LossAccount) {
    this.#losses = losses;
  }

  /** The row has come: whichever it was, everything works. */
  seen(): void {
    this.#missingSince = undefined;
    this.#losses.close(LOSS_CAUSES.canaryMissing, this.#newestFire);
  }

  /**
   * @param now by the database's clock
   * @param time milliseconds, monotonic
   * @throws RefusedError where it is not installed
   */
  async look(server: AuditServer, now: Micros, time: number, signal: AbortSignal): Promise<void> {
    if (this.#firedAt === undefined || time - this.#firedAt >= INTERVAL) {
      this.#firedAt = time;
      this.#newestFire = now;
      this.#missingSince ??= now;
      await server.fireCanary(signal);
    } else if (this.#missingSince !== undefined && time - this.#firedAt >= PATIENCE) {
      this.#losses.open(LOSS_CAUSES.canaryMissing, this.#missingSince);
    }
  }
}
