import assert from "node:assert/strict";
import { CONFORMANCE_CASES } from "@das/reader-conformance";
import { FOLLOWING_TESTS } from "./following-tests.ts";
import type { RealDatabase, RealDatabaseTest } from "./real-database.ts";
import { UNVERIFIED_POINTS } from "./unverified-points.ts";

const CONFORMANCE_TESTS: readonly RealDatabaseTest[] = CONFORMANCE_CASES.map(({ name, run }) => ({
  name,
  run: (database: RealDatabase) => run(() => database.createTrail()),
}));

const CHECK_TEST: RealDatabaseTest = {
  name: "check looks at everything and finds the trail readable",
  run: async (database) => {
    await using trail = await database.createTrail();
    await trail.append(1);
    await using reader = trail.openReader();
    const { findings } = await reader.check(AbortSignal.timeout(120_000));
    for (const { id, status, what } of findings) database.tell(`check: ${id} ${status}: ${what}`);
    for (const wanted of ["reach", "login", "branches", "unified-auditing"]) {
      const found = findings.filter(({ id }) => id.startsWith(`oracle.${wanted}`));
      assert(found.length > 0, `check does not look at ${wanted}`);
      for (const { status, what } of found) assert.notEqual(status, "failure", what);
    }
  },
};

const POINT_TESTS: readonly RealDatabaseTest[] = UNVERIFIED_POINTS.map(({ section, question, cannot, settle }) => ({
  name: `§10.${section}: ${question}`,
  ...(cannot && { cannot }),
  run: async (database: RealDatabase) => {
    const { says, copes } = await settle(database);
    database.tell(`§10.${section}: ${question}: ${says}${copes ? "" : " (THE READER DOES NOT COPE WITH THIS)"}`);
    assert(copes, says);
  },
}));

/** Everything that runs on a database, in the order in which one wants to know it. */
export const REAL_DATABASE_TESTS: readonly RealDatabaseTest[] = [
  CHECK_TEST,
  ...FOLLOWING_TESTS,
  ...CONFORMANCE_TESTS,
  ...POINT_TESTS,
];
