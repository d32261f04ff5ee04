/** CREATE, ALTER and DROP of audit specifications (SQL Server notes §§6.1, 6.2) as transitions of the server's state. */
import { objectIdOf } from "../catalog/object-id.ts";
import { actionGroups } from "../code-tables.ts";
import type { Database } from "../instance.ts";
import { addSpecification } from "../model/audit-state.ts";
import {
  type AuditSpecification,
  type AuditTrail,
  findAudit,
  type ServerAudit,
  type SpecificationDetail,
} from "../model/audit-trail.ts";
import { findPrincipal, sameName } from "../principals.ts";
import { syntaxError } from "../sql/server-error.ts";
import type { AuditedThing, Definition, SpecificationChange } from "./definition.ts";
import { AUDIT_REFUSALS, auditNotFound, doesNotExist, nameIsTaken, specificationExists } from "./messages.ts";

type Written = Extract<Definition, { kind: "createSpecification" | "alterSpecification" }>;

/** Where a specification belongs: null for the server. */
export type Place = Database | null;

/** @throws ServerError 102 for a group that this version or scope does not have, 15151, 15530, 33073, 33229, 33230 */
export function createSpecification(
  trail: AuditTrail,
  written: Written,
  place: Place,
  year: number,
  now: number,
): AuditTrail {
  if (findSpecification(trail, written.name, place)) throw nameIsTaken(whatIs(place), written.name);
  const audit = auditFor(trail, written.audit ?? "", place);
  const details = changed([], written.changes, place, year);
  const { name, state: enabled = false } = written;
  return addSpecification(trail, { name, auditGuid: audit.guid, database: place?.name ?? null, enabled, details }, now);
}

export function alterSpecification(
  trail: AuditTrail,
  written: Written,
  place: Place,
  year: number,
  now: number,
): AuditTrail {
  const before = findSpecification(trail, written.name, place);
  if (!before) throw doesNotExist("alter", whatIs(place), written.name);
  const changesMore = written.audit !== undefined || written.changes.length > 0;
  if (before.enabled && changesMore) throw AUDIT_REFUSALS.specificationEnabled;
  const moved = written.audit === undefined ? undefined : auditFor(trail, written.audit, place, before);
  const after: AuditSpecification = {
    ...before,
    auditGuid: moved?.guid ?? before.auditGuid,
    enabled: written.state ?? before.enabled,
    details: changed(before.details, written.changes, place, year),
    modifiedAt: now,
  };
  const specifications = trail.specifications.map((known) => (known.id === before.id ? after : known));
  return { ...trail, specifications };
}

export function dropSpecification(trail: AuditTrail, name: string, place: Place): AuditTrail {
  const dropped = findSpecification(trail, name, place);
  if (!dropped) throw doesNotExist("drop", whatIs(place), name);
  if (dropped.enabled) throw AUDIT_REFUSALS.specificationEnabled;
  return { ...trail, specifications: trail.specifications.filter((known) => known !== dropped) };
}

function whatIs(place: Place): string {
  return place ? "database audit specification" : "server audit specification";
}

function findSpecification(trail: AuditTrail, name: string, place: Place): AuditSpecification | undefined {
  return trail.specifications.find((known) => isIn(known, place) && sameName(known.name, name));
}

function isIn({ database }: AuditSpecification, place: Place): boolean {
  return place === null ? database === null : database !== null && sameName(database, place.name);
}

/** One specification for each audit, on the server and in each database. */
function auditFor(trail: AuditTrail, name: string, place: Place, except?: AuditSpecification): ServerAudit {
  const audit = findAudit(trail, name);
  if (!audit) throw auditNotFound(name);
  const taken = trail.specifications.some(
    (known) => known.id !== except?.id && isIn(known, place) && known.auditGuid === audit.guid,
  );
  if (taken) throw specificationExists(audit.name);
  return audit;
}

/** What is there already is not added again, and what is not there need not be dropped: neither is known to be an error. */
function changed(
  before: readonly SpecificationDetail[],
  changes: readonly SpecificationChange[],
  place: Place,
  year: number,
): readonly SpecificationDetail[] {
  let details = before;
  for (const { verb, thing } of changes) {
    const concerned = detailsOf(thing, place, year);
    details = details.filter((detail) => !concerned.some((other) => isSame(detail, other)));
    if (verb === "add") details = [...details, ...concerned];
  }
  return details;
}

function isSame(a: SpecificationDetail, b: SpecificationDetail): boolean {
  return a.action === b.action && a.majorId === b.majorId && a.principalId === b.principalId;
}

const DATABASE_ACTIONS = new Set(["SELECT", "UPDATE", "INSERT", "DELETE", "EXECUTE", "RECEIVE", "REFERENCES"]);
const CLASSES = { OBJECT: "OBJECT_OR_COLUMN", SCHEMA: "SCHEMA", DATABASE: "DATABASE" } as const;

/** There are no tables here: an object has the id that its name makes. @throws ServerError 102, 15151 */
function detailsOf(thing: AuditedThing, place: Place, year: number): readonly SpecificationDetail[] {
  if (thing.kind === "group") {
    const known = actionGroups(year).find(({ name }) => name === thing.name);
    if (!known || (place && !known.inDatabases)) throw syntaxError(thing.name);
    return [{ action: thing.name, isGroup: true, ...(place && { classDescription: "DATABASE" }) }];
  }
  const unknown = thing.actions.find((action) => !DATABASE_ACTIONS.has(action));
  if (unknown !== undefined) throw syntaxError(unknown);
  const { class: className, name } = thing.securable;
  return thing.principals.flatMap((principal) => {
    const found = place && findPrincipal(place, principal);
    if (!found) throw doesNotExist("find", "principal", principal);
    return thing.actions.map((action) => ({
      action,
      isGroup: false,
      classDescription: CLASSES[className],
      majorId: className === "DATABASE" ? 0 : objectIdOf(name),
      principalId: found.id,
    }));
  });
}
