import { describe, expect, test } from "vitest";
import { AUDIT, CHANGES, INSTANCE, OTHER_GUID } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { guidElsewhere, judgePartnerships, judgeReplicas, type Replica } from "./replicas.ts";
import type { ServerAudit } from "./server-audits.ts";

const replica = (audits: readonly ServerAudit[], serverName = "DB02"): Replica => ({
  instanceId: "b",
  facts: answered({ serverName, audits }),
});
const unreachable: Replica = { instanceId: "b", facts: { known: false, reason: "no connection", refused: false } };
const judge = (other: Replica, audit = AUDIT) =>
  judgeReplicas("a", INSTANCE, [{ role: "RDS_DAS_AUDIT", audit }], [other]);

describe("the audits of a replica", () => {
  test("are well when they have the same GUID", () => {
    expect(judge(replica([CHANGES, AUDIT]))).toMatchObject([
      { id: "sqlserver.replica.b", status: "ok" },
      { id: "sqlserver.audit-guid.RDS_DAS_AUDIT.b", status: "ok" },
    ]);
  });

  test("that differ name both instances, what is lost, and how to make it anew", () => {
    const other = { ...AUDIT, guid: OTHER_GUID, directory: "E:\\audit\\", maxRolloverFiles: 50 };
    const [, finding] = judge(replica([other]));
    expect(finding).toMatchObject({ status: "failure", why: expect.stringContaining("after a failover") });
    expect(finding?.what).toBe(
      `RDS_DAS_AUDIT differs on a (DB01) and b (DB02): AUDIT_GUID ${AUDIT.guid} and ${OTHER_GUID}`,
    );
    expect(finding?.repair).toMatch(
      /^USE master; -- on DB02;.*\n.*STATE = OFF\);\nDROP SERVER AUDIT \[RDS_DAS_AUDIT\];/,
    );
    expect(finding?.repair).toContain("FILEPATH = N'E:\\audit\\', MAXSIZE = 50 MB,\n    MAX_ROLLOVER_FILES = 50,");
    expect(finding?.repair).toContain(`AUDIT_GUID = '${AUDIT.guid}'`);
  });

  test("that are missing are created with this one's GUID", () => {
    const [, finding] = judge(replica([]));
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("not to be found on b (DB02)") });
    expect(finding?.repair).not.toContain("DROP");
    expect(finding?.repair).toContain(`AUDIT_GUID = '${AUDIT.guid}'`);
  });

  test("that could not be reached are told as not compared, never as well", () => {
    expect(judge(unreachable)).toMatchObject([
      { status: "warning", what: expect.stringContaining("was not compared") },
    ]);
  });

  test("are not compared with themselves, where a listener leads back", () => {
    expect(judge(replica([AUDIT], "db01"))).toMatchObject([
      { status: "warning", what: "instances a and b lead to one and the same server, DB01" },
    ]);
  });

  test("may not share one folder", () => {
    const here = { ...AUDIT, directory: "\\\\files01\\audit\\" };
    const shared = judge(replica([{ ...here, directory: "\\\\FILES01\\audit" }]), here).at(-1);
    expect(shared).toMatchObject({ id: "sqlserver.shared-folder.RDS_DAS_AUDIT.b", status: "failure" });
    expect(shared?.repair).toContain("FILEPATH = N'\\\\files01\\audit\\a\\'");
    const apart = judge(replica([{ ...here, directory: "\\\\files01\\audit\\b\\" }]), here).at(-1);
    expect(apart).toMatchObject({ id: "sqlserver.shared-folder.RDS_DAS_AUDIT.b", status: "ok" });
  });

  test("lend their GUID to one that is to be created here", () => {
    expect(guidElsewhere("RDS_DAS_AUDIT", [unreachable, replica([AUDIT])])).toBe(AUDIT.guid);
    const alias = replica([{ ...CHANGES, name: "RDS_DAS_CHANGES" }]);
    expect(guidElsewhere("RDS_DAS_AUDIT_CHANGES", [alias])).toBe(CHANGES.guid);
    expect(guidElsewhere("RDS_DAS_AUDIT", [unreachable])).toBeUndefined();
  });
});

test("an instance with partners but without replicas in the configuration is not taken for compared", () => {
  expect(judgePartnerships(answered([]), [])).toMatchObject({ id: "sqlserver.replicas", status: "ok" });
  expect(judgePartnerships(answered(["availability group ag1"]), [])).toMatchObject({ status: "warning" });
  expect(judgePartnerships(answered(["availability group ag1"]), [unreachable])).toMatchObject({ status: "ok" });
  expect(judgePartnerships({ known: false, reason: "error 297", refused: true }, [])).toMatchObject({
    status: "warning",
  });
});
