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

-- deny rds_das_dba ALTER ANY SERVER AUDIT (instance a, database master)
DENY ALTER ANY SERVER AUDIT TO [rds_das_dba];
GO
