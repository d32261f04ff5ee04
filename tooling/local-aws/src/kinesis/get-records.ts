import { z } from "zod";
import { dryRun, invalidArgument } from "../aws-error.ts";
import { text } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import { iteratorAt } from "./get-shard-iterator.ts";
import {
  type KinesisParts,
  limit,
  missingShard,
  rateKey,
  requireKey,
  requireReady,
  streamOf,
  streamReference,
  throughputExceeded,
} from "./kinesis-parts.ts";
import type { StoredRecord } from "./segment.ts";
import { describeChild, sequenceNumberAt, shardIdOf } from "./shard-description.ts";
import { requireIterator } from "./shard-iterator.ts";
import type { ShardState } from "./stream-state.ts";

const getRecordsInput = z.object({
  ShardIterator: text({ min: 1, max: 512 }),
  Limit: limit.optional(),
  StreamARN: streamReference.StreamARN,
  DryRun: z.boolean().optional(),
});

export function getRecords(parts: KinesisParts): Operation {
  return operation(getRecordsInput, (input, context) => {
    const { now, tally, script } = context;
    const iterator = requireIterator(input.ShardIterator, now);
    if (input.StreamARN !== undefined && input.StreamARN !== iterator.streamArn) {
      throw invalidArgument("Invalid ShardIterator.");
    }
    const stream = streamOf(parts, "GetRecords", { StreamARN: iterator.streamArn }, context);
    requireReady(stream);
    const shard = stream.state.shards.find(({ number }) => number === iterator.shard);
    if (!shard || stream.state.createdAt !== iterator.streamCreatedAt) {
      throw missingShard(stream.state, shardIdOf(iterator.shard));
    }
    const { encryptionKey } = stream.state;
    if (encryptionKey !== undefined) requireKey(parts, encryptionKey, "kms:Decrypt", context);
    if (!parts.throttle.read(rateKey(stream, shard), now)) throw throughputExceeded(stream, shard);
    if (input.DryRun) throw dryRun();

    const log = stream.log(shard);
    const { limits } = parts.throttle;
    const from = Math.max(iterator.position, stream.firstPosition(shard, now));
    const maxBytes = limits.sizes ? limits.getRecordsBytes : Number.MAX_SAFE_INTEGER;
    const records = script.emptyRead ? [] : log.read(from, input.Limit ?? 10_000, maxBytes);
    const bytes = records.reduce((sum, record) => sum + record.data.length, 0);
    parts.throttle.charge(rateKey(stream, shard), bytes, now);
    tally.records += records.length;
    tally.bytes += bytes;

    const next = from + records.length;
    const behind = next < log.end ? Math.max(1, now - log.arrivalAt(Math.max(from, next - 1))) : 0;
    const ended = shard.closedAt !== undefined && next >= log.end;
    return {
      Records: records.map((record) => describeRecord(shard, record)),
      MillisBehindLatest: behind,
      ...(ended
        ? { ChildShards: stream.state.shards.filter((s) => s.parents.includes(shard.number)).map(describeChild) }
        : { NextShardIterator: iteratorAt(stream, shard, next, now) }),
    };
  });
}

function describeRecord(shard: ShardState, record: StoredRecord): object {
  const { data } = record;
  return {
    SequenceNumber: sequenceNumberAt(shard, record.position, record.arrival),
    ApproximateArrivalTimestamp: record.arrival / 1000,
    Data: Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64"),
    PartitionKey: record.partitionKey,
    ...(record.encrypted && { EncryptionType: "KMS" }),
  };
}
