import { expect, test } from "vitest";
import { SqlServerGroup } from "../src/databases/sqlserver-group.ts";
import * as publishing from "../src/happenings/publishing.ts";
import { Scene } from "../src/scene.ts";

const AUDIT = "sqlserver:a:RDS_DAS_AUDIT";
/** Some hold nothing but a heartbeat, and are put again and again. */
const CALLS = 10;

test("what is not as it should be is found out: doubles that no kill explains, and a row that nobody published", async () => {
  await using scene = await Scene.open(await SqlServerGroup.start(1), { rate: 100, seed: 1 });
  // Kinesis says that it refused records which it has taken.
  const ofAudit = ({ partitionKey }: { readonly partitionKey: string }) => partitionKey === AUDIT;
  const doubling = scene.aws.faults.failRecords({ times: CALLS, chance: { probability: 0.5, seed: 1 } }, ofAudit, {
    errorCode: "InternalFailure",
    stored: true,
  });
  scene.play();
  await publishing.startPublishers(scene);
  await scene.until(() => doubling.hits === CALLS, AbortSignal.timeout(100_000));
  await publishing.somethingPublished(scene);
  await scene.pause();
  await publishing.everythingPublished(scene);

  const audited = scene.database.audited();
  audited.note("elsewhere", AUDIT, [{ key: "never published", time: "2026-11-22 12:00:00" }]);
  const verdict = await scene.verdict();
  expect(verdict).toMatchObject({ missing: 1, doubled: 0, openHoles: 0 });
  expect(verdict.samples).toContain("missing: never published");
  expect(verdict.unexplainedDoubles).toBeGreaterThan(0);
  expect(verdict.unexplainedDoubles).toBe(verdict.rawDoubles);
});
