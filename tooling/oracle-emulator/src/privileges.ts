/** Who may what (Oracle notes §4.2). */
import { type Database, findGrantee, type Grantee, withInherited } from "./database.ts";

/** With whose rights something runs: a session's with its roles, or a definer's with those granted to the program. */
export interface Rights {
  /** CURRENT_USER. */
  readonly user: string;
  readonly roles: readonly string[];
}

/** SYS may everything. */
function isSys({ user }: Rights): boolean {
  return user === "SYS";
}

function granteesOf(database: Database, { user, roles }: Rights): readonly Grantee[] {
  return [user, ...withInherited(database, roles)].flatMap((name) => findGrantee(database, name) ?? []);
}

export function hasRole(database: Database, rights: Rights, role: string): boolean {
  return isSys(rights) || withInherited(database, rights.roles).includes(role);
}

export function systemPrivilegesOf(database: Database, rights: Rights): readonly string[] {
  const found = new Set(granteesOf(database, rights).flatMap(({ systemPrivileges }) => systemPrivileges));
  return [...found].toSorted();
}

export function hasSystemPrivilege(database: Database, rights: Rights, privilege: string): boolean {
  return isSys(rights) || systemPrivilegesOf(database, rights).includes(privilege);
}

/** Dictionaries that the ANY privileges leave out. */
const PROTECTED_SCHEMAS: ReadonlySet<string> = new Set(["SYS", "AUDSYS", "DVSYS"]);

/** @param wanted any of them will do */
export function hasObjectPrivilege(
  database: Database,
  rights: Rights,
  owner: string,
  name: string,
  wanted: readonly string[],
): boolean {
  if (isSys(rights) || rights.user === owner) return true;
  const object = `${owner}.${name}`;
  const grants = [
    ...database.publicGrants,
    ...granteesOf(database, rights).flatMap(({ objectGrants }) => objectGrants),
  ];
  if (grants.some((grant) => grant.object === object && wanted.includes(grant.privilege))) return true;
  if (owner === "SYS") {
    return wanted.includes("SELECT") && hasSystemPrivilege(database, rights, "SELECT ANY DICTIONARY");
  }
  if (PROTECTED_SCHEMAS.has(owner)) return false;
  return ANY_PRIVILEGES.some(
    ([privilege, any]) => wanted.includes(privilege) && hasSystemPrivilege(database, rights, any),
  );
}

const ANY_PRIVILEGES = [
  ["SELECT", "SELECT ANY TABLE"],
  ["READ", "READ ANY TABLE"],
  ["INSERT", "INSERT ANY TABLE"],
  ["UPDATE", "UPDATE ANY TABLE"],
  ["DELETE", "DELETE ANY TABLE"],
  ["EXECUTE", "EXECUTE ANY PROCEDURE"],
] as const;
