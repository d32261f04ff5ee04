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
      "4",
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
    partitionsPruned: 2,
    rowsScanned: 2,
    filesParsed: 0,
    rowsReturned: 2,
  });
});

test("the files are cast from the session's zone, and all of them are parsed", () => {
  const database = withRows();
  using reader = database.logOn();
  const files = `SELECT TO_CHAR(CAST(t.event_timestamp AS TIMESTAMP WITH LOCAL TIME ZONE), ${FORMAT}), t.inst_id
FROM sys.gv_$unified_audit_trail t
WHERE t.inst_id = TO_NUMBER(SYS_CONTEXT('USERENV','INSTANCE'))
AND CAST(t.event_timestamp AS TIMESTAMP WITH LOCAL TIME ZONE) >= TO_TIMESTAMP(:lo, ${FORMAT})`;
  expect(reader.run(files, "2026-11-22 00:00:00.000000").rows).toEqual([["2026-11-22 11:00:01.000000", 1]]);
  reader.run("ALTER SESSION SET TIME_ZONE='America/New_York'");
  expect(reader.run(files, "2026-11-22 06:00:00.000000").rows).toEqual([["2026-11-22 06:00:01.000000", 1]]);
  const scans = database.engine().scans.matching(/gv_/);
  expect(scans.map(({ filesParsed, partitionsRead }) => [filesParsed, partitionsRead])).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

test("the view hides what no code table knows, and prunes by the UTC column only", () => {
  const database = withRows();
  using reader = database.logOn();
  reader.run("ALTER SESSION SET TIME_ZONE='America/New_York'");
  const list =
    "TO_CHAR(event_timestamp, 'HH24:MI:SS.FF6'), TO_CHAR(event_timestamp_utc, 'HH24:MI:SS.FF6'), action_name";
  const byUtc = `SELECT ${list} FROM audsys.unified_audit_trail WHERE event_timestamp_utc >= TO_TIMESTAMP(:lo, ${FORMAT}) ORDER BY 2`;
  expect(reader.run(byUtc, "2026-11-22 00:00:00.000000").rows).toEqual([
    ["06:00:00.000001", "11:00:00.000001", "SELECT"],
    ["06:00:01.000000", "11:00:01.000000", "LOGOFF BY CLEANUP"],
  ]);
  const byLocal = `SELECT ${list} FROM unified_audit_trail WHERE event_timestamp >= TO_TIMESTAMP(:lo, ${FORMAT})`;
  expect(reader.run(byLocal, "2026-11-22 00:00:00.000000").rows).toHaveLength(2);
  const [utc, local] = database.engine().scans.matching(/unified_audit_trail/);
  expect(utc).toMatchObject({ partitionsRead: 1, partitionsPruned: 2, filesParsed: 1 });
  expect(local).toMatchObject({ partitionsRead: 3, partitionsPruned: 0, filesParsed: 1 });
});

test("the ledger's sums are exact, and grouped by the text of the time", () => {
  const database = withRows();
  using reader = database.logOn();
  const period = "TO_CHAR(t.event_timestamp, 'YYYY-MM-DD HH24:MI')";
  const { rows } = reader.run(
    `SELECT ${period}, TO_CHAR(COUNT(*)), TO_CHAR(SUM(t.entry_id)), TO_CHAR(SUM(MOD(t.sessionid, 1000003))),
       TO_CHAR(SUM(TO_NUMBER(TO_CHAR(t.event_timestamp, 'SSFF6'))))
FROM   audsys.aud$unified t
WHERE  t.event_timestamp >= TO_TIMESTAMP(:lo, ${FORMAT}) AND t.event_timestamp < TO_TIMESTAMP(:hi, ${FORMAT})
GROUP BY ${period}`,
    "2026-11-22 11:00:00.000000",
    "2026-11-22 12:00:00.000000",
  );
  const sessions = 2n * (866957642826845769n % 1000003n);
  expect(rows).toEqual([["2026-11-22 11:00", "2", "5", String(sessions), "3"]]);
});

test("a description reads nothing", () => {
  const database = withRows();
  using reader = database.logOn();
  expect(reader.run("SELECT * FROM audsys.unified_audit_trail WHERE 1=0").rows).toEqual([]);
  const [scan] = database.engine().scans.matching(/1=0/);
  expect(scan).toMatchObject({ partitionsRead: 0, rowsScanned: 0, filesParsed: 0 });
});

test("a result shows the trail as it was when its statement began", () => {
  const database = withRows();
  using reader = database.logOn();
  const result = reader.session.execute("SELECT entry_id FROM audsys.aud$unified", [], new AbortController().signal);
  database.shared.change((world, now) => audit(world, "ORCL_A", database.guid, [{ ACTION_NAME: "LOGON" }], now));
  if (result instanceof Promise || !("rows" in result)) throw new Error("this is a query");
  expect(Array.from(result.rows)).toHaveLength(3);
  expect(reader.run("SELECT entry_id FROM audsys.aud$unified").rows).toHaveLength(4);
});

test("every poll of a large trail costs what its partitions hold", () => {
  const database = openDatabase({ pluggables: [], partitionInterval: { number: 1, unit: "HOUR" } });
  const { guid } = rootOf(database.engine().site);
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    EVENT_TIMESTAMP_UTC: `2026-11-22 ${String(index % 10).padStart(2, "0")}:00:00.${String(index).padStart(6, "0")}`,
    ACTION_NAME: "SELECT",
    SESSIONID: "7",
  }));
  database.shared.change((world, now) => audit(world, "ORCL_A", guid, rows, now));
  using reader = database.logOn("DAS_READER", { service: "ORCL" });
  expect(reader.run(BRANCH, "2026-11-22 03:00:00.000000", "2026-11-22 05:00:00.000000").rows).toHaveLength(4000);
  const [scan] = database.engine().scans.matching(/TO_TIMESTAMP/);
  expect(scan).toMatchObject({ partitionsRead: 2, rowsScanned: 4000, rowsReturned: 4000 });
});
