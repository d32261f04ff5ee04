import fc from "fast-check";
import { expect, test } from "vitest";
import { fileTimeOf, utcTimeOfFileTime } from "./file-time.ts";

test("a file time and its text are the same moment, to 100 ns", () => {
  // 2000 to 2100
  const between = fc.bigInt({ min: 125_911_584_000_000_000n, max: 157_766_400_000_000_000n });
  fc.assert(fc.property(between, (fileTime) => fileTimeOf(utcTimeOfFileTime(fileTime)) === fileTime));
});

test("the name of a real audit file is the time of its creation", () => {
  // SQL Server notes §3
  expect(utcTimeOfFileTime(132_681_217_040_230_000n)).toBe("2021-06-14 05:21:44.0230000+00");
  expect(fileTimeOf("2021-06-14 05:21:44.5878656+00")).toBe(132_681_217_045_878_656n);
});

test("what is no time has none", () => {
  for (const text of ["", "null+00", "2021-06-14 05:21:44+00", "2021-13-14 05:21:44.0000000+00"]) {
    expect(fileTimeOf(text)).toBeNull();
  }
});
