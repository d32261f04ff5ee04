import assert from "node:assert/strict";
import { CONFORMANCE_CASES } from "@das/reader-conformance";
import { FOLLOWING_TESTS } from "./following-tests.ts";
import type { RealServer, RealServerTest } from "./real-server.ts";
import { UNVERIFIED_POINTS } from "./unverified-points.ts";

/** As rows are written at once, and as `das start` provisions the audit. */
const QUEUE_DELAYS = [0, 1000];

const CONFORMANCE_TESTS: readonly RealServerTest[] = QUEUE_DELAYS.flatMap((queueDelay) =>
  CONFORMANCE_CASES.map(({ name, run }) => ({
    name: `QUEUE_DELAY ${queueDelay}: ${name}`,
    run: (server: RealServer) => run(() => server.createAudit({ queueDelay })),
  })),
);

const CHECK_TEST: RealServerTest = {
  name: "check looks at everything and finds the audit readable",
  run: async (server) => {
    await using audit = await server.createAudit();
    await audit.append(1);
    await using reader = audit.openReader();
    const { findings } = await reader.check(AbortSignal.timeout(60_000));
    for (const { id, status, what } of findings) tell(server, `check: ${id} ${status}: ${what}`);
    assert(findings.length > 0);
    const failures = findings.filter(({ status }) => status === "failure").map(({ id }) => id);
    for (const id of ["sqlserver.reach", "sqlserver.version", `sqlserver.audit.${audit.name}`]) {
      assert(!failures.includes(id), `check finds a failure: ${id}`);
    }
  },
};

const POINT_TESTS: readonly RealServerTest[] = UNVERIFIED_POINTS.map(({ section, question, cannot, settle }) => ({
  name: `§10.${section}: ${question}`,
  ...(cannot && { cannot }),
  run: async (server: RealServer) => {
    const { says, copes } = await settle(server);
    tell(server, `§10.${section}: ${question}: ${says}${copes ? "" : " (THE READER DOES NOT COPE WITH THIS)"}`);
    assert(copes, says);
  },
}));

/** Everything that runs on a server, in the order in which one wants to know it. */
export const REAL_SERVER_TESTS: readonly RealServerTest[] = [
  CHECK_TEST,
  ...FOLLOWING_TESTS,
  ...CONFORMANCE_TESTS,
  ...POINT_TESTS,
];

/** What a run finds out is printed: it is the reason to run it. */
function tell({ description }: RealServer, text: string): void {
  process.stdout.write(`SQL Server ${description.productVersion} on ${description.platform}: ${text}\n`);
}
