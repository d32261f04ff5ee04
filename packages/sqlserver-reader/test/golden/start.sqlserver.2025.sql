-- create the reader's login rds_das_reader (instance a, database master)
CREATE LOGIN [rds_das_reader] WITH PASSWORD = :reader_password, SID = 0x01C81231B0E85EFE82BED91CECE8DAFD, CHECK_EXPIRATION = OFF;
GO

-- let rds_das_reader VIEW SERVER SECURITY AUDIT (instance a, database master)
GRANT VIEW SERVER SECURITY AUDIT TO [rds_das_reader];
GO

-- let rds_das_reader VIEW SERVER SECURITY STATE (instance a, database master)
GRANT VIEW SERVER SECURITY STATE TO [rds_das_reader];
GO

-- let rds_das_reader VIEW SERVER PERFORMANCE STATE (instance a, database master)
GRANT VIEW SERVER PERFORMANCE STATE TO [rds_das_reader];
GO

-- let rds_das_reader VIEW ANY DEFINITION (instance a, database master)
GRANT VIEW ANY DEFINITION TO [rds_das_reader];
GO

-- let rds_das_reader CONNECT ANY DATABASE (instance a, database master)
GRANT CONNECT ANY DATABASE TO [rds_das_reader];
GO

-- make rds_das_reader a user of master (instance a, database master)
CREATE USER [rds_das_reader] FOR LOGIN [rds_das_reader];
GO

-- create the role rds_das_readers, whose members may take the publisher's lock (instance a, database master)
CREATE ROLE [rds_das_readers];
GO

-- make rds_das_reader a member of rds_das_readers (instance a, database master)
ALTER ROLE [rds_das_readers] ADD MEMBER [rds_das_reader];
GO

-- create the server audit RDS_DAS_AUDIT (instance a, database master)
CREATE SERVER AUDIT [RDS_DAS_AUDIT]
  TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 50 MB,
    MAX_ROLLOVER_FILES = 200, RESERVE_DISK_SPACE = OFF)
  WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE,
    AUDIT_GUID = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2')
  WHERE [session_server_principal_name] <> N'rds_das_reader';
GO

-- create the server audit specification RDS_DAS_SERVER_AUDIT_SPEC (instance a, database master)
CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC]
  FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (FAILED_LOGIN_GROUP) WITH (STATE = ON);
GO

-- switch the server audit RDS_DAS_AUDIT on (instance a, database master)
ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);
GO

-- create the server audit RDS_DAS_AUDIT_CHANGES (instance a, database master)
CREATE SERVER AUDIT [RDS_DAS_AUDIT_CHANGES]
  TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 10 MB,
    MAX_ROLLOVER_FILES = 100, RESERVE_DISK_SPACE = OFF)
  WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE,
    AUDIT_GUID = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A');
GO

-- create the server audit specification RDS_DAS_CHANGES_AUDIT_SPEC (instance a, database master)
CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC]
  FOR SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ADD (AUDIT_CHANGE_GROUP) WITH (STATE = ON);
GO

-- switch the server audit RDS_DAS_AUDIT_CHANGES on (instance a, database master)
ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = ON);
GO

-- create the table dbo.rds_das_state (instance a, database master)
CREATE TABLE dbo.rds_das_state (
  id int NOT NULL PRIMARY KEY CHECK (id = 1),
  policy varchar(8) NOT NULL CHECK (policy IN ('locked', 'unlocked')),
  changed_utc datetime2 NOT NULL);
GRANT SELECT ON dbo.rds_das_state TO public;
GO

-- create the table dbo.rds_das_record (instance a, database master)
CREATE TABLE dbo.rds_das_record (
  item nvarchar(450) NOT NULL PRIMARY KEY,
  is_users bit NOT NULL,
  value nvarchar(max) NOT NULL);
GRANT SELECT ON dbo.rds_das_record TO [rds_das_readers];
GO

-- create the table dbo.rds_das_db_spec (instance a, database master)
CREATE TABLE dbo.rds_das_db_spec (database_name sysname NOT NULL PRIMARY KEY);
GRANT SELECT ON dbo.rds_das_db_spec TO public;
GO

