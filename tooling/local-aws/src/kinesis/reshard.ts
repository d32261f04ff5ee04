import { z } from "zod";
import { invalidArgument, notFound, validation } from "../aws-error.ts";
import { integer } from "../input.ts";
import { type CallContext, type Operation, operation } from "../operation.ts";
import {
  findShard,
  hashKey,
  type KinesisParts,
  nameOf,
  requireActive,
  shardId,
  streamOf,
  streamReference,
} from "./kinesis-parts.ts";
import { begin } from "./lifecycle.ts";
import { isOpen } from "./resharding.ts";
import { shardIdOf, shardNumberOf } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import type { ShardState } from "./stream-state.ts";

const splitShardInput = z.object({ ...streamReference, ShardToSplit: shardId, NewStartingHashKey: hashKey });

export function splitShard(parts: KinesisParts): Operation {
  return operation(splitShardInput, (input, context) => {
    const stream = reshardable(parts, "SplitShard", input, context);
    const shard = requireShard(stream, input.ShardToSplit);
    requireOpen(stream, shard);
    const start = BigInt(input.NewStartingHashKey);
    if (start <= BigInt(shard.startingHashKey) + 1n || start >= BigInt(shard.endingHashKey)) {
      throw invalidArgument(
        `NewStartingHashKey ${start} used in SplitShard() on shard ${shardIdOf(shard.number)} in stream ${nameOf(stream.state)} is not both greater than one plus the shard's StartingHashKey ${shard.startingHashKey} and less than the shard's EndingHashKey ${shard.endingHashKey}.`,
      );
    }
    const change = { kind: "split", shard: shard.number, newStartingHashKey: start.toString() } as const;
    begin(stream, "UPDATING", parts.durations.update, change, context.now);
    return undefined;
  });
}

const mergeShardsInput = z.object({ ...streamReference, ShardToMerge: shardId, AdjacentShardToMerge: shardId });

export function mergeShards(parts: KinesisParts): Operation {
  return operation(mergeShardsInput, (input, context) => {
    const stream = reshardable(parts, "MergeShards", input, context);
    const shard = requireShard(stream, input.ShardToMerge);
    const adjacent = requireShard(stream, input.AdjacentShardToMerge);
    if (!isOpen(shard) || !isOpen(adjacent) || !(touches(shard, adjacent) || touches(adjacent, shard))) {
      throw invalidArgument(
        `Shards ${shardIdOf(shard.number)} and ${shardIdOf(adjacent.number)} in stream ${nameOf(stream.state)} are not an adjacent pair of shards eligible for merging`,
      );
    }
    const change = { kind: "merge", shard: shard.number, adjacent: adjacent.number } as const;
    begin(stream, "UPDATING", parts.durations.update, change, context.now);
    return undefined;
  });
}

const updateShardCountInput = z.object({
  ...streamReference,
  TargetShardCount: integer(1, 100_000),
  ScalingType: z.enum(["UNIFORM_SCALING"]),
});

export function updateShardCount(parts: KinesisParts): Operation {
  return operation(updateShardCountInput, (input, context) => {
    const stream = reshardable(parts, "UpdateShardCount", input, context);
    const current = stream.state.shards.filter(isOpen).length;
    const target = input.TargetShardCount;
    if (target > current * 2 || target < current / 2) {
      throw invalidArgument(
        `UpdateShardCount cannot scale stream ${nameOf(stream.state)} from ${current} to ${target} shards: not more than double and not less than half the current shard count.`,
      );
    }
    begin(stream, "UPDATING", parts.durations.update, { kind: "scale", shards: target }, context.now);
    return {
      StreamName: stream.state.name,
      StreamARN: stream.arn,
      CurrentShardCount: current,
      TargetShardCount: target,
    };
  });
}

/** In ON_DEMAND mode AWS alone decides about shards. */
function reshardable(
  parts: KinesisParts,
  name: string,
  input: { StreamName?: string | undefined; StreamARN?: string | undefined },
  context: CallContext,
): Stream {
  const stream = streamOf(parts, name, input, context);
  requireActive(stream);
  if (stream.state.mode === "PROVISIONED") return stream;
  throw validation(
    `Request is invalid. ${name} is only supported for data streams with the provisioned capacity mode.`,
  );
}

function requireShard(stream: Stream, id: string): ShardState {
  const shard = findShard(stream, id);
  if (shard) return shard;
  const number = shardNumberOf(id);
  const named = number === undefined ? id : shardIdOf(number);
  throw notFound(`Could not find shard ${named} in stream ${nameOf(stream.state)}.`);
}

function requireOpen(stream: Stream, shard: ShardState): void {
  if (isOpen(shard)) return;
  throw invalidArgument(`Shard ${shardIdOf(shard.number)} in stream ${nameOf(stream.state)} is closed.`);
}

/** Does `upper` begin where `lower` ends? */
function touches(lower: ShardState, upper: ShardState): boolean {
  return BigInt(lower.endingHashKey) + 1n === BigInt(upper.startingHashKey);
}
