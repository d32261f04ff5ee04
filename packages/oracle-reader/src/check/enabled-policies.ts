import type { CheckFinding } from "@das/core";
import type { Answer } from "./answer.ts";
import { about, count, nameSome } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { ALL_USERS, type Enablement, isPredefined, type Policy } from "./policies.ts";
import { quoteName } from "./statement.ts";
import type { AuditingMode } from "./unified-auditing.ts";

/** ONLY TOPLEVEL came with 19c. */
const ORACLE_19 = 19;

/** A policy that records everything that anybody but the reader does (Oracle notes §5). */
function everything({ release, user }: InstanceFacts): string {
  const scope = release >= ORACLE_19 ? " ONLY TOPLEVEL" : "";
  return [
    "-- or choose what must be seen",
    `CREATE AUDIT POLICY das_all ACTIONS ALL${scope};`,
    `AUDIT POLICY das_all EXCEPT ${quoteName(user)};`,
  ].join("\n");
}

/** Is anything recorded at all beyond what Oracle records always? */
export function judgePolicies(policies: Answer<readonly Policy[]>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "policies",
    "Only what an enabled policy records reaches the stream, and nothing brings the rest back later",
  );
  if (!policies.known) {
    return warning(
      `the enabled audit policies cannot be looked at (${policies.reason})`,
      policies.refused ? grantHere("READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES", instance) : undefined,
    );
  }
  if (policies.value.length === 0) {
    return failure(
      "NO AUDIT POLICY IS ENABLED: no logon, no query and no change reaches the stream, only what Oracle always audits",
      everything(instance),
    );
  }
  const own = policies.value.filter((policy) => !isPredefined(policy));
  const names = (some: readonly Policy[]) => nameSome(some.map(({ name }) => name));
  if (own.length === 0) {
    return warning(
      `only policies that Oracle brings along are enabled: ${names(policies.value)}: no access to data reaches the stream`,
      everything(instance),
    );
  }
  return ok(`${count(policies.value.length, "audit policy", "audit policies")} enabled: ${names(policies.value)}`);
}

/** One finding for each enabled policy that does not record failures, or does not record successes. */
export function judgeOutcomes(policies: Answer<readonly Policy[]>): readonly CheckFinding[] {
  if (!policies.known) return [];
  return policies.value.flatMap((policy) => {
    const { warning } = about(
      `policy-outcome.${policy.name}`,
      "A policy that is enabled for one outcome hides the other: refused attempts, or everything that succeeded",
    );
    // Failed logons are what it is for.
    if (policy.name === "ORA_LOGON_FAILURES") return [];
    const partial = policy.enablements.filter(({ success, failure }) => !success || !failure);
    if (partial.length === 0) return [];
    const [first] = partial;
    const outcome = first?.success ? "what succeeds" : "what fails";
    const statements = partial.map(
      (enablement) => `AUDIT POLICY ${quoteName(policy.name)}${clauseOf(policy, enablement)};`,
    );
    return [
      warning(
        `${policy.name} records only ${outcome}, ${nameSome(partial.map(words))}`,
        [...new Set(statements)].join("\n"),
      ),
    ];
  });
}

function words({ way, entity }: Enablement): string {
  if (entity === ALL_USERS) return "for all users";
  return way === "except" ? `for all but ${entity}` : `for ${way === "by role" ? "users with the role " : ""}${entity}`;
}

/** Of AUDIT POLICY; the list after EXCEPT counts as a whole: a later one replaces it. */
export function clauseOf({ enablements }: Policy, { way, entity }: Enablement): string {
  if (way === "except") return ` EXCEPT ${exceptedOf(enablements).map(quoteName).join(", ")}`;
  if (way === "by role") return ` BY USERS WITH GRANTED ROLES ${quoteName(entity)}`;
  return entity === ALL_USERS ? "" : ` BY ${quoteName(entity)}`;
}

export function exceptedOf(enablements: readonly Enablement[]): readonly string[] {
  return enablements.filter(({ way }) => way === "except").map(({ entity }) => entity);
}

/** For information: what no policy has to name, and nobody can switch off (Oracle notes §5). */
export function judgeAlwaysAudited(mode: Answer<AuditingMode>): CheckFinding {
  const { ok } = about(
    "always-audited",
    "Whoever tampers with the audit through SQL leaves a row before it can be hidden, and the publisher has it by then",
  );
  const pure = mode.known && mode.value === "mixed" ? " (in jobs only in pure mode)" : "";
  return ok(
    `always audited, whatever is enabled: CREATE, ALTER and DROP AUDIT POLICY, AUDIT, NOAUDIT, execution of DBMS_AUDIT_MGMT and DBMS_FGA${pure}, changes of AUDSYS tables, and administrators until the database is open`,
  );
}
