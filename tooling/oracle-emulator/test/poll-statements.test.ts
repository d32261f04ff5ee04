import { expect, test } from "vitest";
import { audit, rootOf } from "../src/index.ts";
import { openDatabase } from "./evaluate.ts";

const FORMAT = "'YYYY-MM-DD HH24:MI:SS.FF6'";

const BRANCH = `SELECT t.sessionid, TO_CHAR(t.event_timestamp, ${FORMAT}), NVL(act.component, TO_CHAR(t.audit_type)),
  NVL(act.name, TO_CHAR(t.action)), spx.name, aom.name, t.obj_name, RAWTOHEX(t.transaction_id), t.scn, t.sql_text
FROM   audsys.aud$unified t
LEFT JOIN sys.all_unified_audit_actions act ON act.action = t.action AND act.type = t.audit_type
LEFT JOIN sys.system_privilege_map spx ON spx.privilege = -t.system_privilege
LEFT JOIN sys.stmt_audit_option_map aom ON aom.option# = t.audit_option
WHERE  t.event_timestamp >= TO_TIMESTAMP(:lo, ${FORMAT})
AND    t.event_timestamp < TO_TIMESTAMP(:hi, ${FORMAT})`;

function withRows() {
  const database = openDatabase();
  const { guid } = database.shared.world.sites[0]?.containers[1] ?? rootOf(database.engine().site);
  const row = (time: string, own = {}) => ({
    EVENT_TIMESTAMP_UTC: time,
    ACTION_NAME: "SELECT",
    SESSIONID: "866957642826845769",
    SCN: "9007199254740993",
    SQL_TEXT: "select 1",
    OBJECT_NAME: "T",
    SYSTEM_PRIVILEGE: "SELECT ANY TABLE",
    ...own,
  });
  database.shared.change((world, now) =>
    audit(
      world,
      "ORCL_A",
      guid,
      [
        row("2026-09-01 00:00:00.000000"),
        row("2026-11-22 11:00:00.000001"),
        row("2026-11-22 11:00:00.000002", { ACTION_NAME: null, ACTION_CODE: "4242" }),
        row("2026-11-22 11:00:01.000000", { ACTION_NAME: "LOGOFF BY CLEANUP" }),
      ],
      now,
    ),
  );
  return { ...database, guid };
}

test("the table is read by its time, and only the partitions that the slice touches", () => {
  const database = withRows();
  using reader = database.logOn();
  reader.run("ALTER SESSION SET TIME_ZONE='+00:00' NLS_NUMERIC_CHARACTERS='.,' NLS_CALENDAR='GREGORIAN'");
  const { rows } = reader.run(BRANCH, "2026-11-22 11:00:00.000001", "2026-11-22 12:00:00.000000");
  expect(rows).toEqual([
    [
      866957642826845769n,
      "2026-11-22 11:00:00.000001",
      "Standard",
      "SELECT",
      "SELECT ANY TABLE",
      null,
      "T",
      null,
      9007199254740993n,
      "select 1",
    ],
    [
      866957642826845769n,
      "2026-11-22 11:00:00.000002",
      "Standard",
      "4242",
      "SELECT ANY TABLE",
      null,
      "T",
      null,
      9007199254740993n,
      "select 1",
    ],
  ]);
  const [scan] = database.engine().scans.matching(/TO_TIMESTAMP/);
  expect(scan).toMatchObject({
    partitionsRead: 1,
    partitionsPruned: 1,
    rowsScanned: 2,
    filesParsed: 0,
    rowsReturned: 2,
  });
});
