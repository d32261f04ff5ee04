import type { CheckFinding } from "@das/core";
import { about } from "./finding.ts";
import type { ServerAudit } from "./server-audits.ts";
import { changeAudit } from "./statement.ts";

/** Milliseconds; the default and, but for 0, the least that the server takes. */
const QUEUE_DELAY = 1000;

export function judgeQueueDelay({ name, queueDelay }: ServerAudit): CheckFinding {
  const { ok, warning } = about(
    `queue-delay.${name}`,
    "QUEUE_DELAY 0 makes every audited statement wait for the disk; a long one makes every event late",
  );
  const repair = changeAudit(name, `WITH (QUEUE_DELAY = ${QUEUE_DELAY})`);
  if (queueDelay === 0) return warning(`QUEUE_DELAY of ${name} is 0: statements wait for the audit`, repair);
  if (queueDelay > QUEUE_DELAY) {
    return warning(`QUEUE_DELAY of ${name} is ${queueDelay} ms: events come that much later`, repair);
  }
  return ok(`QUEUE_DELAY of ${name} is ${queueDelay} ms`);
}

const PRICES: ReadonlyMap<string, string> = new Map([
  ["SHUTDOWN", "the server stops"],
  ["FAIL_OPERATION", "audited statements fail"],
]);

export function judgeOnFailure({ name, onFailure }: ServerAudit): CheckFinding {
  const { ok, warning } = about(
    `on-failure.${name}`,
    "With CONTINUE the database goes on when the audit cannot write, and the loss is told on the stream",
  );
  const repair = changeAudit(name, "WITH (ON_FAILURE = CONTINUE)");
  const setting = `ON_FAILURE of ${name} is ${onFailure}`;
  if (onFailure === "CONTINUE") return ok(setting);
  return warning(`${setting}: ${PRICES.get(onFailure) ?? "something fails"} when the audit cannot write`, repair);
}

/** MAXSIZE and MAX_ROLLOVER_FILES as provisioned (SQL Server notes §6.1). */
const LIMITS = "MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200";

export function judgeFileLimits(audit: ServerAudit): CheckFinding {
  const { name, maxSize, maxRolloverFiles, maxFiles } = audit;
  const { ok, warning, failure } = about(
    `file-limits.${name}`,
    "A full disk loses audited activity, and so does a set of files that may not roll over",
  );
  if (maxFiles !== undefined) {
    return failure(
      `MAX_FILES of ${name} is ${maxFiles}: when they are full, audited actions fail`,
      changeAudit(name, `TO FILE (MAX_ROLLOVER_FILES = ${Math.max(maxFiles, 200)})`),
    );
  }
  const unlimited = [
    ...(maxSize === undefined ? ["MAXSIZE"] : []),
    ...(maxRolloverFiles === undefined ? ["MAX_ROLLOVER_FILES"] : []),
  ];
  if (unlimited.length > 0) {
    const what = `${unlimited.join(" and ")} of ${name} ${unlimited.length > 1 ? "are" : "is"} UNLIMITED`;
    return warning(`${what}: the files grow until the disk is full`, changeAudit(name, `TO FILE (${LIMITS})`));
  }
  return ok(`${name} keeps ${maxRolloverFiles} files of ${maxSize} MB besides the current one`);
}

export function judgeReservation({ name, reservesDiskSpace }: ServerAudit): CheckFinding {
  const { ok, warning } = about(
    `reserve-disk-space.${name}`,
    "A file that takes MAXSIZE at once shows no size to tell its growth by, and cannot be made on a disk almost full",
  );
  if (!reservesDiskSpace) return ok(`RESERVE_DISK_SPACE of ${name} is OFF`);
  return warning(`RESERVE_DISK_SPACE of ${name} is ON`, changeAudit(name, "TO FILE (RESERVE_DISK_SPACE = OFF)"));
}
