/**
 * The reader on a real Oracle database, when DAS_TEST_ORACLE says where one is (`tooling/test-engines` starts one); it
 * needs an administrator's login, because it makes users, procedures and policies of its own and drops them again.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { REAL_ORACLE, REAL_ORACLE_WALLET } from "../env.ts";
import { parseDatabaseAddress } from "./database-address.ts";
import { RealDatabase } from "./real-database.ts";
import { REAL_DATABASE_TESTS } from "./real-database-tests.ts";

// Some tests write many rows, each with a statement of its own, and a trail may be large.
const TIMEOUT = 10 * 60_000;

if (REAL_ORACLE === undefined) {
  // The default reporter counts skipped tests without naming them.
  process.stderr.write(
    `SKIPPED: real Oracle: ${REAL_DATABASE_TESTS.length} tests skipped, DAS_TEST_ORACLE is not set\n`,
  );
}

describe.skipIf(REAL_ORACLE === undefined)("a real Oracle database", () => {
  let database: RealDatabase;

  beforeAll(async () => {
    // What a run finds out is printed: it is the reason to run it.
    const report = (finding: string) => void process.stdout.write(`${finding}\n`);
    database = await RealDatabase.open(parseDatabaseAddress(REAL_ORACLE ?? "", REAL_ORACLE_WALLET), report);
  }, TIMEOUT);

  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    process.stdout.write("audit records of this run remain in the trail until it is purged\n");
  }, TIMEOUT);

  for (const { name, run, cannot } of REAL_DATABASE_TESTS) {
    test(name, { timeout: TIMEOUT }, async (context) => {
      const reason = cannot?.(database);
      if (reason !== undefined) {
        process.stderr.write(`SKIPPED: ${name}: ${reason}\n`);
        context.skip(reason);
      }
      await run(database);
    });
  }
});
