import { describe, expect, test } from "vitest";
import { AUDIT, INSTANCE, INSTANCE_2016 } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeErrorLog } from "./error-log.ts";
import { type EventSession, judgeEventSession } from "./event-sessions.ts";
import { judgeLockRole, judgeLockTrigger, type LockFacts } from "./lock.ts";
import { judgeClock } from "./server-clock.ts";

const refused = { known: false, reason: "error 300", refused: true } as const;

describe("the event session behind an audit", () => {
  const quiet = { droppedEvents: 0, droppedBuffers: 0, blockedTime: 0, since: "2026-11-22 10:00:00" };
  const judge = (change: Partial<EventSession>) =>
    judgeEventSession(AUDIT, answered(new Map([[AUDIT.name, { ...quiet, ...change }]])), INSTANCE);

  test("is well when nothing was dropped and nobody waited", () => {
    expect(judge({ blockedTime: 40 })).toMatchObject([
      { id: "sqlserver.dropped-events.RDS_DAS_AUDIT", status: "ok" },
      { id: "sqlserver.blocked-time.RDS_DAS_AUDIT", status: "ok" },
    ]);
  });

  test("that dropped something is a failure, one that sessions waited for a warning", () => {
    const [dropped] = judge({ droppedEvents: 1, droppedBuffers: 2 });
    expect(dropped).toMatchObject({
      status: "failure",
      what: "RDS_DAS_AUDIT dropped 1 event and 2 buffers since 2026-11-22 10:00:00",
    });
    expect(judge({ blockedTime: 12_345 })[1]).toMatchObject({
      status: "warning",
      what: expect.stringContaining("waited 12.3 s"),
    });
  });

  test("that cannot be seen is told, unless the audit is off anyway", () => {
    const none = answered(new Map());
    expect(judgeEventSession(AUDIT, none, INSTANCE)).toMatchObject([{ status: "warning" }]);
    expect(judgeEventSession({ ...AUDIT, enabled: false }, none, INSTANCE)).toEqual([]);
    expect(judgeEventSession(AUDIT, refused, INSTANCE)).toMatchObject([
      { status: "warning", repair: "USE master; GRANT VIEW SERVER PERFORMANCE STATE TO [rds_das_reader];" },
    ]);
  });
});

test("failed writes are told, and so is an error log that would tell them but cannot be read", () => {
  expect(judgeErrorLog(answered({ failures: 0, latest: undefined }), INSTANCE)).toMatchObject({ status: "ok" });
  expect(judgeErrorLog(answered({ failures: 2, latest: "2026-11-22 10:00:00" }), INSTANCE)).toMatchObject({
    status: "failure",
    what: "the error log tells of 2 failed writes of audits, the latest at 2026-11-22 10:00:00 (server time)",
  });
  expect(judgeErrorLog(refused, INSTANCE)).toMatchObject({
    status: "warning",
    why: expect.stringContaining("shows nowhere"),
    repair: "USE master; GRANT VIEW ANY ERROR LOG TO [rds_das_reader];",
  });
  expect(judgeErrorLog(refused, INSTANCE_2016).repair).toContain("GRANT EXECUTE ON sys.xp_readerrorlog");
});

describe("the lock", () => {
  const alone: LockFacts = { roleExists: true, readerIsMember: true, otherMembers: [] };
  const judge = (change: Partial<LockFacts>, maySee = true) =>
    judgeLockRole(answered({ ...alone, ...change }), INSTANCE, maySee);

  test("is the reader's alone", () => {
    expect(judge({})).toMatchObject({ id: "sqlserver.lock-role", status: "ok" });
    expect(judge({}, false)).toMatchObject({ status: "warning" });
    expect(judge({ otherMembers: ["app", "o]ps"] })).toMatchObject({
      status: "warning",
      repair:
        "USE master;\nALTER ROLE [rds_das_readers] DROP MEMBER [app];\nALTER ROLE [rds_das_readers] DROP MEMBER [o]]ps];",
    });
    expect(judgeLockRole(refused, INSTANCE, true)).toMatchObject({ status: "warning" });
  });

  test("cannot be taken by a reader outside of the role", () => {
    expect(judge({ readerIsMember: false })).toMatchObject({
      status: "failure",
      what: "rds_das_reader is no member of rds_das_readers",
    });
    const missing = judge({ roleExists: false, readerIsMember: false });
    expect(missing.repair?.split("\n")).toEqual([
      "USE master;",
      "CREATE ROLE [rds_das_readers];",
      "IF USER_ID(N'rds_das_reader') IS NULL CREATE USER [rds_das_reader] FOR LOGIN [rds_das_reader];",
      "ALTER ROLE [rds_das_readers] ADD MEMBER [rds_das_reader];",
    ]);
  });

  test("of the policy is information, a disabled trigger a warning", () => {
    const trigger = (state: "enabled" | "disabled" | "absent", maySee = true) =>
      judgeLockTrigger(answered(state), INSTANCE, maySee);
    expect(trigger("enabled")).toMatchObject({ id: "sqlserver.lock-trigger", status: "ok" });
    expect(trigger("absent")).toMatchObject({ status: "ok" });
    expect(trigger("absent", false)).toMatchObject({ status: "warning" });
    expect(trigger("disabled")).toMatchObject({
      status: "warning",
      repair: "ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;",
    });
    expect(judgeLockTrigger(refused, INSTANCE, true)).toMatchObject({ status: "warning" });
  });
});

test.each([
  [0, 0, "ok", "agree"],
  [4_900, 0, "ok", "agree"],
  [-6_000, 0, "warning", "6.0 s behind this host's"],
  [6_000, 0, "warning", "6.0 s ahead of this host's"],
  // An answer that took four seconds tells the difference to two seconds only.
  [6_000, 4_000, "ok", "agree"],
])("a server's clock %i ms off, told in %i ms, is %s", (difference, roundTrip, status, what) => {
  const finding = judgeClock(answered({ server: 1_000_000 + difference, host: 1_000_000, roundTrip }));
  expect(finding).toMatchObject({ id: "sqlserver.clock", status, what: expect.stringContaining(what) });
});
