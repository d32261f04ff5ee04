import { type Clock, type DasError, type Logger, RefusedError, UnavailableError } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Notification, testNotification } from "./notification.ts";
import { OUTBOX_ATTEMPTS, OUTBOX_LIMIT, Outbox } from "./outbox.ts";

const origin = {
  resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  engine: "sqlserver",
  region: "eu-central-1",
  instance: "a",
} as const;
const named = (key: string) => testNotification(origin, "2026-01-01 00:00:00.0000000+00", key);

const parts = { who: "test", what: "it failed", remedy: "Look" };
const later = (code = "down") => new UnavailableError({ ...parts, code });
const refused = (code = "no") => new RefusedError({ ...parts, code });

/** Time that a test moves. */
class ManualClock implements Clock {
  #now = 0;
  readonly #sleeping = new Set<{ readonly until: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { until: this.#now + milliseconds, wake: resolve };
    this.#sleeping.add(sleeper);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    return promise.finally(() => this.#sleeping.delete(sleeper));
  }

  async pass(milliseconds: number): Promise<void> {
    for (const end = this.#now + milliseconds; ; ) {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const next = Math.min(end, ...[...this.#sleeping].map(({ until }) => until));
      if (next >= end && this.#now === end) return;
      this.#now = next;
      for (const { until, wake } of this.#sleeping) if (until <= next) wake();
    }
  }
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** An outbox whose channel does what a test says, attempt by attempt; what is not said goes well. */
function openOutbox(outcomes: (DasError | "hang" | Error | undefined)[] = []) {
  const clock = new ManualClock();
  const attempts: string[] = [];
  const delivered: string[] = [];
  const lines: Line[] = [];
  let isOpen = true;
  const log = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message });
  const logger: Logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const channel = {
    name: "notify.test",
    deliver: async ({ key }: Notification, signal: AbortSignal) => {
      attempts.push(key);
      const outcome = outcomes.shift();
      if (outcome === "hang") await new Promise((_, reject) => signal.addEventListener("abort", reject));
      else if (outcome) throw outcome;
      delivered.push(key);
    },
    [Symbol.dispose]: () => {
      isOpen = false;
    },
  };
  const outbox = new Outbox({ channel, clock, random: () => 0.999, logger });
  return { outbox, clock, attempts, delivered, lines, isOpen: () => isOpen };
}

describe("an outbox", () => {
  test("delivers in order, also what comes while it is busy", async () => {
    const { outbox, clock, delivered } = openOutbox();
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(0);
    outbox.add(named("3"));
    await clock.pass(0);
    expect(delivered).toEqual(["1", "2", "3"]);
    expect(outbox).toMatchObject({ sent: 3, givenUp: 0 });
  });

  test("tries again, waiting longer and longer, and says so once", async () => {
    const { outbox, clock, attempts, delivered, lines } = openOutbox([later(), later(), later()]);
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(999);
    expect(attempts).toEqual(["1", "1"]);
    await clock.pass(1_998);
    expect(attempts).toEqual(["1", "1", "1"]);
    await clock.pass(3_996);
    expect(delivered).toEqual(["1", "2"]);
    expect(lines).toEqual([
      expect.objectContaining({ level: "warn", channel: "notify.test", error: "test: it failed. Look." }),
    ]);
  });

  test("gives up what is refused, loudly once, and goes on with the next", async () => {
    const { outbox, clock, attempts, delivered, lines } = openOutbox([refused(), refused(), refused("other")]);
    for (const key of ["1", "2", "3", "4"]) outbox.add(named(key));
    await clock.pass(0);
    expect(attempts).toEqual(["1", "2", "3", "4"]);
    expect(delivered).toEqual(["4"]);
    expect(outbox).toMatchObject({ sent: 1, givenUp: 3 });
    expect(lines).toMatchObject([
      { level: "error", key: "1", command: "TEST", givenUp: 1 },
      { level: "warn", key: "2", givenUp: 2 },
      { level: "error", key: "3", givenUp: 3 },
    ]);
  });

  test("gives up after so many attempts", async () => {
    const { outbox, clock, attempts, delivered, lines } = openOutbox(
      Array.from({ length: OUTBOX_ATTEMPTS }, () => later()),
    );
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(24 * 3_600_000);
    expect(attempts).toEqual([...Array.from({ length: OUTBOX_ATTEMPTS }, () => "1"), "2"]);
    expect(delivered).toEqual(["2"]);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "error"]);
  });

  test("keeps the newest when too much waits", async () => {
    const { outbox, clock, delivered } = openOutbox([later()]);
    outbox.add(named("under way"));
    await clock.pass(0);
    for (let n = 0; n < OUTBOX_LIMIT + 3; n += 1) outbox.add(named(String(n)));
    await clock.pass(1_000);
    expect(delivered).toEqual(["under way", ...Array.from({ length: OUTBOX_LIMIT }, (_, n) => String(n + 3))]);
    expect(outbox.givenUp).toBe(3);
  });

  test("treats what nobody expected as refused", async () => {
    const { outbox, clock, delivered, lines } = openOutbox([new TypeError("secret text")]);
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(0);
    expect(delivered).toEqual(["2"]);
    expect(lines).toMatchObject([{ level: "error", error: expect.stringContaining("TypeError") }]);
    expect(JSON.stringify(lines)).not.toContain("secret text");
  });
});

