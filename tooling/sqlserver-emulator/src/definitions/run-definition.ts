/** Carries out a definition: may it, is it audited, does it succeed, does the lock let it pass. */

import type { Database, Instance } from "../instance.ts";
import { type AuditTrail, findAudit } from "../model/audit-trail.ts";
import { recordAction } from "../model/audited-action.ts";
import { findDatabase, sameName } from "../principals.ts";
import { runTransaction } from "../run-transaction.ts";
import type { ServerState } from "../server-state.ts";
import { actorOf, sessionRow } from "../session-rows.ts";
import type { SqlContext } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import { auditedAs } from "./audited-as.ts";
import { alterServerAudit, createServerAudit, dropServerAudit } from "./define-audit.ts";
import { createDatabase, dropDatabase, dropTriggers, switchTriggers } from "./define-database.ts";
import {
  addSignature,
  alterProcedure,
  createCertificate,
  createCertificateLogin,
  createProcedure,
  createTable,
  createTrigger,
  dropCertificate,
  dropProcedure,
  dropTable,
  removePrivateKey,
} from "./define-object.ts";
import {
  alterLogin,
  changeDatabasePermission,
  changeDatabaseRole,
  changeObjectPermission,
  changeServerPermission,
  changeServerRole,
  createDatabaseRole,
  createLogin,
  createServerRole,
  createUser,
  dropLogin,
  dropPrincipal,
  dropServerRole,
} from "./define-principal.ts";
import { alterSpecification, createSpecification, dropSpecification } from "./define-specification.ts";
import type { Definition } from "./definition.ts";
import { AUDIT_REFUSALS, failedToStart, onlyInMaster } from "./messages.ts";
import { refusalOf } from "./permission-for.ts";
import { permissionScope } from "./permission-scope.ts";
import { isLocked, policyIsLocked } from "./policy-lock.ts";
import { type DefinitionEvent, eventOf, firesFor, type TriggerProgram } from "./server-trigger.ts";

/**
 * What a server trigger does to a statement that it fires for: the error that it ends with when the trigger rolled it
 * back. It is asked before the statement takes effect, so a trigger does not see in the catalog what it may refuse.
 */
export type FireTrigger = (program: TriggerProgram, event: DefinitionEvent) => Promise<ServerError | undefined>;

/** @throws ServerError; what the statement was audited as stays audited */
export async function runDefinition(
  definition: Definition,
  text: string,
  context: SqlContext,
  fireTrigger: FireTrigger,
): Promise<void> {
  const { engine, session } = context;
  const database = currentDatabase(context);
  const refusal = refusalOf(definition, database, context);
  if (refusal) {
    recordDefinition(definition, text, false, context);
    throw refusal;
  }
  checkPlace(definition, database, engine.profile.year, engine.instance);
  checkTransaction(definition, context);
  checkNotInUse(definition, context);
  const apply = (state: ServerState, now: number) => applyDefinition(state, definition, text, database, context, now);
  // Whatever is wrong with it is found before anything happens.
  apply(engine.state, engine.now());
  recordDefinition(definition, text, true, context);
  const locked = isLocked(engine.state, definition, text, session.originalLogin)
    ? policyIsLocked()
    : await firedRefusal(definition, text, context, fireTrigger);
  if (!locked) {
    engine.change(apply);
    checkStarted(definition, engine.trail);
    return;
  }
  // ALTER SERVER AUDIT is documented as unusable in a transaction: whether a rollback undoes it is not known (§7.2).
  const remains = definition.kind === "alterAudit" && engine.instance.lock.rollback === "looks undone";
  if (remains) engine.change(apply);
  if (session.transaction) runTransaction("rollback", engine, session);
  throw locked;
}

