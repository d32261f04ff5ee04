import { TRAIL_TABLE } from "../statements.ts";
import { type Answer, answered, type Inquiry, mapAnswer, notKnown, textOf } from "./answer.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { type ClockFacts, epochMilliseconds, sqlTime } from "./server-clock.ts";

/** One partition of AUD$UNIFIED. */
export interface Partition {
  readonly name: string;
  /** Milliseconds since 1970, UTC, exclusive. */
  readonly end: number;
  /** Made by itself, for a row; the first one was there before any. */
  readonly isInterval: boolean;
  /** When its statistics were gathered, by the server's own zone; undefined: never. */
  readonly analyzed: string | undefined;
}

/** By their ends. HIGH_VALUE is an expression: `TIMESTAMP' 2026-12-01 00:00:00'`. */
const PARTITIONS = `SELECT p.partition_name, p.high_value, p.interval, TO_CHAR(p.last_analyzed, 'YYYY-MM-DD HH24:MI:SS')
FROM   sys.dba_tab_partitions p
WHERE  p.table_owner = 'AUDSYS' AND p.table_name = 'AUD$UNIFIED'`;

export async function lookAtPartitions(inquiry: Inquiry): Promise<Answer<readonly Partition[]>> {
  return mapAnswer(await inquiry.ask(PARTITIONS), (rows) =>
    rows
      .map(([name, highValue, interval, analyzed]) => ({
        name: textOf(name),
        end: endOf(textOf(highValue)),
        isInterval: textOf(interval) === "YES",
        analyzed: analyzed ?? undefined,
      }))
      .sort((a, b) => a.end - b.end),
  );
}

/** Of MAXVALUE there is none. */
function endOf(highValue: string): number {
  const time = /\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/.exec(highValue)?.[0];
  return time === undefined ? Number.POSITIVE_INFINITY : epochMilliseconds(time);
}

/** The partition that a moment falls into, where it begins and ends. Milliseconds. */
export interface CurrentPartition {
  readonly start: number;
  readonly end: number;
}

/**
 * undefined: there is no partition for that moment yet, or one without an end.
 * @param usual the release's own interval, in milliseconds: for a table that has had one partition so far
 */
export function currentPartition(
  partitions: readonly Partition[],
  now: number,
  usual: number,
): CurrentPartition | undefined {
  const index = partitions.findIndex(({ end }) => end > now);
  const current = partitions[index];
  if (!current || current.end === Number.POSITIVE_INFINITY) return undefined;
  const earliest = partitions[index - 1]?.end ?? Number.NEGATIVE_INFINITY;
  // Partitions are made when a row comes: after a quiet time the one before ends long before this one begins. One that
  // would begin after now is longer than its neighbours: the interval was changed.
  const start = current.end - (shortestLength(partitions) ?? usual);
  return { start: start > earliest && start <= now ? start : Math.max(earliest, now - usual), end: current.end };
}

/** The last few, because the interval may have been another one once. */
const MOST_NEIGHBOURS = 4;

/** Of neighbours the distance of the ends is the interval, or several where one was left out. Milliseconds. */
function shortestLength(partitions: readonly Partition[]): number | undefined {
  const ends = partitions.flatMap(({ end, isInterval }) => (isInterval ? [end] : [])).slice(-MOST_NEIGHBOURS);
  const lengths = ends.slice(1).map((end, index) => end - (ends[index] ?? end));
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}

const DAY = 86_400_000;
const ORACLE_21 = 21;

/** What partitions span that nobody changed: a month, from 21c on a day (Oracle notes §1.1). */
export function usualInterval({ release }: Pick<InstanceFacts, "release">): number {
  return release < ORACLE_21 ? 31 * DAY : DAY;
}

/** How fast the table fills. */
export interface Pace {
  /** Rows since `from`; at least, when there are millions. */
  readonly rows: number;
  /** Of them, rows of the last hour. */
  readonly recent: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly from: number;
  readonly now: number;
  /** Milliseconds: how long the server took to count. One poll takes as long, and more for what it fetches. */
  readonly took: number;
}

const FORMAT = "'YYYY-MM-DD HH24:MI:SS.FF6'";
/** Rows: who counted so many knows enough, and need not scan the rest of a partition that is far too large. */
const MOST_COUNTED = 5_000_000;
/** What one poll scans, too: the bare time on the left prunes. */
const COUNT = `SELECT TO_CHAR(COUNT(*)), TO_CHAR(SUM(CASE WHEN t.event_timestamp >= TO_TIMESTAMP(:recent, ${FORMAT}) THEN 1 ELSE 0 END))
FROM   ${TRAIL_TABLE} t
WHERE  t.event_timestamp >= TO_TIMESTAMP(:lo, ${FORMAT}) AND t.event_timestamp < TO_TIMESTAMP(:hi, ${FORMAT})
AND    ROWNUM <= ${MOST_COUNTED}`;

const HOUR = 3_600_000;

/** Counts the current partition, and at least an hour. */
export async function lookAtPace(
  inquiry: Inquiry,
  partitions: Answer<readonly Partition[]>,
  instance: InstanceFacts,
  clock: Answer<ClockFacts>,
  monotonic: () => number,
): Promise<Answer<Pace>> {
  if (!clock.known) return notKnown(clock.reason);
  const now = clock.value.server;
  const current = partitions.known ? currentPartition(partitions.value, now, usualInterval(instance)) : undefined;
  const from = Math.min(current?.start ?? now, now - HOUR);
  const asked = monotonic();
  const answer = await inquiry.ask(COUNT, { recent: sqlTime(now - HOUR), lo: sqlTime(from), hi: sqlTime(now) });
  if (!answer.known) return answer;
  const [rows, recent] = answer.value[0] ?? [];
  const took = monotonic() - asked;
  return answered({ rows: Number(textOf(rows)), recent: Number(textOf(recent)), from, now, took });
}
