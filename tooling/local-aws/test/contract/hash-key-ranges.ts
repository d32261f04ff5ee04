import type { Shard } from "@aws-sdk/client-kinesis";
import { expect } from "vitest";

export const LAST_HASH_KEY = 2n ** 128n - 1n;

/** Both ends of a shard's range, included. */
export const rangeOf = ({ HashKeyRange }: Shard): [bigint, bigint] => [
  BigInt(HashKeyRange?.StartingHashKey ?? -1),
  BigInt(HashKeyRange?.EndingHashKey ?? -1),
];

export const isOpen = ({ SequenceNumberRange }: Shard): boolean =>
  SequenceNumberRange?.EndingSequenceNumber === undefined;

/** Fails unless the ranges follow each other from 0 to 2^128 - 1. */
export function expectFullCover(shards: readonly Shard[]): void {
  const ranges = shards.map(rangeOf).toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(ranges[0]?.[0]).toBe(0n);
  expect(ranges.at(-1)?.[1]).toBe(LAST_HASH_KEY);
  for (const [index, [start]] of ranges.entries()) {
    if (index > 0) expect(start).toBe((ranges[index - 1]?.[1] ?? 0n) + 1n);
  }
}
