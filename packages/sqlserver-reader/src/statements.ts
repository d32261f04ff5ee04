import { EVENT_TIME_COLUMN, type TrailColumn } from "./row.ts";

/**
 * Every statement that the reader sends; it only reads. Facts and their sources: SQL Server notes §§2-5.
 */

/** The names under which RDS knows the audits (wire format §§6.4, 13.12). */
export const AUDIT_NAME = "RDS_DAS_AUDIT";
export const AUDIT_CHANGES_NAME = "RDS_DAS_AUDIT_CHANGES";

/** One page of AWS calls the second audit so: read when there is none of the first name. */
export const AUDIT_CHANGES_ALIAS = "RDS_DAS_CHANGES";

/** The CONVERTs keep sql_variant off the wire. */
export const INSTANCE_PROBE = `SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ServerName')) AS server_name,
       CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
       CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
       CONVERT(int, SERVERPROPERTY('EngineEdition')) AS engine_edition,
       CONVERT(nvarchar(128), CONNECTIONPROPERTY('local_net_address')) AS local_net_address,
       CONVERT(nvarchar(128), @@SERVERNAME) AS old_name`;

/** The columns that this version of the function has. */
export const DESCRIBE_TRAIL = `SELECT name, system_type_name, is_nullable
FROM sys.dm_exec_describe_first_result_set(N'SELECT * FROM sys.fn_get_audit_file(NULL,NULL,NULL)',NULL,0)`;

/** The same, where describing gives nothing: columns only, no file is opened. */
export const TRAIL_WITHOUT_ROWS = "SELECT TOP (0) * FROM sys.fn_get_audit_file(@pattern, NULL, NULL)";

export const ACTION_NAMES_QUERY =
  "SELECT DISTINCT RTRIM(action_id) AS action_id, name FROM sys.dm_audit_actions WHERE action_id IS NOT NULL;";
export const CLASS_NAMES_QUERY =
  "SELECT RTRIM(class_type) AS class_type, class_type_desc, securable_class_desc FROM sys.dm_audit_class_type_map;";

/** Reads audit files for a login that may not do so itself: until 2019 that takes CONTROL SERVER. */
export const READ_PROCEDURE = "dbo.rds_das_read";
/** The same columns, and the time as text before them, without rows. */
export const COLUMNS_OF_PROCEDURE = `EXEC master.${READ_PROCEDURE} @pattern = NULL`;
export const READ_BY_PROCEDURE = `EXEC master.${READ_PROCEDURE} @pattern, @file, @offset`;

/**
 * One look at an audit: its definition, what it does now (the path of its file is the signal of a rollover), what its
 * event session `<audit>$A` could not write. One row, whether there is such an audit or not.
 */
export const AUDIT_STATE = auditState("x.dropped_event_count, x.dropped_buffer_count");
/** For a reader without the right to look at event sessions. */
export const AUDIT_STATE_WITHOUT_SESSION = auditState("NULL AS dropped_event_count, NULL AS dropped_buffer_count");

function auditState(dropped: string): string {
  const withSession = dropped.startsWith("x.");
  return `SELECT CONVERT(char(27), SYSUTCDATETIME(), 121) AS observed_at,
       a.name, CONVERT(char(36), a.audit_guid) AS audit_guid, a.log_file_path,
       s.status_desc, s.audit_file_path,
       ${withSession ? "CONVERT(char(23), x.create_time, 121)" : "NULL"} AS session_created_at, ${dropped}
FROM sys.dm_os_sys_info AS i
LEFT JOIN sys.server_file_audits AS a ON a.name IN (@audit, @alias)
LEFT JOIN sys.dm_server_audit_status AS s ON s.audit_id = a.audit_id
${withSession ? "LEFT JOIN sys.dm_xe_sessions AS x ON x.name = a.name + N'$A'" : ""}`;
}

/** Its members may take the lock that lets one publisher work (SQL Server notes §5). */
export const LOCK_ROLE = "rds_das_readers";

/**
 * Takes an exclusive lock for the session. The role is part of the lock's name: under `public` every login could take it
 * and so stop the stream.
 */
