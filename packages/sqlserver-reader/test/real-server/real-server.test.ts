/**
 * The reader on a real SQL Server, when DAS_TEST_SQLSERVER says where one is (`tooling/test-engines` starts one); it needs
 * an administrator's login, because it makes audits and logins of its own and drops them again.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { REAL_AUDIT_DIRECTORY, REAL_SQL_SERVER } from "../env.ts";
import { RealServer } from "./real-server.ts";
import { REAL_SERVER_TESTS } from "./real-server-tests.ts";
import { parseServerAddress } from "./server-address.ts";

// With QUEUE_DELAY 1000 a row takes a second to its file, and some tests write many.
const TIMEOUT = 10 * 60_000;

if (REAL_SQL_SERVER === undefined) {
  // The default reporter counts skipped tests without naming them.
  process.stderr.write(
    `SKIPPED: real SQL Server: ${REAL_SERVER_TESTS.length} tests skipped, DAS_TEST_SQLSERVER is not set\n`,
  );
}

describe.skipIf(REAL_SQL_SERVER === undefined)("a real SQL Server", () => {
  let server: RealServer;

  beforeAll(async () => {
    // What a run finds out is printed: it is the reason to run it.
    const report = (finding: string) => void process.stdout.write(`${finding}\n`);
    server = await RealServer.open(parseServerAddress(REAL_SQL_SERVER ?? ""), REAL_AUDIT_DIRECTORY, report);
  }, TIMEOUT);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    process.stdout.write(
      `audit files of this run remain in ${server.directory} (das_test_*): no client can delete them\n`,
    );
  }, TIMEOUT);

  for (const { name, run, cannot } of REAL_SERVER_TESTS) {
    test(name, { timeout: TIMEOUT }, async (context) => {
      const reason = cannot?.(server);
      if (reason !== undefined) {
        process.stderr.write(`SKIPPED: ${name}: ${reason}\n`);
        context.skip(reason);
      }
      await run(server);
    });
  }
});
