/** CREATE, ALTER and DROP (SQL Server notes §§6, 7): what they change, what is audited of them, what is refused. */
import { describe, expect, test } from "vitest";
import { type AuditRow, addSpecification, CHANGES_AUDIT, failCreation, STREAM_AUDIT } from "../src/index.ts";
import { type Evaluator, evaluator } from "./evaluate.ts";

const GUID = "11111111-2222-3333-4444-555555555555";

/** An instance without audits, and somebody who may make them. */
function bare(version: "2016" | "2019" | "2022" = "2022"): Evaluator {
  const made = evaluator(version);
  made.logInAs("sa");
  made.engine.changeTrail((trail) => ({ ...trail, audits: [], specifications: [], files: [] }));
  made.engine.changeInstance({
    serverTriggers: [],
    logins: made.engine.instance.logins.filter(({ name }) => name === "sa"),
    databases: made.engine.instance.databases.map(({ id, name }) => ({ id, name })),
  });
  return made;
}

/** Rows of an audit, written or still in its buffer. */
function rowsOf({ engine }: Evaluator, auditName: string): readonly AuditRow[] {
  const { trail } = engine;
  const audit = trail.audits.find(({ name }) => name === auditName);
  const files = trail.files.filter(({ name }) => name.startsWith(`${auditName}_`));
  return [...files.flatMap(({ blocks }) => blocks.flatMap(({ rows }) => rows)), ...(audit?.pending ?? [])];
}

const PROVISIONING = `
IF DB_ID(N'testDB') IS NULL CREATE DATABASE testDB;
USE master;
IF NOT EXISTS (SELECT 1 FROM sys.server_audits WHERE name=N'RDS_DAS_AUDIT')
  EXEC(N'CREATE SERVER AUDIT [RDS_DAS_AUDIT]
    TO FILE (FILEPATH=N''D:\\das\\'', MAXSIZE=50 MB, MAX_ROLLOVER_FILES=200, RESERVE_DISK_SPACE=OFF)
    WITH (QUEUE_DELAY=1000, ON_FAILURE=CONTINUE, AUDIT_GUID=''11111111-2222-3333-4444-555555555555'')
    WHERE ([session_server_principal_name]<>N''rds_das_reader'')');
IF NOT EXISTS (SELECT 1 FROM sys.server_audits WHERE name=N'RDS_DAS_AUDIT_CHANGES')
  EXEC(N'CREATE SERVER AUDIT [RDS_DAS_AUDIT_CHANGES]
    TO FILE (FILEPATH=N''D:\\das\\'', MAXSIZE=10 MB, MAX_ROLLOVER_FILES=100, RESERVE_DISK_SPACE=OFF)
    WITH (QUEUE_DELAY=1000, ON_FAILURE=CONTINUE, AUDIT_GUID=''66666666-7777-8888-9999-AAAAAAAAAAAA'')');
IF NOT EXISTS (SELECT 1 FROM sys.server_audit_specifications WHERE name=N'RDS_DAS_SERVER_AUDIT_SPEC')
  CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (FAILED_LOGIN_GROUP) WITH (STATE=ON);
IF NOT EXISTS (SELECT 1 FROM sys.server_audit_specifications WHERE name=N'RDS_DAS_CHANGES_AUDIT_SPEC')
  CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] FOR SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ADD (AUDIT_CHANGE_GROUP) WITH (STATE=ON);
IF EXISTS (SELECT 1 FROM sys.server_audits WHERE name=N'RDS_DAS_AUDIT' AND is_state_enabled=0) ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE=ON);
IF EXISTS (SELECT 1 FROM sys.server_audits WHERE name=N'RDS_DAS_AUDIT_CHANGES' AND is_state_enabled=0) ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE=ON);
IF SUSER_ID(N'rds_das_reader') IS NULL
  CREATE LOGIN [rds_das_reader] WITH PASSWORD=N'it''s secret', SID=0x8F3D1B6AC27E4F0F9A51C0DE5EED0002, CHECK_EXPIRATION=OFF;   -- same SID on all replicas
GRANT VIEW SERVER STATE TO [rds_das_reader]; GRANT VIEW ANY DEFINITION TO [rds_das_reader];
GRANT CONNECT ANY DATABASE TO [rds_das_reader];        -- 2014+; the reader is a user nowhere but in master
IF USER_ID(N'rds_das_reader') IS NULL CREATE USER [rds_das_reader] FOR LOGIN [rds_das_reader];   -- in master; role and membership for the lock of §5
IF DATABASE_PRINCIPAL_ID(N'rds_das_readers') IS NULL CREATE ROLE [rds_das_readers];
IF ISNULL(IS_ROLEMEMBER(N'rds_das_readers', N'rds_das_reader'),0) = 0 ALTER ROLE [rds_das_readers] ADD MEMBER [rds_das_reader];
GRANT VIEW SERVER SECURITY AUDIT TO [rds_das_reader];
USE testDB;
IF USER_ID(N'testUser') IS NULL CREATE USER [testUser] WITHOUT LOGIN;
IF NOT EXISTS (SELECT 1 FROM sys.database_audit_specifications WHERE name = N'RDS_DAS_DB_database_spec')
  CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_database_spec] FOR SERVER AUDIT [RDS_DAS_AUDIT]
   ADD (INSERT, UPDATE, DELETE ON testTable BY testUser) WITH (STATE=ON);
USE master;
IF NOT EXISTS (SELECT 1 FROM sys.server_audit_specification_details WHERE audit_action_name = N'LOGOUT_GROUP') BEGIN
  ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE=OFF);
  ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] ADD (LOGOUT_GROUP), ADD (SUCCESSFUL_LOGIN_GROUP) WITH (STATE=ON);
END`;

