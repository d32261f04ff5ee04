import type { CheckFinding } from "@das/core";
import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, count } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import { grant } from "./statement.ts";

/** Lines of the current error log about failed audits. */
export interface ErrorLogFacts {
  readonly failures: number;
  /** UTC or the server's local time, as the log has it; undefined without a line. */
  readonly latest: string | undefined;
}

/** Messages 33202, 33206, 33244 and 33245 begin so (SQL Server notes §3); not verified on a server. */
const FAILED_AUDITS = "EXEC sys.xp_readerrorlog 0, 1, N'SQL Server Audit failed'";

export async function lookAtErrorLog(inquiry: Inquiry): Promise<Answer<ErrorLogFacts>> {
  return mapAnswer(await inquiry.ask(FAILED_AUDITS), (rows) => {
    const times = rows.map(([time]) => (time instanceof Date ? time.toISOString().slice(0, 19) : textOf(time))).sort();
    return { failures: rows.length, latest: times.at(-1)?.replace("T", " ") };
  });
}

/** A write that failed stands nowhere else: the audit's status stays STARTED (SQL Server notes §3). */
export function judgeErrorLog(log: Answer<ErrorLogFacts>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "error-log",
    "A failed write of an audit is told in the server's error log only: where it cannot be read, this loss shows nowhere",
  );
  if (!log.known) {
    return warning(`the error log cannot be read (${log.reason})`, log.refused ? permission(instance) : undefined);
  }
  const { failures, latest } = log.value;
  if (failures === 0) return ok("the error log tells of no audit that failed");
  return failure(
    `the error log tells of ${count(failures, "failure")} of audits, the latest at ${latest} (server time)`,
    "EXEC sys.xp_readerrorlog 0, 1, N'SQL Server Audit failed'; -- repair what it names",
  );
}

/** securityadmin would do as well, but may make itself sysadmin. */
function permission(instance: InstanceFacts): string {
  return grant(hasSplitRights(instance) ? "VIEW ANY ERROR LOG" : "EXECUTE ON sys.xp_readerrorlog", instance.login);
}
