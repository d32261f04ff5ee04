/** sp_getapplock and sp_releaseapplock (SQL Server notes §5). */
import { acquireLock, type LockName, releaseLock } from "../application-locks.ts";
import type { Procedure, ProcedureArgument, SqlContext } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import type { SqlValue } from "../sql-types.ts";

const GRANTED = 0;
const TIMED_OUT = -1;
const ERROR = -999;

function byName(args: readonly ProcedureArgument[], positions: readonly string[]): ReadonlyMap<string, SqlValue> {
  return new Map(args.map(({ name, value }, index) => [(name ?? positions[index] ?? "").toLowerCase(), value]));
}

/** The member's role is part of the lock's name: whoever is not a member cannot take it, and takes another one under `public`. */
function lockNameOf(context: SqlContext, given: ReadonlyMap<string, SqlValue>): LockName | undefined {
  const { session, engine } = context;
  const principal = String(given.get("@dbprincipal") ?? "public");
  const { instance } = engine;
  const known = [...instance.masterRoles, "public", "dbo"].some(
    (name) => name.toLowerCase() === principal.toLowerCase(),
  );
  const inMaster = session.database.toLowerCase() === "master";
  const isMember =
    principal.toLowerCase() === "public" ||
    session.login.isSysadmin ||
    (inMaster && session.login.masterRoles.some((role) => role.toLowerCase() === principal.toLowerCase()));
  if (!known || !isMember) return undefined;
  return { database: session.database, principal, resource: String(given.get("@resource") ?? "") };
}

export const GET_APPLICATION_LOCK: Procedure = (args, context) => {
  const given = byName(args, ["@resource", "@lockmode", "@lockowner", "@locktimeout", "@dbprincipal"]);
  if (String(given.get("@lockmode")).toLowerCase() !== "exclusive") throw unserved("@LockMode other than Exclusive");
  // The real default is Transaction, which needs one; a reader's lock must outlive its statements.
  if (String(given.get("@lockowner") ?? "Transaction").toLowerCase() !== "session")
    throw unserved("@LockOwner other than Session");
  if (Number(given.get("@locktimeout") ?? -1) !== 0) throw unserved("@LockTimeout other than 0");
  const name = lockNameOf(context, given);
  if (!name) return { status: ERROR };
  const { locks, granted } = acquireLock(context.engine.locks, name, context.session.id);
  context.engine.locks = locks;
  return { status: granted ? GRANTED : TIMED_OUT };
};

export const RELEASE_APPLICATION_LOCK: Procedure = (args, context) => {
  const name = lockNameOf(context, byName(args, ["@resource", "@lockowner", "@dbprincipal"]));
  if (!name) return { status: ERROR };
  const { locks, released } = releaseLock(context.engine.locks, name, context.session.id);
  context.engine.locks = locks;
  return { status: released ? GRANTED : ERROR };
};

function unserved(what: string): ServerError {
  return new ServerError(102, `sqlserver-emulator: sp_getapplock with ${what} is not served.`, 15);
}
