/** Oracle notes §10.8 and §10.10: how late rows appear, and how sessions number them, while many write at once. */
import { Administrator, type Row } from "../administrator.ts";
import type { RealDatabase } from "../real-database.ts";
import type { ThrowawayTrail } from "../throwaway-trail.ts";
import { either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

const SESSIONS = 8;
const ROWS_EACH = 100;
/** Seconds that the reader waits for late rows in its key sweep (Oracle notes §2.3). */
const LATE_WINDOW = 60;

/** Several sessions at once, each as fast as it can. */
async function writeUnderLoad(trail: ThrowawayTrail): Promise<void> {
  const sessions: Administrator[] = [];
  try {
    for (let n = 0; n < SESSIONS; n += 1) sessions.push(await Administrator.connect(trail.owner.address));
    await Promise.all(
      sessions.map(async (session) => {
        for (let n = 0; n < ROWS_EACH; n += 1) await session.run(trail.statement, { p: String(n) });
      }),
    );
  } finally {
    for (const session of sessions) await session[Symbol.asyncDispose]();
  }
}

/** Numbers that a session of these rows left out between its first and its last. */
function holesOf(rows: readonly Row[]): number {
  const entries = new Map<string, number[]>();
  for (const { SESSION_ID: session, ENTRY: entry } of rows) {
    entries.set(String(session), [...(entries.get(String(session)) ?? []), Number(entry)]);
  }
  return [...entries.values()].reduce(
    (holes, numbers) => holes + (Math.max(...numbers) - Math.min(...numbers) + 1 - new Set(numbers).size),
    0,
  );
}

export const LOAD_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 8,
    question: "DBMS_AUDIT_MGMT.GET_AUDIT_COMMIT_DELAY is",
    settle: async ({ administrator }) => {
      const { rows, error } = await administrator.attempt(
        "SELECT TO_CHAR(DBMS_AUDIT_MGMT.GET_AUDIT_COMMIT_DELAY) AS seconds FROM dual",
      );
      if (error !== undefined) return either(resultText(error));
      const seconds = Number(rows[0]?.SECONDS);
      return { says: `${seconds} s`, copes: 6 * seconds <= LATE_WINDOW };
    },
  },
  {
    section: 8,
    question: "under load, from its stamp until it is visible a row takes",
    settle: async (database) => {
      await using trail = await database.createTrail();
      const seen = new Map<string, number>();
      const written = writeUnderLoad(trail).then(() => trail.expect(SESSIONS * ROWS_EACH));
      const looking = lookUntil(database, trail, seen);
      await Promise.all([written.finally(looking.stop), looking.ended]);
      const lags = [...seen.values()].toSorted((a, b) => a - b);
      const [median = 0, most = 0] = [lags[lags.length >> 1], lags.at(-1)];
      return {
        says: `${median.toFixed(0)} ms in the median, ${most.toFixed(0)} ms at most, of ${lags.length} rows (between two looks, which count)`,
        copes: most < LATE_WINDOW * 1_000,
      };
    },
  },
  {
    section: 10,
    question: "under load, numbers that ENTRY_ID of a session leaves out",
    settle: async (database) => {
      await using trail = await database.createTrail();
      await writeUnderLoad(trail);
      await trail.expect(SESSIONS * ROWS_EACH);
      const holes = holesOf(await trail.look());
      // Each would be told as a suspected loss.
      return { says: holes === 0 ? "none" : String(holes), copes: holes === 0 };
    },
  },
];

/** Milliseconds by the database's clock between a row's stamp and the look that first shows it. */
function lookUntil(database: RealDatabase, trail: ThrowawayTrail, seen: Map<string, number>) {
  let stopped = false;
  const look = async () => {
    while (!stopped) {
      const [clock = {}] = await database.administrator.run(
        "SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP),'YYYY-MM-DD HH24:MI:SS.FF6') AS now FROM dual",
      );
      for (const { TIME: time, SESSION_ID: session, ENTRY: entry } of await trail.look()) {
        const key = `${session} ${entry}`;
        if (!seen.has(key)) seen.set(key, Math.max(0, millisecondsOf(clock.NOW) - millisecondsOf(time)));
      }
    }
  };
  const stop = () => {
    stopped = true;
  };
  return { ended: look(), stop };
}

function millisecondsOf(time: string | null | undefined): number {
  const text = time ?? "";
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23)}Z`) + Number(text.slice(23)) / 1_000;
}
