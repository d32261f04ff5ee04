import { quoteName, quoteText } from "../check/statement.ts";
import { EVENT_TIME_COLUMN } from "../row.ts";
import { LOCK_ROLE, READ_PROCEDURE } from "../statements.ts";
import { BLUEPRINTS, CHANGES_AUDIT, STREAM_AUDIT } from "./audit-blueprint.ts";
import { KEPT_DATABASES_TABLE, LOCK_TRIGGER, LOCKED_ERROR, RECORD_TABLE, STATE_TABLE } from "./names.ts";

/** The T-SQL that start installs. Not run on a real SQL Server yet (SQL Server notes §10). */

const MANAGED = [STREAM_AUDIT.audit, CHANGES_AUDIT.audit, CHANGES_AUDIT.specification].map(quoteText).join(", ");

/** Weakens nothing. */
const SWITCHING_ON = BLUEPRINTS.flatMap(({ audit, specification }) => [
  `ALTER SERVER AUDIT ${quoteName(audit)} WITH (STATE = ON)`,
  `ALTER SERVER AUDIT SPECIFICATION ${quoteName(specification)} WITH (STATE = ON)`,
]);

function read(path: string, type: string): string {
  return `@event.value('(/EVENT_INSTANCE/${path})[1]', '${type}')`;
}

/**
 * It runs as whoever changes something, so it needs no login that could be dropped or disabled; everybody may read the
 * two tables that it asks. A state that is not there counts as locked.
 */
export const CREATE_TRIGGER = `CREATE TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER
FOR DDL_SERVER_AUDIT_EVENTS, DDL_SERVER_AUDIT_SPECIFICATION_EVENTS, DDL_DATABASE_AUDIT_SPECIFICATION_EVENTS, DROP_DATABASE
AS
BEGIN
  SET NOCOUNT ON;
  -- what xml methods demand, whatever the client logged in with
  SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF;
  DECLARE @event xml = EVENTDATA();
  DECLARE @type sysname = ${read("EventType", "sysname")},
          @object sysname = ${read("ObjectName", "sysname")},
          @database sysname = ${read("DatabaseName", "sysname")},
          @command nvarchar(max) = ${read("TSQLCommand/CommandText", "nvarchar(max)")};
  IF RTRIM(REPLACE(@command, N';', N'')) IN (
    ${SWITCHING_ON.map(quoteText).join(",\n    ")}) RETURN;
  DECLARE @isLocked bit = 1;
  IF EXISTS (SELECT 1 FROM master.${STATE_TABLE} WHERE id = 1 AND policy = 'unlocked') SET @isLocked = 0;
  IF (@type LIKE N'%[_]SERVER[_]AUDIT%' AND @object IN (${MANAGED}))
  OR (@isLocked = 1 AND @type LIKE N'%[_]SERVER[_]AUDIT[_]SPECIFICATION' AND @object = ${quoteText(STREAM_AUDIT.specification)})
  OR (@isLocked = 1 AND @type LIKE N'%[_]DATABASE[_]AUDIT[_]SPECIFICATION' AND @object LIKE N'RDS[_]DAS[_]DB[_]%')
  OR (@isLocked = 1 AND @type = N'DROP_DATABASE'
      AND EXISTS (SELECT 1 FROM master.${KEPT_DATABASES_TABLE} WHERE database_name = @database))
  BEGIN
    ROLLBACK;
    THROW ${LOCKED_ERROR}, N'The audit policy is locked by the database activity stream.', 1;
  END
END`;

/** The times as `auditReadStatement` wants them; the function's own columns, as many as this version has, after it. */
const AUDIT_ROWS = `CONVERT(char(27), f.event_time, 121) AS ${EVENT_TIME_COLUMN}, f.*
  FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f`;

/** It takes the arguments of sys.fn_get_audit_file, and no SQL text; its caller sees audit files and nothing else. */
export const CREATE_READ = `CREATE PROCEDURE ${READ_PROCEDURE}
  @pattern nvarchar(260), @file nvarchar(260) = NULL, @offset bigint = NULL, @names bit = 0
AS
IF @pattern IS NULL -- which columns are there? No file is opened.
  SELECT TOP (0) ${AUDIT_ROWS};
ELSE IF @names = 1
  SELECT DISTINCT f.file_name FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f
  OPTION (RECOMPILE, MAXDOP 1);
ELSE
  SELECT ${AUDIT_ROWS}
  OPTION (RECOMPILE, MAXDOP 1);`;

export const CREATE_STATE = `CREATE TABLE ${STATE_TABLE} (
  id int NOT NULL PRIMARY KEY CHECK (id = 1),
  policy varchar(8) NOT NULL CHECK (policy IN ('locked', 'unlocked')),
  changed_utc datetime2 NOT NULL);
GRANT SELECT ON ${STATE_TABLE} TO public;`;

/** An item is at most 450 characters long, what an index takes. */
export const CREATE_RECORD = `CREATE TABLE ${RECORD_TABLE} (
  item nvarchar(450) NOT NULL PRIMARY KEY,
  is_users bit NOT NULL,
  value nvarchar(max) NOT NULL);
GRANT SELECT ON ${RECORD_TABLE} TO ${quoteName(LOCK_ROLE)};`;

export const CREATE_KEPT_DATABASES = `CREATE TABLE ${KEPT_DATABASES_TABLE} (database_name sysname NOT NULL PRIMARY KEY);
GRANT SELECT ON ${KEPT_DATABASES_TABLE} TO public;`;
