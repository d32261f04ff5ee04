/** Logins, users, roles, their members and permissions (SQL Server notes §§6.1, 7.1) as transitions of the instance. */
import { randomBytes } from "node:crypto";
import type { Database, DatabasePrincipal, Instance, ServerLogin, ServerRole, UserTable } from "../instance.ts";
import { FIXED_SERVER_ROLE_NAMES, findLogin, findPrincipal, isServerRole, sameName } from "../principals.ts";
import { ServerError } from "../sql/server-error.ts";
import { findTable } from "./define-object.ts";
import type { Definition } from "./definition.ts";
import { doesNotExist } from "./messages.ts";

type Of<Kind extends Definition["kind"]> = Extract<Definition, { kind: Kind }>;

const FIRST_LOGIN_ID = 257;

export function createLogin(instance: Instance, { name, password, sid }: Of<"createLogin">): Instance {
  if (findLogin(instance, name) || isServerRole(instance, name))
    throw new ServerError(15025, `The server principal '${name}' already exists.`);
  const login: ServerLogin = {
    name,
    password,
    principalId: nextServerId(instance),
    sid: sid ?? `0x${randomBytes(16).toString("hex")}`,
    isSysadmin: false,
    permissions: [],
  };
  if (instance.logins.some((known) => known.sid === login.sid))
    throw new ServerError(15433, "Supplied parameter sid is in use.");
  return { ...instance, logins: [...instance.logins, login] };
}

export function alterLogin(instance: Instance, definition: Of<"alterLogin">): Instance {
  const { name, newName, password, isDisabled } = definition;
  if (newName !== undefined && findLogin(instance, newName))
    throw new ServerError(15025, `The server principal '${newName}' already exists.`);
  return withLogin(instance, loginNamed(instance, name, "alter"), {
    ...(newName !== undefined && { name: newName }),
    ...(password !== undefined && { password }),
    ...(isDisabled !== undefined && { isDisabled }),
  });
}

export function dropLogin(instance: Instance, name: string): Instance {
  const dropped = loginNamed(instance, name, "drop");
  return { ...instance, logins: instance.logins.filter((login) => login !== dropped) };
}

function loginNamed(instance: Instance, name: string, verb: "alter" | "drop" | "find"): ServerLogin {
  const login = findLogin(instance, name);
  if (!login) throw doesNotExist(verb, "login", name);
  return login;
}

function withLogin(instance: Instance, login: ServerLogin, change: Partial<ServerLogin>): Instance {
  return { ...instance, logins: instance.logins.map((known) => (known === login ? { ...known, ...change } : known)) };
}

function nextServerId({ logins, serverRoles }: Instance): number {
  return Math.max(FIRST_LOGIN_ID - 1, ...[...logins, ...serverRoles].map(({ principalId }) => principalId)) + 1;
}

export function createUser(instance: Instance, database: Database, { name, login }: Of<"createUser">): Instance {
  const sid = login === undefined ? null : sidOf(instance, login);
  const holder = (database.principals ?? []).find((known) => sid !== null && known.sid === sid);
  if (holder) throw new ServerError(15063, "The login already has an account under a different user name.");
  return withPrincipal(instance, database, { name, kind: "user", sid });
}

function sidOf(instance: Instance, name: string): string {
  const login = findLogin(instance, name);
  if (!login) throw new ServerError(15007, `'${name}' is not a valid login or you do not have permission.`);
  return login.sid;
}

function withPrincipal(
  instance: Instance,
  database: Database,
  made: Pick<DatabasePrincipal, "name" | "kind" | "sid">,
): Instance {
  if (findPrincipal(database, made.name))
    throw new ServerError(15023, `User, group, or role '${made.name}' already exists in the current database.`);
  const before = database.principals ?? [];
  const id = Math.max(4, ...before.map((known) => known.id)) + 1;
  return withPrincipals(instance, database, [...before, { ...made, id, memberOf: [], permissions: [], denied: [] }]);
}

function withPrincipals(instance: Instance, database: Database, principals: readonly DatabasePrincipal[]): Instance {
  const databases = instance.databases.map((known) => (known.id === database.id ? { ...known, principals } : known));
  return { ...instance, databases };
}

