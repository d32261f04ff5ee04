import type { Clock } from "../clock.ts";
import type { KinesisParts } from "./kinesis-parts.ts";
import { findShard } from "./kinesis-parts.ts";
import { newStream } from "./lifecycle.ts";
import { isOpen } from "./resharding.ts";
import { sequenceNumberAt, shardIdOf } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import { applyChange, type Change, type StreamMode, type StreamStatus, statusOf } from "./stream-state.ts";

export interface KinesisRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  /** Milliseconds since 1970. */
  readonly arrival: number;
  readonly encrypted: boolean;
}

export interface ShardSummary {
  readonly shardId: string;
  readonly open: boolean;
  /** Decimal; the range includes both ends. */
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  readonly parents: readonly string[];
}

export interface StreamSummary {
  readonly arn: string;
  readonly status: StreamStatus;
  readonly mode: StreamMode;
  readonly retentionHours: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly shards: readonly ShardSummary[];
}

const READ_RECORDS = 10_000;
const READ_BYTES = 10 * 1024 * 1024;

/**
 * The streams seen from inside, for tests and the demo: nothing here is checked, throttled, counted or delayed. A stream
 * is named by its name, in the server's own account, or by its ARN.
 */
export class KinesisModel {
  readonly #parts: KinesisParts;
  readonly #clock: Clock;
  readonly #accountId: string;

  constructor(parts: KinesisParts, clock: Clock, accountId: string) {
    this.#parts = parts;
    this.#clock = clock;
    this.#accountId = accountId;
  }

  /** A stream that is ACTIVE at once; returns its ARN. @param options default: one shard, PROVISIONED */
  createStream(name: string, options: { shards?: number; mode?: StreamMode; accountId?: string } = {}): string {
    const now = this.#clock.now();
    const state = newStream(name, options.accountId ?? this.#accountId, options.mode ?? "PROVISIONED", now);
    const pending = { status: "CREATING", dueAt: now, change: { kind: "open", shards: options.shards ?? 1 } } as const;
    const stream = this.#parts.registry.create({ ...state, pending });
    return stream.arn;
  }

  /** The names of an account's streams. */
  streams(accountId = this.#accountId): string[] {
    return this.#parts.registry.list(accountId, this.#clock.now()).map(({ state }) => state.name);
  }

  /** Undefined when there is no such stream. */
  stream(nameOrArn: string): StreamSummary | undefined {
    const stream = this.#parts.registry.find(this.#arnOf(nameOrArn), this.#clock.now());
    if (!stream) return undefined;
    const { state, arn } = stream;
    return {
      arn,
      status: statusOf(state),
      mode: state.mode,
      retentionHours: state.retentionHours,
      tags: state.tags,
      shards: state.shards.map((shard) => ({
        shardId: shardIdOf(shard.number),
        open: isOpen(shard),
        startingHashKey: shard.startingHashKey,
        endingHashKey: shard.endingHashKey,
        parents: shard.parents.map(shardIdOf),
      })),
    };
  }

  /**
   * Every record that has not expired, shard by shard, each in its order. Read from the files as it is asked for, so that
   * millions of records need no memory.
   */
  *records(nameOrArn: string): Generator<KinesisRecord> {
    const now = this.#clock.now();
    const stream = this.#get(nameOrArn);
    for (const shard of stream.state.shards) {
      const log = stream.log(shard);
      for (let position = stream.firstPosition(shard, now); position < log.end; ) {
        const records = log.read(position, READ_RECORDS, READ_BYTES);
        for (const { position: at, arrival, partitionKey, encrypted, data } of records) {
          yield {
            shardId: shardIdOf(shard.number),
            sequenceNumber: sequenceNumberAt(shard, at, arrival),
            partitionKey,
            data: Buffer.from(data.buffer, data.byteOffset, data.length),
            arrival,
            encrypted,
          };
        }
        position += records.length;
      }
    }
  }

  /** Splits a shard in the middle, at once and in any mode: what AWS does by itself to a stream in ON_DEMAND mode. */
  splitShard(nameOrArn: string, shardId: string): void {
    const stream = this.#get(nameOrArn);
    const shard = findShard(stream, shardId);
    if (!shard) throw new Error(`stream ${nameOrArn} has no shard ${shardId}`);
    const middle = (BigInt(shard.startingHashKey) + BigInt(shard.endingHashKey)) / 2n + 1n;
    this.#apply(stream, { kind: "split", shard: shard.number, newStartingHashKey: middle.toString() });
  }

  /** Splits and merges shards until there are so many of equal size, at once and in any mode. */
  scale(nameOrArn: string, shards: number): void {
    this.#apply(this.#get(nameOrArn), { kind: "scale", shards });
  }

  #apply(stream: Stream, change: Change): void {
    const state = applyChange(stream.state, change, this.#clock.now());
    if (state) stream.replaceState(state);
  }

  #get(nameOrArn: string): Stream {
    return this.#parts.registry.get(this.#arnOf(nameOrArn), this.#clock.now());
  }

  #arnOf(nameOrArn: string): string {
    const reference = nameOrArn.startsWith("arn:") ? { StreamARN: nameOrArn } : { StreamName: nameOrArn };
    return this.#parts.registry.arnOf(reference, this.#accountId);
  }
}
