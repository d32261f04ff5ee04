import type { GetRecordsOutput, GetShardIteratorInput, ListShardsInput, Shard } from "@aws-sdk/client-kinesis";
import type { Clock } from "@das/core";
import type { KinesisReader } from "../src/kinesis-calls.ts";

/** An error as the SDK throws it. */
export function serviceError(name: string, fault: "client" | "server" = "client"): Error {
  return Object.assign(new Error(`${name} of the fake`), { name, $fault: fault, $metadata: {} });
}

export interface FakeRecord {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: Uint8Array;
  readonly ApproximateArrivalTimestamp: Date;
}

export interface FakeShard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly records: FakeRecord[];
  closed: boolean;
  /** From when on a listing shows it. A listing may be out of date, but it never shows a shard without an older one. */
  readonly listedAt: number;
}

/** What may befall a call instead of, or beside, its plain answer. */
export type Mishap =
  | "none"
  | "throttled"
  | "failed"
  | "reset"
  | "no-answer"
  | "expired"
  /** Fewer records than there are, behind. */
  | "partial"
  /** No records though there are some, behind. */
  | "empty";

export interface Call {
  readonly operation: "ListShards" | "GetShardIterator" | "GetRecords";
  readonly shardId: string | undefined;
  readonly at: number;
  readonly input: object;
}

interface Place {
  readonly shardId: string;
  readonly index: number;
  readonly madeAt: number;
}

const ITERATOR_LIFE_MILLISECONDS = 5 * 60_000;

/**
 * A stream in memory, for exact interleavings: shards that split and merge, and whatever mishap the test wants. It
 * knows the three calls of a reader, and what Kinesis documents of them.
 */
export class FakeKinesis {
  readonly calls: Call[] = [];
  shards = new Map<string, FakeShard>();
  exists = true;
  pageSize = 1_000;
  /** What befalls a call; by default nothing. */
  mishap: (call: Call) => Mishap = () => "none";
  /** How long an answer takes. */
  latency: (call: Call) => number = () => 1;
  /** Takes the place of an answer: an error to throw. */
  refusal: (call: Call) => Error | undefined = () => undefined;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  #serial = 0;

  constructor(clock: Clock, openShards = 1) {
    this.#clock = clock;
    for (let index = 0; index < openShards; index += 1) this.#addShard([], 0);
  }

