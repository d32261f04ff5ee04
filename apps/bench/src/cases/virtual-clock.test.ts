import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

test("wakes who is due, and only them", async () => {
  const clock = new VirtualClock();
  const woken: string[] = [];
  void clock.sleep(100).then(() => woken.push("early"));
  void clock.sleep(300).then(() => woken.push("late"));
  await clock.advance(99);
  expect(woken).toEqual([]);
  await clock.advance(1);
  expect(woken).toEqual(["early"]);
  await clock.advance(1_000);
  expect(woken).toEqual(["early", "late"]);
  expect(clock.monotonic()).toBe(1_100);
});

test("wakes at once who is told to stop", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(1_000, stop.signal);
  stop.abort();
  await sleeping;
  await clock.sleep(1_000, stop.signal);
  expect(clock.monotonic()).toBe(0);
});
