/** What an instance tells of its cluster, its host, its databases and who may what (SQL Server notes §§5 to 7). */
import { describe, expect, test } from "vitest";
import { addSpecification, logError } from "../src/index.ts";
import { evaluator } from "./evaluate.ts";

describe("cluster and host", () => {
  test("shared drives and nodes, none and some", async () => {
    const { run, error, engine } = evaluator();
    const drives = "SELECT DriveName FROM sys.dm_io_cluster_shared_drives";
    const nodes = "SELECT NodeName, status_description, is_current_owner FROM sys.dm_os_cluster_nodes";
    expect(await run(`${drives}; ${nodes}`)).toEqual([[], []]);
    engine.changeInstance({ sharedDrives: ["F", "G"], clusterNodes: ["N1", "N2"] });
    expect(await run(`${drives}; ${nodes}`)).toEqual([
      [{ DriveName: "F " }, { DriveName: "G " }],
      [
        { NodeName: "N1", status_description: "up", is_current_owner: true },
        { NodeName: "N2", status_description: "up", is_current_owner: false },
      ],
    ]);
    engine.changeInstance({ logins: engine.instance.logins.map((login) => ({ ...login, permissions: [] })) });
    expect(await error(drives)).toBe(300);
  });

  test("the host, since 2017, and where the error log lies", async () => {
    const { row, engine } = evaluator("2017");
    const text =
      "SELECT host_platform AS p, CONVERT(nvarchar(260), SERVERPROPERTY('ErrorLogFileName')) AS f FROM sys.dm_os_host_info";
    expect(await row(text)).toEqual(["Windows", expect.stringMatching(/^C:\\.*\\ERRORLOG$/)]);
    engine.changeInstance({ platform: "Linux" });
    expect(await row(text)).toEqual(["Linux", "/var/opt/mssql/log/errorlog"]);
    expect(await evaluator("2016").error("SELECT host_platform FROM sys.dm_os_host_info")).toBe(208);
  });

  test("the session's connection", async () => {
    const { row } = evaluator();
    expect(
      await row(
        "SELECT c.net_transport, c.encrypt_option, c.protocol_version, c.auth_scheme, s.login_name, s.original_login_name FROM sys.dm_exec_connections AS c JOIN sys.dm_exec_sessions AS s ON s.session_id = c.session_id WHERE c.session_id = @@SPID",
      ),
    ).toEqual(["TCP", "TRUE", 0x74000004, "SQL", "das", "das"]);
  });
});

describe("databases", () => {
  test("which ones a login may enter", async () => {
    const made = evaluator();
    const { engine, run, error } = made;
    engine.changeInstance({
      databases: engine.instance.databases.map((database) => ({
        ...database,
        ...(database.name === "Sales" && { state: "OFFLINE" as const }),
        ...(database.name === "Clinic" && { isPrimaryReplica: false, isReadable: false }),
      })),
    });
    const access =
      "SELECT HAS_DBACCESS('HumanResources') AS a, HAS_DBACCESS('Sales') AS b, HAS_DBACCESS('nowhere') AS c";
    expect(await run(access)).toEqual([[{ a: 1, b: 0, c: null }]]);
    expect(await error("USE Sales")).toBe(942);
    expect(await error("SELECT name FROM Clinic.sys.database_audit_specifications")).toBe(976);
    expect(await error("SELECT name FROM nowhere.sys.database_audit_specifications")).toBe(208);
    expect(await run("SELECT state_desc FROM sys.databases WHERE name = 'Sales'")).toEqual([
      [{ state_desc: "OFFLINE" }],
    ]);
    const [reader, ...others] = engine.instance.logins;
    if (reader) engine.changeInstance({ logins: [{ ...reader, permissions: [] }, ...others] });
    expect(await run(access)).toEqual([[{ a: 0, b: 0, c: null }]]);
    expect(await error("USE HumanResources")).toBe(916);
    expect(await error("SELECT name FROM [HumanResources].sys.database_audit_specifications")).toBe(916);
    expect(await run("USE msdb; SELECT USER_NAME() AS me")).toEqual([[{ me: "guest" }]]);
  });

  test("another database's views, whatever the session's own is", async () => {
    const { run, engine, session } = evaluator();
    engine.changeTrail((trail, now) =>
      addSpecification(
        trail,
        {
          name: "s",
          auditGuid: "g",
          database: "Sales",
          enabled: true,
          details: [{ action: "DBCC_GROUP", isGroup: true }],
        },
        now,
      ),
    );
    const text = (database: string) =>
      `SELECT s.name, d.audit_action_name AS action FROM ${database}.sys.database_audit_specifications AS s LEFT JOIN ${database}.sys.database_audit_specification_details AS d ON d.database_specification_id = s.database_specification_id`;
    expect(await run(text("[Sales]"))).toEqual([[{ name: "s", action: "DBCC_GROUP" }]]);
    expect(await run(text("Clinic"))).toEqual([[]]);
    expect(session.database).toBe("master");
  });
});

