import fc from "fast-check";
import { expect, test } from "vitest";
import { clockText, dateText, daysOf, ticksOf, timeText } from "./time-text.ts";

test("days and ticks are read and written without loss", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_652_058 }), fc.integer({ min: 0, max: 863_999_999_999 }), (days, ticks) => {
      const text = `${dateText(days)} ${clockText(ticks)}`;
      expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{7}$/);
      expect(daysOf(text)).toBe(days);
      expect(ticksOf(text)).toBe(ticks);
    }),
  );
});

test("short fractions and none", () => {
  expect(ticksOf("2026-01-01 00:00:01.5")).toBe(15_000_000);
  expect(ticksOf("2026-01-01")).toBe(0);
  expect(clockText(15_000_000, 3)).toBe("00:00:01.500");
  expect(clockText(15_000_000, 0)).toBe("00:00:01");
  expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe("2026-01-02 03:04:05.6780000");
  expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 678), 3)).toBe("2026-01-02 03:04:05.678");
});
