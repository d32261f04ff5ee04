import type { CheckFinding } from "@das/core";
import { textOf } from "../instance.ts";
import type { SqlValue } from "../row.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, count } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import { grant, grantInMaster } from "./statement.ts";

/** Entries of the current error log about writes and files of audits that failed. */
export interface ErrorLogFacts {
  readonly failures: number;
  /** The server's local time, to the second; undefined without an entry. */
  readonly latest: string | undefined;
}

/** Each has a line with its number, whatever language the log is in; the text is not looked at (SQL Server notes §3). */
const NUMBERS = /\b(33202|33206|33244|33245)\b/;
/** What the four have in common, so that little else comes over the wire. Columns LogDate, ProcessInfo, Text; undocumented. */
const ENTRIES = "EXEC sys.xp_readerrorlog 0, 1, N'332'";

export async function lookAtErrorLog(inquiry: Inquiry): Promise<Answer<ErrorLogFacts>> {
  return mapAnswer(await inquiry.ask(ENTRIES), (rows) => {
    const times = rows.filter(([, , text]) => NUMBERS.test(textOf(text))).map(([time]) => timeOf(time));
    return { failures: times.length, latest: times.sort().at(-1) };
  });
}

function timeOf(value: SqlValue | undefined): string {
  return (value instanceof Date ? value.toISOString() : textOf(value)).slice(0, 19).replace("T", " ");
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
    `the error log tells of ${count(failures, "failed write")} of audits, the latest at ${latest} (server time)`,
    `${ENTRIES}; -- and repair what it names: a full disk, a path that is gone`,
  );
}

/** securityadmin would do as well, but may make itself sysadmin. */
function permission(instance: InstanceFacts): string {
  return hasSplitRights(instance)
    ? grant("VIEW ANY ERROR LOG", instance.login)
    : grantInMaster("EXECUTE ON sys.xp_readerrorlog", instance.login);
}
