import { hash } from "node:crypto";

/**
 * Where a record goes: the MD5 of its partition key, read as a number below 2^128, lies in the range of exactly one open
 * shard. Decimal text on the wire and in the state; 32 hexadecimal digits for routing, because those compare as text.
 */
export const HASH_KEY_COUNT = 1n << 128n;

export function hashKeyOf(partitionKey: string): string {
  return hash("md5", partitionKey, "hex");
}

/** @param decimal a number below 2^128 */
export function hashKeyOfDecimal(decimal: string): string {
  return BigInt(decimal).toString(16).padStart(32, "0");
}

/** The starts of `count` ranges of equal size that cover all hash keys; AWS rounds the size down. */
export function uniformStarts(count: number): bigint[] {
  const size = HASH_KEY_COUNT / BigInt(count);
  return Array.from({ length: count }, (_, index) => size * BigInt(index));
}
