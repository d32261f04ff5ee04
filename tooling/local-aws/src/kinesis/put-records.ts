import { z } from "zod";
import { constraintError, dryRun, invalidArgument } from "../aws-error.ts";
import type { RecordFailure } from "../faults.ts";
import { blob, text } from "../input.ts";
import { type CallContext, type Operation, operation } from "../operation.ts";
import { HASH_KEY_COUNT, hashKeyOf, hashKeyOfDecimal } from "./hash-key.ts";
import {
  hashKey,
  type KinesisParts,
  nameOf,
  rateKey,
  rateMessage,
  requireKey,
  requireReady,
  sequenceNumber,
  streamOf,
  streamReference,
  throughputExceeded,
} from "./kinesis-parts.ts";
import { type NewRecord, sizeOf } from "./segment.ts";
import { parseSequenceNumber } from "./sequence-number.ts";
import { sequenceNumberAt, shardIdOf } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import type { ShardState } from "./stream-state.ts";

const entryShape = {
  Data: blob,
  PartitionKey: text({ min: 1, max: 256 }),
  ExplicitHashKey: hashKey.optional(),
};

const putRecordsInput = z.object({
  ...streamReference,
  Records: z.array(z.object(entryShape).transform(entryOf)).min(1),
  DryRun: z.boolean().optional(),
});

const putRecordInput = z.object({
  ...streamReference,
  ...entryShape,
  SequenceNumberForOrdering: sequenceNumber.optional(),
  DryRun: z.boolean().optional(),
});

/** A record that a caller wants to put. */
interface Entry {
  readonly data: Buffer;
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
}

type Put = { readonly ShardId: string; readonly SequenceNumber: string };
type Failed = { readonly ErrorCode: string; readonly ErrorMessage: string };

export function putRecords(parts: KinesisParts): Operation {
  return operation(putRecordsInput, (input, context) => {
    const { limits } = parts.throttle;
    if (limits.sizes && input.Records.length > limits.putRecordsCount) {
      const constraint = `Member must have length less than or equal to ${limits.putRecordsCount}`;
      throw constraintError([{ value: `'[${input.Records.length} members]'`, at: "records", constraint }]);
    }
    const stream = prepare(parts, "PutRecords", input, input.Records, context);
    const batch = new Batch(parts, stream, context);
    const results = input.Records.map((entry, index) => batch.add(entry, index));
    batch.write();
    const failed = results.filter((result) => "ErrorCode" in result).length;
    context.tally.failedRecords += failed;
    return { FailedRecordCount: failed, Records: results, ...encryptionOf(stream) };
  });
}

export function putRecord(parts: KinesisParts): Operation {
  return operation(putRecordInput, (input, context) => {
    const entry = entryOf(input);
    const stream = prepare(parts, "PutRecord", input, [entry], context);
    requireOrdering(stream, input.SequenceNumberForOrdering, context.now);
    const shard = route(stream, entry);
    if (!parts.throttle.write(rateKey(stream, shard), sizeOf(entry), context.now)) {
      throw throughputExceeded(stream, shard);
    }
    const batch = new Batch(parts, stream, context);
    const result = batch.store(entry, shard);
    batch.write();
    return { ...result, ...encryptionOf(stream) };
  });
}

/** Everything that refuses the call as a whole, before any record is looked at. */
function prepare(
  parts: KinesisParts,
  name: string,
  input: { StreamName?: string | undefined; StreamARN?: string | undefined; DryRun?: boolean | undefined },
  entries: readonly Entry[],
  context: CallContext,
): Stream {
  const stream = streamOf(parts, name, input, context);
  requireReady(stream);
  const { limits } = parts.throttle;
  if (limits.sizes) requireSizes(entries, stream.state.maxRecordKiB * 1024, limits.putRecordsBytes);
  for (const { explicitHashKey } of entries) {
    if (explicitHashKey === undefined || BigInt(explicitHashKey) < HASH_KEY_COUNT) continue;
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
    );
  }
  const { encryptionKey } = stream.state;
  if (encryptionKey !== undefined) requireKey(parts, encryptionKey, "kms:GenerateDataKey", context);
  if (input.DryRun) throw dryRun();
  return stream;
}

