import { type Branch, KEY_COLUMNS, type PeriodUnit } from "./audit-server.ts";
import { TIME_COLUMN } from "./columns.ts";
import type { TrailColumn } from "./row.ts";

/**
 * Every statement that the reader sends. It reads, takes locks, and calls the programs of `das_owner` where they
 * are installed; nothing else. Values come as text that is exact: times through TO_CHAR, RAW through RAWTOHEX, numbers
 * and CLOBs as the driver's strings. Binds are strings. Facts and their sources: Oracle notes §§1-4, 6.
 */

const TIME_FORMAT = "'YYYY-MM-DD HH24:MI:SS.FF6'";

/** Times in UTC, a point in numbers, years of the Gregorian calendar, whatever the server and the client default to. */
export const SESSION_SETUP =
  "ALTER SESSION SET TIME_ZONE='+00:00' NLS_NUMERIC_CHARACTERS='.,' NLS_CALENDAR='GREGORIAN'";

/** What that did: `+00:00`, a time of the year 2000, `1.5`. */
export const SESSION_CHECK = `SELECT SESSIONTIMEZONE, TO_CHAR(TIMESTAMP '2000-01-02 03:04:05.678901', ${TIME_FORMAT}), TO_CHAR(1.5) FROM dual`;
export const SESSION_AS_SET_UP = ["+00:00", "2000-01-02 03:04:05.678901", "1.5"] as const;

/** Several lines up to 12.2. */
export const EDITION = "SELECT banner FROM sys.v_$version WHERE banner LIKE 'Oracle%'";

/** `dbid` and `name` are the CDB's, inside a PDB too; a PDB's guid never changes, its name may. */
export const INSTANCE_PROBE = `SELECT TO_CHAR(d.dbid), d.name, d.database_role, SYS_CONTEXT('USERENV','CON_ID'),
       SYS_CONTEXT('USERENV','SERVER_HOST'), SYS_CONTEXT('USERENV','UNIFIED_AUDIT_SESSIONID')
FROM   sys.v_$database d`;

/** Without a row where there are no containers. */
export const CONTAINER = `SELECT RAWTOHEX(c.guid), TO_CHAR(c.dbid), c.name
FROM   sys.v_$containers c
WHERE  c.con_id = TO_NUMBER(SYS_CONTEXT('USERENV','CON_ID'))`;

/** One look at the database: its clock, what it is, and in which of its lives. */
export const DATABASE_STATE = `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), ${TIME_FORMAT}), d.database_role, d.open_mode,
       TO_CHAR(d.resetlogs_change#), TO_CHAR(d.activation#), TO_CHAR(d.switchover#)
FROM   sys.v_$database d`;

/**
 * When a standby became the primary, for as long as the database can tell the time of a change number: some days
 * (Oracle notes §3.4). The time is that of the server's operating system, like SYSDATE and SYSTIMESTAMP.
 */
export const BECAME_PRIMARY_AT = `SELECT TO_CHAR(SYS_EXTRACT_UTC(FROM_TZ(SCN_TO_TIMESTAMP(d.standby_became_primary_scn), TO_CHAR(SYSTIMESTAMP,'TZH:TZM'))), ${TIME_FORMAT})
FROM   sys.v_$database d
WHERE  d.standby_became_primary_scn > 0`;

/**
 * Takes an exclusive lock for the session. By number: a name may get another number after ten days, and finding it
 * writes to the database, which a standby does not allow (Oracle notes §3.3). ORA-20101: another session holds it.
 */
export const TAKE_LOCK = `DECLARE r PLS_INTEGER;
BEGIN
  r := SYS.DBMS_LOCK.REQUEST(id => TO_NUMBER(:id), lockmode => SYS.DBMS_LOCK.X_MODE, timeout => 0, release_on_commit => FALSE);
  IF r NOT IN (0,4) THEN RAISE_APPLICATION_ERROR(-20100 - r, 'DAS lock: '||r); END IF;
END;`;
export const LOCK_HELD_ELSEWHERE = 20101;

/** One line per trail, old ones too, RAC instance and DBID: unfiltered it would alarm falsely. Binds dbid, con_dbid. */
export const LAST_ARCHIVE_TIME = `SELECT TO_CHAR(MAX(SYS_EXTRACT_UTC(a.last_archive_ts)), ${TIME_FORMAT})
FROM   sys.dba_audit_mgmt_last_arch_ts a
WHERE  a.audit_trail LIKE 'UNIFIED AUDIT TRAIL%'
AND    (a.database_id IS NULL OR a.database_id IN (0, TO_NUMBER(:dbid), TO_NUMBER(:con_dbid)))`;

/** Leaves a row in the trail where the policy for it is installed. */
export function canaryStatement(owner: string): string {
  return `BEGIN ${owner}.das_canary; END;`;
}

/** The narrow way to the archive timestamp: the reader has no right to purge. Bind ts, UTC. */
export function advanceArchiveTimeStatement(owner: string): string {
  return `BEGIN ${owner}.das_advance(:ts); END;`;
}

