import type { _Record, GetRecordsOutput, GetShardIteratorInput } from "@aws-sdk/client-kinesis";
import type { KinesisReader } from "@das/consumer";
import { systemClock } from "@das/core";

export interface SyntheticStreamOptions {
  readonly shards: number;
  /** Of other writers, to each shard, all the time. */
  readonly bytesPerSecond: number;
  /** When the oldest record arrived. Milliseconds since 1970, as everywhere here. */
  readonly begin: number;
  /** When the one source that is looked for wrote: a record each (even) interval, to the first shard. */
  readonly source: {
    readonly partitionKey: string;
    readonly from: number;
    readonly to: number;
    readonly interval: number;
    record(number: number): Promise<Uint8Array>;
  };
}

const RECORD_BYTES = 8_192;
/** What a shard gives to its readers, and how often. */
const SHARD_BYTES_PER_SECOND = 2_000_000;
const SHARD_CALLS_PER_SECOND = 5;
const CALL_BYTES = 10_000_000;
/** Milliseconds that an answer takes. */
const LATENCY = 20;

/** Where reading of a shard goes on: with what arrived then or later. */
interface Place {
  readonly shard: number;
  readonly from: number;
}

/**
 * A stream that is as long as AWS's can be, though it lies on no disk: what its shards hold is made when it is asked for.
 * It keeps Kinesis's rates, in real time.
 */
export class SyntheticStream {
  calls = 0;
  bytes = 0;
  refused = 0;
  readonly #options: SyntheticStreamOptions;
  readonly #filler = new Uint8Array(RECORD_BYTES);
  readonly #shards: { freeAt: number; readonly calls: number[] }[];

  constructor(options: SyntheticStreamOptions) {
    this.#options = options;
    this.#shards = Array.from({ length: options.shards }, () => ({ freeAt: 0, calls: [] }));
  }

  get client(): KinesisReader {
    const send = async (command: { readonly input: object; readonly constructor: { readonly name: string } }) => {
      await systemClock.sleep(LATENCY);
      const { input } = command;
      switch (command.constructor.name) {
        case "ListShardsCommand":
          return { Shards: this.#shards.map((_, index) => ({ ShardId: String(index), SequenceNumberRange: {} })) };
        case "GetShardIteratorCommand":
          return { ShardIterator: JSON.stringify(placeOf(input as GetShardIteratorInput)) };
        default:
          return this.#records(input as { readonly ShardIterator: string; readonly Limit: number });
      }
    };
    return { send } as unknown as KinesisReader;
  }

  async #records(input: { readonly ShardIterator: string; readonly Limit: number }): Promise<GetRecordsOutput> {
    const { shard, from } = JSON.parse(input.ShardIterator) as Place;
    this.#admit(shard);
    const now = systemClock.now();
    const records: _Record[] = [];
    let bytes = 0;
    let next = Math.max(from, this.#options.begin);
    for (const { arrival, own } of this.#arrivals(shard, next, now)) {
      if (records.length === input.Limit || bytes + RECORD_BYTES > CALL_BYTES) break;
      const data = own === undefined ? this.#filler : await this.#options.source.record(own);
      bytes += data.byteLength;
      next = arrival + 1;
      records.push({
        SequenceNumber: String(arrival),
        ApproximateArrivalTimestamp: new Date(arrival),
        PartitionKey: own === undefined ? "another source" : this.#options.source.partitionKey,
        Data: data as Uint8Array<ArrayBuffer>,
      });
    }
    this.calls += 1;
    this.bytes += bytes;
    this.#charge(shard, bytes);
    const last = records.at(-1)?.ApproximateArrivalTimestamp?.getTime() ?? now;
    const isBehind = now - last > this.#interval;
    return {
      Records: records,
      NextShardIterator: JSON.stringify({ shard, from: next } satisfies Place),
      MillisBehindLatest: isBehind ? now - last : 0,
    };
  }

  /** Milliseconds between two records of the others: even, so that the source's own never arrive at the same moment. */
  get #interval(): number {
    return 2 * Math.max(1, Math.round((RECORD_BYTES * 500) / this.#options.bytesPerSecond));
  }

  /** What arrived from a moment on. */
  *#arrivals(shard: number, from: number, to: number): Generator<{ readonly arrival: number; readonly own?: number }> {
    const { begin, source } = this.#options;
    let other = begin + Math.ceil((from - begin) / this.#interval) * this.#interval;
    let own = Math.max(0, Math.ceil((from - source.from) / source.interval));
    while (other < to) {
      const arrival = source.from + own * source.interval;
      if (shard === 0 && arrival < other && arrival < source.to) {
        yield { arrival, own };
        own += 1;
      } else {
        yield { arrival: other };
        other += this.#interval;
      }
    }
  }

  /** @throws Error as the SDK does, when a shard is asked for more than it gives */
  #admit(shard: number): void {
    const rates = this.#shards[shard];
    const now = systemClock.monotonic();
    if (!rates) throw new Error(`there is no shard ${shard}`);
    while ((rates.calls[0] ?? now) <= now - 1_000) rates.calls.shift();
    if (now < rates.freeAt || rates.calls.length >= SHARD_CALLS_PER_SECOND) {
      this.refused += 1;
      throw Object.assign(new Error("too fast"), { name: "ProvisionedThroughputExceededException", $metadata: {} });
    }
    rates.calls.push(now);
  }

  /** What was given beyond a second's worth is refused until the average is within the rate again. */
  #charge(shard: number, bytes: number): void {
    const rates = this.#shards[shard];
    if (rates) rates.freeAt = systemClock.monotonic() + Math.max(0, (bytes / SHARD_BYTES_PER_SECOND) * 1_000 - 1);
  }
}

function placeOf({ ShardId, Timestamp, StartingSequenceNumber }: GetShardIteratorInput): Place {
  const from = Timestamp ? Timestamp.getTime() : Number(StartingSequenceNumber) + 1;
  return { shard: Number(ShardId), from };
}
