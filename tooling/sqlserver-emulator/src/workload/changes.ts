import type { Random } from "./random.ts";

/** DDL and what else is done on the database or the server as a whole. */
interface Change {
  readonly actionId: string;
  readonly classType: string;
  readonly statement: (random: Random) => string;
  readonly objectName: string;
  readonly database?: string;
  readonly schema?: string;
  readonly target?: string;
  readonly information?: string;
  readonly audit?: "changes";
}

export const CHANGES: readonly Change[] = [
  {
    actionId: "CR  ",
    classType: "U ",
    objectName: "tmp_import",
    schema: "dbo",
    database: "Sales",
    statement: (random) =>
      `CREATE TABLE dbo.tmp_import_${random.hex(3)} (id int NOT NULL PRIMARY KEY, payload nvarchar(max))`,
  },
  {
    actionId: "AL  ",
    classType: "U ",
    objectName: "orders",
    schema: "dbo",
    database: "Sales",
    statement: (random) => `ALTER TABLE dbo.orders ADD note_${random.hex(2)} nvarchar(200) NULL`,
  },
  {
    actionId: "DR  ",
    classType: "U ",
    objectName: "tmp_import",
    schema: "dbo",
    database: "Sales",
    statement: (random) => `DROP TABLE dbo.tmp_import_${random.hex(3)}`,
  },
  {
    actionId: "CR  ",
    classType: "IX",
    objectName: "orders",
    schema: "dbo",
    database: "Sales",
    statement: () => "CREATE NONCLUSTERED INDEX ix_orders_status ON dbo.orders (status) INCLUDE (total)",
  },
  {
    actionId: "AL  ",
    classType: "P ",
    objectName: "usp_close_day",
    schema: "dbo",
    database: "Sales",
    statement: () =>
      "ALTER PROCEDURE dbo.usp_close_day @day date\r\nAS\r\nBEGIN\r\n\tSET NOCOUNT ON;\r\n\tUPDATE dbo.orders SET status = N'closed' WHERE ordered_at < @day;\r\nEND",
  },
  {
    actionId: "G   ",
    classType: "U ",
    objectName: "patients",
    schema: "dbo",
    database: "Clinic",
    target: "clinic_api",
    statement: () => "GRANT SELECT ON dbo.patients TO clinic_api",
  },
  {
    actionId: "R   ",
    classType: "U ",
    objectName: "payroll",
    schema: "hr",
    database: "HumanResources",
    target: "CORP\\svc-report",
    statement: () => "REVOKE SELECT ON hr.payroll FROM [CORP\\svc-report]",
  },
  {
    actionId: "D   ",
    classType: "U ",
    objectName: "card_authorizations",
    schema: "pay",
    database: "Sales",
    target: "web_shop",
    statement: () => "DENY SELECT ON pay.card_authorizations TO web_shop",
  },
  {
    actionId: "APRL",
    classType: "RL",
    objectName: "db_datareader",
    database: "HumanResources",
    target: "CORP\\anna.meier",
    statement: () => "ALTER ROLE [db_datareader] ADD MEMBER [CORP\\anna.meier]",
  },
  {
    actionId: "DPRL",
    classType: "RL",
    objectName: "db_datareader",
    database: "HumanResources",
    target: "CORP\\anna.meier",
    information:
      "<tsql_stack><frame nest_level = '1' database_name = 'mssqlsystemresource' schema_name = 'sys' object_name = 'sp_droprolemember'/></tsql_stack>",
    statement: () => "EXEC sp_droprolemember N'db_datareader', N'CORP\\anna.meier'",
  },
  {
    actionId: "APRL",
    classType: "SG",
    objectName: "processadmin",
    database: "master",
    target: "CORP\\svc-report",
    statement: () => "ALTER SERVER ROLE [processadmin] ADD MEMBER [CORP\\svc-report]",
  },
  {
    actionId: "CR  ",
    classType: "SL",
    objectName: "temp_auditor",
    database: "master",
    statement: () => "CREATE LOGIN [temp_auditor] WITH PASSWORD = N'******', CHECK_POLICY = ON",
  },
  {
    actionId: "PWR ",
    classType: "SL",
    objectName: "web_shop",
    database: "master",
    statement: () => "ALTER LOGIN [web_shop] WITH PASSWORD = N'******'",
  },
  {
    actionId: "BA  ",
    classType: "DB",
    objectName: "Sales",
    database: "Sales",
    statement: (random) =>
      `BACKUP DATABASE [Sales] TO DISK = N'E:\\backup\\Sales_${random.hex(4)}.bak' WITH COMPRESSION, CHECKSUM, STATS = 10`,
  },
  {
    actionId: "BAL ",
    classType: "DB",
    objectName: "Clinic",
    database: "Clinic",
    statement: (random) => `BACKUP LOG [Clinic] TO DISK = N'E:\\backup\\Clinic_${random.hex(4)}.trn'`,
  },
  {
    actionId: "DBCC",
    classType: "DB",
    objectName: "HumanResources",
    database: "HumanResources",
    statement: () => "DBCC CHECKDB (N'HumanResources') WITH NO_INFOMSGS",
  },
  {
    actionId: "IMP ",
    classType: "SU",
    objectName: "clinic_api",
    database: "Clinic",
    statement: () => "EXECUTE AS USER = N'clinic_api'",
  },
  {
    actionId: "VSST",
    classType: "SR",
    objectName: "",
    database: "master",
    statement: () => "SELECT * FROM sys.dm_exec_requests",
  },
  {
    actionId: "AL  ",
    classType: "SA",
    objectName: "RDS_DAS_SERVER_AUDIT_SPEC",
    database: "master",
    audit: "changes",
    statement: () => "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC]\r\nADD (LOGOUT_GROUP)",
  },
  {
    actionId: "AL  ",
    classType: "DA",
    objectName: "RDS_DAS_DB_sales",
    database: "Sales",
    audit: "changes",
    statement: () => "ALTER DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_sales]\r\nWITH (STATE = OFF)",
  },
];
