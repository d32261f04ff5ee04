import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PeriodUnit } from "./audit-server.ts";
import { beginOfPeriod, Ledger, type LedgerEntry, type LedgerSpan, summaryOf } from "./ledger.ts";
import { DAY, HOUR, MINUTE, type Micros, SECOND, utcTimeOfMicros } from "./micros.ts";

const NOON = Date.UTC(2026, 10, 22, 12) * 1_000;

const entry = (time: Micros, number = 1n): LedgerEntry => ({
  time,
  entries: number,
  sessions: number * 7n,
  times: number * 3n,
});

const PERIOD_LENGTH: Readonly<Record<PeriodUnit, number>> = { minute: 16, hour: 13, day: 10 };

/** What the trail would answer for a span. */
function summarize(rows: readonly LedgerEntry[], { unit, from, to }: LedgerSpan) {
  const periods = new Map<string, LedgerEntry[]>();
  for (const row of rows.filter(({ time }) => time >= from && time < to)) {
    const period = utcTimeOfMicros(row.time).slice(0, PERIOD_LENGTH[unit]);
    periods.set(period, [...(periods.get(period) ?? []), row]);
  }
  return [...periods].map(([period, members]) => summaryOf(period, members));
}

function differencesOf(ledger: Ledger, rows: readonly LedgerEntry[], from: Micros, to: Micros) {
  return ledger.spans(from, to).flatMap((span) => ledger.differences(span, summarize(rows, span)));
}

describe("the ledger", () => {
  const rows = fc.array(
    fc.record({ age: fc.integer({ min: 0, max: 4 * 24 * 3_600 }), number: fc.bigInt({ min: -5n, max: 2n ** 70n }) }),
    { maxLength: 60 },
  );

  test("agrees with a trail that holds what was published, however it was rolled up, and after a restart", () => {
    fc.assert(
      fc.property(rows, fc.array(fc.integer({ min: 0, max: 5 * 24 * 3_600 }), { maxLength: 6 }), (members, rolls) => {
        const published = members.map(({ age, number }) => entry(NOON - age * SECOND, number));
        let ledger = new Ledger(NOON - 5 * DAY);
        for (const [index, row] of published.entries()) {
          ledger.add(row);
          const roll = rolls[index];
          if (roll !== undefined) ledger.roll(NOON - 5 * DAY + roll * SECOND);
        }
        ledger.roll(NOON);
        ledger = Ledger.parse(String(ledger)) as Ledger;
        expect(differencesOf(ledger, published, NOON - 5 * DAY, NOON + MINUTE)).toEqual([]);
        const [lost, ...rest] = published;
        if (lost) expect(differencesOf(ledger, rest, NOON - 5 * DAY, NOON + MINUTE)).toHaveLength(1);
      }),
    );
  });

  test("notices one row that came late and one that went, in the same minute", () => {
    const ledger = new Ledger(NOON - HOUR);
    ledger.add(entry(NOON, 5n));
    ledger.add(entry(NOON + SECOND, 6n));
    const trail = [entry(NOON + SECOND, 6n), entry(NOON + 2 * SECOND, 7n)];
    expect(differencesOf(ledger, trail, NOON, NOON + MINUTE)).toEqual([
      { unit: "minute", from: NOON, to: NOON + MINUTE, inTrail: 2n, inLedger: 2n },
    ]);
  });

  test("is right again when a period was read again and set", () => {
    const ledger = new Ledger(NOON - HOUR);
    ledger.add(entry(NOON));
    const trail = [entry(NOON), entry(NOON + SECOND)];
    for (const difference of differencesOf(ledger, trail, NOON, NOON + MINUTE)) {
      ledger.set(difference, summarize(trail, difference)[0]);
    }
    expect(differencesOf(ledger, trail, NOON, NOON + MINUTE)).toEqual([]);
  });

  test("counts minutes anew that are read again", () => {
    const ledger = new Ledger(NOON - HOUR);
    for (const time of [NOON, NOON + MINUTE, NOON + 2 * MINUTE]) ledger.add(entry(time));
    ledger.clear(NOON + MINUTE);
    for (const time of [NOON + MINUTE, NOON + 2 * MINUTE]) ledger.add(entry(time));
    const trail = [NOON, NOON + MINUTE, NOON + 2 * MINUTE].map((time) => entry(time));
    expect(differencesOf(ledger, trail, NOON - HOUR, NOON + HOUR)).toEqual([]);
  });

  test("compares nothing from before publishing began, and no period that is not whole", () => {
    const ledger = new Ledger(NOON + 30 * SECOND);
    expect(ledger.spans(NOON - DAY, NOON + 90 * SECOND)).toEqual([]);
    expect(ledger.spans(NOON - DAY, NOON + 150 * SECOND)).toEqual([
      { unit: "minute", from: NOON + MINUTE, to: NOON + 2 * MINUTE },
    ]);
  });

  test("begins after reading at the very microsecond at which it began before", () => {
    for (let n = 0; n < 100_000; n += 1) {
      const since = NOON + n * 333_337;
      if (Ledger.parse(String(new Ledger(since)))?.since !== since) expect.fail(`${since} did not come back`);
    }
  });

  test("does not read what it did not write", () => {
    for (const text of ["", "2;a.b.c;;;", "1;a.b;;;", "1;a.b.c;x;;", "1;a.b.c;1.2.3;;", "1;a.b.c;;"]) {
      expect(Ledger.parse(text)).toBeUndefined();
    }
  });

  test("knows when a period begins", () => {
    expect(utcTimeOfMicros(beginOfPeriod("2026-11-22 12:05"))).toBe("2026-11-22 12:05:00.000000+00");
    expect(utcTimeOfMicros(beginOfPeriod("2026-11-22 12"))).toBe("2026-11-22 12:00:00.000000+00");
    expect(utcTimeOfMicros(beginOfPeriod("2026-11-22"))).toBe("2026-11-22 00:00:00.000000+00");
  });
});
