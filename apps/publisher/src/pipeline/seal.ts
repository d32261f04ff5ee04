import { type Clock, DasError, type Logger, RefusedError, type RetryPolicy, retryDelay } from "@das/core";
import type { DataKeyLender, SealedRecord } from "@das/envelope";
import PQueue from "p-queue";
import type { PackedRecord } from "./pack.ts";
import type { Sealer } from "./seal-pool.ts";

export interface SealingParts {
  readonly sealer: Sealer;
  readonly lender: Pick<DataKeyLender, "lend">;
  /** Records under way at once: the sealing threads, and as many that wait for them. */
  readonly concurrency: number;
  /** Told whenever a person must act before anything is sealed again. */
  readonly onRefused?: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const RETRY: RetryPolicy = { base: 200, cap: 30_000 };

/**
 * Seals packed records under a lent data key, without end when KMS does not answer.
 *
 * A refusal (right missing, key disabled) before the first key was lent ends the publisher: a person must act and is
 * still looking. Later it waits for that person: the audit trail keeps what is not read meanwhile.
 */
export class Sealing {
  readonly #parts: SealingParts;
  readonly #queue: PQueue;
  #hasLent = false;

  constructor(parts: SealingParts) {
    this.#parts = parts;
    this.#queue = new PQueue({ concurrency: parts.concurrency });
  }

  /** @throws RefusedError as above; the signal's reason when it aborts */
  seal(record: PackedRecord, signal: AbortSignal): Promise<SealedRecord> {
    return this.#queue.add(() => this.#seal(record, signal));
  }

  async #seal(record: PackedRecord, signal: AbortSignal): Promise<SealedRecord> {
    const { sealer, lender, onRefused, clock, random, logger } = this.#parts;
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        using key = await lender.lend();
        this.#hasLent = true;
        return await sealer.seal(record.text.bytes, key);
      } catch (error) {
        const refused = error instanceof RefusedError;
        if (!(error instanceof DasError) || !(error.retryable || refused) || (refused && !this.#hasLent)) throw error;
        const wait = retryDelay(RETRY, attempt, random);
        const report = { error: error.message, wait };
        if (refused) {
          onRefused?.();
          logger.error(report, "the key is refused; nothing is published until it is usable again");
        } else logger.warn(report, "KMS is not available; sealing goes on after it");
        await clock.sleep(wait, signal);
      }
    }
  }
}
