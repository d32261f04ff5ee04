import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { isComplete, type Outcome, sumOf } from "./outcome.ts";
import { outcomeTable } from "./outcome-table.ts";

const GOOD: Outcome = {
  audited: 1_234,
  decoded: 1_234,
  missing: 0,
  duplicates: 0,
  duplicatesDropped: 7,
  lossWindows: 0,
  failovers: 1,
  kills: 1,
  takeoverMs: 1_499,
};

test("the sum of all databases: counts are added, of the times the longest is taken", () => {
  expect(sumOf([GOOD, { ...GOOD, missing: 2, kills: 0, takeoverMs: 3_000 }])).toEqual({
    audited: 2_468,
    decoded: 2_468,
    missing: 2,
    duplicates: 0,
    duplicatesDropped: 14,
    lossWindows: 0,
    failovers: 2,
    kills: 1,
    takeoverMs: 3_000,
  });
  expect(sumOf([{ ...GOOD, takeoverMs: null }, GOOD]).takeoverMs).toBe(1_499);
  expect(sumOf([{ ...GOOD, takeoverMs: null }]).takeoverMs).toBeNull();
});

test("it is complete when nothing is missing or left over, and every new primary was seen", () => {
  expect(isComplete(GOOD)).toBe(true);
  expect(isComplete({ ...GOOD, failovers: 0, takeoverMs: null })).toBe(true);
  expect(isComplete({ ...GOOD, missing: 1 })).toBe(false);
  expect(isComplete({ ...GOOD, duplicates: 1 })).toBe(false);
  expect(isComplete({ ...GOOD, takeoverMs: null })).toBe(false);
});

test("the table has a column for each database, and says at the end whether all is well", () => {
  const table = (second: Outcome) =>
    stripVTControlCharacters(
      outcomeTable([
        { label: "SQL Server", outcome: GOOD },
        { label: "Oracle", outcome: second },
      ]),
    );
  const none = { ...GOOD, failovers: 0, takeoverMs: null };
  expect(table(none)).toMatch(/audited on both instances +1,234 +1,234\n/);
  expect(table(none)).toMatch(/duplicates, dropped by their identity +7 +7\n/);
  expect(table(none)).toMatch(/first event +1\.5 s +-\n/);
  expect(table(none)).toContain("Everything that was audited is on its stream, once.");
  const bad = table({ ...GOOD, missing: 3, lossWindows: 1, takeoverMs: null });
  expect(bad).toMatch(/missing +0 +3\n/);
  expect(bad).toMatch(/something may be missing +0 +1\n/);
  expect(bad).toMatch(/first event +1\.5 s +never\n/);
  expect(bad).toContain("The streams are not what was audited.");
});
