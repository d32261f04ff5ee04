import type { CheckFinding } from "@das/core";
import { AUDIT_CHANGES_NAME } from "../statements.ts";
import type { Answer } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import type { ServerAudit } from "./server-audits.ts";
import type { Specification } from "./specifications.ts";
import { changeSpecification, quoteName } from "./statement.ts";

interface Plan {
  readonly specification: string;
  readonly group: string;
  /** May the group be absent because the users of the stream chose others? */
  readonly isRequired: boolean;
}

/** SQL Server notes §1: the first one is the users' to change, the second one is not. */
const STREAM: Plan = { specification: "RDS_DAS_SERVER_AUDIT_SPEC", group: "FAILED_LOGIN_GROUP", isRequired: false };
const CHANGES: Plan = { specification: "RDS_DAS_CHANGES_AUDIT_SPEC", group: "AUDIT_CHANGE_GROUP", isRequired: true };

/** @param role the name that the audit was asked for by, which may differ from its own */
export function judgeServerSpecification(
  role: string,
  audit: ServerAudit,
  specifications: Answer<readonly Specification[]>,
): CheckFinding {
  const isChanges = role === AUDIT_CHANGES_NAME;
  const plan = isChanges ? CHANGES : STREAM;
  const { ok, warning, failure } = about(
    `server-specification.${audit.name}`,
    isChanges
      ? "It records who changes audits and their specifications: the two audits watch each other"
      : "An audit records what specifications attach to it: failed logins by default, and what its users add",
  );
  if (!specifications.known) return warning(`server specifications cannot be looked at (${specifications.reason})`);
  const attached = specifications.value.find(({ auditGuid }) => auditGuid === audit.guid);
  if (!attached) {
    const misplaced = specifications.value.find(({ name }) => name === plan.specification);
    const place = `FOR SERVER AUDIT ${quoteName(audit.name)}`;
    if (misplaced) {
      const what = `${misplaced.name} is attached to another audit (${misplaced.auditGuid}), not to ${audit.name}`;
      return failure(what, changeSpecification("SERVER", misplaced.name, place));
    }
    return failure(
      `no server specification is attached to ${audit.name}`,
      `USE master;\nCREATE SERVER AUDIT SPECIFICATION ${quoteName(plan.specification)}\n  ${place}\n  ADD (${plan.group}) WITH (STATE = ON);`,
    );
  }
  if (!attached.enabled) {
    const statement = `ALTER SERVER AUDIT SPECIFICATION ${quoteName(attached.name)} WITH (STATE = ON);`;
    return failure(`${attached.name} of ${audit.name} is switched off`, statement);
  }
  if (plan.isRequired && !attached.actions.includes(plan.group)) {
    const statement = changeSpecification("SERVER", attached.name, `ADD (${plan.group})`);
    return failure(`${attached.name} of ${audit.name} does not record ${plan.group}`, statement);
  }
  return ok(`${attached.name} is on: ${nameSome(attached.actions) || "nothing"}`);
}
