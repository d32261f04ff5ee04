import fc from "fast-check";
import { expect, test } from "vitest";
import { epochMillisecondsOf, utcTime, utcTimeOf } from "./time.ts";

test("a time keeps every digit that the engine gave", () => {
  expect(utcTime("2022-10-06 21:34:42.7113072")).toBe("2022-10-06 21:34:42.7113072+00");
});

test("our own clock's times have the engine's form and order", () => {
  expect(utcTimeOf(Date.UTC(2026, 10, 22, 1, 2, 3, 45), 7)).toBe("2026-11-22 01:02:03.0450000+00");
  expect(utcTimeOf(Date.UTC(2026, 10, 22, 1, 2, 3, 45), 6)).toBe("2026-11-22 01:02:03.045000+00");
  const epoch = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
  fc.assert(
    fc.property(epoch, epoch, fc.constantFrom(6, 7), (a, b, digits) => {
      expect(epochMillisecondsOf(utcTimeOf(a, digits))).toBe(a);
      expect(utcTimeOf(a, digits) < utcTimeOf(b, digits)).toBe(a < b);
    }),
  );
});