describe("the provisioning", () => {
  test("makes everything, and run again changes nothing", async () => {
    const made = bare();
    await made.run(PROVISIONING);
    const { trail, instance } = made.engine;
    expect(trail.audits.map(({ name, guid, status, predicate }) => ({ name, guid, status, predicate }))).toEqual([
      {
        name: STREAM_AUDIT,
        guid: GUID,
        status: "STARTED",
        predicate: "([session_server_principal_name]<>N'rds_das_reader')",
      },
      { name: CHANGES_AUDIT, guid: "66666666-7777-8888-9999-AAAAAAAAAAAA", status: "STARTED", predicate: null },
    ]);
    expect(trail.audits[0]).toMatchObject({ maxFileSize: 50 * 2 ** 20, maxRolloverFiles: 200, queueDelay: 1000 });
    expect(
      trail.specifications.map(({ name, enabled, details }) => [name, enabled, details.map((d) => d.action)]),
    ).toEqual([
      ["RDS_DAS_SERVER_AUDIT_SPEC", true, ["FAILED_LOGIN_GROUP", "LOGOUT_GROUP", "SUCCESSFUL_LOGIN_GROUP"]],
      ["RDS_DAS_CHANGES_AUDIT_SPEC", true, ["AUDIT_CHANGE_GROUP"]],
      ["RDS_DAS_DB_database_spec", true, ["INSERT", "UPDATE", "DELETE"]],
    ]);
    expect(instance.logins.at(-1)).toMatchObject({
      name: "rds_das_reader",
      password: "it's secret",
      sid: "0x8f3d1b6ac27e4f0f9a51c0de5eed0002",
      permissions: ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE", "VIEW SERVER SECURITY AUDIT"],
    });
    await made.run(PROVISIONING);
    expect(made.engine.trail).toEqual(trail);
    expect(made.engine.instance).toEqual(instance);
    // What it made is what a reader needs.
    made.logInAs("rds_das_reader");
    const lock =
      "DECLARE @r int; EXEC @r = sp_getapplock @Resource=N'r', @LockMode='Exclusive', @LockOwner='Session', @LockTimeout=0, @DbPrincipal=N'rds_das_readers'; SELECT @r AS granted";
    expect(await made.run(`USE master; ${lock}`)).toEqual([[{ granted: 0 }]]);
  });

  test("what follows the start of both audits is audited in the second one, as real rows show it", async () => {
    const made = bare();
    await made.run(PROVISIONING);
    const rows = rowsOf(made, CHANGES_AUDIT).map(
      ({ action_id: action, class_type: kind, object_name, database_name, statement }) => ({
        action,
        kind,
        object_name,
        database_name,
        statement,
      }),
    );
    expect(rows).toEqual([
      expect.objectContaining({ action: "AUSC", kind: "A " }),
      {
        action: "CR  ",
        kind: "DA",
        object_name: "RDS_DAS_DB_database_spec",
        database_name: "testDB",
        statement:
          "CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_database_spec] FOR SERVER AUDIT [RDS_DAS_AUDIT]\n   ADD (INSERT, UPDATE, DELETE ON testTable BY testUser) WITH (STATE=ON)",
      },
      {
        action: "AL  ",
        kind: "SA",
        object_name: "RDS_DAS_SERVER_AUDIT_SPEC",
        database_name: "master",
        statement: "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE=OFF)",
      },
      expect.objectContaining({ action: "AL  ", kind: "SA" }),
    ]);
  });
});

const CREATE = (rest: string) =>
  `CREATE SERVER AUDIT [A] TO FILE (FILEPATH = N'D:\\a', MAXSIZE = 2 MB)${rest && ` ${rest}`}`;

