import type { PeriodSummary, PeriodUnit } from "./audit-server.ts";
import { DAY, HOUR, MINUTE, type Micros, microsOf } from "./micros.ts";

/** What one row adds to its period: the numbers of the summary query (Oracle notes §2.4). NULL adds nothing. */
export interface LedgerEntry {
  readonly time: Micros;
  readonly entries: bigint;
  readonly sessions: bigint;
  readonly times: bigint;
}

/** A span of time of which the ledger keeps one kind of period. Half-open. */
export interface LedgerSpan {
  readonly unit: PeriodUnit;
  readonly from: Micros;
  readonly to: Micros;
}

/** A period in which the trail and the ledger do not agree. */
export interface LedgerDifference extends LedgerSpan {
  readonly inTrail: bigint;
  readonly inLedger: bigint;
}

interface Sums {
  count: bigint;
  entries: bigint;
  sessions: bigint;
  times: bigint;
}

const UNITS = ["minute", "hour", "day"] as const;
const LENGTH_OF: Readonly<Record<PeriodUnit, Micros>> = { minute: MINUTE, hour: HOUR, day: DAY };

/**
 * How many rows of a trail are on the stream, per period of event time, with order-free checksums of their keys: minutes
 * of the last hour, hours of the last day, days as far back as anything was published. It travels in the heartbeats, so
 * whoever reads next, on whatever host, can tell whether the trail holds more, or less, than was published.
 */
export class Ledger {
  readonly #periods: Readonly<Record<PeriodUnit, Map<Micros, Sums>>>;
  /** What is older is kept in hours; on the hour. */
  #minutesFrom: Micros;
  /** What is older is kept in days; at midnight. */
  #hoursFrom: Micros;
  /** Before this moment nothing was to be published. */
  readonly since: Micros;

  constructor(since: Micros) {
    this.since = since;
    this.#minutesFrom = floor(since, HOUR);
    this.#hoursFrom = floor(since, DAY);
    this.#periods = { minute: new Map(), hour: new Map(), day: new Map() };
  }

  /** One more row is on the stream. Never twice for the same row: who reads a span again begins with `clear`. */
  add({ time, entries, sessions, times }: LedgerEntry): void {
    const sums = this.#at(time);
    sums.count += 1n;
    sums.entries += entries;
    sums.sessions += sessions;
    sums.times += times;
  }