export const TAKE_LOCK = `DECLARE @granted int;
EXEC @granted = sys.sp_getapplock @Resource = @resource, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0, @DbPrincipal = N'${LOCK_ROLE}';
SELECT @granted AS granted;`;
/** 0 and 1: granted; this one: another session has it; anything else: not a member, or there is no such role. */
export const LOCK_HELD_ELSEWHERE = -1;

/** 2017 and later; `level = 0` keeps equally named files of sub-folders out. */
export const FILE_LISTING = `SELECT file_or_directory_name
FROM sys.dm_os_enumerate_filesystem(@directory, @pattern) WHERE is_directory = 0 AND level = 0`;

/** Where neither may be used: the files that have rows from a place on. The server opens each of them for a moment. */
export const FILES_WITH_ROWS =
  "SELECT DISTINCT f.file_name FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f OPTION (RECOMPILE, MAXDOP 1)";
export const FILES_BY_PROCEDURE = `EXEC master.${READ_PROCEDURE} @pattern, @file, @offset, @names = 1`;

/** 2016: columns subdirectory, depth, file. */
export const FILE_LISTING_2016 = "EXEC master.sys.xp_dirtree @directory, 1, 1";

/**
 * Reads one file from a block on. No ORDER BY, TOP or aggregate: they would sort or scan the whole file. The cursor
 * depends on the file's own order, so never a parallel plan. Times come as text, exact to 100 ns.
 */
export function auditReadStatement(columns: readonly SelectedColumn[]): string {
  const list = columns.map((column) => column.expression).join(", ");
  return `SELECT ${list}
FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f
OPTION (RECOMPILE, MAXDOP 1);`;
}

export interface DeclaredColumn {
  readonly name: string;
  /** As T-SQL writes it, with or without a length: `nvarchar(128)`. */
  readonly type: string;
}

export interface SelectedColumn extends TrailColumn {
  readonly expression: string;
}

/** May this login read audit files itself, and may it execute what reads them for it? */
export const READING_RIGHTS = `SELECT HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER') AS is_powerful,
       HAS_PERMS_BY_NAME(N'master.${READ_PROCEDURE}', N'OBJECT', N'EXECUTE') AS may_execute`;

/** Types that the driver would round or cannot read: fetched as the text that SQL Server itself makes of them. */
const DATE_TYPE = /^(date|time|datetime|smalldatetime)/;
const INEXACT_TYPE = /^(decimal|numeric|money|smallmoney|float|real)/;
const TEXT_TYPE = /^(n?varchar|n?char|n?text|xml|sql_variant|sysname)/;
const OPAQUE_TYPE = /^(xml|sql_variant|n?text)/;

/**
 * How to select each column that the function declares. `file_name` is left out: the reader names the exact file, and
 * the path, about ninety characters, would come again with every row.
 */
export function selectColumns(declared: readonly DeclaredColumn[]): readonly SelectedColumn[] {
  return declared
    .filter(({ name }) => name !== "file_name")
    .map(({ name, type }) => {
      if (name === "event_time") {
        const expression = `CONVERT(char(27), f.event_time, 121) AS ${EVENT_TIME_COLUMN}`;
        return { name: EVENT_TIME_COLUMN, kind: "text", expression };
      }
      const quoted = /^\w+$/.test(name) ? name : `[${name.replaceAll("]", "]]")}]`;
      const kind = TEXT_TYPE.test(type) ? "text" : type === "bigint" ? "bigint" : "other";
      let expression = `f.${quoted}`;
      if (DATE_TYPE.test(type)) expression = `CONVERT(varchar(34), f.${quoted}, 121) AS ${quoted}`;
      else if (INEXACT_TYPE.test(type)) expression = `CONVERT(varchar(64), f.${quoted}) AS ${quoted}`;
      else if (OPAQUE_TYPE.test(type)) expression = `CONVERT(nvarchar(max), f.${quoted}) AS ${quoted}`;
      return { name, kind, expression };
    });
}
