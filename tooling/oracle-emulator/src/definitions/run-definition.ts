/** Carries out a definition: may it, does it succeed, is it audited. */
import { OracleError } from "../oracle-error.ts";
import { hasSystemPrivilege } from "../privileges.ts";
import type { SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import { demandAllowedDefinition } from "../vault.ts";
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
    demandAllowedDefinition(definition, object, context);
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
  if (wanted === undefined || hasSystemPrivilege(context.dictionary.database, context.rights, wanted)) return;
  throw oracleError(1031);
}

function apply(definition: Definition, context: SqlContext): void {
  switch (definition.kind) {
    case "createUser":
      createUser(definition, context);
      break;
    case "alterUser":
      alterUser(definition, context);
      break;
    case "dropUser":
      dropUser(definition.name, context);
      break;
    case "createRole":
      createRole(definition.name, context);
      break;
    case "dropRole":
      dropRole(definition.name, context);
      break;
    case "granting":
      grantOrRevoke(definition, context);
      break;
    case "createPolicy":
      createAuditPolicy(definition.policy, context);
      break;
    case "alterPolicy":
      alterAuditPolicy(definition, context);
      break;
    case "dropPolicy":
      dropAuditPolicy(definition.name, context);
      break;
    case "enablePolicy":
      enableAuditPolicy(definition.name, definition.lines, context);
      break;
    case "disablePolicy":
      disableAuditPolicy(definition.name, definition.entities, context);
      break;
    case "createRoutine":
      createRoutine(definition.routine, context);
      break;
    case "dropRoutine":
      dropRoutine(definition.routine, definition.path, context);
      break;
    case "createTrigger":
      createTrigger(definition.trigger, context);
      break;
    case "switchTrigger":
      switchTrigger(definition.path, definition.isEnabled, context);
      break;
    case "dropTrigger":
      dropTrigger(definition.path, context);
      break;
    case "createTable":
      createTable(definition.path, definition.columns, context);
      break;
    case "changeTable":
      changeTable(definition.action, definition.path, context);
      break;
    case "killSession":
      killSession(definition.sid, definition.serial, context);
      break;
    case "setParameter":
      setParameter(definition.name, definition.value, context);
      break;
  }
}
