/** CREATE, ALTER, DROP AUDIT POLICY, AUDIT and NOAUDIT: always audited (Oracle notes §5). */
import type { AuditPolicy, EnabledPolicy } from "./audit-policy.ts";
import type { NewAuditRow } from "./audit-row.ts";
import { SYS_SESSION } from "./housekeeping.ts";
import { type Container, changeContainer, type World } from "./world.ts";
import { auditAction } from "./write-rows.ts";

/** Where it is done, and by whom: the columns of the row that tells of it; SQL_TEXT is the statement as it came. */
export interface PolicyChange {
  readonly site: string;
  readonly container: string;
  readonly now: number;
  readonly actor?: NewAuditRow;
}

export function createPolicy(world: World, policy: AuditPolicy, change: PolicyChange): World {
  const changed = changePolicies(world, change, (container) => ({
    ...container,
    policies: [...container.policies.filter(({ name }) => name !== policy.name), policy],
  }));
  return told(changed, change, "CREATE AUDIT POLICY", policy.name);
}

/** Replaces the policy of the same name. */
export function alterPolicy(world: World, policy: AuditPolicy, change: PolicyChange): World {
  const changed = changePolicies(world, change, (container) => ({
    ...container,
    policies: container.policies.map((other) => (other.name === policy.name ? policy : other)),
  }));
  return told(changed, change, "ALTER AUDIT POLICY", policy.name);
}

export function dropPolicy(world: World, policyName: string, change: PolicyChange): World {
  const changed = changePolicies(world, change, (container) => ({
    ...container,
    policies: container.policies.filter(({ name }) => name !== policyName),
  }));
  return told(changed, change, "DROP AUDIT POLICY", policyName);
}

/** AUDIT POLICY: for everybody unless somebody is named. BY and EXCEPT cannot be mixed, so the other lines go. */
export function enablePolicy(
  world: World,
  policyName: string,
  change: PolicyChange,
  lines: readonly Partial<Omit<EnabledPolicy, "policyName">>[] = [{}],
): World {
  const added = lines.map((line) => ({
    policyName,
    option: "BY USER" as const,
    entityName: "ALL USERS",
    entityType: "USER" as const,
    success: true,
    failure: true,
    ...line,
  }));
  const isReplaced = (other: EnabledPolicy) =>
    other.policyName === policyName &&
    added.some(({ option, entityName }) => other.option !== option || other.entityName === entityName);
  const changed = changePolicies(world, change, (container) => ({
    ...container,
    enabledPolicies: [...container.enabledPolicies.filter((other) => !isReplaced(other)), ...added],
  }));
  return told(changed, change, "AUDIT", policyName);
}

/** NOAUDIT POLICY: for those named, or altogether. */
export function disablePolicy(
  world: World,
  policyName: string,
  change: PolicyChange,
  entityNames?: readonly string[],
): World {
  const isGone = ({ policyName: name, entityName }: EnabledPolicy) =>
    name === policyName && (entityNames === undefined || entityNames.includes(entityName));
  const changed = changePolicies(world, change, (container) => ({
    ...container,
    enabledPolicies: container.enabledPolicies.filter((line) => !isGone(line)),
  }));
  return told(changed, change, "NOAUDIT", policyName);
}

function changePolicies(
  world: World,
  { site, container }: PolicyChange,
  change: (container: Container) => Container,
): World {
  return changeContainer(world, site, container, change);
}

const STATEMENTS: Readonly<Record<string, string>> = { AUDIT: "AUDIT POLICY", NOAUDIT: "NOAUDIT POLICY" };

function told(world: World, change: PolicyChange, actionName: string, policyName: string): World {
  const { site, container, now, actor = SYS_SESSION } = change;
  const row = {
    SQL_TEXT: `${STATEMENTS[actionName] ?? actionName} ${policyName}`,
    ...actor,
    ACTION_NAME: actionName,
    OBJECT_NAME: policyName,
  };
  return auditAction(world, site, container, row, now);
}
