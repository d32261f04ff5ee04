import { describe, expect, test } from "vitest";
import { INSTANCE, INSTANCE_2016 } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeLeastPrivilege, judgeRights, type RightsFacts } from "./rights.ts";

const UNTIL_2019 = ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE"];
const SINCE_2022 = [
  "VIEW SERVER SECURITY AUDIT",
  "VIEW SERVER SECURITY STATE",
  "VIEW SERVER PERFORMANCE STATE",
  "VIEW ANY DEFINITION",
  "CONNECT ANY DATABASE",
];

function holding(held: readonly string[], change: Partial<RightsFacts> = {}) {
  const none = {
    isSysadmin: false,
    isSecurityadmin: false,
    mayExecuteReadProcedure: false,
    mayExecuteHealProcedure: false,
  };
  return answered({ ...none, ...change, held: new Set(held) });
}

describe.each([
  ["2016", INSTANCE_2016, UNTIL_2019],
  ["2022", INSTANCE, SINCE_2022],
])("the rights that SQL Server %s wants", (_, instance, needed) => {
  test("are well when they are held, and no others", () => {
    const rights = holding(needed);
    const findings = [...judgeRights(instance, rights), ...judgeLeastPrivilege(instance, rights)];
    expect(findings.map(({ status }) => status)).toEqual([...needed.map(() => "ok"), "ok"]);
    expect(findings[0]?.id).toMatch(/^sqlserver\.right\.[a-z-]+$/);
  });

  test.each(needed)("%s is named with its GRANT when it is missing", (missing) => {
    const findings = judgeRights(instance, holding(needed.filter((right) => right !== missing)));
    const bad = findings.filter(({ status }) => status !== "ok");
    expect(bad).toHaveLength(1);
    expect(bad[0]).toMatchObject({
      status: "failure",
      what: `rds_das_reader lacks ${missing}`,
      repair: `USE master; GRANT ${missing} TO [rds_das_reader];`,
    });
  });

  test("do not include sysadmin", () => {
    const rights = holding([...needed, "CONTROL SERVER"], { isSysadmin: true, isSecurityadmin: true });
    const [finding] = judgeLeastPrivilege(instance, rights);
    expect(finding).toMatchObject({ id: "sqlserver.least-privilege", status: "warning" });
    expect(finding?.repair).toBe(
      `USE master; GRANT ${needed.join(", ")} TO [rds_das_reader];\nALTER SERVER ROLE [sysadmin] DROP MEMBER [rds_das_reader];`,
    );
  });
});

test("CONTROL SERVER is too much since 2022, and what could change the audit or read the databases always", () => {
  const control = judgeLeastPrivilege(INSTANCE, holding([...SINCE_2022, "CONTROL SERVER", "ALTER ANY SERVER AUDIT"]));
  expect(control[0]?.repair).toContain("\nREVOKE CONTROL SERVER FROM [rds_das_reader];");
  const more = holding([...SINCE_2022, "ALTER ANY SERVER AUDIT", "SELECT ALL USER SECURABLES"]);
  expect(judgeLeastPrivilege(INSTANCE, more)).toMatchObject([
    {
      status: "warning",
      what: "rds_das_reader holds ALTER ANY SERVER AUDIT and SELECT ALL USER SECURABLES, which reading does not take",
    },
  ]);
  const keeper = holding(SINCE_2022, { isSecurityadmin: true });
  expect(judgeLeastPrivilege(INSTANCE, keeper)[0]?.what).toBe("rds_das_reader is a member of securityadmin");
});

test("until 2019 CONTROL SERVER is too much, but is revoked only when something else reads", () => {
  const [finding] = judgeLeastPrivilege(INSTANCE_2016, holding([...UNTIL_2019, "CONTROL SERVER"]));
  expect(finding).toMatchObject({ status: "warning" });
  expect(finding?.repair).toContain("\n-- once das start has installed dbo.rds_das_read\nREVOKE CONTROL SERVER FROM ");
});

test("rights that cannot be looked at are not taken for held", () => {
  const refused = { known: false, reason: "error 229", refused: true } as const;
  expect(judgeRights(INSTANCE, refused)).toMatchObject([{ status: "warning" }]);
  expect(judgeLeastPrivilege(INSTANCE, refused)).toEqual([]);
});