async function firedRefusal(
  definition: Definition,
  text: string,
  { engine, session }: SqlContext,
  fireTrigger: FireTrigger,
): Promise<ServerError | undefined> {
  const event = eventOf(definition, text, session.database);
  if (!event) return undefined;
  for (const { isDisabled, program } of engine.instance.serverTriggers) {
    if (isDisabled || !program || !firesFor(program, event)) continue;
    const refusal = await fireTrigger(program, event);
    if (refusal) return refusal;
  }
  return undefined;
}

function currentDatabase({ engine, session }: SqlContext): Database {
  const database = findDatabase(engine.instance, session.database);
  if (!database) throw new ServerError(911, `Database '${session.database}' does not exist.`);
  return database;
}

/** The engine audits when it checks the permission: before the statement takes effect. */
function recordDefinition(definition: Definition, text: string, succeeded: boolean, context: SqlContext): void {
  const audited = auditedAs(definition);
  if (!audited) return;
  const { engine, session } = context;
  const { group, actionId, classType, objectName, inDatabase, targets = [""] } = audited;
  for (const target of targets) {
    const row = sessionRow(
      engine,
      session,
      {
        action_id: actionId,
        class_type: classType,
        succeeded,
        object_name: objectName,
        statement: text,
        [inDatabase ? "target_database_principal_name" : "target_server_principal_name"]: target,
      },
      "in database",
    );
    const database = inDatabase ? session.database : null;
    engine.changeTrail((trail, now) => recordAction(trail, group, database, row, now));
  }
}

function checkPlace(definition: Definition, database: Database, year: number, { engineEdition }: Instance): void {
  const what = whatOfTheServer(definition);
  if (what && !sameName(database.name, "master")) throw onlyInMaster(what.verb, what.name);
  if (!("scope" in definition) || definition.scope !== "DATABASE") return;
  if (database.isPrimaryReplica === false)
    throw new ServerError(3906, `Failed to update database "${database.name}" because the database is read-only.`);
  const isSpecification = definition.kind.endsWith("Specification");
  if (isSpecification && year < FIRST_GRANULAR_YEAR && engineEdition !== ENTERPRISE) throw AUDIT_REFUSALS.granular;
}

/** Database audit specifications are in every edition since 2016 SP1 (SQL Server notes §6.1). */
const FIRST_GRANULAR_YEAR = 2016;
const ENTERPRISE = 3;

function whatOfTheServer(definition: Definition) {
  const isSpecification =
    "scope" in definition && definition.scope === "SERVER" && definition.kind.endsWith("Specification");
  if (!definition.kind.endsWith("Audit") && !isSpecification) return undefined;
  const verb = (["create", "alter", "drop"] as const).find((known) => definition.kind.startsWith(known));
  return verb && { verb, name: isSpecification ? "server audit specification" : "server audit" };
}

function checkTransaction(definition: Definition, { session }: SqlContext): void {
  if (!session.transaction) return;
  if (definition.kind === "alterAudit")
    throw new ServerError(574, "ALTER SERVER AUDIT statement cannot be used inside a user transaction.");
  if (definition.kind === "createDatabase" || definition.kind === "dropDatabase") {
    const verb = definition.kind === "createDatabase" ? "CREATE" : "DROP";
    throw new ServerError(226, `${verb} DATABASE statement not allowed within multi-statement transaction.`);
  }
}

function checkNotInUse(definition: Definition, { engine, session }: SqlContext): void {
  if (definition.kind !== "dropDatabase") return;
  const users = [session, ...[...engine.sessions.values()].map(({ state }) => state)];
  if (users.some(({ database }) => sameName(database, definition.name)))
    throw new ServerError(3702, `Cannot drop database "${definition.name}" because it is currently in use.`);
}

function checkStarted(definition: Definition, trail: AuditTrail): void {
  if (definition.kind !== "alterAudit" || definition.options.state !== true) return;
  const audit = findAudit(trail, definition.name);
  if (audit && audit.status !== "STARTED") throw failedToStart(audit.name);
}

