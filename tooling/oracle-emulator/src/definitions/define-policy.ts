import { findGrantee } from "../database.ts";
import type { AuditPolicy, EnabledPolicy, PolicyOption } from "../model/audit-policy.ts";
import {
  alterPolicy,
  createPolicy,
  disablePolicy,
  dropPolicy,
  enablePolicy,
  type PolicyChange,
} from "../model/policy-changes.ts";
import { containerOf, type World } from "../model/world.ts";
import type { SqlContext } from "../sql/context.ts";
import { resolveTable } from "../sql/find-object.ts";
import { oracleError } from "../sql/messages.ts";
import type { Definition } from "./definition.ts";

function change(context: SqlContext, transition: (world: World, change: PolicyChange) => World): void {
  const { engine, session, site } = context;
  const actor = engine.actorOf(context);
  engine.shared.change((world, now) =>
    transition(world, { site: site.uniqueName, container: session.container, now, actor }),
  );
}

function policiesOf({ site, session }: SqlContext): readonly AuditPolicy[] {
  return containerOf(site, session.container).policies;
}

function enabledOf({ site, session }: SqlContext): readonly EnabledPolicy[] {
  return containerOf(site, session.container).enabledPolicies;
}

function demandPolicy(name: string, context: SqlContext): AuditPolicy {
  const found = policiesOf(context).find((policy) => policy.name === name);
  if (!found) throw oracleError(46357, [name]);
  return found;
}

export function createAuditPolicy(policy: AuditPolicy, context: SqlContext): void {
  if (policiesOf(context).some(({ name }) => name === policy.name)) throw oracleError(46358, [policy.name]);
  if (policy.onlyTopLevel && !context.engine.profile.hasOnlyTopLevel) throw oracleError(46351);
  const options = policy.options.map((option) => resolved(option, context));
  change(context, (world, by) => createPolicy(world, { ...policy, options }, by));
}

/** @throws OracleError 942 when there is no such object */
function resolved(option: PolicyOption, context: SqlContext): PolicyOption {
  const { objectName, objectSchema } = option;
  if (objectName === null) return option;
  const path = objectSchema === null ? [objectName] : [objectSchema, objectName];
  const found = resolveTable(path, context);
  if (found) return { ...option, objectSchema: found.owner, objectType: "TABLE" };
  const { catalog, dictionary, session } = context;
  const owner = objectSchema ?? session.currentSchema;
  const routine = dictionary.database.routines.find((each) => each.owner === owner && each.name === objectName);
  if (routine) return { ...option, objectSchema: owner, objectType: routine.kind.toUpperCase() };
  if (catalog.packages.has(`${owner}.${objectName}`)) return { ...option, objectSchema: owner, objectType: "PACKAGE" };
  throw oracleError(942);
}

export function alterAuditPolicy(
  { name, add, drop, condition, onlyTopLevel }: Extract<Definition, { kind: "alterPolicy" }>,
  context: SqlContext,
): void {
  const policy = demandPolicy(name, context);
  const added = add.map((option) => resolved(option, context));
  const dropped = drop.map((option) => resolved(option, context));
  const isSame = (a: PolicyOption, b: PolicyOption) =>
    a.name === b.name && a.type === b.type && a.objectName === b.objectName && a.objectSchema === b.objectSchema;
  const kept = policy.options.filter((option) => ![...dropped, ...added].some((other) => isSame(option, other)));
  const changed: AuditPolicy = {
    ...policy,
    options: [...kept, ...added],
    ...(condition !== undefined && (condition ?? { condition: null, evaluation: null })),
    ...(onlyTopLevel !== undefined && { onlyTopLevel }),
  };
  change(context, (world, by) => alterPolicy(world, changed, by));
}

export function dropAuditPolicy(name: string, context: SqlContext): void {
  demandPolicy(name, context);
  if (enabledOf(context).some(({ policyName }) => policyName === name)) throw oracleError(46361);
  change(context, (world, by) => dropPolicy(world, name, by));
}

export function enableAuditPolicy(
  name: string,
  lines: readonly Partial<Omit<EnabledPolicy, "policyName">>[],
  context: SqlContext,
): void {
  demandPolicy(name, context);
  demandEntities(
    lines.flatMap(({ entityName }) => entityName ?? []),
    context,
  );
  const wanted = lines[0]?.option ?? "BY USER";
  const isMixed = enabledOf(context).some(
    ({ policyName, option }) => policyName === name && (option === "EXCEPT USER") !== (wanted === "EXCEPT USER"),
  );
  // BY and EXCEPT cannot be mixed for one policy.
  if (isMixed) throw oracleError(46373);
  change(context, (world, by) => enablePolicy(world, name, by, lines));
}

export function disableAuditPolicy(name: string, entities: readonly string[] | undefined, context: SqlContext): void {
  demandPolicy(name, context);
  demandEntities(entities ?? [], context);
  change(context, (world, by) => disablePolicy(world, name, by, entities));
}

function demandEntities(names: readonly string[], { dictionary }: SqlContext): void {
  for (const name of names) if (!findGrantee(dictionary.database, name)) throw oracleError(1917, [name]);
}
