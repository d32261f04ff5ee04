import type { CheckFinding } from "@das/core";
import { LAST_ARCHIVE_TIME } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { type ClockFacts, epochMilliseconds } from "./server-clock.ts";
import { block, quoteText } from "./statement.ts";

/** A line of DBA_AUDIT_MGMT_CLEANUP_JOBS. */
export interface PurgeJob {
  readonly name: string;
  readonly enabled: boolean;
  /** UNIFIED AUDIT TRAIL, ALL AUDIT TRAILS, STANDARD AUDIT TRAIL, … */
  readonly trail: string;
  /** `FREQ=HOURLY;INTERVAL=24` */
  readonly frequency: string;
  readonly usesArchiveTime: boolean;
}

const JOBS = `SELECT j.job_name, j.job_status, j.audit_trail, j.job_frequency, j.use_last_archive_timestamp
FROM   sys.dba_audit_mgmt_cleanup_jobs j
ORDER BY j.job_name`;

export async function lookAtPurgeJobs(inquiry: Inquiry): Promise<Answer<readonly PurgeJob[]>> {
  return mapAnswer(await inquiry.ask(JOBS), (rows) =>
    rows.map(([name, status, trail, frequency, usesArchiveTime]) => ({
      name: textOf(name),
      enabled: textOf(status) === "ENABLED",
      trail: textOf(trail),
      frequency: textOf(frequency),
      usesArchiveTime: textOf(usesArchiveTime) !== "NO",
    })),
  );
}

/** Up to when the unified trail may be purged; undefined: nobody ever said. UTC, to the microsecond. */
export async function lookAtArchiveTime(
  inquiry: Inquiry,
  ids: { readonly dbid: string; readonly containerDbid: string },
): Promise<Answer<string | undefined>> {
  const answer = await inquiry.ask(LAST_ARCHIVE_TIME, { dbid: ids.dbid, con_dbid: ids.containerDbid });
  return mapAnswer(answer, ([row]) => row?.[0] ?? undefined);
}

/** Is the unified trail among what a job deletes? From 26ai on table and files have names of their own. */
function isOfTrail({ trail }: PurgeJob): boolean {
  return trail.startsWith("UNIFIED AUDIT TRAIL") || trail === "ALL AUDIT TRAILS";
}

/** Does something delete rows whether they were published or not, or does nothing delete any? */
export function judgePurgeJobs(jobs: Answer<readonly PurgeJob[]>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "purge-jobs",
    "Nothing brings purged rows back: a job may delete only what is older than the archive timestamp; without any the trail grows",
  );
  if (!jobs.known) {
    const repair = jobs.refused ? grantHere("READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS", instance) : undefined;
    return warning(`the jobs that purge the trail cannot be looked at (${jobs.reason})`, repair);
  }
  const active = jobs.value.filter((job) => job.enabled && isOfTrail(job));
  const reckless = active.filter(({ usesArchiveTime }) => !usesArchiveTime);
  if (reckless.length > 0) {
    return failure(
      `${nameSome(reckless.map(({ name }) => name))} deletes all of the trail, published or not`,
      [
        block(...reckless.map(({ name }) => `DBMS_AUDIT_MGMT.DROP_PURGE_JOB(${quoteText(name)});`)),
        ...(active.length > reckless.length ? [] : [PURGE_JOB]),
      ].join("\n"),
    );
  }
  if (active.length > 0) {
    const names = active.map(({ name, frequency }) => (frequency === "" ? name : `${name} (${frequency})`));
    return ok(`${nameSome(names)} deletes what is older than the archive timestamp`);
  }
  if (instance.role !== "PRIMARY") return ok("no job purges the trail: on a standby none would run");
  return warning("no job purges the trail: it grows until its tablespace is full", PURGE_JOB);
}

const PURGE_JOB = [
  "-- every day what is older than the archive timestamp,",
  "-- which the publisher (purgeAfterHours) or you advance",
  block("DBMS_AUDIT_MGMT.CREATE_PURGE_JOB(", "  DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, 24, 'DAS_PURGE', TRUE);"),
].join("\n");

const HOUR = 3_600_000;

/** Hours: what fails in the evening is repaired in the morning, and a second consumer reads what the first one has. */
const LEAST_RETENTION = 24;

/** May rows be purged that a publisher which was away has not read? Where it reads is on the stream, not in the database. */
export function judgeArchiveTime(
  archiveTime: Answer<string | undefined>,
  jobs: Answer<readonly PurgeJob[]>,
  clock: Answer<ClockFacts>,
  instance: InstanceFacts,
): CheckFinding {
  const { ok, warning, failure } = about(
    "archive-time",
    "What is older than the archive timestamp may be purged at any time, whether a publisher that was away has read it or not",
  );
  if (!archiveTime.known) {
    const repair = archiveTime.refused ? grantHere("READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS", instance) : undefined;
    return warning(`the archive timestamp cannot be looked at (${archiveTime.reason})`, repair);
  }
  const purges = jobs.known && jobs.value.some((job) => job.enabled && isOfTrail(job) && job.usesArchiveTime);
  const time = archiveTime.value;
  if (time === undefined) {
    if (!purges) return ok("no archive timestamp was ever set: nothing may be purged by it");
    // Nor do jobs run there, and from 23ai on the view is empty (Oracle notes §3.1).
    if (instance.role !== "PRIMARY") return ok("a standby shows no archive timestamp, and runs no job that purges");
    return warning("a job purges by the archive timestamp, which nobody ever set: it deletes nothing", SET_TIME);
  }
  if (!clock.known) return warning(`the archive timestamp cannot be compared: no clock (${clock.reason})`);
  const hours = (clock.value.server - epochMilliseconds(time)) / HOUR;
  const at = `${time.slice(0, 19)} UTC`;
  if (hours < 0) return failure(`the archive timestamp ${at} lies in the future: everything may be purged`, SET_TIME);
  if (hours < LEAST_RETENTION) {
    const away = hours < 2 ? `${Math.floor(hours * 60)} minutes` : `${Math.floor(hours)} hours`;
    return warning(`the archive timestamp is ${at}: a publisher that was away for ${away} finds rows gone`, SET_TIME);
  }
  return ok(`rows before ${at} may be purged, ${Math.floor(hours)} hours back`);
}

const SET_TIME = [
  `-- ${LEAST_RETENTION} hours back at least, and not before what the stream has`,
  block(
    "DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(",
    "  DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED,",
    "  SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '72' HOUR);",
  ),
].join("\n");
