import { mergeShards, openShards, scaleShards, splitShard } from "./resharding.ts";

/**
 * What is known of one stream but its records: plain data, changed only by pure functions, kept as JSON. AWS's slow
 * changes are a `pending` with the moment at which it comes true; whoever looks at the stream later settles it first,
 * so nothing waits on a timer.
 */
export interface StreamState {
  readonly name: string;
  readonly accountId: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly mode: StreamMode;
  readonly retentionHours: number;
  /** Records that arrived before this moment stay expired, whatever the retention is later. */
  readonly expiredBefore: number;
  readonly maxRecordKiB: number;
  /** The KMS key as the caller named it; absent: not encrypted. */
  readonly encryptionKey?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** In the order of their numbers. Closed shards stay until their last record has expired. */
  readonly shards: readonly ShardState[];
  readonly nextShard: number;
  readonly pending?: Pending;
}

export type StreamMode = "ON_DEMAND" | "PROVISIONED";
export type StreamStatus = "CREATING" | "DELETING" | "ACTIVE" | "UPDATING";

export interface ShardState {
  readonly number: number;
  /** Decimal; the range includes both ends. */
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  /** None, the shard that was split, or the two that were merged. */
  readonly parents: readonly number[];
  readonly openedAt: number;
  /** The seconds since 1970 that its sequence numbers bear: later than its parents', so that those sort before. */
  readonly openedSeconds: number;
  readonly closedAt?: number;
}

export type Change =
  | { readonly kind: "open"; readonly shards: number }
  | { readonly kind: "split"; readonly shard: number; readonly newStartingHashKey: string }
  | { readonly kind: "merge"; readonly shard: number; readonly adjacent: number }
  | { readonly kind: "scale"; readonly shards: number }
  | { readonly kind: "encrypt"; readonly key: string }
  | { readonly kind: "decrypt" }
  | { readonly kind: "delete" };

export interface Pending {
  readonly status: Exclude<StreamStatus, "ACTIVE">;
  readonly dueAt: number;
  readonly change: Change;
}

const HOUR = 3_600_000;

export function statusOf(state: StreamState): StreamStatus {
  return state.pending?.status ?? "ACTIVE";
}

/** Records that arrived before this moment are gone. */
export function trimHorizon(state: StreamState, now: number): number {
  return Math.max(state.expiredBefore, now - state.retentionHours * HOUR);
}

/** The state at `now`: what was due has happened, at the moment it was due. Undefined when the stream is gone. */
export function settle(state: StreamState, now: number): StreamState | undefined {
  const { pending, ...rest } = state;
  if (!pending || now < pending.dueAt) return withoutExpiredShards(state, now);
  const settled = applyChange(rest, pending.change, pending.dueAt);
  return settled && withoutExpiredShards(settled, now);
}

/** Applies a change at once. Undefined when it deletes the stream. */
export function applyChange(state: StreamState, change: Change, at: number): StreamState | undefined {
  switch (change.kind) {
    case "open":
      return openShards(state, change.shards, at);
    case "split":
      return splitShard(state, change.shard, BigInt(change.newStartingHashKey), at);
    case "merge":
      return mergeShards(state, change.shard, change.adjacent, at);
    case "scale":
      return scaleShards(state, change.shards, at);
    case "encrypt":
      return { ...state, encryptionKey: change.key };
    case "decrypt": {
      const { encryptionKey: _, ...rest } = state;
      return rest;
    }
    case "delete":
      return undefined;
  }
}

/** Another retention; what the old one has expired stays expired. */
export function withRetention(state: StreamState, hours: number, now: number): StreamState {
  return { ...state, expiredBefore: trimHorizon(state, now), retentionHours: hours };
}

/** Returns the same object when nothing has expired. */
function withoutExpiredShards(state: StreamState, now: number): StreamState {
  const horizon = trimHorizon(state, now);
  const isKept = (shard: ShardState): boolean => shard.closedAt === undefined || shard.closedAt >= horizon;
  return state.shards.every(isKept) ? state : { ...state, shards: state.shards.filter(isKept) };
}
