import { expect, test } from "vitest";
import { DriftBook } from "./drift-book.ts";

const drift = (errorMessage: string, startTime: string, endTime: string | null = null) => ({
  ...{ class: "ActivityStream", command: "POLICY DRIFT", errorMessage, startTime, endTime },
  logTime: endTime ?? startTime,
});

test("each drift once, with its end once that was told, in the order in which they began", () => {
  const book = new DriftBook();
  for (const event of [
    drift("the trigger is gone", "2"),
    drift("the audit is off", "1"),
    drift("the audit is off", "1", "3"),
    drift("the audit is off", "1"),
    drift("the audit is off", "4"),
    { ...drift("the audit is off", "5"), command: "LOSS WINDOW" },
    { ...drift("the audit is off", "6"), class: "POLICY" },
  ]) {
    book.add(event);
  }
  expect(book.drifts).toEqual([
    { cause: "the audit is off", startTime: "1", endTime: "3" },
    { cause: "the trigger is gone", startTime: "2", endTime: null },
    { cause: "the audit is off", startTime: "4", endTime: null },
  ]);
});
