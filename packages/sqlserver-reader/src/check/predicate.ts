import type { CheckFinding } from "@das/core";
import { about, nameSome } from "./finding.ts";
import { type PredicateTerm, readPredicate } from "./predicate-terms.ts";
import type { ServerAudit } from "./server-audits.ts";
import { changeAudit, quoteText } from "./statement.ts";

/** Groups that record what the reader itself does: each poll would make rows for the next (SQL Server notes §4.4). */
const GROUPS_OF_STATEMENTS: ReadonlySet<string> = new Set([
  "SCHEMA_OBJECT_ACCESS_GROUP",
  "DATABASE_OBJECT_ACCESS_GROUP",
  "BATCH_STARTED_GROUP",
  "BATCH_COMPLETED_GROUP",
  "TRANSACTION_GROUP",
  "TRANSACTION_BEGIN_GROUP",
  "TRANSACTION_COMMIT_GROUP",
]);
/** One row or two for each of its connections: no loop, but rows that nobody wants. */
const GROUPS_OF_LOGINS: ReadonlySet<string> = new Set(["SUCCESSFUL_LOGIN_GROUP", "LOGOUT_GROUP"]);

const HIDING = new Set(["<>", "!="]);

/**
 * Does the audit leave the reader's own work out, and nothing else?
 * @param auditedActions what the specifications attached to this audit record
 */
export function judgePredicate(audit: ServerAudit, reader: string, auditedActions: readonly string[]): CheckFinding {
  const { ok, warning } = about(
    `predicate.${audit.name}`,
    "What the predicate hides nobody will see: it should hide the reader's own polls, by the login that connected",
  );
  const wanted = `[session_server_principal_name] <> ${quoteText(reader)}`;
  const repair = changeAudit(audit.name, `WHERE ${wanted}`);
  if (audit.predicate === "") return judgeMissingPredicate(audit, reader, auditedActions, repair);
  const terms = readPredicate(audit.predicate);
  if (!terms) return warning(`it cannot be told whom the predicate of ${audit.name} hides: ${audit.predicate}`, repair);
  const isImpersonated = (term: PredicateTerm) => hides(term, "server_principal_name", reader);
  const more = terms.filter((term) => !hides(term, "session_server_principal_name", reader) && !isImpersonated(term));
  if (more.length > 0) {
    const hidden = nameSome(more.map(({ text }) => text));
    return warning(`the predicate of ${audit.name} hides more than the reader: ${hidden}`, repair);
  }
  if (terms.some(isImpersonated)) {
    const what = `the predicate of ${audit.name} goes by server_principal_name, so it also hides`;
    return warning(`${what} whoever takes the reader's part with EXECUTE AS`, repair);
  }
  return ok(`the predicate of ${audit.name} hides ${reader} and nobody else`);
}

function judgeMissingPredicate(
  { name }: ServerAudit,
  reader: string,
  auditedActions: readonly string[],
  repair: string,
): CheckFinding {
  const { ok, warning, failure } = about(
    `predicate.${name}`,
    "Each poll makes audit rows, which the next poll reads: the files fill with the reader's own work and push out the rest",
  );
  const found = (groups: ReadonlySet<string>) => [...new Set(auditedActions.filter((action) => groups.has(action)))];
  const statements = found(GROUPS_OF_STATEMENTS);
  const logins = found(GROUPS_OF_LOGINS);
  const groups = nameSome([...statements, ...logins]);
  if (statements.length > 0)
    return failure(`${name} has no predicate and records each poll of ${reader} (${groups})`, repair);
  if (logins.length > 0)
    return warning(`${name} has no predicate and records each login of ${reader} (${groups})`, repair);
  return ok(`${name} has no predicate; nothing that it audits now records ${reader}`);
}

function hides(term: PredicateTerm, field: string, reader: string): boolean {
  return term.field === field && HIDING.has(term.operator) && term.literal.toLowerCase() === reader.toLowerCase();
}