describe("closing", () => {
  test("waits for nothing when nothing waits, and closes the channel", async () => {
    const { outbox, isOpen } = openOutbox();
    await outbox.close(60_000);
    expect(isOpen()).toBe(false);
  });

  test("cuts a long wait short, and delivers the rest", async () => {
    const { outbox, clock, delivered } = openOutbox(Array.from({ length: 9 }, () => later()));
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(60_000);
    expect(delivered).toEqual([]);
    const closed = outbox.close(20_000);
    await clock.pass(6_000);
    await closed;
    expect(delivered).toEqual(["1", "2"]);
  });

  test.each([
    ["that fails", Array.from({ length: 100 }, () => later())],
    ["that hangs", ["hang" as const]],
  ])("ends in time with a receiver %s, and counts what was not delivered", async (_, outcomes) => {
    const { outbox, clock, delivered, lines } = openOutbox(outcomes);
    outbox.add(named("1"));
    outbox.add(named("2"));
    await clock.pass(0);
    const closed = outbox.close(5_000);
    await clock.pass(5_000);
    await closed;
    expect(delivered).toEqual([]);
    expect(outbox.givenUp).toBe(2);
    expect(lines.at(-1)).toMatchObject({ key: "2", error: expect.stringContaining("the publisher stopped") });
  });
});

test("whatever a receiver does, each notification is delivered or given up, once, and in order", async () => {
  const outcome = fc.constantFrom("ok", "later", "refused", "hang");
  const step = fc.record({ adds: fc.nat(3), passes: fc.nat(400_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(outcome, { maxLength: 60 }), fc.array(step, { maxLength: 8 }), async (script, steps) => {
      const outcomes = { ok: undefined, later: later(), refused: refused(), hang: "hang" } as const;
      const { outbox, clock, delivered, lines } = openOutbox(script.map((name) => outcomes[name]));
      let added = 0;
      for (const { adds, passes } of steps) {
        for (let n = 0; n < adds; n += 1) {
          outbox.add(named(String(added)));
          added += 1;
        }
        await clock.pass(passes);
      }
      const closed = outbox.close(10_000);
      await clock.pass(10_000);
      await closed;
      const givenUp = lines.flatMap(({ key }) => (key === undefined ? [] : [String(key)]));
      expect([...delivered, ...givenUp].toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: added }, (_, n) => String(n)),
      );
      expect(delivered).toEqual(delivered.toSorted((a, b) => Number(a) - Number(b)));
      expect(outbox).toMatchObject({ sent: delivered.length, givenUp: givenUp.length });
    }),
  );
});
