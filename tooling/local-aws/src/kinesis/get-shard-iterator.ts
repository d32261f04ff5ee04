import { z } from "zod";
import { type AwsError, dryRun, invalidArgument } from "../aws-error.ts";
import { timestamp } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import {
  findShard,
  type KinesisParts,
  missingShard,
  nameOf,
  rateKey,
  sequenceNumber,
  shardId,
  streamOf,
  streamReference,
  throughputExceeded,
} from "./kinesis-parts.ts";
import { parseSequenceNumber } from "./sequence-number.ts";
import { shardIdOf } from "./shard-description.ts";
import { formatIterator } from "./shard-iterator.ts";
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
    if (!shard) throw missingShard(stream.state, input.ShardId);
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
      `StartingSequenceNumber ${number} used in GetShardIterator on shard ${shardIdOf(shard.number)} in stream ${nameOf(state)} is invalid${reason}.`,
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

/** The text of an iterator that is made now. */
export function iteratorAt(stream: Stream, shard: ShardState, position: number, now: number): string {
  return formatIterator({
    createdAt: now,
    streamArn: stream.arn,
    streamCreatedAt: stream.state.createdAt,
    shard: shard.number,
    position,
  });
}
