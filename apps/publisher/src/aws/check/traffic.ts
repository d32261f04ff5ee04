import {
  type _Record,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import type { Kinesis } from "../../stream/kinesis-stream.ts";

/** The busiest second of one shard within the window that was looked at. */
export interface ShardTraffic {
  readonly shardId: string;
  /** Data and partition keys, in bytes. */
  readonly bytes: number;
  readonly records: number;
  /** Of these bytes, those of the partition key that had most: one key's records all go to one shard. */
  readonly bytesOfOneKey: number;
  /** Other readers left no room to read all of the window. */
  readonly wasThrottled: boolean;
  /** All of the window was read. */
  readonly isWhole: boolean;
}

export interface Traffic {
  readonly openShards: number;
  /** Of the shards that were looked at. */
  readonly shards: readonly ShardTraffic[];
  /** Of the partition keys that were listened for, those of which there was a record. */
  readonly heard: ReadonlySet<string>;
  /** All of the window was read in all of the shards, so what was not heard was not there. */
  readonly isWhole: boolean;
}

/** Milliseconds back. */
const WINDOW = 60_000;
/** A shard answers five reads a second to all its readers together: these few do not disturb them for long. */
const READS_PER_SHARD = 5;
/** A stream has up to thousands; records are spread over them by hash, so a few stand for all. */
const SHARDS_LOOKED_AT = 8;

/**
 * What was put on the stream in the last minute.
 * @param now milliseconds since 1970
 * @param keys partition keys to listen for
 */
export async function observeTraffic(
  client: Kinesis,
  streamName: string,
  now: number,
  keys: readonly string[],
): Promise<Traffic> {
  const open: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = token === undefined ? { StreamName: streamName } : { NextToken: token };
    const answer = await client.send(new ListShardsCommand(page));
    for (const { ShardId = "", SequenceNumberRange } of answer.Shards ?? []) {
      if (SequenceNumberRange?.EndingSequenceNumber === undefined) open.push(ShardId);
    }
    token = answer.NextToken;
    if (token === undefined) break;
  }
  const shards: ShardTraffic[] = [];
  const heard = new Set<string>();
  const hear = (key: string) => void (keys.includes(key) && heard.add(key));
  for (const shardId of open.slice(0, SHARDS_LOOKED_AT)) {
    shards.push(await observeShard(client, streamName, shardId, now - WINDOW, hear));
  }
  const isWhole = shards.length === open.length && shards.every((shard) => shard.isWhole);
  return { openShards: open.length, shards, heard, isWhole };
}

interface Second {
  bytes: number;
  records: number;
  readonly byKey: Map<string, number>;
}

async function observeShard(
  client: Kinesis,
  streamName: string,
  shardId: string,
  since: number,
  hear: (partitionKey: string) => void,
): Promise<ShardTraffic> {
  const seconds = new Map<number, Second>();
  const position = { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(since) } as const;
  const begin = new GetShardIteratorCommand({ StreamName: streamName, ShardId: shardId, ...position });
  let { ShardIterator: iterator } = await client.send(begin);
  let wasThrottled = false;
  for (let read = 0; read < READS_PER_SHARD && iterator !== undefined; read += 1) {
    const answer = await readOnce(client, iterator);
    if (answer === undefined) {
      wasThrottled = true;
      break;
    }
    for (const record of answer.Records ?? []) {
      count(seconds, record);
      hear(record.PartitionKey ?? "");
    }
    iterator = answer.MillisBehindLatest === 0 ? undefined : answer.NextShardIterator;
  }
  return { shardId, wasThrottled, isWhole: !wasThrottled && iterator === undefined, ...busiestOf(seconds) };
}

/** undefined: the shard's other readers take all that it gives; it would be read, were it not for them. */
async function readOnce(client: Kinesis, iterator: string): Promise<GetRecordsCommandOutput | undefined> {
  try {
    return await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
  } catch (error) {
    if ((error as Error).name === "ProvisionedThroughputExceededException") return undefined;
    throw error;
  }
}

function count(seconds: Map<number, Second>, { ApproximateArrivalTimestamp, Data, PartitionKey = "" }: _Record): void {
  const at = Math.floor((ApproximateArrivalTimestamp?.getTime() ?? 0) / 1_000);
  const second = seconds.get(at) ?? { bytes: 0, records: 0, byKey: new Map<string, number>() };
  seconds.set(at, second);
  const bytes = (Data?.byteLength ?? 0) + Buffer.byteLength(PartitionKey);
  second.bytes += bytes;
  second.records += 1;
  second.byKey.set(PartitionKey, (second.byKey.get(PartitionKey) ?? 0) + bytes);
}

function busiestOf(seconds: ReadonlyMap<number, Second>): Pick<ShardTraffic, "bytes" | "records" | "bytesOfOneKey"> {
  let busiest: Second = { bytes: 0, records: 0, byKey: new Map() };
  for (const second of seconds.values()) if (load(second) > load(busiest)) busiest = second;
  const { bytes, records, byKey } = busiest;
  return { bytes, records, bytesOfOneKey: Math.max(0, ...byKey.values()) };
}

/** What one shard takes in a second. */
const SHARD_BYTES = 1_048_576;
const SHARD_RECORDS = 1_000;

/** How much of what a shard takes, whichever limit is nearer; 1 is all. */
export function load({ bytes, records }: Pick<ShardTraffic, "bytes" | "records">): number {
  return Math.max(bytes / SHARD_BYTES, records / SHARD_RECORDS);
}