-- create the procedure dbo.rds_das_heal (instance a, database master)
CREATE PROCEDURE dbo.rds_das_heal
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @isLocked bit = 1, @failed nvarchar(400), @lock nvarchar(max) = N'CREATE TRIGGER [rds_das_lock] ON ALL SERVER
FOR DDL_SERVER_AUDIT_EVENTS, DDL_SERVER_AUDIT_SPECIFICATION_EVENTS, DDL_DATABASE_AUDIT_SPECIFICATION_EVENTS, DROP_DATABASE
AS
BEGIN
  SET NOCOUNT ON;
  -- what xml methods demand, whatever the client logged in with
  SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF;
  DECLARE @event xml = EVENTDATA();
  DECLARE @type sysname = @event.value(''(/EVENT_INSTANCE/EventType)[1]'', ''sysname''),
          @object sysname = @event.value(''(/EVENT_INSTANCE/ObjectName)[1]'', ''sysname''),
          @database sysname = @event.value(''(/EVENT_INSTANCE/DatabaseName)[1]'', ''sysname''),
          @command nvarchar(max) = @event.value(''(/EVENT_INSTANCE/TSQLCommand/CommandText)[1]'', ''nvarchar(max)'');
  IF RTRIM(REPLACE(@command, N'';'', N'''')) IN (
    N''ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON)'',
    N''ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = ON)'',
    N''ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = ON)'',
    N''ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = ON)'') RETURN;
  DECLARE @isLocked bit = 1;
  IF EXISTS (SELECT 1 FROM master.dbo.rds_das_state WHERE id = 1 AND policy = ''unlocked'') SET @isLocked = 0;
  IF (@type LIKE N''%[_]SERVER[_]AUDIT%'' AND @object IN (N''RDS_DAS_AUDIT'', N''RDS_DAS_AUDIT_CHANGES'', N''RDS_DAS_CHANGES_AUDIT_SPEC''))
  OR (@isLocked = 1 AND @type LIKE N''%[_]SERVER[_]AUDIT[_]SPECIFICATION'' AND @object = N''RDS_DAS_SERVER_AUDIT_SPEC'')
  OR (@isLocked = 1 AND @type LIKE N''%[_]DATABASE[_]AUDIT[_]SPECIFICATION'' AND @object LIKE N''RDS[_]DAS[_]DB[_]%'')
  OR (@isLocked = 1 AND @type = N''DROP_DATABASE''
      AND EXISTS (SELECT 1 FROM master.dbo.rds_das_db_spec WHERE database_name = @database))
  BEGIN
    ROLLBACK;
    THROW 51000, N''The audit policy is locked by the database activity stream.'', 1;
  END
END';
  IF EXISTS (SELECT 1 FROM dbo.rds_das_state WHERE id = 1 AND policy = 'unlocked') SET @isLocked = 0;
  IF NOT EXISTS (SELECT 1 FROM dbo.rds_das_state WHERE id = 1)
    INSERT INTO dbo.rds_das_state (id, policy, changed_utc) VALUES (1, 'locked', SYSUTCDATETIME());

  -- trigger rds_das_lock
  BEGIN TRY
    IF NOT EXISTS (SELECT 1 FROM sys.server_triggers AS t JOIN sys.server_sql_modules AS m ON m.object_id = t.object_id
      WHERE t.name = N'rds_das_lock' AND m.definition = @lock)
    BEGIN
      IF EXISTS (SELECT 1 FROM sys.server_triggers WHERE name = N'rds_das_lock')
        DROP TRIGGER [rds_das_lock] ON ALL SERVER;
      EXEC (@lock);
    END;
  END TRY
  BEGIN CATCH
    SET @failed = N'could not be put back: trigger rds_das_lock';
  END CATCH;

  -- audit RDS_DAS_AUDIT
  BEGIN TRY
    IF NOT EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT')
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      CREATE SERVER AUDIT [RDS_DAS_AUDIT] TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200, RESERVE_DISK_SPACE = OFF)
        WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE, AUDIT_GUID = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2')
        WHERE [session_server_principal_name] <> N'rds_das_reader';
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF EXISTS (SELECT 1 FROM sys.server_audits AS a LEFT JOIN sys.server_file_audits AS f ON f.audit_id = a.audit_id
      WHERE a.name = N'RDS_DAS_AUDIT' AND a.audit_guid = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2' AND (
        ISNULL(f.log_file_path, N'') <> N'D:\das\'
        OR ISNULL(f.max_file_size, 0) <> 50
        OR ISNULL(f.max_rollover_files, 0) <> 200
        OR ISNULL(f.max_files, 0) NOT IN (0, 2147483647)
        OR a.queue_delay <> 1000
        OR a.on_failure <> 0
        OR REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(ISNULL(a.predicate, N''), N' ', N''), N'(', N''), N')', N''), N'[', N''), N']', N''), N'N''', N'''') <> N'session_server_principal_name<>''rds_das_reader'''))
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      IF EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT' AND a.is_state_enabled = 1)
        ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);
      ALTER SERVER AUDIT [RDS_DAS_AUDIT] TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200, RESERVE_DISK_SPACE = OFF)
        WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE)
        WHERE [session_server_principal_name] <> N'rds_das_reader';
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT' AND a.is_state_enabled = 0)
      ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);
  END TRY
  BEGIN CATCH
    SET @failed = N'could not be put back: audit RDS_DAS_AUDIT';
  END CATCH;

  -- audit RDS_DAS_AUDIT_CHANGES
  BEGIN TRY
    IF NOT EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT_CHANGES')
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      CREATE SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 10 MB, MAX_ROLLOVER_FILES = 100, RESERVE_DISK_SPACE = OFF)
        WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE, AUDIT_GUID = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A');
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF EXISTS (SELECT 1 FROM sys.server_audits AS a LEFT JOIN sys.server_file_audits AS f ON f.audit_id = a.audit_id
      WHERE a.name = N'RDS_DAS_AUDIT_CHANGES' AND a.audit_guid = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A' AND (
        ISNULL(f.log_file_path, N'') <> N'D:\das\'
        OR ISNULL(f.max_file_size, 0) <> 10
        OR ISNULL(f.max_rollover_files, 0) <> 100
        OR ISNULL(f.max_files, 0) NOT IN (0, 2147483647)
        OR a.queue_delay <> 1000
        OR a.on_failure <> 0
        OR REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(ISNULL(a.predicate, N''), N' ', N''), N'(', N''), N')', N''), N'[', N''), N']', N''), N'N''', N'''') <> N''))
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      IF EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT_CHANGES' AND a.is_state_enabled = 1)
        ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = OFF);
      ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] TO FILE (FILEPATH = N'D:\das\', MAXSIZE = 10 MB, MAX_ROLLOVER_FILES = 100, RESERVE_DISK_SPACE = OFF)
        WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE);
      ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] REMOVE WHERE;
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE a.name = N'RDS_DAS_AUDIT_CHANGES' AND a.is_state_enabled = 0)
      ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = ON);
  END TRY
  BEGIN CATCH
    SET @failed = N'could not be put back: audit RDS_DAS_AUDIT_CHANGES';
  END CATCH;

  -- specification RDS_DAS_SERVER_AUDIT_SPEC
  BEGIN TRY
    IF @isLocked = 1 AND EXISTS (SELECT 1 FROM sys.server_audits WHERE name = N'RDS_DAS_AUDIT' AND audit_guid = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2') AND (
      NOT EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC' AND s.audit_guid = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2')
      OR (SELECT COUNT(*) FROM sys.server_audit_specifications AS s JOIN sys.server_audit_specification_details AS d
        ON d.server_specification_id = s.server_specification_id WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC') <> 1
      OR (SELECT COUNT(*) FROM sys.server_audit_specifications AS s JOIN sys.server_audit_specification_details AS d
        ON d.server_specification_id = s.server_specification_id WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC' AND d.audit_action_name IN (N'FAILED_LOGIN_GROUP')) <> 1)
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      IF EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC' AND s.is_state_enabled = 1)
        ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);
      IF EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC')
        DROP SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC];
      CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (FAILED_LOGIN_GROUP) WITH (STATE = ON);
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF @isLocked = 1 AND EXISTS (SELECT 1 FROM sys.server_audits WHERE name = N'RDS_DAS_AUDIT' AND audit_guid = '2AD4BCA7-E366-5D49-B00A-F4EA386892A2')
      AND EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_SERVER_AUDIT_SPEC' AND s.is_state_enabled = 0)
      ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = ON);
  END TRY
  BEGIN CATCH
    SET @failed = N'could not be put back: specification RDS_DAS_SERVER_AUDIT_SPEC';
  END CATCH;

  -- specification RDS_DAS_CHANGES_AUDIT_SPEC
  BEGIN TRY
    IF EXISTS (SELECT 1 FROM sys.server_audits WHERE name = N'RDS_DAS_AUDIT_CHANGES' AND audit_guid = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A') AND (
      NOT EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC' AND s.audit_guid = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A')
      OR (SELECT COUNT(*) FROM sys.server_audit_specifications AS s JOIN sys.server_audit_specification_details AS d
        ON d.server_specification_id = s.server_specification_id WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC') <> 1
      OR (SELECT COUNT(*) FROM sys.server_audit_specifications AS s JOIN sys.server_audit_specification_details AS d
        ON d.server_specification_id = s.server_specification_id WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC' AND d.audit_action_name IN (N'AUDIT_CHANGE_GROUP')) <> 1)
    BEGIN
      SET NOCOUNT ON;
      DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;
      IF EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC' AND s.is_state_enabled = 1)
        ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = OFF);
      IF EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC')
        DROP SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC];
      CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] FOR SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ADD (AUDIT_CHANGE_GROUP) WITH (STATE = ON);
      ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
    END;
    IF EXISTS (SELECT 1 FROM sys.server_audits WHERE name = N'RDS_DAS_AUDIT_CHANGES' AND audit_guid = '5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A')
      AND EXISTS (SELECT 1 FROM sys.server_audit_specifications AS s WHERE s.name = N'RDS_DAS_CHANGES_AUDIT_SPEC' AND s.is_state_enabled = 0)
      ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = ON);
  END TRY
  BEGIN CATCH
    SET @failed = N'could not be put back: specification RDS_DAS_CHANGES_AUDIT_SPEC';
  END CATCH;
  IF EXISTS (SELECT 1 FROM sys.server_triggers WHERE name = N'rds_das_lock' AND is_disabled = 1)
  BEGIN
    SET NOCOUNT ON;
    ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;
  END;
  IF @failed IS NOT NULL THROW 51001, @failed, 1;
END
GO

-- sign dbo.rds_das_heal, so that it may do what its caller may not (instance a, database master)
CREATE CERTIFICATE [rds_das_heal_signer] ENCRYPTION BY PASSWORD = :signing_password
  WITH SUBJECT = 'database activity stream', EXPIRY_DATE = '99991231';
ADD SIGNATURE TO dbo.rds_das_heal BY CERTIFICATE [rds_das_heal_signer] WITH PASSWORD = :signing_password;
ALTER CERTIFICATE [rds_das_heal_signer] REMOVE PRIVATE KEY;
CREATE LOGIN [rds_das_heal_signer] FROM CERTIFICATE [rds_das_heal_signer];
GRANT CONTROL SERVER TO [rds_das_heal_signer];
GRANT EXECUTE ON dbo.rds_das_heal TO [rds_das_readers];
GO

-- create the server role rds_das_dba for administrators (instance a, database master)
CREATE SERVER ROLE [rds_das_dba];
GO

-- deny rds_das_dba ALTER ANY SERVER AUDIT (instance a, database master)
DENY ALTER ANY SERVER AUDIT TO [rds_das_dba];
GO

-- record the audit policy and lock it (instance a, database master)
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DELETE FROM dbo.rds_das_record;
INSERT INTO dbo.rds_das_record (item, is_users, value) VALUES
  (N'audit RDS_DAS_AUDIT, AUDIT_GUID', 0, N'2AD4BCA7-E366-5D49-B00A-F4EA386892A2'),
  (N'audit RDS_DAS_AUDIT, MAXSIZE', 0, N'50'),
  (N'audit RDS_DAS_AUDIT, MAX_FILES', 0, N'none'),
  (N'audit RDS_DAS_AUDIT, MAX_ROLLOVER_FILES', 0, N'200'),
  (N'audit RDS_DAS_AUDIT, ON_FAILURE', 0, N'CONTINUE'),
  (N'audit RDS_DAS_AUDIT, QUEUE_DELAY', 0, N'1000'),
  (N'audit RDS_DAS_AUDIT, folder', 0, N'd:\das\'),
  (N'audit RDS_DAS_AUDIT, predicate', 0, N'session_server_principal_name <> ''rds_das_reader'''),
  (N'audit RDS_DAS_AUDIT, state', 0, N'ON'),
  (N'audit RDS_DAS_AUDIT, target', 0, N'FILE'),
  (N'audit RDS_DAS_AUDIT_CHANGES, AUDIT_GUID', 0, N'5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A'),
  (N'audit RDS_DAS_AUDIT_CHANGES, MAXSIZE', 0, N'10'),
  (N'audit RDS_DAS_AUDIT_CHANGES, MAX_FILES', 0, N'none'),
  (N'audit RDS_DAS_AUDIT_CHANGES, MAX_ROLLOVER_FILES', 0, N'100'),
  (N'audit RDS_DAS_AUDIT_CHANGES, ON_FAILURE', 0, N'CONTINUE'),
  (N'audit RDS_DAS_AUDIT_CHANGES, QUEUE_DELAY', 0, N'1000'),
  (N'audit RDS_DAS_AUDIT_CHANGES, folder', 0, N'd:\das\'),
  (N'audit RDS_DAS_AUDIT_CHANGES, predicate', 0, N''),
  (N'audit RDS_DAS_AUDIT_CHANGES, state', 0, N'ON'),
  (N'audit RDS_DAS_AUDIT_CHANGES, target', 0, N'FILE'),
  (N'specification RDS_DAS_CHANGES_AUDIT_SPEC, AUDIT_CHANGE_GROUP', 0, N'recorded'),
  (N'specification RDS_DAS_CHANGES_AUDIT_SPEC, audit', 0, N'5CF2567F-9B1C-5AC0-83C4-0B52E0BAF18A'),
  (N'specification RDS_DAS_CHANGES_AUDIT_SPEC, state', 0, N'ON'),
  (N'specification RDS_DAS_SERVER_AUDIT_SPEC, FAILED_LOGIN_GROUP', 1, N'recorded'),
  (N'specification RDS_DAS_SERVER_AUDIT_SPEC, audit', 1, N'2AD4BCA7-E366-5D49-B00A-F4EA386892A2'),
  (N'specification RDS_DAS_SERVER_AUDIT_SPEC, state', 1, N'ON'),
  (N'trigger rds_das_lock', 0, N'enabled'),
  (N'trigger rds_das_lock, text', 0, N'7536feb3ffa31ca77024de9fd1e0b1fb64f6f588a33e99c76fe0cd82bbc7e3f7');
DELETE FROM dbo.rds_das_db_spec;
DELETE FROM dbo.rds_das_state;
INSERT INTO dbo.rds_das_state (id, policy, changed_utc) VALUES (1, 'locked', SYSUTCDATETIME());
COMMIT TRANSACTION;
GO

-- create the server trigger rds_das_lock (instance a, database master)
CREATE TRIGGER [rds_das_lock] ON ALL SERVER
FOR DDL_SERVER_AUDIT_EVENTS, DDL_SERVER_AUDIT_SPECIFICATION_EVENTS, DDL_DATABASE_AUDIT_SPECIFICATION_EVENTS, DROP_DATABASE
AS
BEGIN
  SET NOCOUNT ON;
  -- what xml methods demand, whatever the client logged in with
  SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF;
  DECLARE @event xml = EVENTDATA();
  DECLARE @type sysname = @event.value('(/EVENT_INSTANCE/EventType)[1]', 'sysname'),
          @object sysname = @event.value('(/EVENT_INSTANCE/ObjectName)[1]', 'sysname'),
          @database sysname = @event.value('(/EVENT_INSTANCE/DatabaseName)[1]', 'sysname'),
          @command nvarchar(max) = @event.value('(/EVENT_INSTANCE/TSQLCommand/CommandText)[1]', 'nvarchar(max)');
  IF RTRIM(REPLACE(@command, N';', N'')) IN (
    N'ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON)',
    N'ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = ON)',
    N'ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = ON)',
    N'ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = ON)') RETURN;
  DECLARE @isLocked bit = 1;
  IF EXISTS (SELECT 1 FROM master.dbo.rds_das_state WHERE id = 1 AND policy = 'unlocked') SET @isLocked = 0;
  IF (@type LIKE N'%[_]SERVER[_]AUDIT%' AND @object IN (N'RDS_DAS_AUDIT', N'RDS_DAS_AUDIT_CHANGES', N'RDS_DAS_CHANGES_AUDIT_SPEC'))
  OR (@isLocked = 1 AND @type LIKE N'%[_]SERVER[_]AUDIT[_]SPECIFICATION' AND @object = N'RDS_DAS_SERVER_AUDIT_SPEC')
  OR (@isLocked = 1 AND @type LIKE N'%[_]DATABASE[_]AUDIT[_]SPECIFICATION' AND @object LIKE N'RDS[_]DAS[_]DB[_]%')
  OR (@isLocked = 1 AND @type = N'DROP_DATABASE'
      AND EXISTS (SELECT 1 FROM master.dbo.rds_das_db_spec WHERE database_name = @database))
  BEGIN
    ROLLBACK;
    THROW 51000, N'The audit policy is locked by the database activity stream.', 1;
  END
END
GO
