import { expect, test } from "vitest";
import { Tally } from "./tally.ts";

test("what is missing and what came twice is counted, equal rows included", () => {
  const tally = new Tally();
  for (const key of ["a", "a", "b", "b", "stranger"]) tally.arrived(key);
  expect(tally.compare(["a", "a", "b", "c"])).toEqual({ audited: 4, decoded: 5, missing: 1, duplicates: 2 });
});
