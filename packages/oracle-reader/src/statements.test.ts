import { expect, test } from "vitest";
import { isSelected } from "./columns.ts";
import {
  absentColumns,
  type BranchAccess,
  type DescribedColumn,
  FILES_OF_INSTANCE,
  keysStatement,
  oldestTimeStatement,
  readStatement,
  summaryStatement,
  TRAIL_FILES,
  TRAIL_TABLE,
  TRAIL_VIEW,
  trailColumns,
  VIEW_BY_SOURCE,
} from "./statements.ts";

const described = (list: string): DescribedColumn[] =>
  list.split(/\s*,\s*/).map((item) => {
    const [name = "", ...type] = item.split(" ");
    return { name, type: type.join(" ") };
  });

const VIEW = described(
  "AUDIT_TYPE VARCHAR2, SESSIONID NUMBER, OS_USERNAME VARCHAR2, EVENT_TIMESTAMP TIMESTAMP, EVENT_TIMESTAMP_UTC TIMESTAMP, ACTION_NAME VARCHAR2, TRANSACTION_ID RAW, SQL_TEXT CLOB, SYSTEM_PRIVILEGE VARCHAR2, NOBODY_KNOWS DATE, SEEN_AT TIMESTAMP WITH TIME ZONE, BINARY BLOB, KEPT_AT TIMESTAMP WITH LOCAL TIME ZONE",
).concat({ name: "odd name", type: "NUMBER" });
const OLD_VIEW = VIEW.filter(({ name }) => name !== "EVENT_TIMESTAMP_UTC");
const TABLE = described(
  "AUDIT_TYPE NUMBER, SESSIONID NUMBER, OS_USER VARCHAR2, EVENT_TIMESTAMP TIMESTAMP, ACTION NUMBER, TRANSACTION_ID RAW, SQL_TEXT CLOB, SYSTEM_PRIVILEGE NUMBER",
);

const everything = (name: string) => isSelected(name, true);
const table: BranchAccess = { object: TRAIL_TABLE, described: TABLE, condition: undefined };
const files: BranchAccess = { object: TRAIL_FILES, described: TABLE, condition: FILES_OF_INSTANCE };
const view: BranchAccess = { object: TRAIL_VIEW, described: VIEW, condition: VIEW_BY_SOURCE.files };

test("the columns are the view's, in its order, with the time in UTC once and without what SQL cannot say", () => {
  const names = trailColumns(VIEW, everything).map(({ name, kind }) => `${name}:${kind}`);
  expect(names).toEqual([
    "AUDIT_TYPE:text",
    "SESSIONID:number",
    "OS_USERNAME:text",
    "EVENT_TIMESTAMP_UTC:time",
    "ACTION_NAME:text",
    "TRANSACTION_ID:raw",
    "SQL_TEXT:text",
    "SYSTEM_PRIVILEGE:text",
    "NOBODY_KNOWS:time",
    "SEEN_AT:time",
    "KEPT_AT:time",
    "odd name:number",
  ]);
});

test("a release without a column for the time in UTC has it all the same", () => {
  expect(trailColumns(OLD_VIEW, everything)).toEqual(trailColumns(VIEW, everything));
});

test("only what events need is read when they carry no native fields", () => {
  const names = trailColumns(VIEW, (name) => isSelected(name, false)).map(({ name }) => name);
  expect(names).toEqual([
    "AUDIT_TYPE",
    "SESSIONID",
    "EVENT_TIMESTAMP_UTC",
    "ACTION_NAME",
    "TRANSACTION_ID",
    "SQL_TEXT",
  ]);
});

test("a branch that is read itself: names for codes, its own names for columns, NULL for what it lacks", () => {
  expect(readStatement(table, trailColumns(VIEW, everything))).toBe(
    `SELECT COALESCE(act.component, (SELECT MIN(x.component) FROM sys.all_unified_audit_actions x WHERE x.type = t.audit_type), TO_CHAR(t.audit_type)), t.sessionid, t.os_user, TO_CHAR(t.event_timestamp, 'YYYY-MM-DD HH24:MI:SS.FF6'), NVL(act.name, TO_CHAR(t.action)), RAWTOHEX(t.transaction_id), t.sql_text, spx.name, NULL, NULL, NULL, NULL
FROM   audsys.aud$unified t
LEFT JOIN sys.all_unified_audit_actions act ON act.action = t.action AND act.type = t.audit_type
LEFT JOIN sys.system_privilege_map spx ON spx.privilege = -t.system_privilege
LEFT JOIN sys.stmt_audit_option_map aom ON aom.option# = t.audit_option
WHERE  t.event_timestamp >= TO_TIMESTAMP(:lo, 'YYYY-MM-DD HH24:MI:SS.FF6')
AND    t.event_timestamp < TO_TIMESTAMP(:hi, 'YYYY-MM-DD HH24:MI:SS.FF6')`,
  );
  expect(absentColumns(table, trailColumns(VIEW, everything))).toEqual([
    "NOBODY_KNOWS",
    "SEEN_AT",
    "KEPT_AT",
    "odd name",
  ]);
});

test("the files of this instance only, and their time as the view casts it", () => {
  const text = readStatement(files, trailColumns(VIEW, everything));
  expect(text).toContain("FROM   sys.gv_$unified_audit_trail t\nLEFT JOIN");
  expect(text).toContain(`WHERE  ${FILES_OF_INSTANCE}
AND    CAST(t.event_timestamp AS TIMESTAMP WITH LOCAL TIME ZONE) >= TO_TIMESTAMP(:lo,`);
});

test("the view: no joins, its own names, times of every kind as UTC text", () => {
  const text = readStatement(view, trailColumns(VIEW, everything));
  expect(text).not.toContain("JOIN");
  expect(text).toContain("FROM   audsys.unified_audit_trail t\nWHERE  UPPER(t.source) LIKE 'FILE%'");
  expect(text).toContain("AND    t.event_timestamp_utc < TO_TIMESTAMP(:hi,");
  expect(text).toContain("t.system_privilege, TO_CHAR(t.nobody_knows, 'YYYY-MM-DD HH24:MI:SS')||'.000000',");
  expect(text).toContain("TO_CHAR(SYS_EXTRACT_UTC(t.seen_at), 'YYYY-MM-DD HH24:MI:SS.FF6')");
  expect(text).toContain('t."odd name"');
  expect(text).toContain("TO_CHAR(t.kept_at, 'YYYY-MM-DD HH24:MI:SS.FF6')");
});

test("keys need the names of actions and nothing else", () => {
  const text = keysStatement(table);
  expect(text.match(/JOIN/g)).toHaveLength(1);
  expect(text).not.toContain("sql_text");
});

test("summaries and the oldest time look at the branch alone", () => {
  for (const unit of ["minute", "hour", "day"] as const) {
    const text = summaryStatement(files, unit);
    expect(text).not.toContain("JOIN");
    const [, period] = /SELECT (TO_CHAR\(.*'YYYY[^']*'\)), TO_CHAR\(COUNT/.exec(text) ?? [];
    expect(text.endsWith(`GROUP BY ${period}`)).toBe(true);
  }
  expect(oldestTimeStatement(table)).toBe(
    "SELECT TO_CHAR(MIN(t.event_timestamp), 'YYYY-MM-DD HH24:MI:SS.FF6')\nFROM   audsys.aud$unified t",
  );
  expect(oldestTimeStatement(files)).toContain(`\nWHERE  ${FILES_OF_INSTANCE}`);
});