function applyDefinition(
  { trail, instance }: ServerState,
  definition: Definition,
  text: string,
  database: Database,
  { session, engine }: SqlContext,
  now: number,
): ServerState {
  const ofTrail = (changed: AuditTrail): ServerState => ({ trail: changed, instance });
  const ofInstance = (changed: Instance): ServerState => ({ trail, instance: changed });
  const { year } = engine.profile;
  const place = "scope" in definition && definition.scope === "DATABASE" ? database : null;
  switch (definition.kind) {
    case "createAudit":
      return ofTrail(createServerAudit(trail, definition, now));
    case "alterAudit":
      return ofTrail(alterServerAudit(trail, definition, actorOf(session), now));
    case "dropAudit":
      return ofTrail(dropServerAudit(trail, definition.name));
    case "createSpecification":
      return ofTrail(createSpecification(trail, definition, place, year, now));
    case "alterSpecification":
      return ofTrail(alterSpecification(trail, definition, place, year, now));
    case "dropSpecification":
      return ofTrail(dropSpecification(trail, definition.name, place));
    case "createLogin":
      return ofInstance(createLogin(instance, definition));
    case "alterLogin":
      return ofInstance(alterLogin(instance, definition));
    case "dropLogin":
      return ofInstance(dropLogin(instance, definition.name));
    case "createUser":
      return ofInstance(createUser(instance, database, definition));
    case "dropUser":
      return ofInstance(dropPrincipal(instance, database, "user", definition.name));
    case "createRole":
      return ofInstance(
        place ? createDatabaseRole(instance, place, definition.name) : createServerRole(instance, definition.name),
      );
    case "dropRole":
      return ofInstance(
        place ? dropPrincipal(instance, place, "role", definition.name) : dropServerRole(instance, definition.name),
      );
    case "changeRole":
      return ofInstance(
        place ? changeDatabaseRole(instance, place, definition) : changeServerRole(instance, definition),
      );
    case "permission":
      return ofInstance(changePermission(instance, database, definition));
    case "switchTriggers":
      return ofInstance(switchTriggers(instance, definition.names, definition.isDisabled));
    case "dropTriggers":
      return ofInstance(dropTriggers(instance, definition.names));
    case "createDatabase":
      return ofInstance(createDatabase(instance, definition.name));
    case "createTable":
      return ofInstance(createTable(instance, definition));
    case "dropTable":
      return ofInstance(dropTable(instance, definition.name));
    case "createProcedure":
      return ofInstance(createProcedure(instance, definition, text));
    case "alterProcedure":
      return ofInstance(alterProcedure(instance, definition, text));
    case "dropProcedure":
      return ofInstance(dropProcedure(instance, definition.name));
    case "createTrigger":
      return ofInstance(createTrigger(instance, definition, text));
    case "createCertificate":
      return ofInstance(createCertificate(instance, definition));
    case "dropCertificate":
      return ofInstance(dropCertificate(instance, definition.name));
    case "removePrivateKey":
      return ofInstance(removePrivateKey(instance, definition.name));
    case "addSignature":
      return ofInstance(addSignature(instance, definition));
    case "createCertificateLogin":
      return ofInstance(createCertificateLogin(instance, definition.name, definition.certificate));
    case "dropDatabase":
      return dropDatabase({ trail, instance }, definition.name);
  }
}

/** @throws ServerError 4621, 15151 */
function changePermission(
  instance: Instance,
  database: Database,
  definition: Extract<Definition, { kind: "permission" }>,
): Instance {
  const scope = permissionScope(definition);
  if (scope === "OBJECT") return changeObjectPermission(instance, database, definition);
  if (scope === "DATABASE") return changeDatabasePermission(instance, database, definition);
  if (!sameName(database.name, "master"))
    throw new ServerError(
      4621,
      "Permissions at the server scope can only be granted when the current database is master",
    );
  return changeServerPermission(instance, definition);
}
