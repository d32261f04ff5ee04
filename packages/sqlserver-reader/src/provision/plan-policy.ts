import type { PolicyState } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { fingerprint } from "./fingerprint.ts";
import { healProgram } from "./heal-program.ts";
import { planTrigger, SOUND_TRIGGER } from "./lock-trigger.ts";
import { DBA_ROLE, HEAL } from "./names.ts";
import type { PolicyFacts } from "./policy-facts.ts";
import { lockPolicy, unlockPolicy } from "./policy-record.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import { isSound, replaceSigned } from "./signed-procedure.ts";
import type { Step } from "./step.ts";

/**
 * Locks one instance's policy as it is now, or unlocks it. Empty when it is in that state.
 * @param elsewhere specifications of databases whose primary is another instance of the resource
 */
export function planPolicy(
  { policy: facts, record, dbaRole, installed: { heal } }: ProvisionFacts,
  policy: PolicyState,
  elsewhere: PolicyFacts["databases"],
): readonly Step[] {
  const wanted = policy === "locked" ? "DENY" : "GRANT";
  const isRight = !dbaRole.exists || dbaRole.permission === wanted;
  const permission = isRight ? [] : [dbaPermission(policy)];
  if (record?.policy === policy) return permission;
  if (policy === "unlocked") return [unlockPolicy(), ...permission];
  const recorded: PolicyFacts = { ...facts, ...SOUND_TRIGGER, databases: new Map([...elsewhere, ...facts.databases]) };
  const program = healProgram(recorded);
  return [
    ...(isSound(heal, program) ? [] : replaceSigned(HEAL, heal, program)),
    lockPolicy(fingerprint(recorded)),
    ...planTrigger(facts, false),
    ...permission,
  ];
}

/** DENY outweighs every grant but that of sysadmin; GRANT takes the DENY away (SQL Server notes §7.1). */
export function dbaPermission(policy: PolicyState): Step {
  const verb = policy === "locked" ? "DENY" : "GRANT";
  return {
    what: `${verb === "DENY" ? "deny" : "let"} ${DBA_ROLE} ALTER ANY SERVER AUDIT`,
    sql: `${verb} ALTER ANY SERVER AUDIT TO ${quoteName(DBA_ROLE)};`,
  };
}
