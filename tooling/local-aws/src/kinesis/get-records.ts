import { z } from "zod";
import { type AwsError, dryRun, invalidArgument, notFound } from "../aws-error.ts";
import { text, timestamp } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import {
  findShard,
  type KinesisParts,
  limit,
  rateKey,
  requireKey,
  requireReady,
  sequenceNumber,
  shardId,
  streamOf,
  streamReference,
  throughputExceeded,
} from "./kinesis-parts.ts";
import type { StoredRecord } from "./segment.ts";
import { parseSequenceNumber } from "./sequence-number.ts";
import { describeChild, sequenceNumberAt, shardIdOf, shardNumberOf } from "./shard-description.ts";
import { formatIterator, parseIterator, requireIterator } from "./shard-iterator.ts";
import type { Stream } from "./stream.ts";
import type { ShardState } from "./stream-state.ts";

const getShardIteratorInput = z.object({
  ...streamReference,
  ShardId: shardId,
  ShardIteratorType: z.enum(["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]),
  StartingSequenceNumber: sequenceNumber.optional(),
  Timestamp: timestamp.optional(),
  DryRun: z.boolean().optional(),
});

export function getShardIterator(parts: KinesisParts): Operation {
  return operation(getShardIteratorInput, (input, context) => {
    const { now } = context;
    const stream = streamOf(parts, "GetShardIterator", input, context);
    const shard = findShard(stream, input.ShardId);
    if (!shard) throw missingShard(stream.state.name, stream.state.accountId, input.ShardId);
    if (!parts.throttle.iterator(rateKey(stream, shard), now)) throw throughputExceeded(stream, shard);
    const position = startPosition(stream, shard, input, now);
    if (input.DryRun) throw dryRun();
    return { ShardIterator: iteratorAt(stream, shard, position, now) };
  });
}

/** The position from which a new iterator reads. Iterator types and their arguments have to fit, in AWS's words. */
function startPosition(
  stream: Stream,
  shard: ShardState,
  input: z.output<typeof getShardIteratorInput>,
  now: number,
): number {
  const { ShardIteratorType: type, StartingSequenceNumber: number, Timestamp: time } = input;
  const bySequence = type === "AT_SEQUENCE_NUMBER" || type === "AFTER_SEQUENCE_NUMBER";
  if (bySequence !== (number !== undefined) && type !== "AT_TIMESTAMP") {
    throw invalidArgument(
      `Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and ${number === undefined ? "no" : "also a"} StartingSequenceNumber.`,
    );
  }
  if (type === "TRIM_HORIZON") return stream.firstPosition(shard, now);
  if (type === "LATEST") return stream.log(shard).end;
  if (type === "AT_TIMESTAMP") return stream.log(shard).positionAt(requireTime(time, now));
  const place = requirePlace(stream, shard, number ?? "");
  return Math.max(0, place - (type === "AT_SEQUENCE_NUMBER" ? 1 : 0));
}

function requireTime(time: number | undefined, now: number): number {
  if (time === undefined) {
    throw invalidArgument(
      "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
    );
  }
  if (time > now) {
    throw invalidArgument(
      `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${time}, currentTimestampInMillis: ${now}`,
    );
  }
  return time;
}

/** The place of a sequence number of this shard: one more than its record's position. */
function requirePlace({ state }: Stream, shard: ShardState, number: string): number {
  const invalid = (reason: string): AwsError =>
    invalidArgument(
      `StartingSequenceNumber ${number} used in GetShardIterator on shard ${shardIdOf(shard.number)} in stream ${state.name} under account ${state.accountId} is invalid${reason}.`,
    );
  const parts = parseSequenceNumber(number);
  if (!parts) throw invalid("");
  if (parts.shard !== shard.number) {
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(parts.shard)}, while it was used in a call to a shard with ${shardIdOf(shard.number)}`,
    );
  }
  if (parts.opened !== shard.openedSeconds) throw invalid(" because it did not come from this stream");
  return Number(parts.place);
}

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
      throw missingShard(stream.state.name, stream.state.accountId, shardIdOf(iterator.shard));
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

/** The stream that an iterator is of, as far as its text tells. */
export function streamOfIterator(text: string): string | undefined {
  const arn = parseIterator(text)?.streamArn;
  return arn?.slice(arn.indexOf("/") + 1);
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

function iteratorAt(stream: Stream, shard: ShardState, position: number, now: number): string {
  return formatIterator({
    createdAt: now,
    streamArn: stream.arn,
    streamCreatedAt: stream.state.createdAt,
    shard: shard.number,
    position,
  });
}

function missingShard(stream: string, accountId: string, id: string): AwsError {
  const number = shardNumberOf(id);
  if (number === undefined)
    return notFound(`Could not find shard ${id} in stream ${stream} under account ${accountId}.`);
  return notFound(`Shard ${shardIdOf(number)} in stream ${stream} under account ${accountId} does not exist`);
}
