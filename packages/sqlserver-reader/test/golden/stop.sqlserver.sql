-- drop the login rds_das_heal_signer (instance a, database master)
DROP LOGIN [rds_das_heal_signer];
GO

-- drop the procedure dbo.rds_das_heal (instance a, database master)
DROP PROCEDURE dbo.rds_das_heal;
GO

-- drop the certificate rds_das_heal_signer (instance a, database master)
DROP CERTIFICATE [rds_das_heal_signer];
GO

-- drop the server trigger rds_das_lock (instance a, database master)
DROP TRIGGER [rds_das_lock] ON ALL SERVER;
GO

-- switch the server audit specification RDS_DAS_SERVER_AUDIT_SPEC off (instance a, database master)
ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);
GO

-- drop the server audit specification RDS_DAS_SERVER_AUDIT_SPEC (instance a, database master)
DROP SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC];
GO

-- switch the server audit RDS_DAS_AUDIT off (instance a, database master)
ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);
GO

-- drop the server audit RDS_DAS_AUDIT (instance a, database master)
DROP SERVER AUDIT [RDS_DAS_AUDIT];
GO

-- switch the server audit specification RDS_DAS_CHANGES_AUDIT_SPEC off (instance a, database master)
ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = OFF);
GO

-- drop the server audit specification RDS_DAS_CHANGES_AUDIT_SPEC (instance a, database master)
DROP SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC];
GO

-- switch the server audit RDS_DAS_AUDIT_CHANGES off (instance a, database master)
ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = OFF);
GO

-- drop the server audit RDS_DAS_AUDIT_CHANGES (instance a, database master)
DROP SERVER AUDIT [RDS_DAS_AUDIT_CHANGES];
GO

-- drop the table dbo.rds_das_db_spec (instance a, database master)
DROP TABLE dbo.rds_das_db_spec;
GO

-- drop the table dbo.rds_das_record (instance a, database master)
DROP TABLE dbo.rds_das_record;
GO

-- drop the table dbo.rds_das_state (instance a, database master)
DROP TABLE dbo.rds_das_state;
GO

-- drop the server role rds_das_dba (instance a, database master)
DROP SERVER ROLE [rds_das_dba];
GO
