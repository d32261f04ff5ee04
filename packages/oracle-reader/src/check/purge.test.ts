import { describe, expect, test } from "vitest";
import { INSTANCE, REFUSED, STANDBY } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeExcludedColumns } from "./excluded-columns.ts";
import { judgeOwnProcedures, type OwnProcedures } from "./own-procedures.ts";
import type { Policy } from "./policies.ts";
import { judgeArchiveTime, judgePurgeJobs, type PurgeJob } from "./purge.ts";
import { judgeSpillover } from "./spillover.ts";
import { judgeLocation } from "./trail-location.ts";

const JOB: PurgeJob = {
  name: "DAS_PURGE",
  enabled: true,
  trail: "UNIFIED AUDIT TRAIL",
  frequency: "FREQ=HOURLY;INTERVAL=24",
  usesArchiveTime: true,
};

describe("jobs that purge", () => {
  const judge = (...jobs: readonly PurgeJob[]) => judgePurgeJobs(answered(jobs), INSTANCE);

  test("by the archive timestamp are well", () => {
    expect(judge(JOB)).toMatchObject({
      status: "ok",
      what: "DAS_PURGE (FREQ=HOURLY;INTERVAL=24) deletes what is older than the archive timestamp",
    });
  });

  test("everything are a failure, and another one takes their place", () => {
    const reckless = { ...JOB, name: "ALL'S", usesArchiveTime: false };
    const finding = judge(reckless);
    expect(finding).toMatchObject({ id: "oracle.purge-jobs", status: "failure" });
    expect(finding.repair).toContain("DBMS_AUDIT_MGMT.DROP_PURGE_JOB('ALL''S');");
    expect(finding.repair).toContain("CREATE_PURGE_JOB");
    expect(judge(JOB, reckless).repair).not.toContain("CREATE_PURGE_JOB");
    expect(judge({ ...reckless, trail: "ALL AUDIT TRAILS" })).toMatchObject({ status: "failure" });
  });

  test("of other trails, or that are disabled, count for none", () => {
    const none = { status: "warning", what: expect.stringContaining("no job purges the trail") };
    expect(judge()).toMatchObject(none);
    expect(judge({ ...JOB, enabled: false, usesArchiveTime: false })).toMatchObject(none);
    expect(judge({ ...JOB, trail: "STANDARD AUDIT TRAIL", usesArchiveTime: false })).toMatchObject(none);
    expect(judgePurgeJobs(answered([]), STANDBY)).toMatchObject({ status: "ok" });
    expect(judgePurgeJobs(REFUSED, INSTANCE).repair).toContain("DBA_AUDIT_MGMT_CLEANUP_JOBS");
  });
});

describe("the archive timestamp", () => {
  const clock = answered({ server: Date.parse("2026-11-22T12:00:00Z"), host: 0, roundTrip: 0 });
  const judge = (time: string | undefined, ...jobs: readonly PurgeJob[]) =>
    judgeArchiveTime(answered(time), answered(jobs), clock, INSTANCE);

  test("a day back is well, or none that nothing purges by", () => {
    expect(judge("2026-11-21 12:00:00.000000", JOB)).toMatchObject({
      status: "ok",
      what: "rows before 2026-11-21 12:00:00 UTC may be purged, 24 hours back",
    });
    expect(judge(undefined)).toMatchObject({ status: "ok" });
    expect(judgeArchiveTime(answered(undefined), answered([JOB]), clock, STANDBY)).toMatchObject({ status: "ok" });
  });

  test.each([
    ["2026-11-21 12:00:01.000000", "warning", "away for 23 hours finds rows gone"],
    ["2026-11-22 11:30:00.000000", "warning", "away for 30 minutes"],
    ["2026-11-22 12:00:01.000000", "failure", "lies in the future"],
    [undefined, "warning", "which nobody ever set"],
  ])("%s is a %s", (time, status, what) => {
    expect(judge(time, JOB)).toMatchObject({
      id: "oracle.archive-time",
      status,
      what: expect.stringContaining(what),
      repair: expect.stringContaining("SET_LAST_ARCHIVE_TIMESTAMP"),
    });
  });

  test("that cannot be looked at is told, with the right it takes", () => {
    expect(judgeArchiveTime(REFUSED, answered([]), clock, INSTANCE)).toMatchObject({
      status: "warning",
      repair: "GRANT READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS TO DAS_READER;",
    });
    expect(judgeArchiveTime(answered("2026-11-21 12:00:00"), answered([]), REFUSED, INSTANCE)).toMatchObject({
      status: "warning",
    });
  });
});

