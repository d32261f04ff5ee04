import fc from "fast-check";
import { expect, test } from "vitest";
import { END_PLACE, formatSequenceNumber, parseSequenceNumber, START_PLACE } from "./sequence-number.ts";

/** Sequence numbers that AWS gave to others, with their shards, from public bug reports. */
test.each([
  // https://github.com/mhart/kinesalite/pull/87
  ["49594189147623985939251953501666965394405037144469929986", 0, "2019-03-25"],
  // https://github.com/fluent/fluent-bit/issues/3410
  ["49617597701630398167833023939858857553876043563754586258", 9, "2021-04-23"],
  ["49617597701630398167833023939860066479695658192929292434", 9, "2021-04-23"],
])("AWS's own %s is of shard %i, and of its time", (text, shard, reported) => {
  const parts = parseSequenceNumber(text);
  expect(parts?.shard).toBe(shard);
  const arrived = (parts?.arrived ?? 0) * 1000;
  const dayAfter = Date.parse(reported) + 2 * 86_400_000;
  expect(arrived).toBeLessThan(dayAfter);
  expect(arrived).toBeGreaterThan(Date.parse(reported) - 7 * 86_400_000);
  expect(parts?.opened).toBeLessThanOrEqual(parts?.arrived ?? 0);
  expect(parts && formatSequenceNumber(parts)).toBe(text);
});

const parts = fc.record({
  opened: fc.nat(4_000_000_000),
  place: fc.bigInt(START_PLACE, END_PLACE),
  arrived: fc.nat(4_000_000_000),
  shard: fc.nat(0x7fff_ffff),
});

test("what is formatted is parsed again, in 56 digits", () => {
  fc.assert(
    fc.property(parts, (given) => {
      const text = formatSequenceNumber(given);
      expect(text).toMatch(/^\d{56}$/);
      expect(parseSequenceNumber(text)).toEqual(given);
    }),
  );
});

test("numbers grow with the place, and from one opening to the next", () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const before = a.opened < b.opened || (a.opened === b.opened && a.shard === b.shard && a.place < b.place);
      if (before) expect(BigInt(formatSequenceNumber(a)) < BigInt(formatSequenceNumber(b))).toBe(true);
    }),
  );
});

test.each(["0", "1", "5", "9".repeat(129)])("%s is none", (text) => {
  expect(parseSequenceNumber(text)).toBeUndefined();
});
