import { expect, test } from "vitest";
import { Watchdog } from "./watchdog.ts";

/** Time passes only when it is told to. */
function handClock() {
  let time = 0;
  const waiting = new Set<{ until: number; resolve: () => void }>();
  return {
    now: () => time,
    monotonic: () => time,
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
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

test("calls back once, when nothing was heard for its patience", async () => {
  const clock = handClock();
  let silences = 0;
  const watchdog = new Watchdog(clock, 100, () => {
    silences += 1;
  });
  await clock.pass(99);
  watchdog.touch();
  await clock.pass(99);
  expect(silences).toBe(0);
  await clock.pass(1);
  expect(silences).toBe(1);
  await clock.pass(1_000);
  expect(silences).toBe(1);
});

test("says nothing after it was stopped", async () => {
  const clock = handClock();
  let silences = 0;
  const watchdog = new Watchdog(clock, 100, () => {
    silences += 1;
  });
  watchdog.stop();
  await clock.pass(200);
  expect(silences).toBe(0);
});
