import type { GetShardIteratorInput } from "@aws-sdk/client-kinesis";

/**
 * Where reading begins.
 *
 * - `latest`: with what is put from now on. After an outage in which nothing was seen yet, reading begins again a few
 *   minutes before it, so that nothing is missed: the first records can be older than the start.
 * - `oldest`: with the oldest record that the stream still holds.
 * - `time`: with the first record that arrived at or after it. Not in the future.
 * - `after`: after the last sequence number that was dealt with, by shard id. A shard without one is read from its
 *   oldest record, unless the map names one that came after it: then it was finished before. Keep the entries of
 *   closed shards as long as the stream's retention lasts.
 */
export type StartPosition =
  | "latest"
  | "oldest"
  | { readonly time: Date }
  | { readonly after: ReadonlyMap<string, string> };

/** Where reading of one shard begins, in the words of GetShardIterator. */
export type ShardPosition = Pick<GetShardIteratorInput, "StartingSequenceNumber" | "Timestamp"> & {
  readonly ShardIteratorType: NonNullable<GetShardIteratorInput["ShardIteratorType"]>;
};

const OLDEST: ShardPosition = { ShardIteratorType: "TRIM_HORIZON" };

export function afterSequenceNumber(sequenceNumber: string): ShardPosition {
  return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: sequenceNumber };
}

/** A shard as ListShards shows it. */
export interface ListedShard {
  readonly shardId: string;
  /** The shards that were split or merged into it; some may have left the stream. */
  readonly parents: readonly string[];
  /** No more records can come. */
  readonly closed: boolean;
}

/** Where to begin in a shard; `finished`: there is nothing to read in it. */
export type ShardPlan = (shard: ListedShard) => ShardPosition | "finished";

/** For the shards that the stream shows at the start. */
export function planStart(from: StartPosition, listed: readonly ListedShard[]): ShardPlan {
  if (from === "latest") return (shard) => (shard.closed ? "finished" : { ShardIteratorType: "LATEST" });
  const plan = planLater(from);
  if (from === "oldest" || "time" in from) return plan;
  const finished = ancestorsOf(from.after.keys(), listed);
  return (shard) => (finished.has(shard.shardId) ? "finished" : plan(shard));
}

/**
 * For the shards that it shows later: they are new, or the first listing was out of date. Either way all that can be
 * wanted of them is read.
 */
export function planLater(from: StartPosition): (shard: ListedShard) => ShardPosition {
  if (from === "oldest" || from === "latest") return () => OLDEST;
  if ("time" in from) return () => ({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: from.time });
  return ({ shardId }) => {
    const sequenceNumber = from.after.get(shardId);
    return sequenceNumber === undefined ? OLDEST : afterSequenceNumber(sequenceNumber);
  };
}

/** Children begin only when their parents are finished, so whoever stands in a child has read the parents. */
function ancestorsOf(shardIds: Iterable<string>, listed: readonly ListedShard[]): Set<string> {
  const parentsOf = new Map(listed.map((shard) => [shard.shardId, shard.parents]));
  const ancestors = new Set<string>();
  const open = [...shardIds];
  for (let shardId = open.pop(); shardId !== undefined; shardId = open.pop()) {
    for (const parent of parentsOf.get(shardId) ?? []) {
      if (ancestors.has(parent)) continue;
      ancestors.add(parent);
      open.push(parent);
    }
  }
  return ancestors;
}
