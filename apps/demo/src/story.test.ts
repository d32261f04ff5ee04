import { expect, test } from "vitest";
import { Story } from "./story.ts";

test("each line bears the seconds since it began, and is told at once", () => {
  let now = 0;
  const told: string[] = [];
  const story = new Story((line) => told.push(line), { monotonic: () => now });
  now = 5_000;
  story.begin();
  now = 6_250;
  story.add("one");
  now = 17_000;
  story.add("two");
  expect(told).toEqual(["  1.3 s  one", " 12.0 s  two"]);
  expect(story.lines).toEqual(told);
});