/** Puts back what is recorded under a subject, of what the lock protects. Bind subject. */
export function healStatement(owner: string): string {
  return `BEGIN ${owner}.das_heal(:subject); END;`;
}

/** Whether the policy is locked, and what was recorded then. */
export function policyStateStatement(owner: string): string {
  return `SELECT s.locked, s.recorded, TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), ${TIME_FORMAT}) FROM ${owner}.das_state s`;
}

/** What a branch can be read from. */
export const TRAIL_VIEW = "audsys.unified_audit_trail";
export const TRAIL_TABLE = "audsys.aud$unified";
export const TRAIL_FILES = "sys.gv_$unified_audit_trail";

/** The columns of one of the three, without opening a file or reading a partition. */
export function describeStatement(object: string): string {
  return `SELECT * FROM ${object} WHERE 1=0`;
}

export interface DescribedColumn {
  /** Upper case, unless somebody quoted it. */
  readonly name: string;
  /** As Oracle calls it: `VARCHAR2`, `TIMESTAMP WITH TZ`, … */
  readonly type: string;
}

/** How a branch is read on one connection (Oracle notes §3.3). */
export interface BranchAccess {
  readonly object: typeof TRAIL_VIEW | typeof TRAIL_TABLE | typeof TRAIL_FILES;
  readonly described: readonly DescribedColumn[];
  /** Which of the object's rows the branch has; undefined: all. */
  readonly condition: string | undefined;
}

/** GV$ shows the files of all instances of a cluster. */
export const FILES_OF_INSTANCE = "t.inst_id = TO_NUMBER(SYS_CONTEXT('USERENV','INSTANCE'))";

/**
 * The view's rows of a branch by the column SOURCE (23ai and later). Its values are not documented, so every row that
 * does not call itself one of a file counts as one of the table: none is in no branch.
 */
export const VIEW_BY_SOURCE: Readonly<Record<Branch, string>> = {
  table: "(t.source IS NULL OR UPPER(t.source) NOT LIKE 'FILE%')",
  files: "UPPER(t.source) LIKE 'FILE%' AND t.instance_id = TO_NUMBER(SYS_CONTEXT('USERENV','INSTANCE'))",
};

/** On a standby, 21c and later: what bears its own name was not replicated. */
export const VIEW_BY_UNIQUE_NAME = "t.db_unique_name = SYS_CONTEXT('USERENV','DB_UNIQUE_NAME')";

/** The view's names of columns that the branches call otherwise. */
const RAW_NAMES: ReadonlyMap<string, string> = new Map([
  ["OS_USERNAME", "OS_USER"],
  ["USERHOST", "HOST_NAME"],
  ["DBUSERNAME", "USERID"],
  ["DBPROXY_USERNAME", "PROXY_USERID"],
  ["OBJECT_SCHEMA", "OBJ_OWNER"],
  ["OBJECT_NAME", "OBJ_NAME"],
  ["NEW_SCHEMA", "NEW_OWNER"],
]);

/**
 * Columns that the branches have as codes. A code without a name travels as itself: the view would hide the row. The
 * name of an audit type is the same for all of its actions, so an unknown action does not make it unknown.
 */
const NAMED_CODES: ReadonlyMap<string, string> = new Map([
  [
    "AUDIT_TYPE",
    "COALESCE(act.component, (SELECT MIN(x.component) FROM sys.all_unified_audit_actions x WHERE x.type = t.audit_type), TO_CHAR(t.audit_type))",
  ],
  ["ACTION_NAME", "NVL(act.name, TO_CHAR(t.action))"],
  ["SYSTEM_PRIVILEGE", "spx.name"],
  ["AUDIT_OPTION", "aom.name"],
]);

const ACTION_JOIN = "LEFT JOIN sys.all_unified_audit_actions act ON act.action = t.action AND act.type = t.audit_type";
const CODE_JOINS = `${ACTION_JOIN}
LEFT JOIN sys.system_privilege_map spx ON spx.privilege = -t.system_privilege
LEFT JOIN sys.stmt_audit_option_map aom ON aom.option# = t.audit_option`;

/**
 * What an event is made of: the view's columns in its order, as far as `isSelected` wants them and SQL can say them as
 * text. The time is there whether the release's view has it or not.
 */
export function trailColumns(
  view: readonly DescribedColumn[],
  isSelected: (name: string) => boolean,
): readonly TrailColumn[] {
  const hasTime = view.some(({ name }) => name === TIME_COLUMN);
  return view
    .map((column) => (!hasTime && column.name === "EVENT_TIMESTAMP" ? { ...column, name: TIME_COLUMN } : column))
    .filter(({ name, type }) => isSelected(name) && textExpression(name, type) !== undefined)
    .map(({ name, type }) => ({ name, kind: kindOf(type) }));
}

/** The columns that a branch has under no name that is known: they are read as NULL. */
export function absentColumns(access: BranchAccess, columns: readonly TrailColumn[]): readonly string[] {
  return columns.map(({ name }) => name).filter((name) => columnExpression(access, name) === undefined);
}

