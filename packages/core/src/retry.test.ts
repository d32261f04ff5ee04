import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelay } from "./retry.ts";

test("a wait stays within its bound, which doubles up to the cap", () => {
  const policy = { base: 100, cap: 5_000 };
  expect([0, 1, 2, 10].map((attempt) => retryDelay(policy, attempt, () => 0.5))).toEqual([50, 100, 200, 2_500]);
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const delay = retryDelay(policy, attempt, () => random);
      expect(delay >= 0 && delay < policy.cap).toBe(true);
    }),
  );
});
