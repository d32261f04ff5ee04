/** What a definition demands of the session, and how it is refused without it. */
import type { Database } from "../instance.ts";
import { holdsDatabasePermission, holdsPermission, maySharePermission } from "../principals.ts";
import type { SqlContext } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import type { Definition } from "./definition.ts";
import {
  AUDIT_REFUSALS,
  databaseNotFound,
  doesNotExist,
  notPermitted,
  objectNotFound,
  triggerNotFound,
} from "./messages.ts";
import { permissionScope } from "./permission-scope.ts";

interface Demand {
  readonly scope: "SERVER" | "DATABASE";
  readonly permission: string;
  readonly refusal: ServerError;
}

/** SQL Server notes §6.1 for audits. @param database the current one */
export function refusalOf(definition: Definition, database: Database, context: SqlContext): ServerError | undefined {
  const { engine, session, lent } = context;
  const { scope, permission, refusal } = demandOf(definition);
  const holds =
    scope === "SERVER"
      ? holdsPermission(engine.instance, session.login, permission, lent)
      : holdsDatabasePermission(engine.instance, database, session.login, permission, lent);
  if (!holds || !mayShare(definition, context)) return refusal;
  const shutsDown =
    (definition.kind === "createAudit" || definition.kind === "alterAudit") &&
    definition.options.onFailure === "SHUTDOWN" &&
    !holdsPermission(engine.instance, session.login, "SHUTDOWN", lent);
  return shutsDown ? AUDIT_REFUSALS.shutdown : undefined;
}

/** Whoever passes a permission of the server on has to have it WITH GRANT OPTION, or a higher one. */
function mayShare(definition: Definition, { engine, session, lent }: SqlContext): boolean {
  if (definition.kind !== "permission" || permissionScope(definition) !== "SERVER") return true;
  return definition.permissions.every((name) => maySharePermission(engine.instance, session.login, name, lent));
}

function demandOf(definition: Definition): Demand {
  const refusal = notPermitted();
  switch (definition.kind) {
    case "createAudit":
      return { scope: "SERVER", permission: "ALTER ANY SERVER AUDIT", refusal };
    case "alterAudit":
    case "dropAudit": {
      const verb = definition.kind === "alterAudit" ? "alter" : "drop";
      const hidden = doesNotExist(verb, "server audit", definition.name);
      return { scope: "SERVER", permission: "ALTER ANY SERVER AUDIT", refusal: hidden };
    }
    case "createSpecification":
    case "alterSpecification":
    case "dropSpecification":
      return { scope: definition.scope, permission: `ALTER ANY ${definition.scope} AUDIT`, refusal };
    case "dropTable":
    case "dropProcedure": {
      const what = definition.kind === "dropTable" ? "table" : "procedure";
      return { scope: "DATABASE", permission: "CONTROL", refusal: objectNotFound(what, definition.name) };
    }
    case "createTable":
    case "createProcedure":
    case "alterProcedure":
    case "createCertificate":
    case "dropCertificate":
    case "removePrivateKey":
    case "addSignature":
      return { scope: "DATABASE", permission: "CONTROL", refusal };
    case "createTrigger":
      return { scope: "SERVER", permission: "CONTROL SERVER", refusal };
    case "createCertificateLogin":
    case "createLogin":
    case "alterLogin":
    case "dropLogin":
      return { scope: "SERVER", permission: "ALTER ANY LOGIN", refusal };
    case "createUser":
    case "dropUser":
      return { scope: "DATABASE", permission: "ALTER ANY USER", refusal };
    case "createRole":
    case "dropRole":
    case "changeRole":
      return definition.scope === "SERVER"
        ? { scope: "SERVER", permission: "ALTER ANY SERVER ROLE", refusal }
        : { scope: "DATABASE", permission: "ALTER ANY ROLE", refusal };
    case "permission":
      return {
        scope: "SERVER",
        permission: "CONTROL SERVER",
        refusal: new ServerError(4613, "Grantor does not have GRANT permission.", 16),
      };
    case "switchTriggers":
    case "dropTriggers": {
      const [name = "ALL"] = definition.names;
      return { scope: "SERVER", permission: "CONTROL SERVER", refusal: triggerNotFound(name) };
    }
    case "createDatabase":
      return {
        scope: "SERVER",
        permission: "CREATE ANY DATABASE",
        refusal: new ServerError(262, "CREATE DATABASE permission denied in database 'master'.", 14),
      };
    case "dropDatabase":
      return { scope: "SERVER", permission: "ALTER ANY DATABASE", refusal: databaseNotFound(definition.name) };
  }
}