describe("server audits", () => {
  test("every option", async () => {
    const made = bare();
    await made.run(
      "CREATE SERVER AUDIT a TO FILE (FILEPATH = '/var/opt/mssql/das', MAXSIZE = 2 GB, MAX_FILES = 7, RESERVE_DISK_SPACE = ON) WITH (QUEUE_DELAY = 0, ON_FAILURE = FAIL_OPERATION)",
    );
    await made.run("CREATE SERVER AUDIT b TO APPLICATION_LOG WITH (ON_FAILURE = SHUTDOWN)");
    await made.run(
      "CREATE SERVER AUDIT c TO FILE (FILEPATH = N'D:\\c\\', MAXSIZE = UNLIMITED, MAX_ROLLOVER_FILES = UNLIMITED)",
    );
    expect(made.engine.trail.audits).toMatchObject([
      { directory: "/var/opt/mssql/das/", maxFileSize: 2 ** 31, maxFiles: 7, reserveDiskSpace: true, queueDelay: 0 },
      { target: "APPLICATION LOG", onFailure: "SHUTDOWN", queueDelay: 1000 },
      {
        directory: "D:\\c\\",
        maxFileSize: null,
        maxRolloverFiles: 2_147_483_647,
        guid: expect.stringMatching(/^[0-9A-F-]{36}$/),
      },
    ]);
    const views =
      "SELECT name, type, type_desc, on_failure_desc FROM sys.server_audits ORDER BY name; SELECT name FROM sys.server_file_audits ORDER BY name";
    expect(await made.run(views)).toEqual([
      [
        { name: "a", type: "FL", type_desc: "FILE", on_failure_desc: "FAIL_OPERATION" },
        { name: "b", type: "AL", type_desc: "APPLICATION LOG", on_failure_desc: "SHUTDOWN SERVER INSTANCE" },
        { name: "c", type: "FL", type_desc: "FILE", on_failure_desc: "CONTINUE" },
      ],
      [{ name: "a" }, { name: "c" }],
    ]);
  });

  test.each([
    ["twice", `${CREATE("")}; ${CREATE("")}`, 15530],
    ["QUEUE_DELAY between 1 and 999", CREATE("WITH (QUEUE_DELAY = 999)"), 33227],
    ["negative QUEUE_DELAY", CREATE("WITH (QUEUE_DELAY = -1)"), 33227],
    [
      "MAX_FILES and MAX_ROLLOVER_FILES",
      "CREATE SERVER AUDIT A TO FILE (FILEPATH = 'D:\\', MAX_FILES = 2, MAX_ROLLOVER_FILES = 2)",
      33238,
    ],
    ["a small file", "CREATE SERVER AUDIT A TO FILE (FILEPATH = 'D:\\', MAXSIZE = 1 MB)", 33070],
    [
      "space reserved without limit",
      "CREATE SERVER AUDIT A TO FILE (FILEPATH = 'D:\\', RESERVE_DISK_SPACE = ON)",
      33077,
    ],
    ["STATE while it is made", CREATE("WITH (STATE = ON)"), 102],
    ["an option twice", CREATE("WITH (QUEUE_DELAY = 0, QUEUE_DELAY = 0)"), 102],
    ["an unknown option", CREATE("WITH (OPERATOR = ON)"), 102],
    ["from a user database", `USE Sales; ${CREATE("")}`, 33074],
    ["ALTER of one that there is not", "ALTER SERVER AUDIT Z WITH (STATE = ON)", 15151],
    ["DROP of one that there is not", "DROP SERVER AUDIT Z", 15151],
    ["STATE with others", `${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON, QUEUE_DELAY = 0)`, 33223],
    ["STATE and TO FILE", `${CREATE("")}; ALTER SERVER AUDIT A TO FILE (MAXSIZE = 3 MB) WITH (STATE = ON)`, 33223],
    [
      "ALTER while it is on",
      `${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON); ALTER SERVER AUDIT A WITH (QUEUE_DELAY = 0)`,
      33071,
    ],
    ["DROP while it is on", `${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON); DROP SERVER AUDIT A`, 33071],
    ["another GUID", `${CREATE("")}; ALTER SERVER AUDIT A WITH (AUDIT_GUID = '${GUID}')`, 102],
    ["ALTER of nothing", `${CREATE("")}; ALTER SERVER AUDIT A`, 102],
    ["ALTER in a transaction", `${CREATE("")}; BEGIN TRAN; ALTER SERVER AUDIT A WITH (STATE = ON)`, 574],
    ["a predicate that is none", CREATE("WHERE object_name ="), 102],
  ])("refused: %s", async (_what, sql, number) => {
    expect(await bare().error(sql)).toBe(number);
  });

  test("on, off, altered, renamed, dropped", async () => {
    const made = bare();
    const audit = () => made.engine.trail.audits[0];
    await made.run(
      CREATE(
        "WITH (QUEUE_DELAY = 0) WHERE object_name = 'a' OR NOT (server_principal_id > 5 AND statement LIKE N'%x%')",
      ),
    );
    expect(audit()?.predicate).toBe(
      "(([object_name]=N'a') OR (NOT (([server_principal_id]>(5)) AND ([statement] LIKE N'%x%'))))",
    );
    await made.run("ALTER SERVER AUDIT A WHERE action_id = 538987603");
    await made.run(
      "ALTER SERVER AUDIT A REMOVE WHERE; ALTER SERVER AUDIT A TO FILE (MAX_ROLLOVER_FILES = 3) WITH (ON_FAILURE = FAIL_OPERATION); ALTER SERVER AUDIT A MODIFY NAME = [B]",
    );
    expect(audit()).toMatchObject({
      name: "B",
      predicate: null,
      maxRolloverFiles: 3,
      maxFileSize: 2 ** 21,
      onFailure: "FAIL_OPERATION",
    });
    await made.run("ALTER SERVER AUDIT B WITH (STATE = ON)");
    expect(audit()).toMatchObject({ enabled: true, status: "STARTED" });
    expect(rowsOf(made, "B")).toMatchObject([{ action_id: "AUSC", server_principal_name: "sa", session_id: 51 }]);
    // What a second ON does is not known: it is ignored, or begins a new file.
    await made.run("ALTER SERVER AUDIT B WITH (STATE = ON)");
    expect(made.engine.trail.files).toHaveLength(1);
    made.engine.changeTrail((trail) => ({ ...trail, behaviour: { ...trail.behaviour, repeatedStart: "new file" } }));
    await made.run("ALTER SERVER AUDIT B WITH (STATE = ON)");
    expect(made.engine.trail.files).toHaveLength(2);
    await made.run("ALTER SERVER AUDIT B WITH (STATE = OFF); ALTER SERVER AUDIT B WITH (STATE = OFF)");
    expect(rowsOf(made, "B").slice(2)).toMatchObject([
      { additional_information: expect.stringContaining("<action>destroyed<") },
      { additional_information: expect.stringContaining("<action>event disabled<") },
    ]);
    await made.run("DROP SERVER AUDIT B");
    expect(made.engine.trail.audits).toEqual([]);
    expect(made.engine.trail.files).toHaveLength(2);
  });

  test("MAX_FILES and MAX_ROLLOVER_FILES take each other away", async () => {
    const made = bare();
    const limits = async () => await made.row("SELECT max_files, max_rollover_files FROM sys.server_file_audits");
    await made.run("CREATE SERVER AUDIT A TO FILE (FILEPATH = 'D:\\', MAX_FILES = 5)");
    expect(await limits()).toEqual([5, 0]);
    await made.run("ALTER SERVER AUDIT A TO FILE (MAX_ROLLOVER_FILES = 200)");
    expect(await limits()).toEqual([0, 200]);
    await made.run("ALTER SERVER AUDIT A TO FILE (MAX_FILES = 2)");
    expect(await limits()).toEqual([2, 0]);
  });

  test("one whose file cannot be created is on, but offline", async () => {
    const made = bare();
    await made.run(CREATE(""));
    made.engine.changeTrail((trail) => failCreation(trail, "A", true));
    expect(await made.error("ALTER SERVER AUDIT A WITH (STATE = ON)")).toBe(33222);
    expect(made.engine.trail.audits[0]).toMatchObject({
      enabled: true,
      status: "TARGET_CREATION_FAILED",
      session: null,
    });
    expect(await made.run("EXEC sys.xp_readerrorlog 0, 1, N'SQL Server Audit failed'")).toEqual([
      [
        {
          LogDate: "2026-11-22 12:00:00.000",
          ProcessInfo: "spid7s",
          Text: expect.stringContaining("failed to create the audit file 'D:\\a\\A_"),
        },
        {
          LogDate: "2026-11-22 12:00:00.000",
          ProcessInfo: "spid7s",
          Text: expect.stringContaining("related to the audit 'A' in the directory 'D:\\a\\'"),
        },
      ],
    ]);
  });
});

