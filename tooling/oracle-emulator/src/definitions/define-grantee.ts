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
  const { engine } = context;
  const { shared } = engine;
  demandNameForHere(name, context);
  // Such accounts came with 18c.
  if (password === null && engine.profile.major < 18) throw oracleError(922);
  if (findGrantee(shared.database, name)) throw oracleError(1920, [name]);
  const user: DatabaseUser = { ...NOTHING, kind: "user", name, password, isLocked, isOracleMaintained: false };
  shared.changeDatabase({ users: [...shared.database.users, user] });
}

/** In the root every user is common, in a PDB every new one is local; their names tell. @throws OracleError 65094, 65096 */
function demandNameForHere(name: string, { site, session }: SqlContext): void {
  const { conId } = containerOf(site, session.container);
  const isCommon = name.startsWith("C##");
  if (conId === ROOT && !isCommon) throw oracleError(65096);
  if (conId > ROOT && isCommon) throw oracleError(65094);
}

export function alterUser({ name, password, isLocked }: UserDefinition, { engine }: SqlContext): void {
  const { shared } = engine;
  const user = findUser(shared.database, name);
  if (!user) throw oracleError(1918, [name]);
  const changed = { ...user, ...(password !== undefined && { password }), ...(isLocked !== undefined && { isLocked }) };
  shared.changeDatabase(replaceGrantee(shared.database, changed));
}

export function dropUser(name: string, { engine }: SqlContext): void {
  const { shared, sessions } = engine;
  const { database } = shared;
  const user = findUser(database, name);
  if (!user) throw oracleError(1918, [name]);
  if (user.isOracleMaintained) throw oracleError(28014);
  if (sessions.some((session) => session.user === name)) throw oracleError(1940);
  const isOther = ({ owner }: { readonly owner: string }) => owner !== name;
  shared.changeDatabase({
    users: database.users.filter((other) => other !== user),
    routines: database.routines.filter(isOther),
    triggers: database.triggers.filter(isOther),
    tables: database.tables.filter(isOther),
  });
}

export function createRole(name: string, { engine }: SqlContext): void {
  const { shared } = engine;
  if (findGrantee(shared.database, name)) throw oracleError(1921, [name]);
  const role = { ...NOTHING, kind: "role" as const, name, isOracleMaintained: false };
  shared.changeDatabase({ roles: [...shared.database.roles, role] });
}

export function dropRole(name: string, { engine }: SqlContext): void {
  const { shared } = engine;
  const { database } = shared;
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
  shared.changeDatabase(changed);
}
