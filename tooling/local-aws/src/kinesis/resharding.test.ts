import fc from "fast-check";
import { expect, test } from "vitest";
import { HASH_KEY_COUNT } from "./hash-key.ts";
import { newStream } from "./lifecycle.ts";
import { byHashKey, isOpen, mergeShards, openShards, scaleShards, splitShard } from "./resharding.ts";
import type { ShardState, StreamState } from "./stream-state.ts";

const stream = (shards: number): StreamState =>
  openShards(newStream("s", "123456789012", "PROVISIONED", 1_000_000), shards, 1_000_000);

const open = (state: StreamState): ShardState[] => state.shards.filter(isOpen).toSorted(byHashKey);

/** One step of resharding; the numbers choose shards and places, whatever there is. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("split" as const), which: fc.nat(), where: fc.bigInt(0n, HASH_KEY_COUNT) }),
  fc.record({ kind: fc.constant("merge" as const), which: fc.nat(), reversed: fc.boolean() }),
  fc.record({ kind: fc.constant("scale" as const), shards: fc.integer({ min: 1, max: 20 }) }),
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function apply(state: StreamState, change: Step, at: number): StreamState {
  const shards = open(state);
  if (change.kind === "scale") return scaleShards(state, change.shards, at);
  const shard = shards[change.which % shards.length];
  if (!shard) throw new Error("there is always an open shard");
  if (change.kind === "split") {
    const start = BigInt(shard.startingHashKey);
    const size = BigInt(shard.endingHashKey) - start;
    return size < 1n ? state : splitShard(state, shard.number, start + 1n + (change.where % size), at);
  }
  const next = shards[shards.indexOf(shard) + 1];
  if (!next) return state;
  const [first, second] = change.reversed ? [next, shard] : [shard, next];
  return mergeShards(state, first.number, second.number, at);
}

test("after any splits, merges and scalings the open shards cover every hash key exactly once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 12 }), (shards, steps) => {
      let state = stream(shards);
      for (const change of steps) state = apply(state, change, 1_000_000);
      const ranges = open(state).map((s) => [BigInt(s.startingHashKey), BigInt(s.endingHashKey)] as const);
      expect(ranges[0]?.[0]).toBe(0n);
      expect(ranges.at(-1)?.[1]).toBe(HASH_KEY_COUNT - 1n);
      for (const [index, [start, end]] of ranges.entries()) {
        expect(start <= end).toBe(true);
        if (index > 0) expect(start).toBe((ranges[index - 1]?.[1] ?? 0n) + 1n);
      }
    }),
  );
});

test("shards are numbered in order, and children are opened after their parents were closed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(2_000), (steps, pause) => {
      let state = stream(2);
      for (const [index, change] of steps.entries()) state = apply(state, change, 1_000_000 + pause * index);
      expect(state.shards.map((shard) => shard.number)).toEqual(state.shards.map((_, index) => index));
      for (const shard of state.shards) {
        for (const number of shard.parents) {
          const parent = state.shards[number];
          expect(parent?.closedAt).toBe(shard.openedAt);
          expect(parent?.openedSeconds).toBeLessThan(shard.openedSeconds);
        }
      }
    }),
  );
});

test("scaling leaves shards of equal size, as AWS rounds them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (from, to) => {
      const state = scaleShards(stream(from), to, 2_000_000);
      expect(open(state).map((shard) => [shard.startingHashKey, shard.endingHashKey])).toEqual(
        open(stream(to)).map((shard) => [shard.startingHashKey, shard.endingHashKey]),
      );
      if (from === to) expect(state.shards).toHaveLength(from);
    }),
  );
});

test("the shards of AWS's own streams of three", () => {
  // As kinesalite's tests found them on AWS.
  expect(open(stream(3)).map((shard) => [shard.startingHashKey, shard.endingHashKey])).toEqual([
    ["0", "113427455640312821154458202477256070484"],
    ["113427455640312821154458202477256070485", "226854911280625642308916404954512140969"],
    ["226854911280625642308916404954512140970", "340282366920938463463374607431768211455"],
  ]);
});
