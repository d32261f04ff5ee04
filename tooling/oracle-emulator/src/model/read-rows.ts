/** What can be seen of the trail, and what tells its rows apart. */
import { type AuditRow, KEY_COLUMNS, keyOf, timestampText } from "./audit-row.ts";
import { isWithin, rowsBetween, type TimeBounds } from "./audit-table.ts";
import { type Branch, containerMode, containerOf, type Site, siteClock } from "./world.ts";

export interface ReadOptions extends TimeBounds {
  /** Of the files, those of one RAC instance; all of them otherwise. */
  readonly instance?: number;
}

/**
 * The rows of a branch as a session in the container sees them: in no order that a reader may rely on. Nothing while
 * the container is not open.
 */
export function* rowsOf(site: Site, container: string, branch: Branch, options: ReadOptions = {}): Generator<AuditRow> {
  if (containerMode(site, container) === "MOUNTED") return;
  if (branch === "table") {
    yield* rowsBetween(containerOf(site, container).table, options);
    return;
  }
  for (const file of site.files) {
    if (file.container !== container) continue;
    if (options.instance !== undefined && file.instance !== options.instance) continue;
    for (const row of file.rows) if (isWithin(row, options)) yield row;
  }
}

/** The texts of some columns; null for NULL and for what the row does not have. */
export function valuesOf(row: AuditRow, columns: readonly string[]): readonly (string | null)[] {
  return columns.map((column) => row[column] ?? null);
}

/** The values of the key columns (Oracle notes §1.4). */
export function keyValuesOf(row: AuditRow): readonly (string | null)[] {
  return valuesOf(row, KEY_COLUMNS);
}

/** Keys with the number that a row has among rows of equal key: no two rows of a branch have the same. */
export function* numberedKeysOf(rows: Iterable<AuditRow>): Generator<string> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    const ordinal = counts.get(key) ?? 0;
    counts.set(key, ordinal + 1);
    yield `${key}#${ordinal}`;
  }
}

/** SYS_EXTRACT_UTC(SYSTIMESTAMP) of the database, with six fraction digits. */
export function clockText(site: Site, now: number): string {
  return timestampText(siteClock(site, now));
}

/** The four numbers by which a ledger is compared (Oracle notes §2.4, reconcile), of a minute, an hour or a day. */
export interface PeriodSums {
  readonly period: string;
  readonly count: bigint;
  readonly entries: bigint;
  readonly sessions: bigint;
  readonly times: bigint;
}

const PERIOD_LENGTHS = { minute: 16, hour: 13, day: 10 } as const;
const SESSION_MODULUS = 1_000_003n;

export function summarizeRows(rows: Iterable<AuditRow>, unit: keyof typeof PERIOD_LENGTHS): readonly PeriodSums[] {
  const length = PERIOD_LENGTHS[unit];
  const periods = new Map<string, { count: bigint; entries: bigint; sessions: bigint; times: bigint }>();
  for (const row of rows) {
    const time = row.EVENT_TIMESTAMP_UTC;
    const period = time.slice(0, length);
    const sums = periods.get(period) ?? { count: 0n, entries: 0n, sessions: 0n, times: 0n };
    sums.count += 1n;
    sums.entries += BigInt(row.ENTRY_ID ?? 0);
    sums.sessions += BigInt(row.SESSIONID ?? 0) % SESSION_MODULUS;
    sums.times += BigInt(time.slice(17, 19) + time.slice(20, 26));
    periods.set(period, sums);
  }
  return [...periods].map(([period, sums]) => ({ period, ...sums }));
}
