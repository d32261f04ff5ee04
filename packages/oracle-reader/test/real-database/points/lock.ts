/** Oracle notes §10.14: the lock by which one reader at a time owns a source. */
import { systemClock } from "@das/core";
import type { ConnectedServer } from "../../../src/connected-server.ts";
import { beyondReach, either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

const SOURCE = "oracle:real:lock";

/** @throws when the signal says that it takes too long */
async function waitForLock(server: ConnectedServer, signal: AbortSignal): Promise<void> {
  while (!(await server.takeLock(SOURCE, signal))) {
    signal.throwIfAborted();
    await systemClock.sleep(20);
  }
}

export const LOCK_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 14,
    question: "a second session is refused the lock, and has it when the first session has ended, after",
    settle: async (database) => {
      const user = await database.reader();
      const signal = AbortSignal.timeout(60_000);
      await using spare = await database.connectAs(user);
      const owner = await database.connectAs(user);
      const isHad = (await owner.takeLock(SOURCE, signal)) && (await owner.takeLock(SOURCE, signal));
      const isRefused = !(await spare.takeLock(SOURCE, signal));
      await owner[Symbol.asyncDispose]();
      const begin = performance.now();
      await waitForLock(spare, signal);
      return { says: `${(performance.now() - begin).toFixed(0)} ms`, copes: isHad && isRefused };
    },
  },
  {
    section: 14,
    question: "a session that a DBA kills frees its lock after",
    settle: async (database) => {
      const user = await database.createUser("reader");
      const signal = AbortSignal.timeout(60_000);
      await using spare = await database.connectAs(await database.reader());
      await using owner = await database.connectAs(user);
      const isHad = await owner.takeLock(SOURCE, signal);
      const killed = await database.killSessions(user);
      const begin = performance.now();
      await waitForLock(spare, signal);
      return { says: `${(performance.now() - begin).toFixed(0)} ms`, copes: isHad && killed === 1 };
    },
  },
  {
    section: 14,
    question: "SQLNET.EXPIRE_TIME can be seen from SQL",
    settle: async ({ administrator }) => {
      const { rows, error } = await administrator.attempt(
        "SELECT p.name AS name, p.value AS value FROM sys.v_$parameter p WHERE p.name LIKE '%expire%' OR p.name LIKE '%sqlnet%'",
      );
      if (error !== undefined) return either(resultText(error));
      return either(rows.map(({ NAME, VALUE }) => `${NAME} = ${VALUE}`).join(", ") || "no, not as a parameter");
    },
  },
  beyondReach(14, "DBMS_LOCK on a read-only standby", "needs a standby"),
  beyondReach(14, "the lock in one PDB keeps the same id free in another", "needs two PDBs of one database"),
  beyondReach(14, "the lock of a host that died ends within", "needs a host that dies without closing its connection"),
];
