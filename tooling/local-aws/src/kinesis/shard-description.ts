import { END_PLACE, formatSequenceNumber, START_PLACE } from "./sequence-number.ts";
import type { ShardState } from "./stream-state.ts";

/** How shards and the records in them are named to callers. */

/** `shardId-` and at least twelve digits. */
export function shardIdOf(number: number): string {
  return `shardId-${String(number).padStart(12, "0")}`;
}

/** AWS reads the number behind the first dash, whatever stands before it: `shardId-000000000001`, `shard-1`, `1`. */
export function shardNumberOf(id: string): number | undefined {
  const digits = id.split("-")[1] ?? id;
  const number = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  return number <= 0x7fff_ffff ? number : undefined;
}

/** Position 0 has place 1: place 0 is the shard's own start, before every record. */
export function sequenceNumberAt(shard: ShardState, position: number, arrival: number): string {
  return numberIn(shard, BigInt(position + 1), arrival);
}

function numberIn(shard: ShardState, place: bigint, time: number): string {
  return formatSequenceNumber({
    opened: shard.openedSeconds,
    place,
    arrived: Math.floor(time / 1000),
    shard: shard.number,
  });
}

export function describeShard(shard: ShardState): object {
  const [parent, adjacentParent] = shard.parents;
  return {
    ShardId: shardIdOf(shard.number),
    ...(parent !== undefined && { ParentShardId: shardIdOf(parent) }),
    ...(adjacentParent !== undefined && { AdjacentParentShardId: shardIdOf(adjacentParent) }),
    HashKeyRange: { StartingHashKey: shard.startingHashKey, EndingHashKey: shard.endingHashKey },
    SequenceNumberRange: {
      StartingSequenceNumber: numberIn(shard, START_PLACE, shard.openedSeconds * 1000),
      ...(shard.closedAt !== undefined && { EndingSequenceNumber: numberIn(shard, END_PLACE, shard.closedAt) }),
    },
  };
}

/** A child, as GetRecords names it at the end of its parent. */
export function describeChild(shard: ShardState): object {
  return {
    ShardId: shardIdOf(shard.number),
    ParentShards: shard.parents.map(shardIdOf),
    HashKeyRange: { StartingHashKey: shard.startingHashKey, EndingHashKey: shard.endingHashKey },
  };
}
