import { z } from "zod";
import { type AwsError, constraintError, inUse, invalidArgument, limitExceeded, validation } from "../aws-error.ts";
import { integer, text } from "../input.ts";
import { type CallContext, type Operation, operation } from "../operation.ts";
import {
  type KinesisParts,
  nameOf,
  requireActive,
  requireKey,
  requireRate,
  streamName,
  streamOf,
  streamReference,
} from "./kinesis-parts.ts";
import type { Stream } from "./stream.ts";
import { type Change, type Pending, type StreamState, settle, statusOf, withRetention } from "./stream-state.ts";
import { requireTags, tags } from "./tags.ts";

const createStreamInput = z.object({
  StreamName: streamName,
  ShardCount: integer(1, 100_000).optional(),
  StreamModeDetails: z.object({ StreamMode: z.enum(["PROVISIONED", "ON_DEMAND"]) }).optional(),
  Tags: tags.optional(),
  MaxRecordSizeInKiB: integer(1024, 10_240).optional(),
});

/** Streams of one account that may be CREATING at a time. */
const MAX_CREATING = 5;
const DEFAULT_RETENTION_HOURS = 24;
const MAX_RETENTION_HOURS = 8760;
const DEFAULT_RECORD_KIB = 1024;

export function createStream(parts: KinesisParts): Operation {
  return operation(createStreamInput, (input, context) => {
    const { principal, now } = context;
    const { accountId } = principal;
    const arn = parts.registry.arnOf(input, accountId);
    parts.access.authorize(principal, "kinesis:CreateStream", arn);
    requireRate(parts, "CreateStream", context, `account ${accountId}`);
    const mode = input.StreamModeDetails?.StreamMode ?? "PROVISIONED";
    const shards = requireShardCount(mode, input.ShardCount, parts.onDemandShards);
    const state = newStream(input.StreamName, accountId, mode, now);
    if (parts.registry.find(arn, now)) throw inUse(`Stream ${nameOf(state)} already exists.`);
    const creating = parts.registry.list(accountId, now).filter((stream) => statusOf(stream.state) === "CREATING");
    if (parts.throttle.limits.rates && creating.length >= MAX_CREATING) {
      throw limitExceeded(`Account ${accountId} has ${MAX_CREATING} streams in state CREATING, which is the limit.`);
    }
    requireTags(input.Tags ?? {}, parts.throttle.limits, "add tags to", state);
    parts.registry.create({
      ...state,
      maxRecordKiB: input.MaxRecordSizeInKiB ?? DEFAULT_RECORD_KIB,
      tags: input.Tags ?? {},
      pending: { status: "CREATING", dueAt: now + parts.durations.create, change: { kind: "open", shards } },
    });
    return undefined;
  });
}

function requireShardCount(mode: "PROVISIONED" | "ON_DEMAND", count: number | undefined, onDemand: number): number {
  if (mode === "PROVISIONED") {
    if (count !== undefined) return count;
    throw constraintError([{ value: "null", at: "shardCount", constraint: "Member must not be null" }]);
  }
  if (count === undefined) return onDemand;
  throw validation("ShardCount cannot be specified for a stream in ON_DEMAND mode.");
}

/** A stream without shards, which come when it has been created. */
export function newStream(name: string, accountId: string, mode: StreamState["mode"], now: number): StreamState {
  return {
    name,
    accountId,
    createdAt: now,
    mode,
    retentionHours: DEFAULT_RETENTION_HOURS,
    expiredBefore: 0,
    maxRecordKiB: DEFAULT_RECORD_KIB,
    tags: {},
    shards: [],
    nextShard: 0,
  };
}

/** Begins a change that takes its time. Settles at once what takes none. */
export function begin(
  stream: Stream,
  status: Pending["status"],
  milliseconds: number,
  change: Change,
  now: number,
): void {
  const changed: StreamState = { ...stream.state, pending: { status, dueAt: now + milliseconds, change } };
  // What is deleted at once is still there until somebody asks for it: the registry drops it then.
  stream.replaceState(settle(changed, now) ?? changed);
}

const deleteStreamInput = z.object({ ...streamReference, EnforceConsumerDeletion: z.boolean().optional() });

export function deleteStream(parts: KinesisParts): Operation {
  return operation(deleteStreamInput, (input, context) => {
    const stream = streamOf(parts, "DeleteStream", input, context);
    requireActive(stream);
    begin(stream, "DELETING", parts.durations.delete, { kind: "delete" }, context.now);
    return undefined;
  });
}

const retentionInput = z.object({ ...streamReference, RetentionPeriodHours: integer(1, MAX_RETENTION_HOURS) });

export function increaseStreamRetentionPeriod(parts: KinesisParts): Operation {
  return operation(retentionInput, (input, context) => {
    const stream = streamOf(parts, "IncreaseStreamRetentionPeriod", input, context);
    const hours = requireRetention(stream, input.RetentionPeriodHours);
    if (hours < stream.state.retentionHours) throw retentionError(stream, hours, "shorter", "Decrease");
    stream.replaceState(withRetention(stream.state, hours, context.now));
    return undefined;
  });
}

export function decreaseStreamRetentionPeriod(parts: KinesisParts): Operation {
  return operation(retentionInput, (input, context) => {
    const stream = streamOf(parts, "DecreaseStreamRetentionPeriod", input, context);
    const hours = requireRetention(stream, input.RetentionPeriodHours);
    if (hours > stream.state.retentionHours) throw retentionError(stream, hours, "longer", "Increase");
    stream.replaceState(withRetention(stream.state, hours, context.now));
    return undefined;
  });
}

function requireRetention(stream: Stream, hours: number): number {
  requireActive(stream);
  if (hours >= DEFAULT_RETENTION_HOURS) return hours;
  throw invalidArgument(
    `Minimum allowed retention period is ${DEFAULT_RETENTION_HOURS} hours. Requested retention period (${hours} hours) is too short.`,
  );
}

function retentionError({ state }: Stream, hours: number, than: string, other: string): AwsError {
  return invalidArgument(
    `Requested retention period (${hours} hours) for stream ${state.name} can not be ${than} than existing retention period (${state.retentionHours} hours). Use ${other}RetentionPeriod API.`,
  );
}

const encryptionInput = z.object({
  ...streamReference,
  EncryptionType: z.enum(["KMS"]),
  KeyId: text({ min: 1, max: 2048 }),
});

export function startStreamEncryption(parts: KinesisParts): Operation {
  return operation(encryptionInput, (input, context) => {
    const stream = encryptable(parts, "StartStreamEncryption", input, context);
    requireKey(parts, input.KeyId, "kms:GenerateDataKey", context);
    begin(stream, "UPDATING", parts.durations.update, { kind: "encrypt", key: input.KeyId }, context.now);
    return undefined;
  });
}

export function stopStreamEncryption(parts: KinesisParts): Operation {
  return operation(encryptionInput, (input, context) => {
    const stream = encryptable(parts, "StopStreamEncryption", input, context);
    begin(stream, "UPDATING", parts.durations.update, { kind: "decrypt" }, context.now);
    return undefined;
  });
}

function encryptable(
  parts: KinesisParts,
  name: string,
  input: z.output<typeof encryptionInput>,
  context: CallContext,
): Stream {
  const stream = streamOf(parts, name, input, context);
  requireActive(stream);
  return stream;
}
