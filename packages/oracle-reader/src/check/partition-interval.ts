import type { CheckFinding } from "@das/core";
import type { Answer } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { type CurrentPartition, currentPartition, type Pace, type Partition, usualInterval } from "./partitions.ts";
import { block } from "./statement.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rows: 100 a second by the hour (Oracle notes §2.2). More, and each poll takes too long to be near the present. */
const MOST_ROWS = 360_000;

/** Longest first. */
const INTERVALS = [
  { number: 1, unit: "DAY", length: DAY },
  { number: 6, unit: "HOUR", length: 6 * HOUR },
  { number: 1, unit: "HOUR", length: HOUR },
  { number: 15, unit: "MINUTE", length: 15 * MINUTE },
  { number: 5, unit: "MINUTE", length: 5 * MINUTE },
  { number: 1, unit: "MINUTE", length: MINUTE },
] as const;

/** What is younger than this tells no pace: milliseconds. */
const LEAST_SPAN = 10 * MINUTE;

/** Does one partition hold more rows than a poll should have to read? */
export function judgePartitionInterval(
  partitions: Answer<readonly Partition[]>,
  pace: Answer<Pace>,
  instance: InstanceFacts,
): CheckFinding {
  const { ok, warning } = about(
    "partition-interval",
    "The table has no index: each poll reads all of the current partition, however few rows of it are new",
  );
  if (!partitions.known) {
    const repair = partitions.refused ? grantHere("READ ON SYS.DBA_TAB_PARTITIONS", instance) : undefined;
    return warning(`the partitions of AUDSYS.AUD$UNIFIED cannot be looked at (${partitions.reason})`, repair);
  }
  if (!pace.known) return warning(`how fast the table fills cannot be looked at (${pace.reason})`);
  const { now } = pace.value;
  const current = currentPartition(partitions.value, now, usualInterval(instance));
  const perMillisecond = busiest(pace.value);
  if (!current || now - pace.value.from < LEAST_SPAN) {
    if (perMillisecond * HOUR <= MOST_ROWS)
      return ok(`the table fills with ${rate(perMillisecond)}: no partition is large`);
    return warning(
      `the table fills with ${rate(perMillisecond)}, in partitions of unknown length`,
      statement(perMillisecond),
    );
  }
  const expected = perMillisecond * (current.end - current.start);
  const what = `a partition spans ${span(current)} and holds some ${rounded(expected)} rows at ${rate(perMillisecond)}; counting the current one took ${(pace.value.took / SECOND).toFixed(1)} s`;
  if (expected <= MOST_ROWS) return ok(what);
  return warning(what, statement(perMillisecond));
}

/** Rows per millisecond: the pace of the last hour or of the whole partition, whichever is higher. */
function busiest({ rows, recent, from, now }: Pace): number {
  return Math.max(rows / Math.max(1, now - from), recent / HOUR);
}

/** The longest interval that stays small; at most a day, so that purging drops whole partitions. */
function statement(perMillisecond: number): string {
  const fitting =
    INTERVALS.find(({ length }) => perMillisecond * length <= MOST_ROWS) ?? INTERVALS[INTERVALS.length - 1];
  const { number, unit } = fitting ?? INTERVALS[0];
  return [
    "-- in force when the current partition ends; then gather statistics",
    block(
      "DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(",
      `  interval_number => ${number}, interval_frequency => '${unit}');`,
    ),
  ].join("\n");
}

function span({ start, end }: CurrentPartition): string {
  const length = end - start;
  if (length >= 2 * DAY) return `${Math.round(length / DAY)} days`;
  if (length >= 2 * HOUR) return `${Math.round(length / HOUR)} hours`;
  return length >= MINUTE ? `${Math.round(length / MINUTE)} minutes` : `${Math.round(length / SECOND)} seconds`;
}

function rate(perMillisecond: number): string {
  const perSecond = perMillisecond * SECOND;
  return perSecond >= 1 ? `${rounded(perSecond)} rows a second` : `${rounded(perMillisecond * HOUR)} rows an hour`;
}

function rounded(number: number): string {
  return number < 1_000 ? String(Math.round(number)) : Number(number.toPrecision(2)).toLocaleString("en-US");
}
