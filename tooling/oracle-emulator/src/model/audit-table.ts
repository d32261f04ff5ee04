/** AUD$UNIFIED of one container: range partitions by EVENT_TIMESTAMP with an interval (Oracle notes §§1.1, 2.2). */
import { type AuditRow, timestampMilliseconds, timestampText } from "./audit-row.ts";

export type IntervalUnit = "YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND";

export interface PartitionInterval {
  readonly number: number;
  readonly unit: IntervalUnit;
}

/** Rows in the order in which they became visible; bounded, so that adding to the last one is cheap. */
interface RowChunk {
  readonly rows: readonly AuditRow[];
  /** The least and the greatest EVENT_TIMESTAMP_UTC in it. */
  readonly earliest: string;
  readonly latest: string;
}

export interface Partition {
  /** AUD_UNIFIED_P0, SYS_P181, … */
  readonly name: string;
  /** Its rows are from here on … */
  readonly lowValue: string;
  /** … and before this moment: `YYYY-MM-DD HH24:MI:SS.FF6`, UTC. */
  readonly highValue: string;
  /** INTERVAL of DBA_TAB_PARTITIONS: made by itself, not by a definition. */
  readonly isInterval: boolean;
  readonly chunks: readonly RowChunk[];
  readonly rowCount: number;
}

export interface AuditTable {
  /** By their high values, rising. */
  readonly partitions: readonly Partition[];
  readonly interval: PartitionInterval;
  /** Partitions from here on are made by the interval, counted from this moment. */
  readonly transition: string;
  /** Of the partition that was made last, for its name. */
  readonly lastPartition: number;
}

/** Half-open: from inclusive, to exclusive; both as EVENT_TIMESTAMP_UTC. */
export interface TimeBounds {
  readonly from?: string;
  readonly to?: string;
}

/** Sorts before every time. */
const BEGINNING = "";
/** What the first partition is bounded by, as Oracle's script makes the table. */
const FIRST_HIGH_VALUE = "2014-07-01 00:00:00.000000";
const CHUNK_ROWS = 512;

export function emptyTable(interval: PartitionInterval): AuditTable {
  const first: Partition = {
    name: "AUD_UNIFIED_P0",
    lowValue: BEGINNING,
    highValue: FIRST_HIGH_VALUE,
    isInterval: false,
    chunks: [],
    rowCount: 0,
  };
  return { partitions: [first], interval, transition: FIRST_HIGH_VALUE, lastPartition: 180 };
}

/** Each row goes into the partition of its time; one that is missing is made. */
export function insertRows(table: AuditTable, rows: readonly AuditRow[]): AuditTable {
  let changed = table;
  for (let begin = 0; begin < rows.length; ) {
    const time = rows[begin]?.EVENT_TIMESTAMP_UTC ?? BEGINNING;
    changed = withPartitionFor(changed, time);
    const index = partitionIndex(changed.partitions, time);
    const partition = changed.partitions[index];
    if (!partition) throw new Error(`oracle-emulator: no partition for ${time}`);
    let end = begin + 1;
    while (end < rows.length && holds(partition, rows[end]?.EVENT_TIMESTAMP_UTC ?? BEGINNING)) end += 1;
    const added = addToPartition(partition, rows.slice(begin, end));
    changed = { ...changed, partitions: changed.partitions.with(index, added) };
    begin = end;
  }
  return changed;
}

function holds({ lowValue, highValue }: Partition, time: string): boolean {
  return time >= lowValue && time < highValue;
}