describe("specifications", () => {
  const start = `${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON); `;

  test.each([
    ["for no audit", "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT Z ADD (LOGOUT_GROUP)", 33073],
    ["without FOR", "CREATE SERVER AUDIT SPECIFICATION S ADD (LOGOUT_GROUP)", 102],
    [
      "a second one for the audit",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A; CREATE SERVER AUDIT SPECIFICATION T FOR SERVER AUDIT A",
      33230,
    ],
    [
      "the name is taken",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A; CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A",
      15530,
    ],
    [
      "ALTER while it is on",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A WITH (STATE = ON); ALTER SERVER AUDIT SPECIFICATION S ADD (LOGOUT_GROUP)",
      33229,
    ],
    [
      "ALTER that switches it off too",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A WITH (STATE = ON); ALTER SERVER AUDIT SPECIFICATION S ADD (LOGOUT_GROUP) WITH (STATE = OFF)",
      33229,
    ],
    [
      "DROP while it is on",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A WITH (STATE = ON); DROP SERVER AUDIT SPECIFICATION S",
      33229,
    ],
    ["an unknown group", "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (NO_SUCH_GROUP)", 102],
    [
      "a server's group in a database",
      "USE Sales; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (FAILED_LOGIN_GROUP)",
      102,
    ],
    [
      "an action on the server",
      "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (SELECT ON t BY public)",
      102,
    ],
    [
      "an unknown principal",
      "USE Sales; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (SELECT ON t BY nobody)",
      15151,
    ],
    [
      "server specification from a user database",
      "USE Sales; CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A",
      33074,
    ],
    ["ALTER of one that there is not", "ALTER SERVER AUDIT SPECIFICATION Z WITH (STATE = ON)", 15151],
    ["DROP of one that there is not", "USE Sales; DROP DATABASE AUDIT SPECIFICATION Z", 15151],
  ])("refused: %s", async (_what, sql, number) => {
    expect(await bare().error(start + sql)).toBe(number);
  });

  test("one for each audit in each database; groups and actions are added and dropped", async () => {
    const made = bare();
    await made.run(`${start}
      CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (LOGOUT_GROUP), ADD (DBCC_GROUP);
      USE Sales; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT A
        ADD (SELECT, INSERT ON SCHEMA::dbo BY public, dbo), ADD (EXECUTE ON DATABASE::Sales BY public), ADD (DBCC_GROUP);
      USE Clinic; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT A WITH (STATE = ON)`);
    expect(made.engine.trail.specifications.map(({ database, enabled }) => [database, enabled])).toEqual([
      [null, false],
      ["Sales", false],
      ["Clinic", true],
    ]);
    await made.run(`USE Sales; ALTER DATABASE AUDIT SPECIFICATION S DROP (INSERT ON SCHEMA::dbo BY dbo), DROP (DBCC_GROUP);
      ALTER DATABASE AUDIT SPECIFICATION S WITH (STATE = ON)`);
    const [details] = await made.run(
      "SELECT d.audit_action_name AS action, d.class_desc, d.audited_principal_id AS principal, d.is_group FROM Sales.sys.database_audit_specification_details AS d",
    );
    expect(details).toEqual([
      { action: "SELECT", class_desc: "SCHEMA", principal: 0, is_group: false },
      { action: "INSERT", class_desc: "SCHEMA", principal: 0, is_group: false },
      { action: "SELECT", class_desc: "SCHEMA", principal: 1, is_group: false },
      { action: "EXECUTE", class_desc: "DATABASE", principal: 0, is_group: false },
    ]);
    await made.run(
      "USE master; DROP SERVER AUDIT SPECIFICATION S; USE Clinic; ALTER DATABASE AUDIT SPECIFICATION S WITH (STATE = OFF); DROP DATABASE AUDIT SPECIFICATION S",
    );
    expect(made.engine.trail.specifications).toHaveLength(1);
  });

  test("a version knows its own groups", async () => {
    const batches = "CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (BATCH_COMPLETED_GROUP)";
    expect(await bare("2016").error(start + batches)).toBe(102);
    await expect(bare("2019").run(start + batches)).resolves.toEqual([]);
  });

  test("on a secondary replica the database is read-only", async () => {
    const made = bare();
    made.engine.changeInstance({
      databases: made.engine.instance.databases.map((known) =>
        known.name === "Sales" ? { ...known, isPrimaryReplica: false } : known,
      ),
    });
    expect(await made.error(`${start} USE Sales; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT A`)).toBe(3906);
  });
});

