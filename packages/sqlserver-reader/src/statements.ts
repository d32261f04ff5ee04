import { EVENT_TIME_COLUMN } from "./map-event.ts";
import type { TrailColumn } from "./row.ts";

/**
 * Every statement that the reader sends; it only reads. Facts and their sources: SQL Server notes §§2-5.
 */

/** The names under which RDS knows the audits (wire format §§6.4, 13.12). */
export const AUDIT_NAME = "RDS_DAS_AUDIT";
export const AUDIT_CHANGES_NAME = "RDS_DAS_AUDIT_CHANGES";

/** The CONVERTs keep sql_variant off the wire. */
export const INSTANCE_PROBE = `SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ServerName')) AS server_name,
       CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
       CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
       CONVERT(int, SERVERPROPERTY('EngineEdition')) AS engine_edition,
       CONVERT(nvarchar(128), CONNECTIONPROPERTY('local_net_address')) AS local_net_address`;

/** The columns that this version of the function has. */
export const DESCRIBE_TRAIL = `SELECT name, system_type_name, is_nullable
FROM sys.dm_exec_describe_first_result_set(N'SELECT * FROM sys.fn_get_audit_file(NULL,NULL,NULL)',NULL,0)`;

export const ACTION_NAMES_QUERY =
  "SELECT DISTINCT RTRIM(action_id) AS action_id, name FROM sys.dm_audit_actions WHERE action_id IS NOT NULL;";
export const CLASS_NAMES_QUERY =
  "SELECT RTRIM(class_type) AS class_type, class_type_desc, securable_class_desc FROM sys.dm_audit_class_type_map;";

/** What the audit does now, and the path of the file that it writes: the signal of a rollover. */
export const AUDIT_STATUS =
  "SELECT status_desc, CONVERT(char(27), status_time, 121) AS status_time, audit_file_path FROM sys.dm_server_audit_status WHERE name = @audit";

export const AUDIT_DEFINITION =
  "SELECT CONVERT(char(36), audit_guid) AS audit_guid, is_state_enabled, log_file_path FROM sys.server_file_audits WHERE name = @audit";

/** 2017 and later; `level = 0` keeps equally named files of sub-folders out. */
export const FILE_LISTING = `SELECT file_or_directory_name
FROM sys.dm_os_enumerate_filesystem(@directory, @pattern) WHERE is_directory = 0 AND level = 0`;

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

export interface SelectedColumn extends TrailColumn {
  readonly expression: string;
}

/** Types that the driver would round or cannot read: fetched as the text that SQL Server itself makes of them. */
const DATE_TYPE = /^(date|time|datetime|smalldatetime)/;
const INEXACT_TYPE = /^(decimal|numeric|money|smallmoney|float|real)/;
const TEXT_TYPE = /^(n?varchar|n?char|n?text|xml|sql_variant|sysname)/;
const OPAQUE_TYPE = /^(xml|sql_variant|n?text)/;

/**
 * How to select each column that the function declares. `file_name` is left out: the reader names the exact file, and
 * the path, about ninety characters, would come again with every row.
 */
export function selectColumns(
  declared: readonly { readonly name: string; readonly type: string }[],
): readonly SelectedColumn[] {
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
