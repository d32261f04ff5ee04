import { describe, expect, test } from "vitest";
import { CONNECTION, INSTANCE, REFUSED, STANDBY, TRAIL } from "../../test/check-samples.ts";
import { type Answer, answered } from "./answer.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { judgeLeastPrivilege } from "./least-privilege.ts";
import { judgeRights, type RightsFacts } from "./rights.ts";
import { type TrailFacts, trailAccess } from "./trail-access.ts";

const WORDS = new Map([
  ["audit-viewer", "AUDIT_VIEWER"],
  ["database", "READ ON SYS.V_$DATABASE"],
  ["instance", "READ ON SYS.V_$INSTANCE"],
  ["containers", "READ ON SYS.V_$CONTAINERS"],
  ["parameter", "READ ON SYS.V_$PARAMETER"],
  ["aud-unified", "READ ON AUDSYS.AUD$UNIFIED"],
  ["gv-unified-audit-trail", "READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL"],
  ["audit-unified-policies", "READ ON SYS.AUDIT_UNIFIED_POLICIES"],
  ["audit-unified-enabled-policies", "READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES"],
  ["dba-tab-partitions", "READ ON SYS.DBA_TAB_PARTITIONS"],
  ["dba-audit-mgmt-last-arch-ts", "READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS"],
  ["dba-audit-mgmt-config-params", "READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS"],
  ["dba-audit-mgmt-cleanup-jobs", "READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS"],
  ["dbms-lock", "EXECUTE ON SYS.DBMS_LOCK"],
]);
const ESSENTIAL = new Set(["audit-viewer", "database", "containers", "dbms-lock"]);

function rights(change: Partial<RightsFacts> = {}, missing?: string, answer: Answer<unknown> = REFUSED): RightsFacts {
  return {
    needs: new Map([...WORDS.keys()].map((word) => [word, word === missing ? answer : answered(true)] as const)),
    roles: answered(["AUDIT_VIEWER"]),
    privileges: answered(["CREATE SESSION"]),
    grants: answered(["AUDIT_VIEWER", "CREATE SESSION"]),
    objectGrants: answered([...WORDS.values()].slice(1)),
    ...change,
  };
}

function judge(facts: RightsFacts, instance: InstanceFacts = INSTANCE, trail: TrailFacts = TRAIL) {
  return judgeRights(instance, facts, trailAccess(trail, instance, CONNECTION));
}

describe("the rights that reading takes", () => {
  test("are well when they are held, in the order of the notes", () => {
    expect(judge(rights()).map(({ id, status }) => [id, status])).toEqual(
      [...WORDS.keys()].map((word) => [`oracle.right.${word}`, "ok"]),
    );
  });

  test.each([...WORDS])("%s: %s is named with its GRANT when it is missing", (word, right) => {
    const bad = judge(rights({}, word)).filter(({ status }) => status !== "ok");
    expect(bad).toHaveLength(1);
    expect(bad[0]).toMatchObject({
      id: `oracle.right.${word}`,
      status: ESSENTIAL.has(word) ? "failure" : "warning",
      what: `DAS_READER lacks ${right}`,
      repair: `GRANT ${right} TO DAS_READER;`,
    });
  });

  test("are granted in every container where the user is common", () => {
    const root = { ...INSTANCE, user: "C##DAS_READER", containerId: 1, containerName: "CDB$ROOT" };
    expect(judge(rights({}, "database"), root).find(({ status }) => status !== "ok")?.repair).toBe(
      "GRANT READ ON SYS.V_$DATABASE TO C##DAS_READER CONTAINER=ALL;",
    );
  });

  test("include the files on a standby that could not be told apart otherwise", () => {
    const trail = { ...TRAIL, files: REFUSED };
    const word = "gv-unified-audit-trail";
    const of = (instance: InstanceFacts) =>
      judge(rights({}, word), instance, trail).find(({ id }) => id === `oracle.right.${word}`);
    expect(of(STANDBY)).toMatchObject({ status: "failure" });
    expect(of(INSTANCE)).toMatchObject({ status: "warning" });
  });

  test("that cannot be told are not taken for held", () => {
    const broken = { known: false, reason: "ORA-04063", refused: false } as const;
    const bad = judge(rights({}, "dbms-lock", broken)).filter(({ status }) => status !== "ok");
    expect(bad).toMatchObject([{ status: "failure", what: expect.stringContaining("ORA-04063") }]);
    expect(bad[0]?.repair).toBeUndefined();
  });
});

describe("least privilege", () => {
  test("is what the notes grant, das_owner's procedures included", () => {
    const more = [...WORDS.values()].slice(1).concat("EXECUTE ON DAS_OWNER.DAS_ADVANCE", "SELECT ON SYS.V_$DATABASE");
    expect(judgeLeastPrivilege(INSTANCE, rights({ objectGrants: answered(more) }))).toMatchObject({ status: "ok" });
  });

  test.each<readonly [string, Partial<RightsFacts>, string]>([
    [
      "a role that may change the audit",
      { roles: answered(["AUDIT_ADMIN", "AUDIT_VIEWER"]), grants: answered(["AUDIT_ADMIN", "AUDIT_VIEWER"]) },
      "REVOKE AUDIT_ADMIN FROM DAS_READER;",
    ],
    [
      "a privilege on everything",
      {
        privileges: answered(["CREATE SESSION", "SELECT ANY DICTIONARY"]),
        grants: answered(["AUDIT_VIEWER", "CREATE SESSION", "SELECT ANY DICTIONARY"]),
      },
      "REVOKE SELECT ANY DICTIONARY FROM DAS_READER;",
    ],
    [
      "the package that purges",
      { objectGrants: answered(["EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT", "READ ON SYS.V_$DATABASE"]) },
      "REVOKE EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT FROM DAS_READER;",
    ],
    [
      "what a role of the site's own brings",
      {
        roles: answered(["APP_ADMIN", "AUDIT_VIEWER"]),
        privileges: answered(["CREATE SESSION", "ALTER SYSTEM"]),
        grants: answered(["APP_ADMIN", "AUDIT_VIEWER"]),
      },
      "REVOKE APP_ADMIN FROM DAS_READER; -- or take what reading does not need out of it",
    ],
  ])("ends with %s", (_, change, repair) => {
    const finding = judgeLeastPrivilege(INSTANCE, rights(change));
    expect(finding).toMatchObject({ id: "oracle.least-privilege", status: "warning", repair });
  });

  test("takes a user that is no administrator", () => {
    const sysdba = judgeLeastPrivilege({ ...INSTANCE, user: "SYS", isSysdba: true }, rights());
    expect(sysdba).toMatchObject({ status: "warning", what: "SYS is logged on with SYSDBA" });
    expect(sysdba.repair).toContain("GRANT READ ON AUDSYS.AUD$UNIFIED TO DAS_READER;");
    expect(judgeLeastPrivilege({ ...INSTANCE, user: "SYSTEM" }, rights())).toMatchObject({ status: "warning" });
  });

  test("is not claimed of rights that cannot be looked at", () => {
    expect(judgeLeastPrivilege(INSTANCE, rights({ privileges: REFUSED }))).toMatchObject({ status: "warning" });
  });
});
