import type { ArrivedRecord } from "@das/consumer";
import { type Clock, DasError, type InnerRecord, type Logger, RecordError, retryDelay } from "@das/core";
import { type DataKeySource, open } from "@das/envelope";

export interface RecordOpenerParts {
  readonly keys: DataKeySource;
  readonly clock: Clock;
  /** The jitter of retries; uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

const RETRY = { base: 200, cap: 10_000 };

/** Opens records of the stream, as often as KMS is asked in vain. */
export class RecordOpener {
  readonly #parts: RecordOpenerParts;
  #opened = 0;

  constructor(parts: RecordOpenerParts) {
    this.#parts = parts;
  }

  /** Records that were opened. */
  get opened(): number {
    return this.#opened;
  }

  /**
   * @returns undefined when it cannot be opened, whoever put it there; that is logged
   * @throws RefusedError when KMS refuses; the signal's reason
   */
  async open(record: ArrivedRecord, signal: AbortSignal): Promise<InnerRecord | undefined> {
    const { keys, clock, random, logger } = this.#parts;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { inner } = await open(record.data, keys);
        this.#opened += 1;
        return inner;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RecordError) {
          const { shardId: shard, sequenceNumber } = record;
          const report = { shard, sequenceNumber, error: error.message };
          logger.warn(report, "a record on the stream cannot be opened; it is passed over");
          return undefined;
        }
        if (!(error instanceof DasError && error.retryable)) throw error;
        const wait = retryDelay(RETRY, attempt, random);
        logger.warn({ error: error.message, wait }, "KMS is not available; looking back waits for it");
        await clock.sleep(wait, signal);
        signal.throwIfAborted();
      }
    }
  }
}
