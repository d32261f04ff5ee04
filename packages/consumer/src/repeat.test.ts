import { silentLogger, UnavailableError } from "@das/core";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../test/virtual-clock.ts";
import { repeat } from "./repeat.ts";

const passing = new UnavailableError({ who: "test", what: "not now", remedy: "Wait", code: "test" });

function settingsOf(clock: VirtualClock) {
  const lines: string[] = [];
  const log = (level: string) => (): void => void lines.push(level);
  const logger = { ...silentLogger, debug: log("debug"), warn: log("warn") };
  return { lines, settings: { clock, random: () => 0.5, logger } };
}

const isPassing = (error: unknown): boolean => error === passing;

describe("repeat", () => {
  test("leaves no listener on the signal and no timer, however often it is used", async () => {
    const clock = new VirtualClock();
    const { settings } = settingsOf(clock);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, parameters);
    };
    let failures = 5;
    const call = async (): Promise<string> => {
      if (failures-- > 0) throw passing;
      return "answer";
    };
    expect(await clock.run(repeat("test", call, isPassing, settings, signal))).toBe("answer");
    expect(listeners).toBe(0);
    expect(clock.sleepers).toBe(0);
  });

  test("gives up at once when the signal aborts, even on a call that does not listen", async () => {
    const clock = new VirtualClock();
    const { settings } = settingsOf(clock);
    const stop = new AbortController();
    const deaf = (): Promise<never> => new Promise(() => undefined);
    const reason = new Error("enough");
    const work = repeat("test", deaf, isPassing, settings, stop.signal);
    const script = async (): Promise<void> => {
      await clock.sleep(1_000);
      stop.abort(reason);
      await expect(work).rejects.toBe(reason);
    };
    await clock.run(script());
    expect(clock.sleepers).toBe(0);
  });

  test("a call without an answer is dropped after a minute, told so by its signal, and made again", async () => {
    const clock = new VirtualClock();
    const { settings } = settingsOf(clock);
    const start = clock.now();
    const told: boolean[] = [];
    let calls = 0;
    const call = (signal: AbortSignal): Promise<number> => {
      calls += 1;
      signal.addEventListener("abort", () => told.push(true));
      return calls < 3 ? new Promise(() => undefined) : Promise.resolve(calls);
    };
    const isOurs = (error: unknown): boolean => error instanceof UnavailableError && error.code === "no-answer";
    expect(await clock.run(repeat("test", call, isOurs, settings, new AbortController().signal))).toBe(3);
    expect(told).toHaveLength(3);
    expect(clock.now() - start).toBe(2 * 60_000 + 100 + 200);
  });

  test("a few failures are everyday life, more are a warning", async () => {
    const clock = new VirtualClock();
    const { settings, lines } = settingsOf(clock);
    let failures = 5;
    const call = async (): Promise<void> => {
      if (failures-- > 0) throw passing;
    };
    await clock.run(repeat("test", call, isPassing, settings, new AbortController().signal));
    expect(lines).toEqual(["debug", "debug", "debug", "warn", "warn"]);
  });
});
