/** SQL Server notes §10.1 and §10.2: what the function does with a file and an offset, and whether blocks grow. */
import { literal, type Outcome } from "../administrator.ts";
import type { RealServer } from "../real-server.ts";
import type { Place, ThrowawayAudit } from "../throwaway-audit.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

/** What the reader takes for a file, or an offset, that is not there (SQL Server notes §3). */
const NOT_THERE = new Set([33224, 33225, 25718, 25722]);

function readFrom(
  { administrator }: RealServer,
  path: string,
  file: string | null,
  offset: string | null,
): Promise<Outcome> {
  const from = file === null ? "NULL" : literal(file);
  return administrator.attempt(
    `SELECT CONVERT(varchar(20), audit_file_offset) AS block, user_defined_information
FROM sys.fn_get_audit_file(${literal(path)}, ${from}, ${offset ?? "NULL"}) OPTION (RECOMPILE, MAXDOP 1)`,
  );
}

/** Writes until the newest file has three blocks. */
async function threeBlocks(audit: ThrowawayAudit): Promise<{ readonly blocks: string[]; readonly places: Place[] }> {
  for (let rounds = 0; rounds < 50; rounds += 1) {
    await audit.appendLarge(20);
    const all = await audit.look();
    const places = all.filter(({ path }) => path === all.at(-1)?.path);
    const blocks = [...new Set(places.map(({ offset }) => offset))];
    if (blocks.length >= 3) return { blocks, places };
  }
  throw new Error("a thousand large rows make no three blocks");
}

function outcomeText({ errors, hasColumns, rows }: Outcome): string {
  if (errors.length === 0) return `${rows.length} rows`;
  return `error ${errors.join(", ")}, ${hasColumns ? "after" : "before"} the columns`;
}

export const OFFSET_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 1,
    question: "offset is exclusive",
    settle: async (server) => {
      await using audit = await server.createAudit();
      const { blocks, places } = await threeBlocks(audit);
      const [first, ...later] = blocks;
      const path = places[0]?.path ?? "";
      const { rows, errors } = await readFrom(server, path, path, first ?? "");
      const got = rows.map(({ block }) => String(block));
      const after = places.map(({ offset }) => offset).filter((offset) => offset !== first);
      const isExclusive = !got.includes(first ?? "");
      const tail = got.filter((block) => block !== first);
      return {
        says: errors.length > 0 ? `error ${errors.join(", ")}` : isExclusive ? "yes" : "no, the block itself comes too",
        // Whichever it is: what follows comes whole, once and in order.
        copes: errors.length === 0 && later.length > 0 && tail.join() === after.join(),
      };
    },
  },
  {
    section: 1,
    question: "reading from the last block's offset gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      const { blocks, places } = await threeBlocks(audit);
      const path = places[0]?.path ?? "";
      // The reader always passes the block before it.
      return either(outcomeText(await readFrom(server, path, path, blocks.at(-1) ?? "")));
    },
  },
  {
    section: 1,
    question: "a file without an offset gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(3);
      const path = (await audit.look())[0]?.path ?? "";
      // The reader gives both or neither.
      return either(outcomeText(await readFrom(server, path, path, null)));
    },
  },
  {
    section: 1,
    question: "an offset at which no block begins gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(3);
      const path = (await audit.look())[0]?.path ?? "";
      const outcome = await readFrom(server, path, path, "7");
      return { says: outcomeText(outcome), copes: outcome.errors.every((number) => NOT_THERE.has(number)) };
    },
  },
  {
    section: 1,
    question: "a file that is gone, with an offset, gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const gone = ((await audit.look())[0]?.path ?? "").replace(/_\d+\.sqlaudit$/, "_131000000000000000.sqlaudit");
      const outcome = await readFrom(server, gone, gone, "5632");
      return { says: outcomeText(outcome), copes: outcome.errors.some((number) => NOT_THERE.has(number)) };
    },
  },
  {
    section: 1,
    question: "a file that is gone, without an offset, gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const gone = ((await audit.look())[0]?.path ?? "").replace(/_\d+\.sqlaudit$/, "_131000000000000000.sqlaudit");
      const outcome = await readFrom(server, gone, null, null);
      return { says: outcomeText(outcome), copes: outcome.errors.some((number) => NOT_THERE.has(number)) };
    },
  },
  {
    section: 1,
    question: "an offset seeks: of a file of about 20 MB the last blocks cost",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.appendLarge(1_500);
      const { blocks, places } = await threeBlocks(audit);
      const path = places[0]?.path ?? "";
      const whole = await duration(() => readFrom(server, path, null, null));
      const tail = await duration(() => readFrom(server, path, path, blocks.at(-3) ?? ""));
      return either(`${tail.toFixed(1)} ms, the whole file ${whole.toFixed(1)} ms`);
    },
  },
  ...[0, 1000].map(
    (queueDelay): UnverifiedPoint => ({
      section: 2,
      question: `with QUEUE_DELAY ${queueDelay}, the last block grows after it was visible`,
      settle: async (server) => {
        await using audit = await server.createAudit({ queueDelay });
        let grown = 0;
        let last: Place | undefined;
        for (let n = 0; n < 10; n += 1) {
          await audit.append(1);
          const newest = (await audit.look()).at(-1);
          if (last && newest && newest.path === last.path && newest.offset === last.offset) grown += 1;
          last = newest;
        }
        return either(grown > 0 ? `yes, in ${grown} of 10 writes` : "no");
      },
    }),
  ),
];

/** Milliseconds, the least of three. */
async function duration(run: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const begin = performance.now();
    await run();
    taken.push(performance.now() - begin);
  }
  return Math.min(...taken);
}
