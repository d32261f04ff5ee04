import { z } from "zod";
import { text } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import {
  type KinesisParts,
  limit,
  requireRate,
  shardId,
  streamName,
  streamOf,
  streamOnly,
  streamReference,
} from "./kinesis-parts.ts";
import { shardsAfter } from "./list-shards.ts";
import { isOpen } from "./resharding.ts";
import { describeShard } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import { statusOf } from "./stream-state.ts";

/** What all descriptions of a stream share. */
function describe({ arn, state }: Stream): object {
  return {
    StreamName: state.name,
    StreamARN: arn,
    StreamStatus: statusOf(state),
    StreamModeDetails: { StreamMode: state.mode },
    StreamCreationTimestamp: state.createdAt / 1000,
  };
}

function describeSettings({ state }: Stream): object {
  return {
    RetentionPeriodHours: state.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: state.encryptionKey === undefined ? "NONE" : "KMS",
    ...(state.encryptionKey !== undefined && { KeyId: state.encryptionKey }),
  };
}

const describeStreamInput = z.object({
  ...streamReference,
  Limit: limit.optional(),
  ExclusiveStartShardId: shardId.optional(),
});

/** More is not returned at once, whatever is asked for. */
const MAX_DESCRIBED_SHARDS = 100;

export function describeStream(parts: KinesisParts): Operation {
  return operation(describeStreamInput, (input, context) => {
    const stream = streamOf(parts, "DescribeStream", input, context);
    const shards = shardsAfter(stream.state.shards, input.ExclusiveStartShardId);
    const count = Math.min(input.Limit ?? MAX_DESCRIBED_SHARDS, MAX_DESCRIBED_SHARDS);
    return {
      StreamDescription: {
        ...describe(stream),
        ...describeSettings(stream),
        Shards: shards.slice(0, count).map(describeShard),
        HasMoreShards: shards.length > count,
      },
    };
  });
}

export function describeStreamSummary(parts: KinesisParts): Operation {
  return operation(streamOnly, (input, context) => {
    const stream = streamOf(parts, "DescribeStreamSummary", input, context);
    return {
      StreamDescriptionSummary: {
        ...describe(stream),
        ...describeSettings(stream),
        OpenShardCount: stream.state.shards.filter(isOpen).length,
        ConsumerCount: 0,
        MaxRecordSizeInKiB: stream.state.maxRecordKiB,
      },
    };
  });
}

const listStreamsInput = z.object({
  Limit: limit.optional(),
  ExclusiveStartStreamName: streamName.optional(),
  NextToken: text({ min: 1, max: 1_048_576 }).optional(),
});

export function listStreams(parts: KinesisParts): Operation {
  return operation(listStreamsInput, (input, context) => {
    const { principal, now } = context;
    parts.access.authorize(
      principal,
      "kinesis:ListStreams",
      parts.registry.arnOf({ StreamName: "*" }, principal.accountId),
    );
    requireRate(parts, "ListStreams", context, `account ${principal.accountId}`);
    const after = input.NextToken ?? input.ExclusiveStartStreamName ?? "";
    const streams = parts.registry.list(principal.accountId, now).filter(({ state }) => state.name > after);
    const page = streams.slice(0, Math.min(input.Limit ?? 100, 100));
    const last = page.at(-1)?.state.name;
    const hasMore = streams.length > page.length;
    return {
      StreamNames: page.map(({ state }) => state.name),
      StreamSummaries: page.map(describe),
      HasMoreStreams: hasMore,
      ...(hasMore && last !== undefined && { NextToken: last }),
    };
  });
}
