/** Functions that tell who somebody is and what the session may. */
import type { Database } from "../instance.ts";
import {
  findDatabase,
  findLogin,
  findPrincipal,
  holdsDatabasePermission,
  holdsPermission,
  isOnline,
  isRoleMember,
  isServerRole,
  isServerRoleMember,
  mayExecute,
  principalsOf,
  sameName,
  userOf,
} from "../principals.ts";
import type { ScalarFunction, SqlContext } from "../sql/context.ts";
import { int, type SqlValue, sysname, varbinary } from "../sql-types.ts";
import { telling } from "./telling.ts";

type Arguments = readonly SqlValue[];

const bool = (value: boolean) => (value ? 1 : 0);

function currentDatabase({ engine, session }: SqlContext): Database | undefined {
  return findDatabase(engine.instance, session.database);
}

/** HAS_PERMS_BY_NAME(securable, class, permission): the server, a database, a procedure or a view. */
function hasPermission(context: SqlContext, [securable = null, className = null, permission]: Arguments): SqlValue {
  const { engine, session, lent } = context;
  const wanted = String(permission);
  if (className === null) return securable === null ? serverPermission() : null;
  switch (String(className).toUpperCase()) {
    case "SERVER":
      return serverPermission();
    case "DATABASE": {
      const database = securable === null ? currentDatabase(context) : findDatabase(engine.instance, String(securable));
      return database ? bool(holdsDatabasePermission(engine.instance, database, session.login, wanted)) : null;
    }
    case "OBJECT":
      return objectPermission(context, plainName(securable), wanted);
    default:
      return null;
  }

  function serverPermission(): SqlValue {
    return bool(holdsPermission(engine.instance, session.login, wanted, lent));
  }
}

function plainName(name: SqlValue): string {
  return String(name ?? "")
    .toLowerCase()
    .replaceAll(/[[\]"]/g, "")
    .replace(/^master\./, "");
}

function objectPermission({ engine, session, catalog }: SqlContext, name: string, wanted: string): SqlValue {
  if (name === "sys.xp_readerrorlog" && wanted.toUpperCase() === "EXECUTE")
    return bool(canReadErrorLog({ engine, session }));
  const procedure = engine.instance.procedures.find((known) => sameName(known.name, name));
  if (procedure) return bool(mayExecute(engine.instance, procedure, session.login));
  return catalog.tables.has(name) ? 1 : null;
}

/** Members of securityadmin, a permission of 2022, or EXECUTE on the procedure (SQL Server notes §4.5). */
export function canReadErrorLog({ engine, session }: Pick<SqlContext, "engine" | "session">): boolean {
  const { login } = session;
  const { permissions } = login;
  return (
    login.isSysadmin ||
    isServerRoleMember(login, "securityadmin") ||
    permissions.some((permission) => sameName(permission, "EXECUTE ON sys.xp_readerrorlog")) ||
    (engine.profile.year >= 2022 && holdsPermission(engine.instance, login, "VIEW ANY ERROR LOG"))
  );
}

function isServerRoleMemberNamed({ engine, session }: SqlContext, [role = null, name]: Arguments): SqlValue {
  const asked = name === undefined ? session.login : findLogin(engine.instance, String(name));
  if (!asked || role === null || !isServerRole(engine.instance, String(role))) return null;
  return bool(isServerRoleMember(asked, String(role)));
}

function isRoleMemberNamed(context: SqlContext, [role = null, name]: Arguments): SqlValue {
  const { engine, session } = context;
  const database = currentDatabase(context);
  if (!database || role === null) return null;
  const asked =
    name === undefined ? userOf(engine.instance, database, session.login) : findPrincipal(database, String(name));
  if (!asked || findPrincipal(database, String(role))?.kind !== "role") return null;
  return bool(isRoleMember(database, asked, String(role)));
}

function principalId(context: SqlContext, [name]: Arguments): SqlValue {
  const database = currentDatabase(context);
  if (!database) return null;
  const { engine, session } = context;
  if (name === undefined) return userOf(engine.instance, database, session.login)?.id ?? null;
  return findPrincipal(database, String(name))?.id ?? null;
}

function userName(context: SqlContext, [id]: Arguments): SqlValue {
  const database = currentDatabase(context);
  if (!database) return null;
  const { engine, session } = context;
  if (id === undefined) return userOf(engine.instance, database, session.login)?.name ?? null;
  return principalsOf(database).find((principal) => principal.id === Number(id))?.name ?? null;
}

/** SUSER_SNAME(sid); without an argument the session's own. */
function loginName({ engine, session }: SqlContext, [sid]: Arguments): SqlValue {
  if (sid === undefined) return session.login.name;
  return engine.instance.logins.find((login) => login.sid === sid)?.name ?? null;
}

function loginSid({ engine, session }: SqlContext, [name]: Arguments): SqlValue {
  if (name === undefined) return session.login.sid;
  return findLogin(engine.instance, String(name))?.sid ?? null;
}

/** SUSER_NAME(principal id) and SUSER_ID(name). */
function loginNameOfId({ engine, session }: SqlContext, [id]: Arguments): SqlValue {
  if (id === undefined) return session.login.name;
  return engine.instance.logins.find(({ principalId: known }) => known === Number(id))?.name ?? null;
}

function loginId({ engine, session }: SqlContext, [name]: Arguments): SqlValue {
  return (name === undefined ? session.login : findLogin(engine.instance, String(name)))?.principalId ?? null;
}

/** HAS_DBACCESS(name): also 0 of a database that is not online; NULL of one that is not known. */
function hasDatabaseAccess({ engine, session }: SqlContext, [name = null]: Arguments): SqlValue {
  const database = name === null ? undefined : findDatabase(engine.instance, String(name));
  if (!database) return null;
  return bool(isOnline(database) && userOf(engine.instance, database, session.login) !== undefined);
}

export const PRINCIPAL_FUNCTIONS: readonly (readonly [string, ScalarFunction])[] = [
  ["suser_sname", telling(sysname, loginName)],
  ["suser_name", telling(sysname, loginNameOfId)],
  ["suser_id", telling(int, loginId)],
  ["suser_sid", telling(varbinary(85), loginSid)],
  ["original_login", telling(sysname, ({ session }) => session.originalLogin.name)],
  ["system_user", telling(sysname, ({ session }) => session.login.name)],
  ["user_name", telling(sysname, userName)],
  ["user_id", telling(int, principalId)],
  ["database_principal_id", telling(int, principalId)],
  ["has_perms_by_name", telling(int, hasPermission)],
  ["has_dbaccess", telling(int, hasDatabaseAccess)],
  ["is_srvrolemember", telling(int, isServerRoleMemberNamed)],
  ["is_rolemember", telling(int, isRoleMemberNamed)],
  ["is_member", telling(int, isRoleMemberNamed)],
];
