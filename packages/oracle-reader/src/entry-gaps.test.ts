import { expect, test } from "vitest";
import { EntryGaps } from "./entry-gaps.ts";

test("a hole in a session's numbers is told when it is old and nothing filled it", () => {
  const gaps = new EntryGaps();
  gaps.note("7", 1n, 10);
  gaps.note("7", 4n, 20);
  gaps.note("8", 9n, 20);
  gaps.note("8", 10n, 21);
  expect(gaps.takeBefore(20)).toEqual([]);
  expect(gaps.takeBefore(21)).toEqual([{ session: "7", first: 2n, last: 3n, from: 10, to: 20 }]);
  expect(gaps.takeBefore(99)).toEqual([]);
});

test("entries that come late fill a hole, whatever their order", () => {
  const gaps = new EntryGaps();
  for (const [entry, time] of [
    [1n, 10],
    [6n, 20],
    [4n, 15],
    [2n, 12],
  ] as const) {
    gaps.note("7", entry, time);
  }
  expect(gaps.takeBefore(99).map(({ first, last }) => [first, last])).toEqual([
    [3n, 3n],
    [5n, 5n],
  ]);
});

test("sessions that were silent for longest are forgotten first", () => {
  const gaps = new EntryGaps();
  gaps.note("old", 1n, 1);
  for (let session = 0; session < 20_000; session += 1) gaps.note(String(session), 1n, 2);
  gaps.note("old", 9n, 3);
  gaps.note("19999", 3n, 3);
  expect(gaps.takeBefore(9).map(({ session }) => session)).toEqual(["19999"]);
});
