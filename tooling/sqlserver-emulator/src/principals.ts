/** Who is who in an instance, and who may what. Names are compared without regard to case. */
import type { Database, DatabasePrincipal, Instance, ServerLogin, StoredProcedure } from "./instance.ts";

/** May it pass a server permission on? One that it was given WITH GRANT OPTION, or that a higher one of its own implies. */
export function maySharePermission(
  instance: Instance,
  login: ServerLogin,
  permission: string,
  lent: readonly string[] = [],
): boolean {
  if (login.isSysadmin || (login.grantable ?? []).includes(permission)) return true;
  return permission !== "CONTROL SERVER" && holdsPermission(instance, login, "CONTROL SERVER", lent);
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function findLogin(instance: Instance, name: string): ServerLogin | undefined {
  return instance.logins.find((login) => sameName(login.name, name));
}

export function findDatabase(instance: Instance, name: string): Database | undefined {
  return instance.databases.find((database) => sameName(database.name, name));
}

/** The roles that every server has, and what they may of the things that are asked for here. */
const FIXED_SERVER_ROLES: Readonly<Record<string, readonly string[]>> = {
  sysadmin: ["CONTROL SERVER"],
  securityadmin: ["ALTER ANY LOGIN"],
  serveradmin: ["ALTER SERVER STATE", "SHUTDOWN"],
  setupadmin: [],
  processadmin: ["ALTER SERVER STATE", "ALTER ANY CONNECTION"],
  diskadmin: [],
  dbcreator: ["CREATE ANY DATABASE", "ALTER ANY DATABASE"],
  bulkadmin: [],
};

export const FIXED_SERVER_ROLE_NAMES: readonly string[] = Object.keys(FIXED_SERVER_ROLES);

/** Their ids follow each other from here; `public` has 2. */
export const FIRST_FIXED_SERVER_ROLE_ID = 3;

export function isServerRole(instance: Instance, name: string): boolean {
  return (
    sameName(name, "public") ||
    FIXED_SERVER_ROLE_NAMES.some((role) => sameName(role, name)) ||
    instance.serverRoles.some((role) => sameName(role.name, name))
  );
}

export function isServerRoleMember(login: ServerLogin, role: string): boolean {
  if (sameName(role, "public")) return true;
  if (sameName(role, "sysadmin")) return login.isSysadmin;
  return (login.serverRoles ?? []).some((held) => sameName(held, role));
}

/** Which permissions contain a narrower one (the part that is asked for here). */
const COVERED_BY: Readonly<Record<string, readonly string[]>> = {
  "VIEW SERVER PERFORMANCE STATE": ["VIEW SERVER STATE"],
  "VIEW SERVER SECURITY STATE": ["VIEW SERVER STATE"],
  "VIEW ANY SECURITY DEFINITION": ["VIEW ANY DEFINITION"],
  "VIEW SERVER STATE": ["ALTER SERVER STATE"],
};

/** A permission on the server. DENY outweighs CONTROL SERVER, but never sysadmin (SQL Server notes §7.1). */
export function holdsPermission(
  instance: Instance,
  login: ServerLogin,
  permission: string,
  lent: readonly string[] = [],
): boolean {
  if (login.isSysadmin) return true;
  const wanted = permission.toUpperCase();
  const roles = instance.serverRoles.filter(({ name }) => isServerRoleMember(login, name));
  const denied = [...(login.denied ?? []), ...roles.flatMap((role) => role.denied)];
  if (denied.includes(wanted)) return false;
  const held = new Set([
    "CONNECT SQL",
    ...login.permissions,
    ...lent,
    ...roles.flatMap((role) => role.permissions),
    ...(login.serverRoles ?? []).flatMap((role) => FIXED_SERVER_ROLES[role.toLowerCase()] ?? []),
  ]);
  return [wanted, "CONTROL SERVER", ...coveringOf(wanted)].some((covering) => held.has(covering));
}

/** By the login's name, or as a member of a role of master. */
export function mayExecute(instance: Instance, { executableBy }: StoredProcedure, login: ServerLogin): boolean {
  if (login.isSysadmin || executableBy === undefined) return true;
  const master = findDatabase(instance, "master");
  const user = master && userOf(instance, master, login);
  return executableBy.some(
    (name) => sameName(name, login.name) || (master && user && isRoleMember(master, user, name)),
  );
}

function coveringOf(permission: string): readonly string[] {
  return (COVERED_BY[permission] ?? []).flatMap((covering) => [covering, ...coveringOf(covering)]);
}

/** What every database has. */
const BUILT_IN_PRINCIPALS: readonly DatabasePrincipal[] = [
  builtIn(0, "public", "role"),
  builtIn(1, "dbo", "user", "0x01"),
  builtIn(2, "guest", "user", "0x00"),
  builtIn(3, "INFORMATION_SCHEMA", "user"),
  builtIn(4, "sys", "user"),
  ...[
    "db_owner",
    "db_accessadmin",
    "db_securityadmin",
    "db_ddladmin",
    undefined,
    "db_backupoperator",
    "db_datareader",
    "db_datawriter",
    "db_denydatareader",
    "db_denydatawriter",
  ].flatMap((name, index) => (name === undefined ? [] : [builtIn(16_384 + index, name, "role")])),
];

function builtIn(id: number, name: string, kind: "user" | "role", sid: string | null = null): DatabasePrincipal {
  return { id, name, kind, sid, memberOf: [], permissions: [], denied: [] };
}

/** Databases that let everybody in as guest. */
const OPEN_DATABASES: ReadonlySet<string> = new Set(["master", "tempdb", "msdb"]);

export function principalsOf(database: Database): readonly DatabasePrincipal[] {
  return [...BUILT_IN_PRINCIPALS, ...(database.principals ?? [])];
}

export function findPrincipal(database: Database, name: string): DatabasePrincipal | undefined {
  return principalsOf(database).find((principal) => sameName(principal.name, name));
}

/** As whom a login works in a database; undefined when it may not enter. A sysadmin is dbo everywhere. */
export function userOf(instance: Instance, database: Database, login: ServerLogin): DatabasePrincipal | undefined {
  if (login.isSysadmin) return findPrincipal(database, "dbo");
  const own = (database.principals ?? []).find(({ kind, sid }) => kind === "user" && sid === login.sid);
  const mayEnter =
    OPEN_DATABASES.has(database.name.toLowerCase()) || holdsPermission(instance, login, "CONNECT ANY DATABASE");
  return own ?? (mayEnter ? findPrincipal(database, "guest") : undefined);
}

export function isOnline({ state = "ONLINE" }: Database): boolean {
  return state === "ONLINE";
}

/** The roles of a principal, also those that it has through others. */
function rolesOf(database: Database, principal: DatabasePrincipal): readonly DatabasePrincipal[] {
  const found = new Map<string, DatabasePrincipal>();
  const visit = ({ memberOf }: DatabasePrincipal) => {
    for (const name of memberOf) {
      const role = findPrincipal(database, name);
      if (!role || found.has(role.name)) continue;
      found.set(role.name, role);
      visit(role);
    }
  };
  visit(principal);
  return [...found.values()];
}

/** Explicitly or by nature: everybody is public, dbo is db_owner. */
export function isRoleMember(database: Database, principal: DatabasePrincipal, role: string): boolean {
  if (sameName(role, "public") || (principal.id === 1 && sameName(role, "db_owner"))) return true;
  return rolesOf(database, principal).some(({ name }) => sameName(name, role));
}

/** Which permission on the server implies one on every database. */
const IMPLIED_BY: Readonly<Record<string, string>> = {
  "ALTER ANY DATABASE AUDIT": "ALTER ANY SERVER AUDIT",
  "VIEW DEFINITION": "VIEW ANY DEFINITION",
  "VIEW DATABASE STATE": "VIEW SERVER STATE",
};

/** A permission on a database; dbo and db_owner hold all of them, and who holds CONTROL SERVER as good as all. */
export function holdsDatabasePermission(
  instance: Instance,
  database: Database,
  login: ServerLogin,
  permission: string,
  lent: readonly string[] = [],
): boolean {
  const user = userOf(instance, database, login);
  if (!user) return false;
  if (user.id === 1) return true;
  const wanted = permission.toUpperCase();
  const persons = [user, ...rolesOf(database, user)];
  if (persons.some(({ denied }) => denied.includes(wanted))) return false;
  if (isRoleMember(database, user, "db_owner")) return true;
  if (persons.some(({ permissions }) => permissions.includes(wanted) || permissions.includes("CONTROL"))) return true;
  return holdsPermission(instance, login, IMPLIED_BY[wanted] ?? "CONTROL SERVER", lent);
}
