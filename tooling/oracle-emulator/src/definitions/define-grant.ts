import {
  type Database,
  type DatabaseRole,
  type DatabaseUser,
  findGrantee,
  type ObjectGrant,
  replaceGrantee,
} from "../database.ts";
import { hasObjectPrivilege, hasSystemPrivilege } from "../privileges.ts";
import type { SqlContext } from "../sql/context.ts";
import { findPackage, resolveTable } from "../sql/find-object.ts";
import { oracleError } from "../sql/messages.ts";
import type { Granting } from "./definition.ts";
import { ownerOf } from "./schema.ts";
import { SYSTEM_PRIVILEGES } from "./system-privileges.ts";

export function grantOrRevoke(granting: Granting, context: SqlContext): void {
  if (granting.object) changeObjectGrants(granting, granting.object, context);
  else changeSystemGrants(granting, context);
}

const OBJECT_PRIVILEGES: ReadonlySet<string> = new Set(
  "READ SELECT INSERT UPDATE DELETE EXECUTE ALTER INDEX REFERENCES DEBUG FLASHBACK".split(" "),
);

function changeObjectGrants(
  { verb, privileges, grantees }: Granting,
  path: readonly string[],
  context: SqlContext,
): void {
  const { dictionary, rights } = context;
  for (const privilege of privileges) if (!OBJECT_PRIVILEGES.has(privilege)) throw oracleError(990);
  const target = objectOf(path, context);
  const { database } = dictionary;
  const mayGrant = rights.user === target.owner || hasSystemPrivilege(database, rights, "GRANT ANY OBJECT PRIVILEGE");
  if (!mayGrant) {
    const isVisible = hasObjectPrivilege(database, rights, target.owner, target.name, ["READ", "SELECT", "EXECUTE"]);
    throw oracleError(isVisible ? 1031 : 942);
  }
  // What stands in this container alone is granted here alone.
  const { tables, routines } = database;
  const placed = [...tables, ...routines].find(({ owner, name }) => owner === target.owner && name === target.name);
  const grants = privileges.map(
    (privilege): ObjectGrant => ({
      object: `${target.owner}.${target.name}`,
      privilege,
      ...(placed?.container !== undefined && { container: placed.container }),
    }),
  );
  const changed = (held: readonly ObjectGrant[]) => {
    const others = held.filter((each) => !grants.some((grant) => sameGrant(each, grant)));
    if (verb === "revoke" && others.length === held.length) throw oracleError(1927);
    return verb === "grant" ? [...others, ...grants] : others;
  };
  for (const name of grantees) {
    if (name === "PUBLIC") {
      dictionary.changeDatabase({ publicGrants: changed(dictionary.database.publicGrants) });
      continue;
    }
    const grantee = demandGrantee(dictionary.database, name);
    change(grantee, { objectGrants: changed(grantee.objectGrants) }, context);
  }
}

function sameGrant(a: ObjectGrant, b: ObjectGrant): boolean {
  return a.object === b.object && a.privilege === b.privilege;
}

function objectOf(path: readonly string[], context: SqlContext): { readonly owner: string; readonly name: string } {
  const found =
    resolveTable(path, context) ??
    findPackage(path, { ...context, rights: { user: "SYS", roles: [] } }) ??
    context.dictionary.database.routines.find(
      ({ owner, name }) => owner === ownerOf(path, context) && name === path.at(-1),
    );
  if (!found) throw oracleError(path.length > 1 ? 942 : 4042);
  return found;
}

function demandGrantee(database: Database, name: string): DatabaseUser | DatabaseRole {
  const found = findGrantee(database, name);
  if (!found) throw oracleError(1917, [name]);
  return found;
}

function change(
  grantee: DatabaseUser | DatabaseRole,
  by: Partial<Pick<DatabaseUser, "systemPrivileges" | "roles" | "objectGrants">>,
  { dictionary }: SqlContext,
): void {
  dictionary.changeDatabase(replaceGrantee(dictionary.database, { ...grantee, ...by }));
}

function changeSystemGrants({ verb, privileges, grantees, programs }: Granting, context: SqlContext): void {
  const { dictionary } = context;
  const { database } = dictionary;
  const roles = privileges.filter((name) => database.roles.some((role) => role.name === name));
  const system = privileges.filter((name) => !roles.includes(name));
  for (const name of system) {
    if (SYSTEM_PRIVILEGES.has(name)) continue;
    throw name.includes(" ") ? oracleError(990) : oracleError(verb === "grant" ? 1919 : 1924, [name]);
  }
  for (const path of programs) changeProgram(verb, roles, path, context);
  for (const name of grantees) {
    const grantee = demandGrantee(dictionary.database, name);
    change(
      grantee,
      {
        roles: changedList(verb, grantee.roles, roles, (role) => oracleError(1951, [role, name])),
        systemPrivileges: changedList(verb, grantee.systemPrivileges, system, () => oracleError(1952, [name])),
      },
      context,
    );
  }
}

function changedList(
  verb: Granting["verb"],
  held: readonly string[],
  names: readonly string[],
  absent: (name: string) => Error,
): readonly string[] {
  if (verb === "grant") return [...new Set([...held, ...names])];
  for (const name of names) if (!held.includes(name)) throw absent(name);
  return held.filter((name) => !names.includes(name));
}

/** Only roles can be granted to a program, and only those that its owner has (code-based access control). */
function changeProgram(
  verb: Granting["verb"],
  roles: readonly string[],
  path: readonly string[],
  context: SqlContext,
): void {
  const { dictionary } = context;
  const { database } = dictionary;
  const routine = database.routines.find((each) => each.owner === ownerOf(path, context) && each.name === path.at(-1));
  if (!routine) throw oracleError(4042);
  const owned = findGrantee(database, routine.owner)?.roles ?? [];
  for (const role of roles) if (!owned.includes(role)) throw oracleError(1924, [role]);
  const changed = { ...routine, roles: changedList(verb, routine.roles, roles, (role) => oracleError(1924, [role])) };
  dictionary.changeDatabase({ routines: database.routines.map((each) => (each === routine ? changed : each)) });
}
