import { auditNamed } from "../check/server-audits.ts";
import { quoteName } from "../check/statement.ts";
import { type AuditBlueprint, BLUEPRINTS } from "./audit-blueprint.ts";
import { dropTrigger } from "./lock-trigger.ts";
import { DBA_ROLE, HEAL, KEPT_DATABASES_TABLE, RECORD_TABLE, STATE_TABLE } from "./names.ts";
import { isLockedOn, switchAudit, switchSpecification } from "./plan-start.ts";
import type { PolicyFacts, PolicySpecification } from "./policy-facts.ts";
import type { DbaRoleFacts, ProvisionFacts } from "./provision-facts.ts";
import { dropSigned } from "./signed-procedure.ts";
import type { Step } from "./step.ts";

/**
 * What start made goes, on one instance; what would put it back first, then the lock. A server specification that records something else than start
 * gave it, or that users switched off, is the users' own, and stays; so does every database specification. Both find the audit again when the next
 * start makes it, because its AUDIT_GUID is the same. The audit files stay, and so does the reader with its rights: its
 * publisher waits for the next start.
 */
export function planStop({ policy, record, installed, dbaRole }: ProvisionFacts): readonly Step[] {
  return [
    // A publisher that has not heard of the stop would put back what goes.
    ...dropSigned(HEAL, installed.heal),
    ...(policy.trigger === "absent" ? [] : [dropTrigger()]),
    ...BLUEPRINTS.flatMap((blueprint) => dropAudit(policy, record, blueprint)),
    ...[KEPT_DATABASES_TABLE, RECORD_TABLE, STATE_TABLE]
      .filter((table) => installed.tables.has(table))
      .map((table) => ({ what: `drop the table ${table}`, sql: `DROP TABLE ${table};` })),
    ...dropDbaRole(dbaRole),
  ];
}

function dropAudit(
  { audits, specifications, trigger }: PolicyFacts,
  record: ProvisionFacts["record"],
  blueprint: AuditBlueprint,
): readonly Step[] {
  const audit = auditNamed(audits, blueprint.audit);
  const specification = specifications.find(({ name }) => name.toLowerCase() === blueprint.specification.toLowerCase());
  // Without the trigger, a stop that died may have switched it off.
  const isSwitchedOff =
    specification?.enabled === false && trigger !== "absent" && !isLockedOn(record, specification.name);
  const isUsers = blueprint.isUsers && isSwitchedOff;
  return [
    ...(specification && !isUsers && isOurs(specification, blueprint) ? dropSpecification(specification) : []),
    ...(audit?.enabled ? [switchAudit(audit.name, "OFF")] : []),
    ...(audit
      ? [{ what: `drop the server audit ${audit.name}`, sql: `DROP SERVER AUDIT ${quoteName(audit.name)};` }]
      : []),
  ];
}

function isOurs({ details }: PolicySpecification, { isUsers, groups }: AuditBlueprint): boolean {
  const actions = details.map(({ action }) => action);
  return !isUsers || (actions.length === groups.length && groups.every((group) => actions.includes(group)));
}

function dropSpecification({ name, enabled }: PolicySpecification): readonly Step[] {
  return [
    ...(enabled ? [switchSpecification(name, "OFF")] : []),
    {
      what: `drop the server audit specification ${name}`,
      sql: `DROP SERVER AUDIT SPECIFICATION ${quoteName(name)};`,
    },
  ];
}

/** With members it is the users', too: it only loses what start denied or gave it. */
function dropDbaRole({ exists, hasMembers, permission }: DbaRoleFacts): readonly Step[] {
  if (!exists) return [];
  if (!hasMembers)
    return [{ what: `drop the server role ${DBA_ROLE}`, sql: `DROP SERVER ROLE ${quoteName(DBA_ROLE)};` }];
  return permission === undefined
    ? []
    : [
        {
          what: `take ALTER ANY SERVER AUDIT, given or denied, from ${DBA_ROLE}`,
          sql: `REVOKE ALTER ANY SERVER AUDIT FROM ${quoteName(DBA_ROLE)};`,
        },
      ];
}
