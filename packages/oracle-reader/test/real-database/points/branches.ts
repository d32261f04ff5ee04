/** Oracle notes §10.6 and §10.9: what may be read below the view, and what reading the files costs. */
import { systemClock } from "@das/core";
import type { Branch } from "../../../src/audit-server.ts";
import { readUntil } from "../../read-until.ts";
import { Administrator } from "../administrator.ts";
import type { RealDatabase, TestUser } from "../real-database.ts";
import { either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

const TABLE = "AUDSYS.AUD$UNIFIED";
const FILES = "SYS.GV_$UNIFIED_AUDIT_TRAIL";

async function queryAs({ address }: TestUser, statement: string) {
  await using session = await Administrator.connect(address);
  return await session.attempt(statement);
}

/** Does the reader, as this user, give every row once? */
async function givesEveryRow(database: RealDatabase, user: TestUser): Promise<boolean> {
  await using trail = await database.createTrail();
  await trail.append(5);
  const { markers } = await readUntil({ openReader: () => trail.openReaderAs(user) }, undefined, 5);
  return markers.join() === trail.expectedMarkers().join();
}

export const BRANCH_POINTS: readonly UnverifiedPoint[] = [
  ...[TABLE, FILES].map(
    (object): UnverifiedPoint => ({
      section: 6,
      question: `with READ on it, ${object} gives to a user`,
      settle: async (database) => {
        const reader = await database.reader();
        const { error } = await queryAs(reader, `SELECT COUNT(*) AS n FROM ${object} t WHERE 1=0`);
        return { says: error === undefined ? "rows" : resultText(error), copes: await givesEveryRow(database, reader) };
      },
    }),
  ),
  {
    section: 6,
    question: "with READ on neither, the reader reads",
    cannot: ({ description }) =>
      description.release < 18 ? "12.2 has no time in UTC in the view: check refuses" : undefined,
    settle: async (database) => {
      const user = await database.createUser("view only");
      await using server = await database.connectAs(user);
      const ways = [...server.instance.access].map(
        ([branch, { object, condition }]) =>
          `${branch} from ${object}${condition === undefined ? "" : ` ${condition}`}`,
      );
      return { says: ways.join("; "), copes: await givesEveryRow(database, user) };
    },
  },
  {
    section: 6,
    question: "without AUDIT_VIEWER and READ, the reader is told",
    settle: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(1);
      const stranger = await database.createUser("none");
      // The reader must say that a person is needed, and not try again and again.
      const refusal = await readUntil({ openReader: () => trail.openReaderAs(stranger) }, undefined, 1).then(
        () => "nothing",
        (error: Error) => error.name,
      );
      return { says: refusal, copes: refusal === "RefusedError" };
    },
  },
  {
    section: 6,
    question: "EVENT_TIMESTAMP is, in the view, the table, the files,",
    settle: async (database) => {
      const types: string[] = [];
      for (const object of ["AUDSYS.UNIFIED_AUDIT_TRAIL", TABLE, FILES]) {
        const columns = await database.administrator.describe(`SELECT * FROM ${object} WHERE 1=0`);
        types.push(columns.find(({ name }) => name === "EVENT_TIMESTAMP")?.type ?? "absent");
      }
      return { says: types.join(", "), copes: types.every((type) => type.startsWith("TIMESTAMP")) };
    },
  },
  {
    section: 6,
    question: "the reader's own statements on both branches take",
    settle: async (database) => {
      await using server = await database.connectAs(await database.reader());
      const signal = AbortSignal.timeout(300_000);
      const { now } = await server.observe(signal);
      const slice = { from: "2000-01-01 00:00:00.000000+00", to: now } as const;
      const taken: string[] = [];
      for (const branch of ["table", "files"] satisfies Branch[]) {
        if (!server.instance.branches.includes(branch)) continue;
        for (const [what, ask] of [
          ["keys", () => server.readKeys(branch, slice, () => undefined, signal)],
          ["sums", () => server.summarize(branch, slice, "day", signal)],
          ["oldest", () => server.oldestTime(branch, signal)],
        ] as const) {
          const begin = performance.now();
          await ask();
          taken.push(`${branch} ${what} ${(performance.now() - begin).toFixed(0)} ms`);
        }
      }
      return either(taken.join(", "));
    },
  },
  {
    section: 9,
    question: "a poll of the files costs, with nothing new in them,",
    settle: async (database) => {
      await using server = await database.connectAs(await database.reader());
      if (!server.instance.branches.includes("files")) return either("nothing: they cannot be read");
      const signal = AbortSignal.timeout(300_000);
      const { administrator } = database;
      const [files = {}] = await administrator.run(`SELECT TO_CHAR(COUNT(*)) AS n FROM ${FILES}`);
      const { now: from } = await server.observe(signal);
      const taken: number[] = [];
      for (let n = 0; n < 5; n += 1) {
        const begin = performance.now();
        await server.readRows("files", { from, to: "2100-01-01 00:00:00.000000+00" }, () => undefined, signal);
        taken.push(performance.now() - begin);
        await systemClock.sleep(100);
      }
      const [, , median = 0] = taken.toSorted((a, b) => a - b);
      return either(`${median.toFixed(0)} ms in the median, with ${files.N} rows in them`);
    },
  },
];