  /** Forgets what it knows of the minutes from a moment on: whoever reads them again counts them anew. */
  clear(from: Micros): void {
    for (const minute of this.#periods.minute.keys()) if (minute >= from) this.#periods.minute.delete(minute);
  }

  /** The period holds what the trail holds now: what was missing is published, what is gone was told. */
  set({ unit, from }: LedgerSpan, summary: PeriodSummary | undefined): void {
    if (summary) {
      const { count, entries, sessions, times } = summary;
      this.#periods[unit].set(from, { count, entries, sessions, times });
    } else this.#periods[unit].delete(from);
  }

  /** Minutes older than an hour become part of their hour, hours older than a day part of their day. */
  roll(now: Micros): void {
    this.#minutesFrom = Math.max(this.#minutesFrom, floor(now - HOUR, HOUR));
    this.#hoursFrom = Math.max(this.#hoursFrom, floor(now - DAY, DAY));
    for (const unit of ["minute", "hour"] as const) {
      for (const [begin, sums] of this.#periods[unit]) {
        if (this.#unitAt(begin) === unit) continue;
        this.#periods[unit].delete(begin);
        merge(this.#at(begin), sums);
      }
    }
  }

  /** Which periods there are in a slice: days, then hours, then minutes. Only whole periods; the ends are cut to them. */
  spans(from: Micros, to: Micros): readonly LedgerSpan[] {
    const begin = Math.max(from, this.since);
    const spans: LedgerSpan[] = [
      { unit: "day", from: ceil(begin, DAY), to: Math.min(to, this.#hoursFrom) },
      { unit: "hour", from: Math.max(ceil(begin, HOUR), this.#hoursFrom), to: Math.min(to, this.#minutesFrom) },
      { unit: "minute", from: Math.max(ceil(begin, MINUTE), this.#minutesFrom), to: floor(to, MINUTE) },
    ];
    return spans.filter((span) => span.from < span.to);
  }

  /** The periods of a span in which the trail holds something else. A period without a summary is empty. */
  differences(span: LedgerSpan, summaries: readonly PeriodSummary[]): readonly LedgerDifference[] {
    const trail = new Map(summaries.map((summary) => [beginOfPeriod(summary.period), summary]));
    const begins = new Set([...trail.keys(), ...this.#periods[span.unit].keys()]);
    return [...begins]
      .filter((begin) => begin >= span.from && begin < span.to)
      .filter((begin) => !isEqual(trail.get(begin), this.#periods[span.unit].get(begin)))
      .sort((a, b) => a - b)
      .map((begin) => ({
        unit: span.unit,
        from: begin,
        to: begin + LENGTH_OF[span.unit],
        inTrail: trail.get(begin)?.count ?? 0n,
        inLedger: this.#periods[span.unit].get(begin)?.count ?? 0n,
      }));
  }

  /** What a heartbeat carries: some eighty periods of a busy trail. */
  toString(): string {
    const borders = [this.since, this.#minutesFrom / MINUTE, this.#hoursFrom / MINUTE].map(text36);
    const units = UNITS.map((unit) =>
      [...this.#periods[unit]]
        .sort(([a], [b]) => a - b)
        .map(([begin, sums]) =>
          [begin / MINUTE, sums.count, sums.entries, sums.sessions, sums.times].map(text36).join("."),
        )
        .join(","),
    );
    return ["1", borders.join("."), ...units].join(";");
  }

  /** undefined when the text is not one that `toString` wrote. */
  static parse(text: string): Ledger | undefined {
    const [version, borders = "", ...units] = text.split(";");
    const [since, minutesFrom, hoursFrom] = borders.split(".").map(numberOf36);
    if (version !== "1" || units.length !== UNITS.length) return undefined;
    if (since === undefined || minutesFrom === undefined || hoursFrom === undefined) return undefined;
    const ledger = new Ledger(since);
    ledger.#minutesFrom = minutesFrom * MINUTE;
    ledger.#hoursFrom = hoursFrom * MINUTE;
    for (const [index, unit] of UNITS.entries()) {
      for (const item of (units[index] ?? "").split(",").filter((part) => part !== "")) {
        const [begin = "", ...sums] = item.split(".");
        const minute = numberOf36(begin);
        const [count, entries, sessions, times] = sums.map(bigintOf36);
        if (minute === undefined || count === undefined || entries === undefined) return undefined;
        if (sessions === undefined || times === undefined) return undefined;
        ledger.#periods[unit].set(minute * MINUTE, { count, entries, sessions, times });
      }
    }
    return ledger;
  }

  #unitAt(time: Micros): PeriodUnit {
    if (time >= this.#minutesFrom) return "minute";
    return time >= this.#hoursFrom ? "hour" : "day";
  }

  #at(time: Micros): Sums {
    const unit = this.#unitAt(time);
    const begin = floor(time, LENGTH_OF[unit]);
    let sums = this.#periods[unit].get(begin);
    if (!sums) {
      sums = { count: 0n, entries: 0n, sessions: 0n, times: 0n };
      this.#periods[unit].set(begin, sums);
    }
    return sums;
  }
}

/** The sums of some rows as the summary query would give them. */
export function summaryOf(period: string, rows: readonly LedgerEntry[]): PeriodSummary {
  const sums = { count: 0n, entries: 0n, sessions: 0n, times: 0n };
  for (const { entries, sessions, times } of rows) merge(sums, { count: 1n, entries, sessions, times });
  return { period, ...sums };
}

/** `YYYY-MM-DD HH24:MI`, `YYYY-MM-DD HH24` or `YYYY-MM-DD` → the moment at which it begins. */
export function beginOfPeriod(period: string): Micros {
  return microsOf(`${period}${"0000-01-01 00:00:00.000000+00".slice(period.length)}`);
}

function floor(time: Micros, length: Micros): Micros {
  return Math.floor(time / length) * length;
}

function ceil(time: Micros, length: Micros): Micros {
  return Math.ceil(time / length) * length;
}

function merge(into: Sums, sums: Sums): void {
  into.count += sums.count;
  into.entries += sums.entries;
  into.sessions += sums.sessions;
  into.times += sums.times;
}

const NOTHING: Sums = { count: 0n, entries: 0n, sessions: 0n, times: 0n };

function isEqual(a: Readonly<Sums> = NOTHING, b: Readonly<Sums> = NOTHING): boolean {
  return a.count === b.count && a.entries === b.entries && a.sessions === b.sessions && a.times === b.times;
}

function text36(value: number | bigint): string {
  return value.toString(36);
}

function numberOf36(part: string): number | undefined {
  return /^[0-9a-z]+$/.test(part) ? Number.parseInt(part, 36) : undefined;
}

function bigintOf36(part: string): bigint | undefined {
  if (!/^-?[0-9a-z]+$/.test(part)) return undefined;
  const negative = part.startsWith("-");
  let value = 0n;
  for (const digit of negative ? part.slice(1) : part) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -value : value;
}
