import type { ArrivedRecord, Stretch, StretchReader } from "@das/consumer";
import {
  type Clock,
  DasError,
  type DatabaseActivityEvent,
  isPartitionKeyOf,
  type Logger,
  RecordError,
  retryDelay,
} from "@das/core";
import { type DataKeySource, type OpenedRecord, open } from "@das/envelope";
import { type SourceRecord, sourceRecord } from "./source-record.ts";
import type { SourceStretches } from "./source-stretches.ts";

export interface ReadSourceParts {
  readonly sourceId: string;
  readonly generation: number;
  readonly stream: StretchReader;
  readonly keys: DataKeySource;
  /** Whether a text is a cursor of the source. */
  readonly isCursor: (text: string) => boolean;
  /** Events whose identity is wanted; every one when absent. */
  readonly isWanted?: (event: DatabaseActivityEvent) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const RETRY = { base: 200, cap: 10_000 };

/** Opens what one source put on the stream, and nothing else: the partition key tells them apart. */
export class StreamOfSource implements SourceStretches {
  readonly #parts: ReadSourceParts;
  readonly #bytes = new Map<string, number>();
  #opened = 0;

  constructor(parts: ReadSourceParts) {
    this.#parts = parts;
  }

  get bytesRead(): number {
    return Math.max(0, ...this.#bytes.values());
  }

  /** Of all shards. */
  get totalBytesRead(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Records that were decrypted. */
  get recordsOpened(): number {
    return this.#opened;
  }

  async read(
    stretch: Stretch,
    signal: AbortSignal,
  ): Promise<{ readonly from: number; readonly records: readonly SourceRecord[] }> {
    const records: SourceRecord[] = [];
    const from = await this.#parts.stream.read(
      stretch,
      async (arrived) => {
        for (const record of this.#ofSource(arrived)) {
          const said = await this.#open(record, signal);
          if (said) records.push(said);
        }
        return false;
      },
      signal,
    );
    return { from, records };
  }

  async probe(stretch: Stretch, signal: AbortSignal): Promise<number | undefined> {
    let arrival: number | undefined;
    await this.#parts.stream.read(
      stretch,
      async (arrived) => {
        for (const record of this.#ofSource(arrived)) {
          if (!(await this.#open(record, signal))) continue;
          arrival = record.arrival;
          return true;
        }
        return false;
      },
      signal,
    );
    return arrival;
  }

  #ofSource(arrived: readonly ArrivedRecord[]): readonly ArrivedRecord[] {
    for (const { shardId, data } of arrived) {
      this.#bytes.set(shardId, (this.#bytes.get(shardId) ?? 0) + data.byteLength);
    }
    return arrived.filter(({ partitionKey }) => isPartitionKeyOf(this.#parts.sourceId, partitionKey));
  }

  /** @returns undefined when it is not of this source and generation, whatever its partition key says */
  async #open(record: ArrivedRecord, signal: AbortSignal): Promise<SourceRecord | undefined> {
    const { sourceId, generation, isCursor, isWanted, logger } = this.#parts;
    const opened = await this.#openUntilAnswered(record, signal);
    if (!opened) return undefined;
    this.#opened += 1;
    const said = sourceRecord(opened.inner, record.arrival, isWanted);
    if (said?.source !== sourceId || said.generation !== generation) return undefined;
    if (said.watermark === null || isCursor(said.watermark)) return said;
    logger.warn(
      placeOf(record),
      "a record on the stream names a place that is none of its source; it is not resumed from",
    );
    return { ...said, watermark: null };
  }

  async #openUntilAnswered(record: ArrivedRecord, signal: AbortSignal): Promise<OpenedRecord | undefined> {
    const { keys, clock, random, logger } = this.#parts;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await open(record.data, keys);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RecordError) {
          logger.warn(
            { ...placeOf(record), error: error.message },
            "a record on the stream cannot be opened; it is passed over",
          );
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

function placeOf({ shardId, sequenceNumber }: ArrivedRecord): object {
  return { shard: shardId, sequenceNumber };
}