describe("who may", () => {
  test.each([
    ["CREATE SERVER AUDIT", CREATE(""), 15247],
    ["ALTER SERVER AUDIT", "ALTER SERVER AUDIT RDS_DAS_AUDIT WITH (STATE = OFF)", 15151],
    ["CREATE LOGIN", "CREATE LOGIN l WITH PASSWORD = 'x'", 15247],
    ["CREATE USER", "CREATE USER u WITHOUT LOGIN", 15247],
    ["CREATE ROLE", "CREATE ROLE r", 15247],
    ["GRANT", "GRANT CONTROL SERVER TO das", 4613],
    ["DISABLE TRIGGER", "DISABLE TRIGGER rds_das_lock ON ALL SERVER", 1088],
    ["CREATE DATABASE", "CREATE DATABASE d", 262],
    ["DROP DATABASE", "DROP DATABASE Sales", 3701],
  ])("the reader may not %s", async (_what, sql, number) => {
    const made = evaluator();
    const before = made.engine.state;
    expect(await made.error(sql)).toBe(number);
    expect({ ...made.engine.state.instance }).toEqual(before.instance);
    const [refused] = rowsOf(made, CHANGES_AUDIT).slice(1);
    if (sql.includes("AUDIT"))
      expect(refused).toMatchObject({ succeeded: false, statement: sql, server_principal_name: "das" });
    else expect(refused).toBeUndefined();
  });

  test("ALTER ANY SERVER AUDIT is enough, unless it is denied to a role", async () => {
    const made = evaluator();
    made.logInAs("sa");
    await made.run(
      "CREATE LOGIN dba WITH PASSWORD = 'x'; GRANT CONTROL SERVER TO dba; CREATE SERVER ROLE [rds_das_dba]; ALTER SERVER ROLE [rds_das_dba] ADD MEMBER [dba]",
    );
    const statement = "CREATE SERVER AUDIT B TO FILE (FILEPATH = 'D:\\')";
    made.logInAs("dba");
    await made.run(`${statement}; DROP SERVER AUDIT B`);
    made.logInAs("sa");
    await made.run("DENY ALTER ANY SERVER AUDIT TO [rds_das_dba]");
    made.logInAs("dba");
    expect(await made.error(statement)).toBe(15247);
    expect(
      await made.row(
        "SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER ANY SERVER AUDIT') AS v, IS_SRVROLEMEMBER('rds_das_dba') AS m",
      ),
    ).toEqual([0, 1]);
    expect(await made.error("USE Sales; CREATE DATABASE AUDIT SPECIFICATION S FOR SERVER AUDIT RDS_DAS_AUDIT")).toBe(
      15247,
    );
    made.logInAs("sa");
    await made.run("USE master; REVOKE ALTER ANY SERVER AUDIT FROM [rds_das_dba]");
    made.logInAs("dba");
    await made.run(statement);
  });

  test("ON_FAILURE = SHUTDOWN takes the right to shut down", async () => {
    const made = evaluator();
    made.logInAs("sa");
    await made.run("GRANT ALTER ANY SERVER AUDIT TO das");
    made.logInAs("das");
    expect(await made.error(CREATE("WITH (ON_FAILURE = SHUTDOWN)"))).toBe(33228);
  });

  test("whoever may not see definitions sees none, without an error", async () => {
    const made = evaluator();
    made.logInAs("sa");
    await made.run("CREATE LOGIN blind WITH PASSWORD = 'x'");
    const views = [
      "server_audits",
      "server_file_audits",
      "server_audit_specifications",
      "server_audit_specification_details",
      "server_triggers",
    ];
    for (const view of views) {
      made.logInAs("das");
      expect((await made.run(`SELECT * FROM sys.${view}`))[0]?.length, view).toBeGreaterThan(0);
      made.logInAs("blind");
      expect(await made.run(`SELECT * FROM sys.${view}`), view).toEqual([[]]);
    }
  });
});

