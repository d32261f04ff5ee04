import { type Database, type DatabaseUser, findGrantee, findUser, replaceGrantee } from "../database.ts";
import { containerOf } from "../model/world.ts";
import type { SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import type { Definition } from "./definition.ts";

type UserDefinition = Extract<Definition, { kind: "createUser" | "alterUser" }>;

/** CON_ID of CDB$ROOT; 0 where there are no containers. */
const ROOT = 1;

const NOTHING = { systemPrivileges: [], roles: [], objectGrants: [] };

export function createUser({ name, password = null, isLocked = false }: UserDefinition, context: SqlContext): void {
  const { engine, dictionary, session } = context;
  demandNameForHere(name, context);
  // Such accounts came with 18c.
  if (password === null && engine.profile.major < 18) throw oracleError(922);
  if (findGrantee(dictionary.database, name)) throw oracleError(1920, [name]);
  const user: DatabaseUser = {
    ...NOTHING,
    kind: "user",
    name,
    password,
    isLocked,
    isOracleMaintained: false,
    ...(!name.startsWith("C##") && { container: session.container }),
  };
  dictionary.changeDatabase({ users: [...dictionary.database.users, user] });
}

/** In the root every user is common, in a PDB every new one is local; their names tell. @throws OracleError 65094, 65096 */
function demandNameForHere(name: string, { site, session }: SqlContext): void {
  const { conId } = containerOf(site, session.container);
  const isCommon = name.startsWith("C##");
  if (conId === ROOT && !isCommon) throw oracleError(65096);
  if (conId > ROOT && isCommon) throw oracleError(65094);
}

export function alterUser({ name, password, isLocked }: UserDefinition, { dictionary }: SqlContext): void {
  const user = findUser(dictionary.database, name);
  if (!user) throw oracleError(1918, [name]);
  const changed = { ...user, ...(password !== undefined && { password }), ...(isLocked !== undefined && { isLocked }) };
  dictionary.changeDatabase(replaceGrantee(dictionary.database, changed));
}

export function dropUser(name: string, { engine, dictionary }: SqlContext): void {
  const user = findUser(dictionary.database, name);
  if (!user) throw oracleError(1918, [name]);
  if (user.isOracleMaintained) throw oracleError(28014);
  if (engine.sessions.some((session) => session.user === name)) throw oracleError(1940);
  // A common user goes with all that it has in any container.
  const place = user.container === undefined ? engine.shared : dictionary;
  const { users, routines, triggers, tables } = place.database;
  const isOther = ({ owner }: { readonly owner: string }) => owner !== name;
  place.changeDatabase({
    users: users
      .filter((other) => other.name !== name || other.container !== user.container)
      .map((other) => ({
        ...other,
        objectGrants: other.objectGrants.filter(({ object }) => !object.startsWith(`${name}.`)),
      })),
    routines: routines.filter(isOther),
    triggers: triggers.filter(isOther),
    tables: tables.filter(isOther),
  });
}

export function createRole(name: string, { dictionary }: SqlContext): void {
  if (findGrantee(dictionary.database, name)) throw oracleError(1921, [name]);
  const role = { ...NOTHING, kind: "role" as const, name, isOracleMaintained: false };
  dictionary.changeDatabase({ roles: [...dictionary.database.roles, role] });
}

export function dropRole(name: string, { dictionary }: SqlContext): void {
  const { database } = dictionary;
  const role = database.roles.find((each) => each.name === name);
  if (!role) throw oracleError(1919, [name]);
  if (role.isOracleMaintained) throw oracleError(28014);
  const without = <Held extends { readonly roles: readonly string[] }>(held: Held): Held => ({
    ...held,
    roles: held.roles.filter((each) => each !== name),
  });
  const changed: Partial<Database> = {
    roles: database.roles.filter((each) => each !== role).map(without),
    users: database.users.map(without),
    routines: database.routines.map(without),
  };
  dictionary.changeDatabase(changed);
}
