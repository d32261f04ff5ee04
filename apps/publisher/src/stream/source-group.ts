import type { ArrivedRecord, Stretch, StretchReader } from "@das/consumer";
import {
  type AuditSource,
  type Cursor,
  CursorError,
  type DatabaseActivityEvent,
  isPartitionKeyOf,
  type Logger,
} from "@das/core";
import type { RecordOpener } from "./record-opener.ts";
import { type SourceRecord, sourceRecord } from "./source-record.ts";
import type { SourceStretches } from "./source-stretches.ts";

export interface SourceGroupParts {
  readonly generation: number;
  readonly stream: Pick<StretchReader, "read">;
  readonly opener: Pick<RecordOpener, "open">;
  /** Events whose identity is wanted; every one when absent. */
  readonly isWanted?: (event: DatabaseActivityEvent) => boolean;
  readonly logger: Logger;
}

type Source = Pick<AuditSource<unknown>, "id" | "compare">;

interface GroupRecords {
  readonly from: number;
  readonly bySource: ReadonlyMap<string, readonly SourceRecord[]>;
}

/**
 * Sources that look back at the same time: what one of them asks of the stream is read once for all of them. Only their
 * records are opened; the partition key tells them apart.
 */
export class SourceGroup {
  readonly #parts: SourceGroupParts;
  readonly #members = new Map<string, Source>();
  readonly #reads = new Map<string, Promise<GroupRecords>>();
  readonly #probes = new Map<string, Promise<ReadonlyMap<string, number>>>();
  readonly #bytes = new Map<string, number>();
  /** Aborts when nobody waits any more. */
  readonly #ended = new AbortController();
  #active = 0;

  constructor(parts: SourceGroupParts) {
    this.#parts = parts;
  }

  /** Bytes of all shards. */
  get totalBytesRead(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** To be called for every member before any of them reads; dispose what it gives when the source has looked enough. */
  join(source: Source): SourceStretches & Disposable {
    this.#members.set(source.id, source);
    this.#active += 1;
    const busiest = () => Math.max(0, ...this.#bytes.values());
    return {
      get bytesRead() {
        return busiest();
      },
      read: async (stretch, signal) => {
        const { from, bySource } = await unlessAborted(this.#read(stretch), signal);
        return { from, records: bySource.get(source.id) ?? [] };
      },
      probe: async (stretch, signal) => (await unlessAborted(this.#probe(stretch), signal)).get(source.id),
      [Symbol.dispose]: () => {
        this.#active -= 1;
        if (this.#active === 0) this.#ended.abort();
      },
    };
  }

  #read(stretch: Stretch): Promise<GroupRecords> {
    return once(this.#reads, keyOf(stretch), async () => {
      const bySource = new Map([...this.#members.keys()].map((id) => [id, [] as SourceRecord[]]));
      const deliver = async (arrived: readonly ArrivedRecord[]) => {
        this.#count(arrived);
        for (const record of arrived) {
          const source = this.#memberOf(record);
          const said = source && (await this.#open(record, source));
          if (said) bySource.get(source.id)?.push(said);
        }
        return false;
      };
      const from = await this.#parts.stream.read(stretch, deliver, this.#ended.signal);
      return { from, bySource };
    });
  }

  /** Ends as soon as every member has a record there. */
  #probe(stretch: Stretch): Promise<ReadonlyMap<string, number>> {
    return once(this.#probes, keyOf(stretch), async () => {
      const arrivals = new Map<string, number>();
      const deliver = async (arrived: readonly ArrivedRecord[]) => {
        this.#count(arrived);
        for (const record of arrived) {
          const source = this.#memberOf(record);
          if (!source || arrivals.has(source.id) || !(await this.#open(record, source))) continue;
          arrivals.set(source.id, record.arrival);
        }
        return arrivals.size === this.#members.size;
      };
      await this.#parts.stream.read(stretch, deliver, this.#ended.signal);
      return arrivals;
    });
  }

  #count(arrived: readonly ArrivedRecord[]): void {
    for (const { shardId, data } of arrived) {
      this.#bytes.set(shardId, (this.#bytes.get(shardId) ?? 0) + data.byteLength);
    }
  }

  #memberOf({ partitionKey }: ArrivedRecord): Source | undefined {
    for (const source of this.#members.values()) if (isPartitionKeyOf(source.id, partitionKey)) return source;
    return undefined;
  }

  /** @returns undefined when it is not of this source and generation, whatever its partition key says */
  async #open(record: ArrivedRecord, source: Source): Promise<SourceRecord | undefined> {
    const { opener, generation, isWanted, logger } = this.#parts;
    const inner = await opener.open(record, this.#ended.signal);
    const said = inner && sourceRecord(inner, record.arrival, isWanted);
    if (said?.source !== source.id || said.generation !== generation) return undefined;
    if (said.watermark === null || isCursorOf(source, said.watermark)) return said;
    logger.warn(
      { shard: record.shardId, sequenceNumber: record.sequenceNumber },
      "a record on the stream names a place that is none of its source; it is not resumed from",
    );
    return { ...said, watermark: null };
  }
}

function keyOf({ from, to }: Stretch): string {
  return `${from} ${to ?? ""}`;
}

function once<Result>(results: Map<string, Promise<Result>>, key: string, ask: () => Promise<Result>): Promise<Result> {
  const known = results.get(key);
  if (known) return known;
  const asked = ask();
  // Whoever waits sees the error; nobody may be left.
  asked.catch(() => undefined);
  results.set(key, asked);
  return asked;
}

/** @throws the signal's reason as soon as it aborts */
async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function isCursorOf(source: Source, text: string): boolean {
  try {
    source.compare(text as Cursor, text as Cursor);
    return true;
  } catch (error) {
    if (error instanceof CursorError) return false;
    throw error;
  }
}
