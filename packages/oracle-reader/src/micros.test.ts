import fc from "fast-check";
import { expect, test } from "vitest";
import { microsOf, utcTimeOfMicros } from "./micros.ts";

test("microseconds and their text are the same moment", () => {
  const between = fc.integer({ min: Date.UTC(2000, 0) * 1_000, max: Date.UTC(2100, 0) * 1_000 });
  fc.assert(fc.property(between, (micros) => microsOf(utcTimeOfMicros(micros)) === micros));
});

test("text has six fraction digits, and anything else is no time", () => {
  expect(utcTimeOfMicros(1_792_404_000_000_007)).toBe("2026-10-19 10:00:00.000007+00");
  expect(microsOf("2026-10-19 10:00:00.123456+00")).toBe(1_792_404_000_123_456);
  expect(microsOf("yesterday")).toBeNaN();
});
