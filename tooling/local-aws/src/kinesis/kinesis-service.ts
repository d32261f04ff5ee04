import { parseArn } from "../arn.ts";
import type { Service } from "../operation.ts";
import { describeStream, describeStreamSummary, listStreams } from "./describe.ts";
import { getRecords } from "./get-records.ts";
import { getShardIterator } from "./get-shard-iterator.ts";
import type { KinesisParts } from "./kinesis-parts.ts";
import {
  createStream,
  decreaseStreamRetentionPeriod,
  deleteStream,
  increaseStreamRetentionPeriod,
  startStreamEncryption,
  stopStreamEncryption,
} from "./lifecycle.ts";
import { listShards } from "./list-shards.ts";
import { putRecord, putRecords } from "./put-records.ts";
import { mergeShards, splitShard, updateShardCount } from "./reshard.ts";
import { parseIterator } from "./shard-iterator.ts";
import { addTagsToStream, listTagsForStream, removeTagsFromStream } from "./tags.ts";

export function kinesisService(parts: KinesisParts): Service {
  return {
    target: "Kinesis_20131202",
    operations: {
      AddTagsToStream: addTagsToStream(parts),
      CreateStream: createStream(parts),
      DecreaseStreamRetentionPeriod: decreaseStreamRetentionPeriod(parts),
      DeleteStream: deleteStream(parts),
      DescribeStream: describeStream(parts),
      DescribeStreamSummary: describeStreamSummary(parts),
      GetRecords: getRecords(parts),
      GetShardIterator: getShardIterator(parts),
      IncreaseStreamRetentionPeriod: increaseStreamRetentionPeriod(parts),
      ListShards: listShards(parts),
      ListStreams: listStreams(parts),
      ListTagsForStream: listTagsForStream(parts),
      MergeShards: mergeShards(parts),
      PutRecord: putRecord(parts),
      PutRecords: putRecords(parts),
      RemoveTagsFromStream: removeTagsFromStream(parts),
      SplitShard: splitShard(parts),
      StartStreamEncryption: startStreamEncryption(parts),
      StopStreamEncryption: stopStreamEncryption(parts),
      UpdateShardCount: updateShardCount(parts),
    },
    streamOf,
  };
}

/** By name, by ARN or by iterator, whichever is there. */
function streamOf(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { StreamName: name, StreamARN: arn, ShardIterator: iterator } = input as Record<string, unknown>;
  if (typeof name === "string") return name;
  if (typeof arn === "string") return nameIn(arn);
  const streamArn = typeof iterator === "string" ? parseIterator(iterator)?.streamArn : undefined;
  return streamArn === undefined ? undefined : nameIn(streamArn);
}

function nameIn(arn: string): string | undefined {
  return parseArn(arn)?.resource.replace(/^stream\//, "");
}
