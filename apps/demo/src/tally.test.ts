import { expect, test } from "vitest";
import { sumOf, Tally } from "./tally.ts";

test("what is missing and what came twice is counted, equal rows included", () => {
  const tally = new Tally();
  for (const key of ["a", "a", "b", "b", "stranger"]) tally.arrived(key);
  const outcome = tally.compare(["a", "a", "b", "c"]);
  expect(outcome).toEqual({ audited: 4, decoded: 5, missing: 1, duplicates: 2 });
  expect(sumOf([outcome, outcome])).toEqual({ audited: 8, decoded: 10, missing: 2, duplicates: 4 });
});
