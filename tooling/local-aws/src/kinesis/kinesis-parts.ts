import { z } from "zod";
import type { AccessControl } from "../access.ts";
import { AwsError, inUse, limitExceeded, notFound } from "../aws-error.ts";
import { integer, text } from "../input.ts";
import type { KeyStore } from "../kms/key-store.ts";
import type { CallContext } from "../operation.ts";
import { shardIdOf, shardNumberOf } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import type { StreamReference, StreamRegistry } from "./stream-registry.ts";
import { type ShardState, type StreamState, statusOf } from "./stream-state.ts";
import type { Throttle } from "./throttle.ts";

/** What AWS takes its time for. Milliseconds. */
export interface Durations {
  /** CREATING, before ACTIVE. */
  readonly create: number;
  /** UPDATING, before ACTIVE. */
  readonly update: number;
  /** DELETING, before the stream is gone. */
  readonly delete: number;
}

/** What the operations of Kinesis work with. */
export interface KinesisParts {
  readonly registry: StreamRegistry;
  readonly access: AccessControl;
  readonly throttle: Throttle;
  readonly keys: KeyStore;
  readonly durations: Durations;
  /** Open shards of a new stream in ON_DEMAND mode. */
  readonly onDemandShards: number;
}

export const streamName = text({ pattern: "[a-zA-Z0-9_.-]+", min: 1, max: 128 });
export const shardId = text({ pattern: "[a-zA-Z0-9_.-]+", min: 1, max: 128 });
export const hashKey = text({ pattern: "0|([1-9]\\d{0,38})" });
export const sequenceNumber = text({ pattern: "0|([1-9]\\d{0,128})" });
export const limit = integer(1, 10_000);

/** The members by which most operations name their stream. */
export const streamReference = {
  StreamName: streamName.optional(),
  StreamARN: text({ pattern: "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+", min: 1, max: 2048 }).optional(),
};

export const streamOnly = z.object(streamReference);

/** The stream that a call is about. @throws AwsError when the caller may not, is too fast, or there is none */
export function streamOf(
  parts: KinesisParts,
  operation: string,
  reference: StreamReference,
  context: CallContext,
): Stream {
  const arn = parts.registry.arnOf(reference, context.principal.accountId);
  parts.access.authorize(context.principal, `kinesis:${operation}`, arn);
  const name = arn.slice(arn.indexOf("/") + 1);
  requireRate(parts, operation, context, `stream ${name} under account ${context.principal.accountId}`);
  return parts.registry.get(arn, context.now);
}

/** @param what whose rate it is, for the message */
export function requireRate(parts: KinesisParts, operation: string, context: CallContext, what: string): void {
  if (parts.throttle.call(context.principal.accountId, operation, context.now)) return;
  throw limitExceeded(`Rate exceeded for ${what}.`);
}

/** For changes, which AWS allows one at a time. */
export function requireActive({ state }: Stream): void {
  const status = statusOf(state);
  if (status !== "ACTIVE") throw inUse(`Stream ${nameOf(state)} not ACTIVE, instead in state ${status}`);
}

/** For reading and writing records, which go on while shards are split and merged. */
export function requireReady({ state }: Stream): void {
  const status = statusOf(state);
  if (status !== "ACTIVE" && status !== "UPDATING") throw notFound(`Stream ${nameOf(state)} not found.`);
}

/** As AWS's messages name a stream. */
export function nameOf(state: StreamState): string {
  return `${state.name} under account ${state.accountId}`;
}

export function findShard({ state }: Stream, id: string): ShardState | undefined {
  const number = shardNumberOf(id);
  return state.shards.find((shard) => shard.number === number);
}

/** @param id as a caller wrote it */
export function missingShard(state: StreamState, id: string): AwsError {
  const number = shardNumberOf(id);
  if (number === undefined) return notFound(`Could not find shard ${id} in stream ${nameOf(state)}.`);
  return notFound(`Shard ${shardIdOf(number)} in stream ${nameOf(state)} does not exist`);
}

/** The key that keeps one shard apart from all others of the account, for rates. */
export function rateKey(stream: Stream, shard: ShardState): string {
  return `${stream.arn}/${stream.state.createdAt}/${shard.number}`;
}

export function throughputExceeded({ state }: Stream, shard: ShardState): AwsError {
  return new AwsError("ProvisionedThroughputExceededException", rateMessage(state, shard));
}

export function rateMessage(state: StreamState, shard: ShardState): string {
  return `Rate exceeded for shard ${shardIdOf(shard.number)} in stream ${nameOf(state)}.`;
}

/**
 * Makes sure that the key of an encrypted stream can be used, as the caller of Kinesis has to.
 * @throws KMSDisabledException and its like: KMS's own errors under the names that Kinesis gives them
 */
export function requireKey(parts: KinesisParts, reference: string, action: string, context: CallContext): void {
  try {
    const key = parts.keys.resolve(reference, context.principal.accountId, context.now);
    parts.access.authorize(context.principal, action, key.arn);
    parts.keys.requireUsable(key);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(error.type.startsWith("KMS") ? error.type : `KMS${error.type}`, error.message);
  }
}
