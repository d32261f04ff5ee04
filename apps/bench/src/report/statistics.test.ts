import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mean, median, percentile, rounded } from "./statistics.ts";

const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });

describe("percentile", () => {
  test("interpolates between neighbours", () => {
    const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    expect(percentile(tenths, 0)).toBe(1);
    expect(percentile(tenths, 0.5)).toBe(6);
    expect(percentile(tenths, 0.99)).toBeCloseTo(10.9, 10);
    expect(percentile(tenths, 1)).toBe(11);
    expect(percentile([10, 20], 0.25)).toBe(12.5);
  });

  test("takes values in any order, as numbers and not as text", () => {
    expect(percentile([100, 9, 80], 0.5)).toBe(80);
  });

  test("lies between the least and the greatest value and never falls", () => {
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0, max: 1 }), (list, part) => {
        const found = percentile(list, part);
        expect(found).toBeGreaterThanOrEqual(Math.min(...list));
        expect(found).toBeLessThanOrEqual(Math.max(...list));
        expect(found).toBeLessThanOrEqual(percentile(list, Math.min(1, part + 0.1)));
      }),
    );
  });

  test("of a row that never arrived is infinite, of nothing it is no number", () => {
    expect(percentile([1, 2, Number.POSITIVE_INFINITY], 1)).toBe(Number.POSITIVE_INFINITY);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

test("the median is the middle value, or the mean of the two middle ones", () => {
  expect(median([30, 1, 2])).toBe(2);
  expect(median([30, 1, 2, 4])).toBe(3);
});

test("the mean of nothing is no number", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBeNaN();
});

test("rounding keeps four digits, and integers whole", () => {
  expect(rounded(1.23456)).toBe(1.235);
  expect(rounded(123_456.7)).toBe(123_500);
  expect(rounded(123_456)).toBe(123_456);
});
