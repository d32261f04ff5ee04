import {
  type _Record,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { UnavailableError } from "@das/core";
import { isExpiredIterator, isMissing, isTransient, refusal } from "./kinesis-errors.ts";
import { type RepeatSettings, repeat } from "./repeat.ts";
import type { ListedShard, ShardPosition } from "./start-position.ts";
import type { StreamRecord } from "./stream-record.ts";

/** What this library needs of a KinesisClient; any version 3 of the SDK will do. */
export type KinesisReader = Pick<KinesisClient, "send">;

export interface ShardAnswer {
  readonly records: readonly StreamRecord[];
  /** undefined: the shard is closed and this was the last of it. */
  readonly nextIterator: string | undefined;
  /** The shard holds newer records than these. */
  readonly behind: boolean;
  /** How long before the answer the last of these records arrived, about; 0 when the newest record was read. */
  readonly millisecondsBehind: number;
}

/**
 * The three calls of a reader, for one stream. Each is repeated until it is answered.
 * @throws RefusedError when it is refused; the client's own error where `isMissing` or `isExpiredIterator` says so,
 *   for the caller knows what that means
 */
export class KinesisCalls {
  readonly #client: KinesisReader;
  readonly #stream: string;
  readonly #recordsPerCall: number;
  readonly #settings: RepeatSettings;
  readonly #identifier: { readonly StreamARN: string } | { readonly StreamName: string };

  constructor(client: KinesisReader, stream: string, recordsPerCall: number, settings: RepeatSettings) {
    this.#client = client;
    this.#stream = stream;
    this.#recordsPerCall = recordsPerCall;
    this.#settings = settings;
    this.#identifier = stream.startsWith("arn:") ? { StreamARN: stream } : { StreamName: stream };
  }

  /** All shards that hold records or can take some. */
  listShards(signal: AbortSignal): Promise<ListedShard[]> {
    return this.#call("kinesis:ListShards", signal, async (abortSignal) => {
      const shards: Shard[] = [];
      let token: string | undefined;
      do {
        // A token stands for the stream and excludes its name.
        const page = token === undefined ? this.#identifier : { NextToken: token };
        const answer = await this.#client.send(new ListShardsCommand(page), { abortSignal });
        shards.push(...(answer.Shards ?? []));
        token = answer.NextToken;
      } while (token !== undefined);
      return shards.map(listedShard);
    });
  }

  /** An iterator that stands at the position; it lives five minutes. */
  iteratorAt(shardId: string, position: ShardPosition, signal: AbortSignal): Promise<string> {
    return this.#call("kinesis:GetShardIterator", signal, async (abortSignal) => {
      const command = new GetShardIteratorCommand({ ...this.#identifier, ShardId: shardId, ...position });
      const answer = await this.#client.send(command, { abortSignal });
      return answer.ShardIterator ?? incomplete("GetShardIterator");
    });
  }

  records(shardId: string, iterator: string, signal: AbortSignal, limit = this.#recordsPerCall): Promise<ShardAnswer> {
    return this.#call("kinesis:GetRecords", signal, async (abortSignal) => {
      const stream = "StreamARN" in this.#identifier ? this.#identifier : {};
      const command = new GetRecordsCommand({ ...stream, ShardIterator: iterator, Limit: limit });
      const answer = await this.#client.send(command, { abortSignal });
      const millisecondsBehind = answer.MillisBehindLatest ?? 0;
      return {
        records: (answer.Records ?? []).map((record) => streamRecord(shardId, record)),
        nextIterator: answer.NextShardIterator,
        behind: millisecondsBehind > 0,
        millisecondsBehind,
      };
    });
  }

  async #call<Answer>(
    action: string,
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await repeat(action, attempt, isTransient, this.#settings, signal);
    } catch (error) {
      if (signal.aborted || isMissing(error) || isExpiredIterator(error)) throw error;
      throw refusal(error, action, this.#stream);
    }
  }
}

function listedShard(shard: Shard): ListedShard {
  return {
    shardId: shard.ShardId ?? incomplete("ListShards"),
    parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined),
    closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
  };
}

function streamRecord(shardId: string, record: _Record): StreamRecord {
  return {
    shardId,
    sequenceNumber: record.SequenceNumber ?? incomplete("GetRecords"),
    partitionKey: record.PartitionKey ?? "",
    data: record.Data ?? new Uint8Array(0),
    approximateArrivalTime: record.ApproximateArrivalTimestamp,
  };
}

/** An answer without what every answer has is as good as none. */
function incomplete(operation: string): never {
  throw new UnavailableError({
    who: "consumer",
    what: `Kinesis answered ${operation} without a mandatory member`,
    remedy: "It is repeated; look at what stands between here and AWS if this goes on",
    code: "incomplete-answer",
  });
}