/** Of the first partition that ends after the time; behind the last one when there is none. */
function partitionIndex(partitions: readonly Partition[], time: string): number {
  let low = 0;
  let high = partitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((partitions[middle]?.highValue ?? BEGINNING) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function withPartitionFor(table: AuditTable, time: string): AuditTable {
  const index = partitionIndex(table.partitions, time);
  const found = table.partitions[index];
  if (found && holds(found, time)) return table;
  const { from, to } = intervalAround(table, time);
  const lastPartition = table.lastPartition + 1;
  const made: Partition = {
    name: `SYS_P${lastPartition}`,
    lowValue: from,
    highValue: to,
    isInterval: true,
    chunks: [],
    rowCount: 0,
  };
  return { ...table, lastPartition, partitions: table.partitions.toSpliced(index, 0, made) };
}

const MILLISECONDS: Readonly<Record<Exclude<IntervalUnit, "YEAR" | "MONTH">, number>> = {
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1000,
};

function intervalAround({ interval, transition }: AuditTable, time: string): Required<TimeBounds> {
  const { number, unit } = interval;
  if (unit === "YEAR" || unit === "MONTH") {
    const months = unit === "YEAR" ? 12 * number : number;
    let passed = monthsBetween(transition, time);
    if (addMonths(transition, passed) > time) passed -= 1;
    const begin = Math.floor(passed / months) * months;
    return { from: addMonths(transition, begin), to: addMonths(transition, begin + months) };
  }
  const anchor = timestampMilliseconds(transition);
  const step = number * MILLISECONDS[unit];
  const begin = anchor + Math.floor((timestampMilliseconds(time) - anchor) / step) * step;
  return { from: timestampText(begin), to: timestampText(begin + step) };
}

function monthsBetween(from: string, to: string): number {
  return 12 * (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) + (Number(to.slice(5, 7)) - Number(from.slice(5, 7)));
}

/** A transition on a day that not every month has is refused by Oracle, so days need no care. */
function addMonths(time: string, months: number): string {
  const month = 12 * Number(time.slice(0, 4)) + Number(time.slice(5, 7)) - 1 + months;
  const date = [String(Math.floor(month / 12)).padStart(4, "0"), String((month % 12) + 1).padStart(2, "0")].join("-");
  return date + time.slice(7);
}

function addToPartition(partition: Partition, rows: readonly AuditRow[]): Partition {
  const chunks = [...partition.chunks];
  const last = chunks.at(-1);
  let taken = 0;
  if (last && last.rows.length < CHUNK_ROWS) {
    taken = Math.min(CHUNK_ROWS - last.rows.length, rows.length);
    chunks[chunks.length - 1] = chunkOf([...last.rows, ...rows.slice(0, taken)]);
  }
  for (; taken < rows.length; taken += CHUNK_ROWS) chunks.push(chunkOf(rows.slice(taken, taken + CHUNK_ROWS)));
  return { ...partition, chunks, rowCount: partition.rowCount + rows.length };
}

function chunkOf(rows: readonly AuditRow[]): RowChunk {
  let earliest = rows[0]?.EVENT_TIMESTAMP_UTC ?? BEGINNING;
  let latest = earliest;
  for (const { EVENT_TIMESTAMP_UTC: time } of rows) {
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
  }
  return { rows, earliest, latest };
}

/** Removes the rows of which `isGone` says so. */
export function removeRows(table: AuditTable, isGone: (row: AuditRow) => boolean, bounds: TimeBounds = {}): AuditTable {
  const partitions = table.partitions.map((partition) => {
    if (!overlaps(partition.lowValue, partition.highValue, bounds)) return partition;
    const chunks = partition.chunks.flatMap((chunk) => {
      if (!overlaps(chunk.earliest, chunk.latest, bounds)) return [chunk];
      const kept = chunk.rows.filter((row) => !(isWithin(row, bounds) && isGone(row)));
      if (kept.length === chunk.rows.length) return [chunk];
      return kept.length === 0 ? [] : [chunkOf(kept)];
    });
    const rowCount = chunks.reduce((sum, { rows }) => sum + rows.length, 0);
    return rowCount === partition.rowCount ? partition : { ...partition, chunks, rowCount };
  });
  return { ...table, partitions };
}

/** What is defined by range stays, emptied: an interval needs one to be counted from (ORA-14758). */
export function dropPartition(table: AuditTable, name: string): AuditTable {
  const partitions = table.partitions.flatMap((partition) => {
    if (partition.name !== name) return [partition];
    return partition.isInterval ? [] : [{ ...partition, chunks: [], rowCount: 0 }];
  });
  return { ...table, partitions };
}

/** ALTER TABLE … SET INTERVAL: what is there becomes defined by range, the new interval counts from the last end. */
export function setInterval(table: AuditTable, interval: PartitionInterval): AuditTable {
  const partitions = table.partitions.map((partition, index) => ({
    ...partition,
    lowValue: table.partitions[index - 1]?.highValue ?? BEGINNING,
    isInterval: false,
  }));
  return { ...table, partitions, interval, transition: partitions.at(-1)?.highValue ?? table.transition };
}

/** Prunes partitions and chunks; in the order of the partitions, and in each of becoming visible. */
export function* rowsBetween(table: AuditTable, bounds: TimeBounds = {}): Generator<AuditRow> {
  for (const partition of table.partitions) {
    if (!overlaps(partition.lowValue, partition.highValue, bounds)) continue;
    for (const chunk of partition.chunks) {
      if (!overlaps(chunk.earliest, chunk.latest, bounds)) continue;
      const isWhole = isAfter(chunk.earliest, bounds) && isBefore(chunk.latest, bounds);
      for (const row of chunk.rows) if (isWhole || isWithin(row, bounds)) yield row;
    }
  }
}

function overlaps(earliest: string, latest: string, { from, to }: TimeBounds): boolean {
  return (from === undefined || latest >= from) && (to === undefined || earliest < to);
}

function isAfter(time: string, { from }: TimeBounds): boolean {
  return from === undefined || time >= from;
}

function isBefore(time: string, { to }: TimeBounds): boolean {
  return to === undefined || time < to;
}

export function isWithin({ EVENT_TIMESTAMP_UTC: time }: AuditRow, bounds: TimeBounds): boolean {
  return isAfter(time, bounds) && isBefore(time, bounds);
}
