import { expect, test } from "vitest";
import { type CaseLine, formatLine } from "./case-line.ts";

const line: CaseLine = {
  case: "latency",
  measures: "what",
  parameters: { rate: 1_000 },
  figures: { p50: 70.123456, p99: 300 },
  bar: { p50: 150, p99: 300 },
};

const parsed = (changes: Partial<CaseLine>) => JSON.parse(formatLine({ ...line, ...changes }));

test("a bar is met up to its own value, and by every figure that it names", () => {
  expect(parsed({})).toEqual({ ...line, figures: { p50: 70.12, p99: 300 }, met: true });
  expect(parsed({ figures: { p50: 70, p99: 300.0001 } }).met).toBe(false);
});

test("a figure that is missing or no number meets no bar", () => {
  expect(parsed({ figures: { p50: 70 } }).met).toBe(false);
  expect(parsed({ figures: { p50: 70, p99: Number.NaN } })).toMatchObject({ figures: { p99: null }, met: false });
});

test("a case without a bar says nothing about one", () => {
  const { bar: _, ...without } = line;
  const text = formatLine(without);
  expect(text).not.toContain("\n");
  expect(Object.keys(JSON.parse(text))).toEqual(["case", "measures", "parameters", "figures"]);
});
