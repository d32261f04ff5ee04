import type { AuditServer } from "./audit-server.ts";
import { type Micros, utcTimeOfMicros } from "./micros.ts";
import type { Progress } from "./progress.ts";

/** Milliseconds between two calls: each of them leaves a row that is always audited. */
const INTERVAL = 3_600_000;

/** Lets the database purge what has been on the stream for long enough (Oracle notes §4.1). */
export class PurgeHandOver {
  readonly #progress: Progress;
  readonly #retention: Micros;
  #calledAt: number | undefined;
  #told: Micros = 0;

  /** @param retention how long rows stay in the trail after they are on the stream */
  constructor(progress: Progress, retention: Micros) {
    this.#progress = progress;
    this.#retention = retention;
  }

  /** @param time milliseconds, monotonic. @throws RefusedError where the procedure is not installed */
  async look(server: AuditServer, time: number, signal: AbortSignal): Promise<void> {
    if (this.#calledAt !== undefined && time - this.#calledAt < INTERVAL) return;
    const { acknowledgedLow } = this.#progress;
    if (acknowledgedLow === undefined || acknowledgedLow - this.#retention <= this.#told) return;
    this.#calledAt = time;
    this.#told = acknowledgedLow - this.#retention;
    await server.advanceArchiveTime(utcTimeOfMicros(this.#told), signal);
  }
}