/** All of a slice, in no order, without a limit of rows: half-open, so that rows of one microsecond stay together. */
export function readStatement(access: BranchAccess, columns: readonly TrailColumn[]): string {
  const list = columns.map(({ name }) => columnExpression(access, name) ?? "NULL");
  return `SELECT ${list.join(", ")}
${from(access, CODE_JOINS)}
${where(access)}`;
}

/** Of the same rows the columns that make their keys (Oracle notes §1.4). */
export function keysStatement(access: BranchAccess): string {
  const list = KEY_COLUMNS.map((name) => columnExpression(access, name) ?? "NULL");
  return `SELECT ${list.join(", ")}
${from(access, ACTION_JOIN)}
${where(access)}`;
}

const PERIOD_FORMATS: Readonly<Record<PeriodUnit, string>> = {
  minute: "'YYYY-MM-DD HH24:MI'",
  hour: "'YYYY-MM-DD HH24'",
  day: "'YYYY-MM-DD'",
};

/** Four numbers per period, because counts alone cancel out (Oracle notes §2.4). No joins: they change no number. */
export function summaryStatement(access: BranchAccess, unit: PeriodUnit): string {
  const time = timeExpression(access);
  const period = `TO_CHAR(${time}, ${PERIOD_FORMATS[unit]})`;
  return `SELECT ${period}, TO_CHAR(COUNT(*)), TO_CHAR(SUM(t.entry_id)), TO_CHAR(SUM(MOD(t.sessionid, 1000003))),
       TO_CHAR(SUM(TO_NUMBER(TO_CHAR(${time}, 'SSFF6'))))
${from(access)}
${where(access)}
GROUP BY ${period}`;
}

/** Reads all of the branch. */
export function oldestTimeStatement(access: BranchAccess): string {
  return `SELECT TO_CHAR(MIN(${timeExpression(access)}), ${TIME_FORMAT})
${from(access)}${access.condition === undefined ? "" : `\nWHERE  ${access.condition}`}`;
}

function from(access: BranchAccess, joins?: string): string {
  const object = `FROM   ${access.object} t`;
  return joins === undefined || access.object === TRAIL_VIEW ? object : `${object}\n${joins}`;
}

/** The bare time on the left: the table's partitions are pruned by it. */
function where(access: BranchAccess): string {
  const time = timeExpression(access);
  const conditions = access.condition === undefined ? [] : [access.condition];
  conditions.push(`${time} >= TO_TIMESTAMP(:lo, ${TIME_FORMAT})`, `${time} < TO_TIMESTAMP(:hi, ${TIME_FORMAT})`);
  return `WHERE  ${conditions.join("\nAND    ")}`;
}

/** When a row says that it happened, in UTC. The files are cast as the view itself does it. */
function timeExpression({ object }: BranchAccess): string {
  if (object === TRAIL_VIEW) return "t.event_timestamp_utc";
  return object === TRAIL_TABLE ? "t.event_timestamp" : "CAST(t.event_timestamp AS TIMESTAMP WITH LOCAL TIME ZONE)";
}

/** undefined: the object has no such column. */
function columnExpression(access: BranchAccess, name: string): string | undefined {
  if (name === TIME_COLUMN) return `TO_CHAR(${timeExpression(access)}, ${TIME_FORMAT})`;
  const find = (wanted: string | undefined) => access.described.find((column) => column.name === wanted);
  if (access.object !== TRAIL_VIEW && NAMED_CODES.has(name)) return NAMED_CODES.get(name);
  const column = find(name) ?? (access.object === TRAIL_VIEW ? undefined : find(RAW_NAMES.get(name)));
  return column && textExpression(column.name, column.type);
}

const PLAIN_TYPE = /^(NUMBER|FLOAT|N?VARCHAR2?|N?CHAR|N?CLOB)$/;
const CONVERTED_TYPE = /^(BINARY_|INTERVAL |BOOLEAN$|U?ROWID$)/;

/** How SQL says a value as exact text; undefined where it cannot (BLOB, objects, …). */
function textExpression(name: string, type: string): string | undefined {
  const column = `t.${/^[A-Z][A-Z0-9_$#]*$/.test(name) ? name.toLowerCase() : `"${name}"`}`;
  if (PLAIN_TYPE.test(type)) return column;
  if (type === "RAW") return `RAWTOHEX(${column})`;
  if (type === "DATE") return `TO_CHAR(${column}, 'YYYY-MM-DD HH24:MI:SS')||'.000000'`;
  if (type.startsWith("TIMESTAMP")) {
    const isZoned = type.includes("WITH") && !type.includes("LOCAL");
    return `TO_CHAR(${isZoned ? `SYS_EXTRACT_UTC(${column})` : column}, ${TIME_FORMAT})`;
  }
  return CONVERTED_TYPE.test(type) ? `TO_CHAR(${column})` : undefined;
}

function kindOf(type: string): TrailColumn["kind"] {
  if (type === "NUMBER" || type === "FLOAT") return "number";
  if (type === "RAW") return "raw";
  return type === "DATE" || type.startsWith("TIMESTAMP") ? "time" : "text";
}
