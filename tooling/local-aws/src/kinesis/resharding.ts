import { HASH_KEY_COUNT, uniformStarts } from "./hash-key.ts";
import type { ShardState, StreamState } from "./stream-state.ts";

/** How the shards of a stream come and go. Pure: state in, state out. The open shards always cover all hash keys once. */

export function isOpen(shard: ShardState): boolean {
  return shard.closedAt === undefined;
}

/** The first shards of a stream. */
export function openShards(state: StreamState, count: number, at: number): StreamState {
  const starts = uniformStarts(count);
  return starts.reduce(
    (stream, start, index) => open(stream, start, (starts[index + 1] ?? HASH_KEY_COUNT) - 1n, [], at),
    state,
  );
}

/** @param newStart the second child's first hash key: above the parent's first, at most its last */
export function splitShard(state: StreamState, number: number, newStart: bigint, at: number): StreamState {
  const parent = shardOf(state, number);
  const lower = open(close(state, parent, at), BigInt(parent.startingHashKey), newStart - 1n, [parent], at);
  return open(lower, newStart, BigInt(parent.endingHashKey), [parent], at);
}

/** Two neighbours become one. The first named is the child's parent, the other its adjacent parent. */
export function mergeShards(state: StreamState, number: number, adjacent: number, at: number): StreamState {
  const parents = [shardOf(state, number), shardOf(state, adjacent)];
  const [lower, upper] = parents.toSorted(byHashKey);
  if (!lower || !upper) throw new Error("two shards are needed");
  const closed = parents.reduce((stream, parent) => close(stream, parent, at), state);
  return open(closed, BigInt(lower.startingHashKey), BigInt(upper.endingHashKey), parents, at);
}

/**
 * Splits and merges until there are `count` shards of equal size, as UpdateShardCount does. Shards that live only for a
 * moment may appear, as AWS documents: where a new border lies within a shard, it is split there and its parts merged.
 */
export function scaleShards(state: StreamState, count: number, at: number): StreamState {
  const borders = uniformStarts(count);
  const split = borders.reduce((stream, border) => {
    const shard = stream.shards.find((s) => isOpen(s) && covers(s, border));
    return shard && BigInt(shard.startingHashKey) < border ? splitShard(stream, shard.number, border, at) : stream;
  }, state);
  return borders.reduce((stream, border, index) => mergeRange(stream, border, borders[index + 1], at), split);
}

/** Merges the shards from one border to the next, the first two at a time. */
function mergeRange(state: StreamState, from: bigint, to: bigint | undefined, at: number): StreamState {
  const inRange = (shard: ShardState): boolean => {
    const start = BigInt(shard.startingHashKey);
    return isOpen(shard) && start >= from && (to === undefined || start < to);
  };
  const [first, second] = state.shards.filter(inRange).toSorted(byHashKey);
  return first && second ? mergeRange(mergeShards(state, first.number, second.number, at), from, to, at) : state;
}

function shardOf(state: StreamState, number: number): ShardState {
  const shard = state.shards.find((s) => s.number === number);
  if (!shard || !isOpen(shard)) throw new Error(`shard ${number} of stream ${state.name} is not open`);
  return shard;
}

function covers(shard: ShardState, hashKey: bigint): boolean {
  return BigInt(shard.startingHashKey) <= hashKey && hashKey <= BigInt(shard.endingHashKey);
}

export function byHashKey(a: ShardState, b: ShardState): number {
  return BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1;
}

function close(state: StreamState, shard: ShardState, at: number): StreamState {
  return { ...state, shards: state.shards.map((s) => (s.number === shard.number ? { ...s, closedAt: at } : s)) };
}

function open(state: StreamState, start: bigint, end: bigint, parents: readonly ShardState[], at: number): StreamState {
  const shard: ShardState = {
    number: state.nextShard,
    startingHashKey: start.toString(),
    endingHashKey: end.toString(),
    parents: parents.map((parent) => parent.number),
    openedAt: at,
    // One second more than now, as on AWS, and than any parent, which may have been opened within this very second.
    openedSeconds: Math.max(
      Math.floor(at / 1000) + (parents.length > 0 ? 1 : 0),
      ...parents.map((p) => p.openedSeconds + 1),
    ),
  };
  return { ...state, shards: [...state.shards, shard], nextShard: state.nextShard + 1 };
}
