import { describe, expect, test } from "vitest";
import { EVERYTHING, INSTANCE, REFUSED, WATCHING } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeAlwaysAudited, judgeOutcomes, judgePolicies } from "./enabled-policies.ts";
import type { Enablement, Policy } from "./policies.ts";
import { judgeReaderExcluded, judgeReaderWatched } from "./reader-excluded.ts";

const FAILED_LOGONS: Policy = {
  name: "ORA_LOGON_FAILURES",
  enablements: [{ way: "by", entity: "ALL USERS", success: false, failure: true }],
  condition: "",
  options: answered([{ name: "LOGON", type: "STANDARD ACTION", object: "" }]),
};
const ALL_USERS: Enablement = { way: "by", entity: "ALL USERS", success: true, failure: true };

describe("what is audited", () => {
  test("nothing is told loudly, with a policy that changes it", () => {
    const finding = judgePolicies(answered([]), INSTANCE);
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("NO AUDIT POLICY IS ENABLED") });
    expect(finding.repair).toContain("ACTIONS ALL ONLY TOPLEVEL;");
    expect(finding.repair).toContain("AUDIT POLICY das_all EXCEPT DAS_READER;");
    expect(judgePolicies(answered([]), { ...INSTANCE, release: 12 }).repair).not.toContain("TOPLEVEL");
  });

  test("Oracle's own policies alone are a warning, others well", () => {
    expect(judgePolicies(answered([FAILED_LOGONS]), INSTANCE)).toMatchObject({
      status: "warning",
      what: expect.stringContaining("no access to data"),
    });
    expect(judgePolicies(answered([FAILED_LOGONS, EVERYTHING]), INSTANCE)).toMatchObject({
      status: "ok",
      what: "2 audit policies enabled: ORA_LOGON_FAILURES, DAS_ALL",
    });
    expect(judgePolicies(answered([EVERYTHING]), INSTANCE).what).toBe("1 audit policy enabled: DAS_ALL");
  });

  test("that may not be looked at is not taken for enough", () => {
    expect(judgePolicies(REFUSED, INSTANCE)).toMatchObject({
      status: "warning",
      repair: "GRANT READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES TO DAS_READER;",
    });
    expect(judgeOutcomes(REFUSED)).toEqual([]);
    expect(judgeReaderExcluded(REFUSED, INSTANCE, answered([]))).toEqual([]);
    expect(judgeReaderWatched(REFUSED, INSTANCE, answered([]))).toEqual([]);
  });

  test.each<readonly [Enablement, string, string]>([
    [{ ...ALL_USERS, success: false }, "only what fails, for all users", "AUDIT POLICY APP;"],
    [{ ...ALL_USERS, failure: false }, "only what succeeds, for all users", "AUDIT POLICY APP;"],
    [{ way: "by", entity: "ANN", success: true, failure: false }, "for ANN", "AUDIT POLICY APP BY ANN;"],
    [
      { way: "except", entity: "ANN", success: true, failure: false },
      "for all but ANN",
      "AUDIT POLICY APP EXCEPT ANN;",
    ],
    [
      { way: "by role", entity: "CLERK", success: true, failure: false },
      "users with the role CLERK",
      "AUDIT POLICY APP BY USERS WITH GRANTED ROLES CLERK;",
    ],
  ])("with %o records one outcome only", (enablement, what, repair) => {
    const [finding] = judgeOutcomes(answered([{ ...EVERYTHING, name: "APP", enablements: [enablement] }]));
    expect(finding).toMatchObject({
      id: "oracle.policy-outcome.APP",
      status: "warning",
      what: expect.stringContaining(what),
      repair,
    });
  });

  test("both outcomes, and failed log-ons by the policy for them, are well", () => {
    expect(judgeOutcomes(answered([EVERYTHING, WATCHING, FAILED_LOGONS]))).toEqual([]);
  });

  test("always is named, and depends on the mode only inside of jobs", () => {
    expect(judgeAlwaysAudited(answered("pure")).what).not.toContain("in jobs");
    expect(judgeAlwaysAudited(answered("mixed")).what).toContain("in jobs only in pure mode");
  });
});