/** A user, or a role without members. */
export function dropPrincipal(instance: Instance, database: Database, kind: "user" | "role", name: string): Instance {
  const before = database.principals ?? [];
  const dropped = before.find((known) => known.kind === kind && sameName(known.name, name));
  if (!dropped) throw doesNotExist("drop", kind, name);
  if (before.some(({ memberOf }) => memberOf.some((role) => sameName(role, dropped.name))))
    throw new ServerError(15144, "The role has members. It must be empty before it can be dropped.");
  return withPrincipals(
    instance,
    database,
    before.filter((known) => known !== dropped),
  );
}

export function createDatabaseRole(instance: Instance, database: Database, name: string): Instance {
  return withPrincipal(instance, database, { name, kind: "role", sid: null });
}

export function createServerRole(instance: Instance, name: string): Instance {
  if (isServerRole(instance, name) || findLogin(instance, name))
    throw new ServerError(15025, `The server principal '${name}' already exists.`);
  const role: ServerRole = { name, principalId: nextServerId(instance), permissions: [], denied: [] };
  return { ...instance, serverRoles: [...instance.serverRoles, role] };
}

export function dropServerRole(instance: Instance, name: string): Instance {
  const dropped = instance.serverRoles.find((role) => sameName(role.name, name));
  if (!dropped) throw doesNotExist("drop", "server role", name);
  if (instance.logins.some(({ serverRoles = [] }) => serverRoles.some((role) => sameName(role, name))))
    throw new ServerError(15144, "The role has members. It must be empty before it can be dropped.");
  return { ...instance, serverRoles: instance.serverRoles.filter((role) => role !== dropped) };
}

export function changeServerRole(instance: Instance, { name, verb, member }: Of<"changeRole">): Instance {
  if (!isServerRole(instance, name) || sameName(name, "public")) throw doesNotExist("alter", "server role", name);
  const login = findLogin(instance, member);
  if (!login) throw doesNotExist(verb === "add" ? "find" : "drop", "server principal", member);
  if (sameName(name, "sysadmin")) return withLogin(instance, login, { isSysadmin: verb === "add" });
  const written = [...FIXED_SERVER_ROLE_NAMES, ...instance.serverRoles.map((role) => role.name)];
  const role = written.find((known) => sameName(known, name)) ?? name;
  return withLogin(instance, login, { serverRoles: withOrWithout(login.serverRoles ?? [], role, verb) });
}

export function changeDatabaseRole(instance: Instance, database: Database, definition: Of<"changeRole">): Instance {
  const { name, verb, member } = definition;
  const role = findPrincipal(database, name);
  if (role?.kind !== "role") throw doesNotExist("alter", "role", name);
  const before = database.principals ?? [];
  const principal = before.find((known) => sameName(known.name, member));
  if (!principal) throw new ServerError(15410, `User or role '${member}' does not exist in this database.`);
  const changed = { ...principal, memberOf: withOrWithout(principal.memberOf, role.name, verb) };
  return withPrincipals(
    instance,
    database,
    before.map((known) => (known === principal ? changed : known)),
  );
}

function withOrWithout(names: readonly string[], name: string, verb: "add" | "drop"): readonly string[] {
  const isThere = names.some((known) => sameName(known, name));
  if (verb === "add") return isThere ? names : [...names, name];
  return names.filter((known) => !sameName(known, name));
}

interface Holder {
  readonly permissions: readonly string[];
  readonly grantable?: readonly string[];
  readonly denied?: readonly string[];
}

/** GRANT takes a DENY away, DENY a grant, REVOKE both. */
function held(holder: Holder, { verb, permissions, withGrantOption }: Of<"permission">) {
  const change = (list: readonly string[], isTaken: boolean) =>
    isTaken
      ? [...list, ...permissions.filter((permission) => !list.includes(permission))]
      : list.filter((known) => !permissions.includes(known));
  return {
    permissions: change(holder.permissions, verb === "GRANT"),
    denied: change(holder.denied ?? [], verb === "DENY"),
    ...((withGrantOption || holder.grantable) && {
      grantable: change(holder.grantable ?? [], withGrantOption === true),
    }),
  };
}

