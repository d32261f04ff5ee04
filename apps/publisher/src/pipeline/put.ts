import { type KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from "@aws-sdk/client-kinesis";
import {
  type Clock,
  type DasError,
  type Logger,
  PUT_MAX_BYTES,
  PUT_MAX_RECORDS,
  RefusedError,
  type RetryPolicy,
  retryDelay,
} from "@das/core";
import PQueue from "p-queue";
import { classifyAwsError } from "../aws/classify-aws-error.ts";

export interface PutRecord {
  readonly data: Uint8Array;
  readonly partitionKey: string;
}

export interface PuttingParts {
  readonly client: Pick<KinesisClient, "send">;
  readonly streamName: string;
  /** PutRecords calls under way at once, over all lanes. */
  readonly concurrency: number;
  /** Told whenever a person must act before anything is put again. */
  readonly onRefused?: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Throttling is normal: a shard that is full is free again within the second. */
const RETRY: RetryPolicy = { base: 50, cap: 5_000 };
const RETRY_REFUSED: RetryPolicy = { base: 1_000, cap: 30_000 };

/** Puts records on the stream, without end, until every one of them is in. */
export class Putting {
  readonly #parts: PuttingParts;
  readonly #queue: PQueue;
  #hasPut = false;

  constructor(parts: PuttingParts) {
    this.#parts = parts;
    this.#queue = new PQueue({ concurrency: parts.concurrency });
  }

  /**
   * Resolves when all records are on the stream. Of a call that partly failed only what failed is sent again, the same
   * bytes. The caller puts nothing newer of a lane before this has resolved: that keeps the lane's order.
   * @param records within the limits of one call (`takeWithinLimits`)
   * @throws RefusedError when the stream refuses the very first call; the signal's reason when it aborts
   */
  async put(records: readonly PutRecord[], signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    let remaining = records;
    for (let attempt = 0; remaining.length > 0; attempt += 1) {
      signal.throwIfAborted();
      let policy = RETRY;
      try {
        const failed = await this.#queue.add(() => this.#call(remaining, signal));
        this.#hasPut = true;
        if (failed.length < remaining.length) attempt = 0;
        remaining = failed;
        if (remaining.length === 0) return;
      } catch (error) {
        signal.throwIfAborted();
        policy = this.#decide(classifyAwsError(error, "stream"));
      }
      await clock.sleep(retryDelay(policy, attempt, random), signal);
    }
  }

  /** @returns the records that did not get in, in their order */
  async #call(records: readonly PutRecord[], signal: AbortSignal): Promise<readonly PutRecord[]> {
    const { client, streamName, logger } = this.#parts;
    const { Records: results = [] } = await client.send(
      new PutRecordsCommand({
        StreamName: streamName,
        Records: records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey })),
      }),
      { abortSignal: signal },
    );
    // Only a sequence number says that a record is in: an answer that is too short is no acknowledgement.
    const failed = records.filter((_, index) => results[index]?.SequenceNumber === undefined);
    if (failed.length > 0) {
      logger.debug({ failed: failed.length, of: records.length, codes: codesOf(results) }, "records were not taken");
    }
    return failed;
  }

  #decide(error: DasError): RetryPolicy {
    if (!(error instanceof RefusedError)) {
      this.#parts.logger.warn({ error: error.message }, "the stream is not available; putting goes on after it");
      return RETRY;
    }
    if (!this.#hasPut) throw error;
    this.#parts.onRefused?.();
    this.#parts.logger.error(
      { error: error.message },
      "the stream is refused; nothing is published until it is usable again",
    );
    return RETRY_REFUSED;
  }
}

function codesOf(results: readonly PutRecordsResultEntry[]): string[] {
  return [...new Set(results.map((result) => result.ErrorCode).filter((code) => code !== undefined))];
}

/** How many of the records, in their order, fit into one PutRecords call. At least one. */
export function takeWithinLimits(records: Iterable<PutRecord>): number {
  let count = 0;
  let bytes = 0;
  for (const { data, partitionKey } of records) {
    bytes += data.byteLength + Buffer.byteLength(partitionKey);
    if (count > 0 && (count >= PUT_MAX_RECORDS || bytes > PUT_MAX_BYTES)) break;
    count += 1;
  }
  return count;
}
