import type { CheckFinding } from "@das/core";
import { parseAuditFileName, splitPath } from "../audit-file-name.ts";
import type { Answer } from "./answer.ts";
import type { FolderEntry } from "./audit-folder.ts";
import { about, count } from "./finding.ts";
import { type Retention, retentionOf, type SetFile } from "./retention.ts";
import type { AuditState, ServerAudit } from "./server-audits.ts";
import type { ClockFacts } from "./server-clock.ts";
import { changeAudit } from "./statement.ts";

const MEGABYTE = 1024 * 1024;
const FILETIME_OF_1970 = 116_444_736_000_000_000n;
const MINUTES_PER_DAY = 1440;

/** MAX_ROLLOVER_FILES as provisioned (SQL Server notes §6.1). */
const PROVISIONED_FILES = 200;

/** Minutes: a host that is patched and started again, or somebody who is called and has to log in, takes as long. */
const LEAST_AT_BUSIEST = 30;
/** Minutes: what fails in the evening is seen in the morning; and a day is what a stream itself keeps by default. */
const LEAST_ON_AVERAGE = MINUTES_PER_DAY;

/** How long may the publisher be away before files are deleted that it has not read? */
export function judgeAbsence(
  audit: ServerAudit,
  state: AuditState | undefined,
  listing: Answer<readonly FolderEntry[]>,
  clock: Answer<ClockFacts>,
): CheckFinding {
  const { name, maxSize, maxRolloverFiles, maxFiles } = audit;
  const { ok, warning, failure } = about(
    `retention.${name}`,
    "MAXSIZE times MAX_ROLLOVER_FILES is all that waits for a publisher that is away; what is pushed out is lost",
  );
  if (maxRolloverFiles === undefined || maxFiles !== undefined) {
    return ok(`${name} deletes no file: the publisher may be away until the disk is full`);
  }
  if (maxSize === undefined) {
    const starts = `the server starts or the audit is switched on ${count(maxRolloverFiles, "time")}`;
    return ok(`${name} fills no file: the publisher may be away until the disk is full, or ${starts}`);
  }
  if (!listing.known || !clock.known) {
    return warning(`how long the publisher may be away cannot be told: no list of the files of ${name}`);
  }
  const retention = retentionOf({
    files: setOf(audit, state, listing.value),
    now: FILETIME_OF_1970 + BigInt(Math.round(clock.value.server)) * 10_000n,
    maxSize: maxSize * MEGABYTE,
    maxRolloverFiles,
  });
  if (!retention) {
    const what = `how long the publisher may be away cannot be told yet: the files of ${name} are younger than ten minutes`;
    return warning(what, "Run das check again when the audit has been on under its usual load");
  }
  const what = `the publisher may be away from ${name} for ${words(retention, maxSize * maxRolloverFiles)}`;
  const enough = maxRolloverFiles === 0 ? PROVISIONED_FILES : Math.ceil(maxRolloverFiles * shortage(retention));
  const repair = changeAudit(name, `TO FILE (MAX_ROLLOVER_FILES = ${enough})`);
  const space = `-- takes up to ${volume(enough * maxSize)} in ${audit.directory}\n${repair}`;
  if (retention.busiest < LEAST_AT_BUSIEST) return failure(what, space);
  return retention.average < LEAST_ON_AVERAGE ? warning(what, space) : ok(what);
}

/** By what factor the set is too small. */
function shortage({ average, busiest }: Retention): number {
  return Math.max(LEAST_ON_AVERAGE / average, LEAST_AT_BUSIEST / busiest);
}

/** The audit's own files, oldest first. The status view knows best how much of the current one is written. */
function setOf(audit: ServerAudit, state: AuditState | undefined, entries: readonly FolderEntry[]): readonly SetFile[] {
  const current = splitPath(state?.currentPath ?? "").name.toLowerCase();
  return entries
    .flatMap(({ name, size }) => {
      const file = parseAuditFileName(name);
      if (file?.auditGuid !== audit.guid) return [];
      const isCurrent = name.toLowerCase() === current;
      return [{ fileTime: file.fileTime, size: isCurrent ? (state?.currentSize ?? size) : size }];
    })
    .sort((a, b) => (a.fileTime < b.fileTime ? -1 : 1));
}

function words({ observed, average, busiest }: Retention, megabytes: number): string {
  if (average === Number.POSITIVE_INFINITY) return `as long as it is as quiet as in the last ${duration(observed)}`;
  return `${duration(average)} at the pace of the last ${duration(observed)}, ${duration(busiest)} at its busiest (${volume(megabytes)})`;
}

function duration(minutes: number): string {
  if (minutes < 120) return `${Math.floor(minutes)} minutes`;
  if (minutes < 2 * MINUTES_PER_DAY) return `${Math.floor(minutes / 60)} hours`;
  const days = Math.floor(minutes / MINUTES_PER_DAY);
  return days > 3650 ? "years" : `${days} days`;
}

function volume(megabytes: number): string {
  return megabytes < 1024 ? `${megabytes} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}