describe("principals", () => {
  test("logins, users and roles come and go", async () => {
    const made = bare();
    await made.run(
      "CREATE LOGIN [l] WITH PASSWORD = N'one', CHECK_EXPIRATION = OFF, CHECK_POLICY = OFF, DEFAULT_DATABASE = [master]",
    );
    await made.run("ALTER LOGIN l WITH PASSWORD = N'two'; ALTER LOGIN l DISABLE; ALTER LOGIN l WITH NAME = [m]");
    expect(made.engine.instance.logins.at(-1)).toMatchObject({ name: "m", password: "two", isDisabled: true });
    await made.run(
      "USE Sales; CREATE USER u FOR LOGIN m; CREATE ROLE r; CREATE ROLE s; ALTER ROLE s ADD MEMBER r; ALTER ROLE r ADD MEMBER u",
    );
    expect(
      await made.row(
        "SELECT IS_ROLEMEMBER('s', 'u') AS a, IS_ROLEMEMBER('r', 'u') AS b, IS_ROLEMEMBER('none', 'u') AS c, USER_NAME(USER_ID('u')) AS d, SUSER_SNAME(SUSER_SID('m')) AS e",
      ),
    ).toEqual([1, 1, null, "u", "m"]);
    expect(await made.error("DROP ROLE r")).toBe(15144);
    await made.run(
      "ALTER ROLE r DROP MEMBER u; ALTER ROLE s DROP MEMBER r; DROP ROLE r; DROP ROLE s; DROP USER u; DROP LOGIN m",
    );
    expect(made.engine.instance.databases.find(({ name }) => name === "Sales")?.principals).toEqual([]);
    expect(made.engine.instance.logins.map(({ name }) => name)).toEqual(["sa"]);
  });

  test.each([
    ["CREATE LOGIN sa WITH PASSWORD = 'x'", 15025],
    ["CREATE SERVER ROLE sysadmin", 15025],
    ["CREATE LOGIN l WITH PASSWORD = 'x', SID = 0x01", 15433],
    ["DROP LOGIN nobody", 15151],
    ["ALTER LOGIN nobody ENABLE", 15151],
    ["CREATE USER u FOR LOGIN nobody", 15007],
    ["CREATE ROLE db_owner", 15023],
    ["CREATE USER u WITHOUT LOGIN; CREATE USER u WITHOUT LOGIN", 15023],
    ["DROP USER nobody", 15151],
    ["ALTER ROLE none ADD MEMBER dbo", 15151],
    ["ALTER ROLE db_owner ADD MEMBER nobody", 15410],
    ["ALTER SERVER ROLE sysadmin ADD MEMBER nobody", 15151],
    ["GRANT VIEW SERVER STATE TO nobody", 15151],
    ["USE Sales; GRANT VIEW SERVER STATE TO sa", 4621],
    ["DROP DATABASE nowhere", 3701],
    ["DROP DATABASE model", 3701],
    ["USE Sales; DROP DATABASE Sales", 3702],
    ["CREATE DATABASE Sales", 1801],
    ["DROP TRIGGER none ON ALL SERVER", 1088],
    ["ENABLE TRIGGER none ON ALL SERVER", 1088],
    ["COMMIT", 3902],
    ["ROLLBACK TRAN", 3903],
    ["CREATE VIEW v AS SELECT 1 AS a", 102],
    ["DROP TABLE t", 3701],
    ["DROP CERTIFICATE c", 15151],
    ["CREATE LOGIN l FROM CERTIFICATE c", 15151],
  ])("refused: %s", async (sql, number) => {
    expect(await bare().error(sql)).toBe(number);
  });

  test("what is audited of them, with passwords hidden", async () => {
    const made = bare();
    const groups = [
      "SERVER_PRINCIPAL_CHANGE_GROUP",
      "LOGIN_CHANGE_PASSWORD_GROUP",
      "SERVER_PERMISSION_CHANGE_GROUP",
      "SERVER_ROLE_MEMBER_CHANGE_GROUP",
      "DATABASE_PRINCIPAL_CHANGE_GROUP",
      "DATABASE_ROLE_MEMBER_CHANGE_GROUP",
      "DATABASE_PERMISSION_CHANGE_GROUP",
      "DATABASE_CHANGE_GROUP",
    ];
    await made.run(`${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON);
      CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ${groups.map((group) => `ADD (${group})`).join(", ")} WITH (STATE = ON)`);
    const statements = [
      ["CREATE LOGIN l WITH PASSWORD = N'it''s'", "CR  ", "SL"],
      ["ALTER LOGIN l WITH PASSWORD='x'", "PWR ", "SL"],
      ["GRANT VIEW SERVER STATE TO l", "G   ", "SR"],
      ["ALTER SERVER ROLE dbcreator ADD MEMBER l", "APRL", "SG"],
      ["CREATE USER u FOR LOGIN l", "CR  ", "SU"],
      ["CREATE ROLE r", "CR  ", "RL"],
      ["ALTER ROLE r ADD MEMBER u", "APRL", "RL"],
      ["DENY ALTER ANY DATABASE AUDIT TO u", "D   ", "DB"],
      ["CREATE DATABASE d", "CR  ", "DB"],
      ["DROP DATABASE d", "DR  ", "DB"],
    ] as const;
    for (const [sql] of statements) await made.run(sql);
    expect(
      rowsOf(made, "A")
        .slice(1)
        .map((row) => [row.statement, row.action_id, row.class_type]),
    ).toEqual(
      statements.map(([sql, ...codes]) => [sql.replace("N'it''s'", "N'******'").replace("'x'", "'******'"), ...codes]),
    );
    expect(rowsOf(made, "A").at(7)).toMatchObject({
      target_database_principal_name: "u",
      object_name: "r",
      database_principal_name: "dbo",
    });
  });

  test("a long statement is split, also through a surrogate pair", async () => {
    const made = bare();
    await made.run(`${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON);
      CREATE SERVER AUDIT SPECIFICATION S FOR SERVER AUDIT A ADD (SERVER_PERMISSION_CHANGE_GROUP) WITH (STATE = ON)`);
    const head = "GRANT /* ";
    const sql = `${head}${"x".repeat(3999 - head.length)}😀${"y".repeat(5000)} */ VIEW SERVER STATE TO sa`;
    await made.run(sql);
    const pieces = rowsOf(made, "A").slice(1);
    expect(pieces.map(({ sequence_number }) => sequence_number)).toEqual([1, 2, 3]);
    expect(new Set(pieces.map(({ sequence_group_id }) => sequence_group_id)).size).toBe(1);
    expect(String(pieces[0]?.statement)).toHaveLength(4000);
    expect(pieces.map(({ statement }) => statement).join("")).toBe(sql);
  });
});

