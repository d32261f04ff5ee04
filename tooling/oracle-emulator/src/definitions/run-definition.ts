/** Carries out a definition: may it, does it succeed, is it audited. */
import { OracleError } from "../oracle-error.ts";
import { hasSystemPrivilege } from "../privileges.ts";
import type { SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import { grantOrRevoke } from "./define-grant.ts";
import { alterUser, createRole, createUser, dropRole, dropUser } from "./define-grantee.ts";
import {
  alterAuditPolicy,
  createAuditPolicy,
  disableAuditPolicy,
  dropAuditPolicy,
  enableAuditPolicy,
} from "./define-policy.ts";
import { createRoutine, createTrigger, dropRoutine, dropTrigger, switchTrigger } from "./define-program.ts";
import { killSession, setParameter } from "./define-system.ts";
import { changeTable, createTable } from "./define-table.ts";
import type { Definition } from "./definition.ts";
import { fireTriggers } from "./fire-triggers.ts";
import { isOwnSchema, ownerOf } from "./schema.ts";

/** @throws OracleError */
export function runDefinition(definition: Definition, context: SqlContext): void {
  const { action, owner, object } = describe(definition, context);
  try {
    demandWritable(definition, context);
    demandPrivilege(definition, context);
    fireTriggers(definition, action, owner, object, context);
    apply(definition, context);
  } catch (error) {
    if (error instanceof OracleError) context.engine.recordAction(context, action, owner, object, error.number);
    throw error;
  }
  // The model tells of policies by itself.
  if (!POLICY_KINDS.has(definition.kind)) context.engine.recordAction(context, action, owner, object);
}

const POLICY_KINDS: ReadonlySet<Definition["kind"]> = new Set([
  "createPolicy",
  "alterPolicy",
  "dropPolicy",
  "enablePolicy",
  "disablePolicy",
]);

function demandWritable({ kind }: Definition, { site, engine, session }: SqlContext): void {
  if (kind === "killSession" || kind === "setParameter") return;
  if (engine.isReadOnly(site, session.container)) throw oracleError(16000);
}

interface Described {
  /** ACTION_NAME of its audit record. */
  readonly action: string;
  readonly owner: string | null;
  readonly object: string | null;
}

function describe(definition: Definition, context: SqlContext): Described {
  const named = (action: string, object: string): Described => ({ action, owner: null, object });
  const placed = (action: string, path: readonly string[]): Described => ({
    action,
    owner: ownerOf(path, context),
    object: path.at(-1) ?? null,
  });
  switch (definition.kind) {
    case "createUser":
      return named("CREATE USER", definition.name);
    case "alterUser":
      return named("ALTER USER", definition.name);
    case "dropUser":
      return named("DROP USER", definition.name);
    case "createRole":
      return named("CREATE ROLE", definition.name);
    case "dropRole":
      return named("DROP ROLE", definition.name);
    case "granting": {
      const action = definition.verb.toUpperCase();
      return definition.object ? placed(action, definition.object) : { action, owner: null, object: null };
    }
    case "createPolicy":
      return named("CREATE AUDIT POLICY", definition.policy.name);
    case "alterPolicy":
      return named("ALTER AUDIT POLICY", definition.name);
    case "dropPolicy":
      return named("DROP AUDIT POLICY", definition.name);
    case "enablePolicy":
      return named("AUDIT", definition.name);
    case "disablePolicy":
      return named("NOAUDIT", definition.name);
    case "createRoutine":
      return placed(`CREATE ${definition.routine.kind.toUpperCase()}`, definition.routine.path);
    case "dropRoutine":
      return placed(`DROP ${definition.routine.toUpperCase()}`, definition.path);
    case "createTrigger":
      return placed("CREATE TRIGGER", definition.trigger.path);
    case "switchTrigger":
      return placed("ALTER TRIGGER", definition.path);
    case "dropTrigger":
      return placed("DROP TRIGGER", definition.path);
    case "createTable":
      return placed("CREATE TABLE", definition.path);
    case "changeTable":
      return placed(definition.action, definition.path);
    case "killSession":
    case "setParameter":
      return { action: "ALTER SYSTEM", owner: null, object: null };
  }
}

/** Which system privilege it takes; undefined: none is asked for here. */
function privilegeFor(definition: Definition, context: SqlContext): string | undefined {
  const any = (path: readonly string[], own: string, other: string) => (isOwnSchema(path, context) ? own : other);
  switch (definition.kind) {
    case "createUser":
      return "CREATE USER";
    case "alterUser":
      return definition.name === context.rights.user && definition.isLocked === undefined ? undefined : "ALTER USER";
    case "dropUser":
      return "DROP USER";
    case "createRole":
      return "CREATE ROLE";
    case "dropRole":
      return "DROP ANY ROLE";
    case "granting":
      return definition.object ? undefined : "GRANT ANY PRIVILEGE";
    case "createPolicy":
    case "alterPolicy":
    case "dropPolicy":
    case "enablePolicy":
    case "disablePolicy":
      return "AUDIT SYSTEM";
    case "createRoutine":
      return any(definition.routine.path, "CREATE PROCEDURE", "CREATE ANY PROCEDURE");
    case "dropRoutine":
      return isOwnSchema(definition.path, context) ? undefined : "DROP ANY PROCEDURE";
    case "createTrigger":
      return "ADMINISTER DATABASE TRIGGER";
    case "switchTrigger":
      return isOwnSchema(definition.path, context) ? undefined : "ALTER ANY TRIGGER";
    case "dropTrigger":
      return isOwnSchema(definition.path, context) ? undefined : "DROP ANY TRIGGER";
    case "createTable":
      return any(definition.path, "CREATE TABLE", "CREATE ANY TABLE");
    case "changeTable":
      return undefined;
    case "killSession":
    case "setParameter":
      return "ALTER SYSTEM";
  }
}

function demandPrivilege(definition: Definition, context: SqlContext): void {
  const wanted = privilegeFor(definition, context);
  if (wanted === undefined || hasSystemPrivilege(context.engine.shared.database, context.rights, wanted)) return;
  throw oracleError(1031);
}

function apply(definition: Definition, context: SqlContext): void {
  switch (definition.kind) {
    case "createUser":
      return createUser(definition, context);
    case "alterUser":
      return alterUser(definition, context);
    case "dropUser":
      return dropUser(definition.name, context);
    case "createRole":
      return createRole(definition.name, context);
    case "dropRole":
      return dropRole(definition.name, context);
    case "granting":
      return grantOrRevoke(definition, context);
    case "createPolicy":
      return createAuditPolicy(definition.policy, context);
    case "alterPolicy":
      return alterAuditPolicy(definition, context);
    case "dropPolicy":
      return dropAuditPolicy(definition.name, context);
    case "enablePolicy":
      return enableAuditPolicy(definition.name, definition.lines, context);
    case "disablePolicy":
      return disableAuditPolicy(definition.name, definition.entities, context);
    case "createRoutine":
      return createRoutine(definition.routine, context);
    case "dropRoutine":
      return dropRoutine(definition.routine, definition.path, context);
    case "createTrigger":
      return createTrigger(definition.trigger, context);
    case "switchTrigger":
      return switchTrigger(definition.path, definition.isEnabled, context);
    case "dropTrigger":
      return dropTrigger(definition.path, context);
    case "createTable":
      return createTable(definition.path, definition.columns, context);
    case "changeTable":
      return changeTable(definition.action, definition.path, context);
    case "killSession":
      return killSession(definition.sid, definition.serial, context);
    case "setParameter":
      return setParameter(definition.name, definition.value, context);
  }
}
