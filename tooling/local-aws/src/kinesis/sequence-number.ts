/**
 * AWS's sequence numbers are 186-bit integers in decimal. Read in hexadecimal, their 47 digits are (as others found by
 * comparing many; AWS documents only that the numbers grow):
 *
 * | digits | meaning |
 * |---|---|
 * | 1 | `2` |
 * | 9 | when the shard was opened, seconds since 1970 |
 * | 1 | last digit of the shard's number |
 * | 16 | place in the shard: 0 is its start, 7fffffffffffffff its end |
 * | 2 | `00` |
 * | 9 | when the record arrived, seconds since 1970 |
 * | 8 | number of the shard |
 * | 1 | `2`, the version of this layout |
 *
 * So they grow within a shard by the place, and from a shard to its children by the first seconds.
 */
export interface SequenceNumberParts {
  /** Seconds since 1970. */
  readonly opened: number;
  readonly place: bigint;
  /** Seconds since 1970. */
  readonly arrived: number;
  readonly shard: number;
}

export const START_PLACE = 0n;
export const END_PLACE = 0x7fff_ffff_ffff_ffffn;

const SHARD_BITS = 4n;
const ARRIVED_BITS = 36n;
const PLACE_BITS = 80n;
const SHARD_DIGIT_BITS = 144n;
const OPENED_BITS = 148n;
const FRAME = (2n << 184n) | 2n;

export function formatSequenceNumber(parts: SequenceNumberParts): string {
  const shard = BigInt(parts.shard);
  const number =
    FRAME |
    (BigInt(parts.opened) << OPENED_BITS) |
    ((shard & 15n) << SHARD_DIGIT_BITS) |
    (parts.place << PLACE_BITS) |
    (BigInt(parts.arrived) << ARRIVED_BITS) |
    (shard << SHARD_BITS);
  return number.toString();
}

/** Undefined when the text is no sequence number of this layout. */
export function parseSequenceNumber(text: string): SequenceNumberParts | undefined {
  const number = BigInt(text);
  const bits = (from: bigint, count: bigint): bigint => (number >> from) & ((1n << count) - 1n);
  const parts: SequenceNumberParts = {
    opened: Number(bits(OPENED_BITS, 36n)),
    place: bits(PLACE_BITS, 64n),
    arrived: Number(bits(ARRIVED_BITS, 36n)),
    shard: Number(bits(SHARD_BITS, 32n)),
  };
  return formatSequenceNumber(parts) === text ? parts : undefined;
}