describe("the reader", () => {
  const roles = answered(["AUDIT_VIEWER"]);
  const excluded = (policy: Policy) => judgeReaderExcluded(answered([policy]), INSTANCE, roles)[0];
  const enabled = (...enablements: readonly Enablement[]): Policy => ({ ...EVERYTHING, enablements });

  test("is well when no policy records its polls", () => {
    expect(excluded(EVERYTHING)).toMatchObject({ id: "oracle.reader-excluded", status: "ok" });
    expect(excluded(WATCHING)).toMatchObject({ status: "ok" });
    expect(excluded(enabled({ ...ALL_USERS, entity: "ANN" }))).toMatchObject({ status: "ok" });
    expect(excluded({ ...FAILED_LOGONS })).toMatchObject({ status: "ok" });
    const elsewhere = [{ name: "SELECT", type: "OBJECT ACTION", object: "HR.EMPLOYEES" }];
    expect(excluded({ ...enabled(ALL_USERS), options: answered(elsewhere) })).toMatchObject({ status: "ok" });
    const privilege = [{ name: "SELECT ANY TABLE", type: "SYSTEM PRIVILEGE", object: "" }];
    expect(excluded({ ...enabled(ALL_USERS), options: answered(privilege) })).toMatchObject({ status: "ok" });
  });

  test.each<readonly [string, Policy, string]>([
    ["everybody", enabled(ALL_USERS), "NOAUDIT POLICY DAS_ALL;\nAUDIT POLICY DAS_ALL EXCEPT DAS_READER;"],
    [
      "everybody but somebody else",
      enabled({ ...ALL_USERS, way: "except", entity: "ANN" }),
      "AUDIT POLICY DAS_ALL EXCEPT ANN, DAS_READER;",
    ],
    ["the reader by name", enabled({ ...ALL_USERS, entity: "DAS_READER" }), "NOAUDIT POLICY DAS_ALL BY DAS_READER;"],
    [
      "its role",
      enabled({ ...ALL_USERS, way: "by role", entity: "AUDIT_VIEWER" }),
      "NOAUDIT POLICY DAS_ALL BY USERS WITH GRANTED ROLES AUDIT_VIEWER;",
    ],
    [
      "who reads the trail",
      {
        ...enabled(ALL_USERS),
        options: answered([{ name: "SELECT", type: "OBJECT ACTION", object: "AUDSYS.AUD$UNIFIED" }]),
      },
      "AUDIT POLICY DAS_ALL EXCEPT DAS_READER;",
    ],
  ])("that is recorded because of %s feeds itself", (_, policy, repair) => {
    expect(excluded(policy)).toMatchObject({ status: "failure", repair: expect.stringContaining(repair) });
  });

  test("that a condition may spare, or a policy nobody can look into may record, is a doubt", () => {
    const condition = (text: string) => excluded({ ...enabled(ALL_USERS), condition: text });
    expect(condition("SYS_CONTEXT('USERENV','SESSION_USER') <> 'DAS_READER'")).toMatchObject({ status: "ok" });
    expect(condition("SYS_CONTEXT('USERENV','IP_ADDRESS') <> '10.0.0.1'")).toMatchObject({ status: "warning" });
    expect(condition("SYS_CONTEXT('USERENV','SESSION_USER') = 'DAS_READER'")).toMatchObject({ status: "warning" });
    expect(excluded({ ...enabled(ALL_USERS), options: REFUSED })).toMatchObject({
      status: "warning",
      what: expect.stringContaining("ORA-00942"),
      repair: "GRANT READ ON SYS.AUDIT_UNIFIED_POLICIES TO DAS_READER;",
    });
  });

  test("should be watched for what else is done with its password", () => {
    const watched = (...policies: readonly Policy[]) => judgeReaderWatched(answered(policies), INSTANCE, roles)[0];
    expect(watched(EVERYTHING, WATCHING)).toMatchObject({ id: "oracle.reader-watched", status: "ok" });
    expect(watched(EVERYTHING)).toMatchObject({
      status: "warning",
      repair: expect.stringMatching(
        /^CREATE AUDIT POLICY das_reader_pol ACTIONS LOGON.*\nAUDIT POLICY .* BY DAS_READER;$/,
      ),
    });
    expect(watched(FAILED_LOGONS)).toMatchObject({ status: "warning" });
    expect(watched({ ...WATCHING, options: REFUSED })?.what).toContain("cannot be looked at (ORA-00942)");
  });
});