export function changeServerPermission(instance: Instance, definition: Of<"permission">): Instance {
  return definition.principals.reduce((changed, name) => changeHolder(changed, name, definition), instance);
}

function changeHolder(instance: Instance, name: string, definition: Of<"permission">): Instance {
  const login = findLogin(instance, name);
  if (login) return withLogin(instance, login, held(login, definition));
  const role = instance.serverRoles.find((known) => sameName(known.name, name));
  if (!role) throw doesNotExist("find", "login", name);
  const changed = { ...role, ...held(role, definition) };
  return { ...instance, serverRoles: instance.serverRoles.map((known) => (known === role ? changed : known)) };
}

export function changeDatabasePermission(
  instance: Instance,
  database: Database,
  definition: Of<"permission">,
): Instance {
  const before = database.principals ?? [];
  for (const name of definition.principals) {
    if (!before.some((known) => sameName(known.name, name))) throw doesNotExist("find", "user", name);
  }
  const isMeant = ({ name }: DatabasePrincipal) => definition.principals.some((meant) => sameName(meant, name));
  const principals = before.map((known) => (isMeant(known) ? { ...known, ...held(known, definition) } : known));
  return withPrincipals(instance, database, principals);
}

/** SELECT on a table of master; nothing else is ever granted on one here. */
function changeTablePermission(
  instance: Instance,
  database: Database,
  table: UserTable,
  { verb, permissions, principals }: Of<"permission">,
): Instance {
  if (permissions.some((permission) => permission !== "SELECT"))
    throw new ServerError(
      102,
      `sqlserver-emulator: only SELECT is granted on tables, not ${permissions.join(", ")}.`,
      15,
    );
  const missing = principals.find((name) => !findPrincipal(database, name));
  if (missing !== undefined) throw doesNotExist("find", "user", missing);
  const readableBy = principals.reduce(
    (names, name) => withOrWithout(names, name, verb === "GRANT" ? "add" : "drop"),
    table.readableBy,
  );
  return { ...instance, tables: instance.tables.map((known) => (known === table ? { ...known, readableBy } : known)) };
}

/** EXECUTE on a procedure of master, or on xp_readerrorlog. @throws ServerError 15151 */
export function changeObjectPermission(instance: Instance, database: Database, definition: Of<"permission">): Instance {
  const object = (definition.object ?? "").toLowerCase();
  const table = findTable(instance, object);
  if (table) return changeTablePermission(instance, database, table, definition);
  if (object === "xp_readerrorlog" || object === "sys.xp_readerrorlog") {
    const permissions = definition.permissions.map((permission) => `${permission} ON SYS.XP_READERRORLOG`);
    const logins = definition.principals.map((name) => loginBehind(instance, database, name));
    return logins.reduce(
      (changed, login) =>
        withLogin(changed, loginNamed(changed, login.name, "find"), held(login, { ...definition, permissions })),
      instance,
    );
  }
  const wanted = object.includes(".") ? object : `dbo.${object}`;
  const procedure = instance.procedures.find(({ name }) => sameName(name, wanted));
  if (!procedure) throw doesNotExist("find", "object", definition.object ?? "");
  if (procedure.executableBy === undefined && definition.verb === "GRANT") return instance;
  const grantees = definition.principals.map((name) =>
    findPrincipal(database, name)?.kind === "role" ? name : loginBehind(instance, database, name).name,
  );
  const executableBy = grantees.reduce(
    (names, name) => withOrWithout(names, name, definition.verb === "GRANT" ? "add" : "drop"),
    procedure.executableBy ?? [],
  );
  const procedures = instance.procedures.map((known) => (known === procedure ? { ...known, executableBy } : known));
  return { ...instance, procedures };
}

function loginBehind(instance: Instance, database: Database, name: string): ServerLogin {
  const user = findPrincipal(database, name);
  const login = instance.logins.find(({ sid }) => user !== undefined && sid === user.sid);
  if (!login) throw doesNotExist("find", "user", name);
  return login;
}