describe("transactions", () => {
  test("what was defined is undone; what was audited stays", async () => {
    const made = bare();
    await made.run(PROVISIONING);
    const before = made.engine.state;
    const audited = rowsOf(made, CHANGES_AUDIT).length;
    await made.run(`USE master; BEGIN TRANSACTION; BEGIN TRAN; SELECT @@TRANCOUNT AS n;
      ${CREATE("")}; ALTER SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC WITH (STATE = OFF);
      CREATE LOGIN l WITH PASSWORD = 'x'; CREATE ROLE r; COMMIT`);
    expect(made.engine.trail.audits).toHaveLength(3);
    expect(await made.row("SELECT @@TRANCOUNT AS n")).toEqual([1]);
    await made.run("ROLLBACK");
    expect(made.engine.trail.specifications).toEqual(before.trail.specifications);
    expect(made.engine.trail.audits.map(({ name }) => name)).toEqual([STREAM_AUDIT, CHANGES_AUDIT]);
    expect(made.engine.instance).toEqual(before.instance);
    expect(rowsOf(made, CHANGES_AUDIT)).toHaveLength(audited + 2);
  });

  test("DROP comes back, COMMIT stays", async () => {
    const made = bare();
    await made.run(`${CREATE("")}; BEGIN TRAN; DROP SERVER AUDIT A; ROLLBACK TRAN`);
    expect(made.engine.trail.audits).toHaveLength(1);
    await made.run("BEGIN TRAN; DROP SERVER AUDIT A; COMMIT TRAN");
    expect(made.engine.trail.audits).toHaveLength(0);
  });
});

