-- unlock the audit policy (instance a, database master)
UPDATE dbo.rds_das_state SET policy = 'unlocked', changed_utc = SYSUTCDATETIME() WHERE id = 1;
GO

-- let rds_das_dba ALTER ANY SERVER AUDIT (instance a, database master)
GRANT ALTER ANY SERVER AUDIT TO [rds_das_dba];
GO
