/** sp_getapplock, sp_releaseapplock, APPLOCK_TEST and APPLOCK_MODE (SQL Server notes §5). */
import {
  acquireLock,
  heldMode,
  isGrantable,
  type LockMode,
  type LockName,
  type LockOwner,
  releaseLock,
} from "../application-locks.ts";
import { findDatabase, findPrincipal, isRoleMember, sameName, userOf } from "../principals.ts";
import type { Procedure, ProcedureArgument, ScalarFunction, SqlContext } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import { nvarchar, type SqlValue, smallint } from "../sql-types.ts";
import { telling } from "./telling.ts";

const GRANTED = 0;
const TIMED_OUT = -1;
const ERROR = -999;

function byName(args: readonly ProcedureArgument[], positions: readonly string[]): ReadonlyMap<string, SqlValue> {
  return new Map(args.map(({ name, value }, index) => [(name ?? positions[index] ?? "").toLowerCase(), value]));
}

/** The member's role is part of the lock's name: whoever is not a member cannot take it, and takes another one under `public`. */
function lockNameOf(context: SqlContext, principal: string, resource: string): LockName | undefined {
  const { session, engine } = context;
  const database = findDatabase(engine.instance, session.database);
  const user = database && userOf(engine.instance, database, session.login);
  if (!database || !user || !findPrincipal(database, principal)) return undefined;
  const isOwner = user.id === DBO || isRoleMember(database, user, "db_owner");
  const isMember = sameName(user.name, principal) || isRoleMember(database, user, principal);
  return isOwner || isMember ? { database: session.database, principal, resource } : undefined;
}

const DBO = 1;

function nameFrom(context: SqlContext, given: ReadonlyMap<string, SqlValue>): LockName | undefined {
  return lockNameOf(context, String(given.get("@dbprincipal") ?? "public"), String(given.get("@resource") ?? ""));
}

/** Those that can be asked for: SharedIntentExclusive comes about by holding two. */
const MODES: readonly LockMode[] = ["IntentShared", "Shared", "Update", "IntentExclusive", "Exclusive"];

function modeOf(value: SqlValue | undefined): LockMode | undefined {
  return MODES.find((mode) => sameName(mode, String(value ?? "")));
}

function ownerOf(value: SqlValue | undefined): LockOwner | undefined {
  return (["Session", "Transaction"] as const).find((owner) => sameName(owner, String(value ?? "Transaction")));
}

/** A lock of a transaction that there is not, or anything else that is wrong, gives −999. */
export const GET_APPLICATION_LOCK: Procedure = (args, context) => {
  const given = byName(args, ["@resource", "@lockmode", "@lockowner", "@locktimeout", "@dbprincipal"]);
  const name = nameFrom(context, given);
  const mode = modeOf(given.get("@lockmode"));
  const owner = ownerOf(given.get("@lockowner"));
  const { engine, session } = context;
  if (!name || !mode || !owner || (owner === "Transaction" && !session.transaction)) return { status: ERROR };
  const { locks, granted } = acquireLock(engine.locks, name, { sessionId: session.id, owner, mode });
  engine.locks = locks;
  if (granted) return { status: GRANTED };
  if (Number(given.get("@locktimeout") ?? -1) !== 0) throw wouldWait();
  return { status: TIMED_OUT };
};

/** Waiting is the one thing that is not played: a test that needs it shall see so. */
function wouldWait(): ServerError {
  return new ServerError(102, "sqlserver-emulator: sp_getapplock does not wait; say @LockTimeout = 0.", 15);
}

export const RELEASE_APPLICATION_LOCK: Procedure = (args, context) => {
  const given = byName(args, ["@resource", "@lockowner", "@dbprincipal"]);
  const name = nameFrom(context, given);
  const owner = ownerOf(given.get("@lockowner"));
  if (!name || !owner) return { status: ERROR };
  const { locks, released } = releaseLock(context.engine.locks, name, { sessionId: context.session.id, owner });
  context.engine.locks = locks;
  return { status: released ? GRANTED : ERROR };
};

function textOf(value: SqlValue | undefined): string {
  return String(value ?? "");
}

export const LOCK_FUNCTIONS: readonly (readonly [string, ScalarFunction])[] = [
  [
    "applock_test",
    telling(smallint, (context, [principal, resource, wanted, whose]) => {
      const name = lockNameOf(context, textOf(principal), textOf(resource));
      const mode = modeOf(wanted);
      const owner = ownerOf(whose);
      if (!name || !mode || !owner) return null;
      return isGrantable(context.engine.locks, name, { sessionId: context.session.id, owner, mode }) ? 1 : 0;
    }),
  ],
  [
    "applock_mode",
    telling(nvarchar(32), (context, [principal, resource, whose]) => {
      const name = lockNameOf(context, textOf(principal), textOf(resource));
      const owner = ownerOf(whose);
      if (!name || !owner) return null;
      return heldMode(context.engine.locks, name, { sessionId: context.session.id, owner }) ?? "NoLock";
    }),
  ],
];