  get client(): KinesisReader {
    const send = (command: { readonly input: object }, options: { readonly abortSignal: AbortSignal }) =>
      this.#send(
        command.constructor.name.replace("Command", "") as Call["operation"],
        command.input,
        options.abortSignal,
      );
    return { send } as unknown as KinesisReader;
  }

  get openShards(): FakeShard[] {
    return [...this.shards.values()].filter((shard) => !shard.closed);
  }

  put(shard: FakeShard, text: string): FakeRecord {
    if (shard.closed) throw new Error(`${shard.id} is closed`);
    this.#serial += 1;
    const record: FakeRecord = {
      SequenceNumber: `4959${String(this.#serial).padStart(52, "0")}`,
      PartitionKey: "lane",
      Data: Buffer.from(text),
      ApproximateArrivalTimestamp: new Date(this.#clock.now()),
    };
    shard.records.push(record);
    return record;
  }

  /** @param delay how long the listing does not show the children */
  split(shard: FakeShard, delay = 0): FakeShard[] {
    shard.closed = true;
    return [this.#addShard([shard.id], delay), this.#addShard([shard.id], delay)];
  }

  merge(one: FakeShard, other: FakeShard, delay = 0): FakeShard {
    one.closed = true;
    other.closed = true;
    return this.#addShard([one.id, other.id], delay);
  }

  /** A new stream of the same name: shard ids begin again, sequence numbers of the old one mean nothing. */
  recreate(): void {
    this.shards = new Map();
    this.exists = true;
    this.#addShard([], 0);
  }

  #addShard(parents: readonly string[], delay: number): FakeShard {
    const id = `shardId-${String(this.shards.size).padStart(12, "0")}`;
    const youngest = [...this.shards.values()].at(-1);
    const listedAt = Math.max(this.#clock.now() + delay, youngest?.listedAt ?? 0);
    const shard: FakeShard = { id, parents, records: [], closed: false, listedAt };
    this.shards.set(id, shard);
    return shard;
  }

  async #send(operation: Call["operation"], input: object, signal: AbortSignal): Promise<object> {
    const shardId =
      operation === "GetRecords"
        ? this.#places.get((input as { ShardIterator: string }).ShardIterator)?.shardId
        : (input as { ShardId?: string }).ShardId;
    const call: Call = { operation, shardId, at: this.#clock.now(), input };
    this.calls.push(call);
    const mishap = this.mishap(call);
    await this.#clock.sleep(mishap === "no-answer" ? Number.MAX_SAFE_INTEGER : this.latency(call), signal);
    if (signal.aborted) throw Object.assign(new Error("aborted"), { name: "AbortError" });
    if (mishap === "throttled") throw serviceError("ProvisionedThroughputExceededException");
    if (mishap === "failed") throw serviceError("InternalFailureException", "server");
    if (mishap === "reset") throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    const refusal = this.refusal(call);
    if (refusal) throw refusal;
    if (!this.exists) throw serviceError("ResourceNotFoundException");
    if (operation === "ListShards") return this.#listShards(input);
    if (operation === "GetShardIterator") return this.#getShardIterator(input as GetShardIteratorInput);
    return this.#getRecords(input as { ShardIterator: string; Limit: number }, mishap);
  }

  #listShards({ NextToken, StreamName, StreamARN }: ListShardsInput): object {
    if (NextToken !== undefined && (StreamName ?? StreamARN) !== undefined)
      throw serviceError("InvalidArgumentException");
    const from = Number(NextToken ?? 0);
    const listed = [...this.shards.values()].filter((shard) => shard.listedAt <= this.#clock.now());
    const end = from + this.pageSize;
    return {
      Shards: listed.slice(from, end).map(
        (shard): Shard => ({
          ShardId: shard.id,
          ParentShardId: shard.parents[0],
          AdjacentParentShardId: shard.parents[1],
          HashKeyRange: undefined,
          SequenceNumberRange: {
            StartingSequenceNumber: "0",
            EndingSequenceNumber: shard.closed ? "9" : undefined,
          },
        }),
      ),
      NextToken: end < listed.length ? String(end) : undefined,
    };
  }

  #getShardIterator({ ShardId, ShardIteratorType, StartingSequenceNumber, Timestamp }: GetShardIteratorInput): object {
    const { records } = this.#shard(ShardId ?? "");
    const indexes: Record<string, () => number> = {
      TRIM_HORIZON: () => 0,
      LATEST: () => records.length,
      AT_TIMESTAMP: () => {
        const index = records.findIndex((record) => record.ApproximateArrivalTimestamp >= (Timestamp ?? new Date(0)));
        return index < 0 ? records.length : index;
      },
      AFTER_SEQUENCE_NUMBER: () => {
        const index = records.findIndex((record) => record.SequenceNumber === StartingSequenceNumber);
        if (index < 0) throw serviceError("InvalidArgumentException");
        return index + 1;
      },
    };
    return { ShardIterator: this.#iterator(ShardId ?? "", indexes[ShardIteratorType ?? ""]?.() ?? 0) };
  }

  #getRecords({ ShardIterator, Limit }: { ShardIterator: string; Limit: number }, mishap: Mishap): GetRecordsOutput {
    const place = this.#places.get(ShardIterator);
    if (!place) throw serviceError("InvalidArgumentException");
    if (mishap === "expired" || this.#clock.now() - place.madeAt > ITERATOR_LIFE_MILLISECONDS) {
      throw serviceError("ExpiredIteratorException");
    }
    const shard = this.#shard(place.shardId);
    const limit = mishap === "empty" ? 0 : mishap === "partial" ? 1 : Limit;
    const records = shard.records.slice(place.index, place.index + limit);
    const index = place.index + records.length;
    const atEnd = index === shard.records.length;
    return {
      Records: records,
      NextShardIterator: atEnd && shard.closed && mishap !== "empty" ? undefined : this.#iterator(shard.id, index),
      MillisBehindLatest: atEnd && mishap !== "empty" ? 0 : this.#age(shard.records[Math.max(0, index - 1)]),
    };
  }

  /** Milliseconds, more than 0. */
  #age(record: FakeRecord | undefined): number {
    return Math.max(1, this.#clock.now() - (record?.ApproximateArrivalTimestamp.getTime() ?? 0));
  }

  #shard(shardId: string): FakeShard {
    const shard = this.shards.get(shardId);
    if (!shard) throw serviceError("ResourceNotFoundException");
    return shard;
  }

  #iterator(shardId: string, index: number): string {
    const iterator = `${shardId}/${index}/${this.#places.size}`;
    this.#places.set(iterator, { shardId, index, madeAt: this.#clock.now() });
    return iterator;
  }
}
