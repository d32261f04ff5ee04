import type { PolicyState } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { fingerprint } from "./fingerprint.ts";
import { DBA_ROLE } from "./names.ts";
import type { PolicyFacts } from "./policy-facts.ts";
import { lockPolicy, unlockPolicy } from "./policy-record.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import type { Step } from "./step.ts";

/**
 * Locks one instance's policy as it is now, or unlocks it. Empty when it is in that state.
 * @param elsewhere specifications of databases whose primary is another instance of the resource
 */
export function planPolicy(
  { policy: facts, record, dbaRole }: ProvisionFacts,
  policy: PolicyState,
  elsewhere: PolicyFacts["databases"],
): readonly Step[] {
  const databases = new Map([...elsewhere, ...facts.databases]);
  const change = policy === "locked" ? lockPolicy(fingerprint({ ...facts, databases })) : unlockPolicy();
  const wanted = policy === "locked" ? "DENY" : "GRANT";
  const isRight = !dbaRole.exists || dbaRole.permission === wanted;
  return [...(record?.policy === policy ? [] : [change]), ...(isRight ? [] : [dbaPermission(policy)])];
}

/** DENY outweighs every grant but that of sysadmin; GRANT takes the DENY away (SQL Server notes §7.1). */
export function dbaPermission(policy: PolicyState): Step {
  const verb = policy === "locked" ? "DENY" : "GRANT";
  return {
    what: `${verb === "DENY" ? "deny" : "let"} ${DBA_ROLE} ALTER ANY SERVER AUDIT`,
    sql: `${verb} ALTER ANY SERVER AUDIT TO ${quoteName(DBA_ROLE)};`,
  };
}