describe("the lock trigger", () => {
  const off = "ALTER SERVER AUDIT RDS_DAS_AUDIT WITH (STATE = OFF)";

  test.each([
    [off],
    ["ALTER SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC WITH (STATE = OFF)"],
    ["ALTER SERVER AUDIT SPECIFICATION RDS_DAS_CHANGES_AUDIT_SPEC WITH (STATE = OFF)"],
    ["USE Sales; CREATE DATABASE AUDIT SPECIFICATION RDS_DAS_DB_x FOR SERVER AUDIT RDS_DAS_AUDIT"],
    ["DROP DATABASE Clinic"],
  ])("refuses while locked: %s", async (sql) => {
    const made = guarded();
    const before = made.engine.trail;
    expect(await made.error(sql)).toBe(51_000);
    expect(made.engine.trail.specifications).toEqual(before.specifications);
    expect(made.engine.trail.audits.map(({ status }) => status)).toEqual(["STARTED", "STARTED"]);
    // The attempt is in the trail all the same.
    if (sql.includes("AUDIT"))
      expect(rowsOf(made, CHANGES_AUDIT).at(-1)?.statement).toBe(sql.replace("USE Sales; ", ""));
  });

  test("lets pass what is not the stream's, the provisioner, and unlocked what users may change", async () => {
    const made = guarded();
    await made.run(`${CREATE("")}; ALTER SERVER AUDIT A WITH (STATE = ON); DROP DATABASE HumanResources`);
    made.engine.changeInstance({ lock: { ...made.engine.instance.lock, policy: "unlocked" } });
    await made.run("ALTER SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC WITH (STATE = OFF)");
    expect(await made.error(off)).toBe(51_000);
    made.engine.changeInstance({ lock: { ...made.engine.instance.lock, policy: "locked", owner: "SA" } });
    await made.run(off);
    expect(made.engine.trail.audits[0]?.status).toBe("NOT_STARTED");
  });

  test("a rollback that only looks so leaves the audit off", async () => {
    const made = guarded();
    made.engine.changeInstance({ lock: { ...made.engine.instance.lock, rollback: "looks undone" } });
    expect(await made.error(off)).toBe(51_000);
    expect(made.engine.trail.audits[0]).toMatchObject({ enabled: false, status: "NOT_STARTED" });
  });

  test("it rolls the transaction of the session back", async () => {
    const made = guarded();
    expect(
      await made.error(
        `BEGIN TRAN; ${CREATE("")}; CREATE SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC2 FOR SERVER AUDIT A; DROP SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC2; ALTER SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC WITH (STATE = OFF)`,
      ),
    ).toBe(51_000);
    expect(made.engine.trail.audits).toHaveLength(2);
    expect(await made.row("SELECT @@TRANCOUNT AS n")).toEqual([0]);
  });

  test("disabled behind our back, enabled again, dropped", async () => {
    const made = guarded();
    const isDisabled = async () => await made.run("SELECT is_disabled FROM sys.server_triggers");
    await made.run("DISABLE TRIGGER ALL ON ALL SERVER");
    expect(await isDisabled()).toEqual([[{ is_disabled: true }]]);
    await made.run(`${off}; ALTER SERVER AUDIT RDS_DAS_AUDIT WITH (STATE = ON)`);
    await made.run("ENABLE TRIGGER [rds_das_lock] ON ALL SERVER");
    expect(await isDisabled()).toEqual([[{ is_disabled: false }]]);
    expect(await made.error(off)).toBe(51_000);
    await made.run("DROP TRIGGER rds_das_lock ON ALL SERVER");
    expect(await isDisabled()).toEqual([[]]);
    await made.run(off);
  });

  /** Both audits, their specifications, one of a database, and the trigger. */
  function guarded(): Evaluator {
    const made = evaluator();
    made.logInAs("sa");
    made.engine.changeTrail((trail, now) =>
      addSpecification(
        trail,
        {
          name: "RDS_DAS_DB_clinic",
          auditGuid: trail.audits[0]?.guid ?? "",
          database: "Clinic",
          enabled: true,
          details: [],
        },
        now,
      ),
    );
    return made;
  }
});