function requireSizes(entries: readonly Entry[], maxRecordBytes: number, maxCallBytes: number): void {
  let callBytes = 0;
  for (const [index, entry] of entries.entries()) {
    if (sizeOf(entry) > maxRecordBytes) {
      const constraint = `Member must have length less than or equal to ${maxRecordBytes}, partition key included`;
      const value = `'java.nio.HeapByteBuffer[pos=0 lim=${entry.data.length} cap=${entry.data.length}]'`;
      throw constraintError([{ value, at: `records.${index + 1}.member.data`, constraint }]);
    }
    callBytes += sizeOf(entry);
  }
  // One record alone may be as large as its stream allows.
  if (entries.length > 1 && callBytes > maxCallBytes) {
    throw invalidArgument(`Records size exceeds ${maxCallBytes / 1024 / 1024} MB limit`);
  }
}

/** The records of one call, shard by shard. */
class Batch {
  readonly #parts: KinesisParts;
  readonly #stream: Stream;
  readonly #context: CallContext;
  readonly #shards = new Map<ShardState, NewRecord[]>();

  constructor(parts: KinesisParts, stream: Stream, context: CallContext) {
    this.#parts = parts;
    this.#stream = stream;
    this.#context = context;
  }

  /** Takes a record up, unless a rate or a scripted fault refuses it. */
  add(entry: Entry, index: number): Put | Failed {
    const shard = route(this.#stream, entry);
    const failure = this.#context.script.failRecord?.({
      index,
      partitionKey: entry.partitionKey,
      data: entry.data,
      shardId: shardIdOf(shard.number),
    });
    if (failure?.stored) this.store(entry, shard);
    if (failure) return this.#failed(failure, shard);
    if (this.#parts.throttle.write(rateKey(this.#stream, shard), sizeOf(entry), this.#context.now)) {
      return this.store(entry, shard);
    }
    return this.#failed({ errorCode: "ProvisionedThroughputExceededException" }, shard);
  }

  store(entry: Entry, shard: ShardState): Put {
    const log = this.#stream.log(shard);
    let records = this.#shards.get(shard);
    if (!records) {
      records = [];
      this.#shards.set(shard, records);
    }
    const arrival = Math.max(this.#context.now, log.lastArrival ?? 0);
    const position = log.end + records.length;
    const encrypted = this.#stream.state.encryptionKey !== undefined;
    records.push({ arrival, encrypted, partitionKey: entry.partitionKey, data: entry.data });
    return { SequenceNumber: sequenceNumberAt(shard, position, arrival), ShardId: shardIdOf(shard.number) };
  }

  write(): void {
    const { now, tally } = this.#context;
    for (const [shard, records] of this.#shards) {
      this.#stream.append(shard, records, now);
      tally.records += records.length;
      for (const record of records) tally.bytes += sizeOf(record);
    }
  }

  #failed(failure: RecordFailure, shard: ShardState): Failed {
    const throttled = failure.errorCode === "ProvisionedThroughputExceededException";
    const message = throttled ? rateMessage(this.#stream.state, shard) : "Internal service failure.";
    return { ErrorCode: failure.errorCode, ErrorMessage: failure.message ?? message };
  }
}

function route(stream: Stream, entry: Entry): ShardState {
  const { explicitHashKey, partitionKey } = entry;
  return stream.route(explicitHashKey === undefined ? hashKeyOf(partitionKey) : hashKeyOfDecimal(explicitHashKey));
}

function entryOf(input: { Data: Buffer; PartitionKey: string; ExplicitHashKey?: string | undefined }): Entry {
  return { data: input.Data, partitionKey: input.PartitionKey, explicitHashKey: input.ExplicitHashKey };
}

function encryptionOf(stream: Stream): object {
  return stream.state.encryptionKey === undefined ? {} : { EncryptionType: "KMS" };
}

/** The caller promises only that the number is one it got before; the order within a shard holds anyway. */
function requireOrdering({ state }: Stream, number: string | undefined, now: number): void {
  if (number === undefined) return;
  const parsed = parseSequenceNumber(number);
  if (parsed && parsed.arrived * 1000 <= now) return;
  throw invalidArgument(
    `ExclusiveMinimumSequenceNumber ${number} used in PutRecord on stream ${nameOf(state)} is invalid.`,
  );
}
