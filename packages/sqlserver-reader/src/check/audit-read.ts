import type { CheckFinding } from "@das/core";
import { READ_PROCEDURE } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import type { AuditState, ServerAudit } from "./server-audits.ts";
import { grant } from "./statement.ts";

/**
 * One row of the exact file, never `*`: a pattern opens every file of the set, and an open file cannot be rolled over
 * (SQL Server notes §3). Nothing audited is asked for. TOP ends the scan here, which is no following of a file.
 */
const FIRST_ROW = "SELECT TOP (1) f.audit_file_offset FROM sys.fn_get_audit_file(@path, NULL, NULL) AS f";

/** The procedure gives all rows, or the names of files that have some: one here, but the server goes through the file. */
const BY_PROCEDURE = `EXEC master.${READ_PROCEDURE} @pattern = @path, @names = 1`;

/** undefined: the audit writes no file now. @param byProcedure through which the reader reads, until 2019 */
export async function lookAtReading(
  inquiry: Inquiry,
  state: AuditState | undefined,
  byProcedure: boolean,
): Promise<Answer<number> | undefined> {
  if (!state || state.currentPath === "") return undefined;
  const statement = byProcedure ? BY_PROCEDURE : FIRST_ROW;
  return mapAnswer(await inquiry.ask(statement, { path: state.currentPath }), (rows) => rows.length);
}

/** Rights in a table are one thing, a row in the hand another. */
export function judgeReading(
  audit: ServerAudit,
  reading: Answer<number> | undefined,
  instance: InstanceFacts,
): readonly CheckFinding[] {
  if (!reading) return [];
  const { ok, failure } = about(`audit-read.${audit.name}`, "Every event is a row of sys.fn_get_audit_file");
  if (reading.known) return [ok(`the current file of ${audit.name} can be read`)];
  const right = hasSplitRights(instance)
    ? grant("VIEW SERVER SECURITY AUDIT", instance.login)
    : `Run das start: it installs ${READ_PROCEDURE}, which reads for ${instance.login}`;
  const repair = reading.refused ? right : undefined;
  return [failure(`the current file of ${audit.name} cannot be read (${reading.reason})`, repair)];
}
