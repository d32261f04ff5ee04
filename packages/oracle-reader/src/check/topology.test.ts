import { describe, expect, test } from "vitest";
import { DATABASE, INSTANCE, REFUSED, STANDBY } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeCluster } from "./cluster.ts";
import { judgeContainers } from "./containers.ts";
import { judgeKeepalive } from "./keepalive.ts";
import { judgePartnerships, judgeReplicas, partnersOf, type Replica, type ReplicaFacts } from "./replicas.ts";
import { judgeRole } from "./standby.ts";

test.each([
  ["PRIMARY", "READ WRITE", "ok", "its table and this instance's files are published"],
  ["PHYSICAL STANDBY", "READ ONLY WITH APPLY", "ok", "the table is the primary's to publish"],
  ["SNAPSHOT STANDBY", "READ WRITE", "warning", "nobody's to publish"],
  ["LOGICAL STANDBY", "READ WRITE", "warning", "published by nobody"],
])("a %s that is open %s is %s", (role, openMode, status, what) => {
  const finding = judgeRole(answered({ ...DATABASE, openMode }), { ...INSTANCE, role });
  expect(finding).toMatchObject({ id: "oracle.role", status, what: expect.stringContaining(what) });
});

test("a role that may not be looked at is a failure: nothing could be owned", () => {
  expect(judgeRole(REFUSED, INSTANCE)).toMatchObject({
    status: "failure",
    repair: "GRANT READ ON SYS.V_$DATABASE TO DAS_READER;",
  });
});

describe("containers", () => {
  const root = { ...INSTANCE, containerId: 1, containerName: "CDB$ROOT" };
  const all = [
    { id: 1, name: "CDB$ROOT", openMode: "READ WRITE" },
    { id: 2, name: "PDB$SEED", openMode: "READ ONLY" },
    { id: 3, name: "SALES", openMode: "READ WRITE" },
    { id: 4, name: "HR", openMode: "MOUNTED" },
  ];

  test("without any, or in a PDB, are well", () => {
    expect(judgeContainers(answered([]), INSTANCE, [])).toMatchObject({ status: "ok" });
    const pdb = { ...INSTANCE, containerId: 3, containerName: "SALES" };
    expect(judgeContainers(REFUSED, pdb, [])).toMatchObject({
      status: "ok",
      what: expect.stringContaining("PDB SALES"),
    });
  });

  test("of a root are all read, but for those that are closed", () => {
    expect(judgeContainers(answered(all), root, ["CDB$ROOT", "SALES"])).toMatchObject({
      status: "ok",
      what: "the root and 1 PDB are read, but for those that are closed: HR",
    });
    expect(judgeContainers(answered(all), root, ["CDB$ROOT"])).toMatchObject({
      id: "oracle.containers",
      status: "warning",
      what: "the root is read, but not 1 open PDB: SALES",
      repair: expect.stringContaining("containers: [sales]"),
    });
    expect(judgeContainers(REFUSED, root, [])).toMatchObject({ status: "warning" });
  });
});

const OTHER: ReplicaFacts = {
  uniqueName: "ORCL_B",
  role: "PHYSICAL STANDBY",
  instanceNumber: "1",
  containerName: INSTANCE.containerName,
  dbid: DATABASE.dbid,
  name: DATABASE.name,
};
const replica = (change: Partial<ReplicaFacts> = {}): Replica => ({
  instanceId: "b",
  facts: answered({ ...OTHER, ...change }),
});
const unreachable: Replica = { instanceId: "b", facts: { known: false, reason: "no answer", refused: false } };

describe("replicas", () => {
  const partners = answered(new Map([["log_archive_config", "DG_CONFIG=(orcl_a, ORCL_B)"]]));
  const none = answered(new Map<string, string>());

  test("are those of LOG_ARCHIVE_CONFIG", () => {
    expect(partnersOf(partners.known ? partners.value : new Map(), "ORCL_A")).toEqual(["ORCL_B"]);
    expect(judgePartnerships(partners, INSTANCE, [])).toMatchObject({
      status: "warning",
      what: expect.stringContaining("ORCL_B"),
    });
    expect(judgePartnerships(partners, INSTANCE, [replica()])).toMatchObject({ status: "ok" });
    expect(judgePartnerships(partners, INSTANCE, [unreachable])).toMatchObject({ status: "ok" });
    expect(judgePartnerships(none, INSTANCE, [])).toMatchObject({ status: "ok" });
    expect(judgePartnerships(REFUSED, INSTANCE, [])).toMatchObject({ status: "warning" });
    expect(judgePartnerships(REFUSED, INSTANCE, [replica()])).toMatchObject({ status: "ok" });
  });

  test.each<readonly [Replica, string, string]>([
    [replica(), "ok", "ORCL_B, a physical standby"],
    [unreachable, "warning", "no answer"],
    [replica({ dbid: "1" }), "failure", "different databases"],
    [replica({ containerName: "HR" }), "failure", "different containers"],
    [replica({ uniqueName: "ORCL_A", role: "PRIMARY" }), "warning", "one and the same"],
    [replica({ uniqueName: "ORCL_A", role: "PRIMARY", instanceNumber: "2" }), "ok", "ORCL_A"],
    [replica({ role: "PRIMARY" }), "failure", "both say that they are the primary"],
  ])("%o is %s", (other, status, what) => {
    expect(judgeReplicas("a", INSTANCE, answered(DATABASE), [other])).toMatchObject([
      { id: "oracle.replica.b", status, what: expect.stringContaining(what) },
    ]);
  });

  test("of a standby may be the primary", () => {
    const primary = replica({ uniqueName: "ORCL_A", role: "PRIMARY" });
    expect(judgeReplicas("b", STANDBY, answered(DATABASE), [primary])).toMatchObject([{ status: "ok" }]);
  });
});

test("each instance of a cluster should be configured", () => {
  const cluster = answered({ instanceName: "ORCL1", isCluster: true });
  const sibling = replica({ uniqueName: "ORCL_A", instanceNumber: "2" });
  expect(judgeCluster(answered({ instanceName: "ORCL", isCluster: false }), INSTANCE, [])).toMatchObject({
    status: "ok",
  });
  expect(judgeCluster(cluster, INSTANCE, [replica()])).toMatchObject({ id: "oracle.cluster", status: "warning" });
  expect(judgeCluster(cluster, INSTANCE, [sibling])).toMatchObject({ status: "ok" });
  expect(judgeCluster(REFUSED, INSTANCE, [])).toMatchObject({ status: "warning" });
});

test("keepalive is never passed: nobody can see it from SQL", () => {
  expect(judgeKeepalive()).toMatchObject({
    id: "oracle.keepalive",
    status: "warning",
    repair: expect.stringContaining("\nSQLNET.EXPIRE_TIME = 1"),
  });
});
