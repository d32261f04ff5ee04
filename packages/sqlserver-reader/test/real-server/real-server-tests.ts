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
    for (const { id, status, what } of findings) server.tell(`check: ${id} ${status}: ${what}`);
    const about = audit.name;
    for (const wanted of ["reach", "login", "version", `audit.${about}`, `audit-on.${about}`, `audit-read.${about}`]) {
      const finding = findings.find(({ id }) => id === `sqlserver.${wanted}`);
      assert(finding, `check does not look at ${wanted}`);
      assert.notEqual(finding.status, "failure", finding.what);
    }
  },
};

const POINT_TESTS: readonly RealServerTest[] = UNVERIFIED_POINTS.map(({ section, question, cannot, settle }) => ({
  name: `§10.${section}: ${question}`,
  ...(cannot && { cannot }),
  run: async (server: RealServer) => {
    const { says, copes } = await settle(server);
    server.tell(`§10.${section}: ${question}: ${says}${copes ? "" : " (THE READER DOES NOT COPE WITH THIS)"}`);
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
