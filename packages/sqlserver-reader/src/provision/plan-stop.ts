import { auditNamed } from "../check/server-audits.ts";
import type { Specification } from "../check/specifications.ts";
import { quoteName } from "../check/statement.ts";
import { type AuditBlueprint, BLUEPRINTS } from "./audit-blueprint.ts";
import { switchAudit, switchServerSpecification } from "./plan-start.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import type { Step } from "./step.ts";

/**
 * What start made goes, on one instance. A server specification that records something else than start gave it is the
 * users' own, and stays; so does every database specification. Both find the audit again when the next start makes it,
 * because its AUDIT_GUID is the same. The audit files stay, too.
 */
export function planStop(facts: ProvisionFacts): readonly Step[] {
  return BLUEPRINTS.flatMap((blueprint) => planAudit(facts, blueprint));
}

function planAudit({ audits, specifications }: ProvisionFacts, blueprint: AuditBlueprint): readonly Step[] {
  const audit = auditNamed(audits, blueprint.audit);
  const specification = specifications.find(({ name }) => name.toLowerCase() === blueprint.specification.toLowerCase());
  return [
    ...(specification && isOurs(specification, blueprint) ? dropSpecification(specification) : []),
    ...(audit?.enabled ? [switchAudit(audit.name, "OFF")] : []),
    ...(audit
      ? [{ what: `drop the server audit ${audit.name}`, sql: `DROP SERVER AUDIT ${quoteName(audit.name)};` }]
      : []),
  ];
}

function isOurs({ actions }: Specification, { isUsers, groups }: AuditBlueprint): boolean {
  return !isUsers || (actions.length === groups.length && groups.every((group) => actions.includes(group)));
}

function dropSpecification({ name, enabled }: Specification): readonly Step[] {
  return [
    ...(enabled ? [switchServerSpecification(name, "OFF")] : []),
    {
      what: `drop the server audit specification ${name}`,
      sql: `DROP SERVER AUDIT SPECIFICATION ${quoteName(name)};`,
    },
  ];
}
