import fc from "fast-check";
import { expect, test } from "vitest";
import { coverPairs } from "./cover-pairs.ts";

test("every pair of values occurs, in far fewer combinations than the full product has", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 7 });
  fc.assert(
    fc.property(sizes, (counts) => {
      const choices = Object.fromEntries(
        counts.map((count, name) => [`n${name}`, Array.from({ length: count }, (_, value) => value)]),
      );
      const combinations = coverPairs<Record<string, number>>(choices);
      for (const [a, ones] of Object.entries(choices)) {
        for (const [b, others] of Object.entries(choices)) {
          if (a === b) continue;
          for (const one of ones) {
            for (const other of others) {
              expect(combinations.some((combination) => combination[a] === one && combination[b] === other)).toBe(true);
            }
          }
        }
      }
      const [most = 1, second = 1] = counts.toSorted((x, y) => y - x);
      expect(combinations.length).toBeLessThanOrEqual(2 * most * second);
    }),
  );
});
