import { expect, test } from "vitest";
import { Hold } from "./hold.ts";

/** Time passes only when it is told to; counts the timers that were set. */
function handClock() {
  let time = 0;
  let sleeps = 0;
  const waiting = new Set<{ until: number; resolve: () => void }>();
  return {
    sleeps: () => sleeps,
    now: () => time,
    monotonic: () => time,
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleeps += 1;
        waiting.add({ until: time + milliseconds, resolve });
        signal?.addEventListener("abort", () => resolve());
      }),
    async pass(milliseconds: number) {
      time += milliseconds;
      for (const sleeper of [...waiting]) {
        if (sleeper.until > time) continue;
        waiting.delete(sleeper);
        sleeper.resolve();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function flowOf(events: string[]) {
  return { pause: () => events.push("pause"), resume: () => events.push("resume") };
}

test("says that its limit is over once, counted from the last time that it was taken", async () => {
  const clock = handClock();
  const events: string[] = [];
  using hold = new Hold(clock, 100, () => events.push("limit"));
  hold.take(flowOf(events));
  await clock.pass(50);
  hold.release();
  await clock.pass(40);
  hold.take(flowOf(events));
  hold.take(flowOf(events));
  await clock.pass(99);
  expect(events).toEqual(["pause", "resume", "pause"]);
  await clock.pass(1);
  await clock.pass(1_000);
  expect(events).toEqual(["pause", "resume", "pause", "limit"]);
  hold.release();
  hold.release();
  expect(events.slice(4)).toEqual(["resume"]);
});

test("is taken and released with every batch without a timer for each", async () => {
  const clock = handClock();
  const events: string[] = [];
  using hold = new Hold(clock, 100, () => events.push("limit"));
  for (let batch = 0; batch < 1_000; batch += 1) {
    hold.take(flowOf(events));
    hold.release();
    await clock.pass(1);
  }
  expect(events).toHaveLength(2_000);
  expect(clock.sleeps()).toBeLessThanOrEqual(11);
});

test("lets go when it is over, and says nothing any more", async () => {
  const clock = handClock();
  const events: string[] = [];
  {
    using hold = new Hold(clock, 100, () => events.push("limit"));
    hold.take(flowOf(events));
  }
  await clock.pass(1_000);
  expect(events).toEqual(["pause", "resume"]);
});