describe("who may what", () => {
  test("permissions on the server, a database, a procedure and a view", async () => {
    const made = evaluator();
    const { engine, row } = made;
    engine.changeInstance({
      procedures: [{ name: "dbo.rds_das_read", parameters: "", body: "SELECT 1 AS one", lends: [], executableBy: [] }],
    });
    const text = `SELECT HAS_PERMS_BY_NAME(N'dbo.rds_das_read', N'OBJECT', N'EXECUTE') AS a, HAS_PERMS_BY_NAME(N'dbo.none', N'OBJECT', N'EXECUTE') AS b,
      HAS_PERMS_BY_NAME(N'Sales', N'DATABASE', N'ALTER ANY DATABASE AUDIT') AS c, HAS_PERMS_BY_NAME(N'none', N'DATABASE', N'ANY') AS d,
      HAS_PERMS_BY_NAME(N'sys.xp_readerrorlog', N'OBJECT', N'EXECUTE') AS e, HAS_PERMS_BY_NAME(N'sys.server_audits', 'OBJECT', 'SELECT') AS f,
      HAS_PERMS_BY_NAME(NULL, 'SERVER', 'VIEW SERVER STATE') AS g, HAS_PERMS_BY_NAME(N'x', 'CERTIFICATE', 'ALTER') AS h`;
    expect(await row(text)).toEqual([0, null, 0, null, 0, 1, 1, null]);
    expect(await made.error("EXEC dbo.rds_das_read")).toBe(229);
    made.logInAs("sa");
    await made.run(
      "GRANT EXECUTE ON dbo.rds_das_read TO das; GRANT EXECUTE ON OBJECT::sys.xp_readerrorlog TO das; GRANT ALTER ANY SERVER AUDIT TO das",
    );
    made.logInAs("das");
    expect(await row(text)).toEqual([1, null, 1, null, 1, 1, 1, null]);
    expect(await made.run("EXEC dbo.rds_das_read")).toEqual([[{ one: 1 }]]);
    made.logInAs("sa");
    await made.run("REVOKE EXECUTE ON dbo.rds_das_read FROM das");
    made.logInAs("das");
    expect(await made.error("EXEC dbo.rds_das_read")).toBe(229);
  });

  test("the error log takes securityadmin, a permission of 2022, or EXECUTE", async () => {
    const made = evaluator("2019");
    made.engine.changeTrail((trail, now) =>
      logError(logError(trail, "SQL Server Audit failed once", now), "nothing", now),
    );
    const text = "EXEC sys.xp_readerrorlog 0, 1, N'audit', N'once'";
    expect(await made.error(text)).toBe(229);
    made.logInAs("sa");
    await made.run("ALTER SERVER ROLE securityadmin ADD MEMBER das");
    made.logInAs("das");
    expect(await made.run(text)).toEqual([[expect.objectContaining({ Text: "SQL Server Audit failed once" })]]);
    expect((await made.run("EXEC xp_readerrorlog"))[0]).toHaveLength(2);
    expect(await made.run("EXEC xp_readerrorlog 1, 1")).toEqual([[]]);
  });

  test("logins, roles, members and permissions are listed", async () => {
    const made = evaluator();
    made.logInAs("sa");
    await made.run(
      "CREATE SERVER ROLE dba; CREATE LOGIN l WITH PASSWORD = 'x'; ALTER SERVER ROLE dba ADD MEMBER l; DENY ALTER ANY SERVER AUDIT TO dba; USE Sales; CREATE USER l; GRANT VIEW DEFINITION TO l",
    );
    const members =
      "SELECT r.name AS r, m.name AS m FROM sys.server_role_members AS x JOIN sys.server_principals AS r ON r.principal_id = x.role_principal_id JOIN sys.server_principals AS m ON m.principal_id = x.member_principal_id ORDER BY r.name";
    expect(await made.run(members)).toEqual([
      [
        { r: "dba", m: "l" },
        { r: "sysadmin", m: "sa" },
      ],
    ]);
    const permissions =
      "SELECT p.permission_name AS p, p.state_desc AS s FROM sys.server_permissions AS p JOIN sys.server_principals AS g ON g.principal_id = p.grantee_principal_id WHERE g.name IN ('dba', 'l')";
    expect(await made.run(permissions)).toEqual([
      [
        { p: "CONNECT SQL", s: "GRANT" },
        { p: "ALTER ANY SERVER AUDIT", s: "DENY" },
      ],
    ]);
    expect(
      await made.run("USE Sales; SELECT permission_name AS p, class_desc AS c FROM sys.database_permissions"),
    ).toEqual([[{ p: "VIEW DEFINITION", c: "DATABASE" }]]);
    expect(await made.run("SELECT name, is_disabled FROM sys.sql_logins WHERE name = 'l'")).toEqual([
      [{ name: "l", is_disabled: false }],
    ]);
    made.logInAs("l");
    const names = await made.run("SELECT name FROM sys.server_principals WHERE type = 'S'");
    expect(names).toEqual([[{ name: "sa" }, { name: "l" }]]);
  });
});

describe("groups by version (SQL Server notes §6.2)", () => {
  test.each([
    ["2014", 41],
    ["2016", 47],
    ["2017", 48],
    ["2019", 52],
    ["2022", 53],
    ["2025", 53],
  ] as const)("%s has %i", async (version, count) => {
    const { row } = evaluator(version);
    const text = "SELECT COUNT(*) AS n FROM sys.dm_audit_actions WHERE configuration_level = N'Group'";
    expect(await row(text)).toEqual([count]);
  });
});