describe("spillover files", () => {
  const oldest = "2026-11-20 08:00:00";
  const judge = (rows: number, recent: number, instance = INSTANCE) =>
    judgeSpillover(answered({ rows, oldest, recent }), instance);

  test("are usual on a standby, and a few of PMON's on a primary", () => {
    expect(judge(0, 0)).toMatchObject({ id: "oracle.spillover", status: "ok" });
    expect(judge(3, 0)).toMatchObject({ status: "ok", what: expect.stringContaining("PMON") });
    expect(judge(3, 3, STANDBY)).toMatchObject({ status: "ok", what: expect.stringContaining(oldest) });
  });

  test("that are written to on a primary say that the table is not", () => {
    expect(judge(3, 1)).toMatchObject({
      status: "warning",
      what: expect.stringContaining("the table was not written to"),
    });
  });

  test("of many rows cost each poll, and are never to be loaded", () => {
    const finding = judge(60_000, 0, STANDBY);
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding.repair).toMatch(/never\n-- LOAD_UNIFIED_AUDIT_FILES/);
    expect(finding.repair).toContain("use_last_arch_timestamp => TRUE");
  });

  test("of millions are not counted to the end", () => {
    expect(judge(1_000_000, 0).what).toContain("at least 1000000 rows");
  });

  test("that cannot be looked at are told", () => {
    expect(judgeSpillover(REFUSED, INSTANCE)).toMatchObject({ status: "warning" });
  });
});

describe("settings", () => {
  const excluded = (value?: string) =>
    judgeExcludedColumns(
      answered(new Map(value === undefined ? [] : [["unified_audit_trail_exclude_columns", value]])),
      INSTANCE,
    );

  test("that leave a column out are a failure", () => {
    for (const value of [undefined, "", "none", "NONE"]) expect(excluded(value)).toMatchObject({ status: "ok" });
    expect(excluded("sql_text, sql_binds")).toMatchObject({
      id: "oracle.excluded-columns",
      status: "failure",
      what: "UNIFIED_AUDIT_TRAIL_EXCLUDE_COLUMNS leaves SQL_TEXT, SQL_BINDS out of every row",
      repair: "ALTER SYSTEM SET unified_audit_trail_exclude_columns = NONE;",
    });
    expect(judgeExcludedColumns(REFUSED, INSTANCE).repair).toContain("V_$PARAMETER");
  });

  test("of where the table lies are for information", () => {
    expect(judgeLocation(answered("AUDIT_DATA"), INSTANCE)).toMatchObject({
      status: "ok",
      what: expect.stringContaining("AUDIT_DATA"),
    });
    expect(judgeLocation(answered(undefined), INSTANCE).what).toContain("SYSAUX");
    expect(judgeLocation(REFUSED, INSTANCE)).toMatchObject({ status: "warning" });
  });

  describe("the procedures of das_owner", () => {
    const canaryPolicy: Policy = {
      name: "DAS_CANARY_POL",
      enablements: [{ way: "by", entity: "ALL USERS", success: true, failure: true }],
      condition: "",
      options: answered([{ name: "EXECUTE", type: "OBJECT ACTION", object: "DAS_OWNER.DAS_CANARY" }]),
    };
    const judge = (procedures: OwnProcedures, isWanted: boolean, ...policies: readonly Policy[]) =>
      judgeOwnProcedures(procedures, { canary: isWanted, handOver: isWanted }, answered(policies), INSTANCE);
    const there = { canary: answered(true), advance: answered(true) };
    const absent = { canary: REFUSED, advance: REFUSED };

    test("are for information, there or not", () => {
      expect(judge({ canary: answered(true), advance: REFUSED }, false)).toMatchObject([
        { id: "oracle.canary", status: "ok", what: expect.stringContaining("is installed") },
        { id: "oracle.purge-hand-over", status: "ok", what: expect.stringContaining("administrators' to advance") },
      ]);
      const broken = { known: false, reason: "ORA-04063", refused: false } as const;
      expect(judge({ canary: broken, advance: broken }, false)[0]).toMatchObject({ status: "warning" });
    });

    test("must be there when the configuration counts on them, and the canary recorded", () => {
      const [canary, advance] = judge(absent, true, canaryPolicy);
      expect(canary).toMatchObject({ status: "failure", repair: expect.stringContaining("DAS_OWNER.das_canary AS") });
      expect(canary?.repair).toContain("GRANT EXECUTE ON DAS_OWNER.DAS_CANARY TO DAS_READER;");
      expect(advance).toMatchObject({
        status: "failure",
        repair: expect.stringContaining("DAS_OWNER.das_advance(p_ts"),
      });
      expect(judge(there, true, canaryPolicy)).toMatchObject([{ status: "ok" }, { status: "ok" }]);
      const excluded = { way: "except", entity: "DAS_READER", success: true, failure: true } as const;
      for (const policies of [[], [{ ...canaryPolicy, enablements: [excluded] }]]) {
        expect(judge(there, true, ...policies)[0]).toMatchObject({
          status: "failure",
          what: expect.stringContaining("no enabled policy records"),
          repair: expect.stringContaining("CREATE AUDIT POLICY das_canary_pol"),
        });
      }
    });
  });
});
