/** What sessions do that audits hear, through drivers: rows of one's own, logins and logouts, transactions, KILL. */
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import {
  appendRows,
  readAuditFiles,
  type SqlServerEmulator,
  STREAM_AUDIT,
  startSqlServerEmulator,
} from "../src/index.ts";
import { type Connected, connect, failure } from "./connect.ts";

/** An audit of our own that hears some groups, beside the stream's. */
async function hear(administrator: Connected, ...groups: readonly string[]): Promise<void> {
  const added = groups.map((group) => `ADD (${group})`).join(", ");
  await administrator.pool.request().batch(`
    CREATE SERVER AUDIT [own] TO FILE (FILEPATH = N'D:\\own\\') WITH (QUEUE_DELAY = 0)
    CREATE SERVER AUDIT SPECIFICATION [own] FOR SERVER AUDIT [own] ${added} WITH (STATE = ON)
    ALTER SERVER AUDIT [own] WITH (STATE = ON)`);
}

function ownRows({ trail }: SqlServerEmulator) {
  const read = readAuditFiles(trail, { pattern: "D:\\own\\*", initialFile: null, offset: null });
  if (read.error !== undefined) throw new Error(`refused with ${read.error}`);
  return [...read.parts].flatMap(({ block }) => block.rows).filter(({ action_id }) => action_id !== "AUSC");
}

describe("sp_audit_write", () => {
  test("many in one batch, by name and by position, and as a call of its own", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    await hear(administrator, "USER_DEFINED_AUDIT_GROUP");
    await using reader = await connect(emulator);
    await reader.pool
      .request()
      .batch(`EXEC sys.sp_audit_write @user_defined_event_id = 7, @succeeded = 1, @user_defined_information = N'it''s'
EXEC sp_audit_write 27, 0
EXEC master.sys.sp_audit_write -1, 1, NULL`);
    const result = await reader.pool
      .request()
      .input("user_defined_event_id", mssql.SmallInt, 8)
      .input("succeeded", mssql.Bit, false)
      .input("user_defined_information", mssql.NVarChar(4000), "ü".repeat(4000))
      .execute("sp_audit_write");
    expect(result.returnValue).toBe(0);
    expect(ownRows(emulator)).toMatchObject([
      {
        action_id: "UDAU",
        user_defined_event_id: 7,
        succeeded: true,
        user_defined_information: "it's",
        server_principal_name: "das",
        database_name: "master",
        database_principal_name: "das",
        client_ip: "127.0.0.1",
        statement:
          "EXEC sys.sp_audit_write @user_defined_event_id = 7, @succeeded = 1, @user_defined_information = N'it''s'",
      },
      {
        user_defined_event_id: 27,
        succeeded: false,
        user_defined_information: "",
        statement: "EXEC sp_audit_write 27, 0",
      },
      { user_defined_event_id: -1, succeeded: true },
      { user_defined_event_id: 8, succeeded: false, user_defined_information: "ü".repeat(4000) },
    ]);
    expect(emulator.trail.audits.find(({ name }) => name === STREAM_AUDIT)?.audited).toBe(1);
  });

  test("a database's specification hears it there only; nobody hears it without one", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    const batch = (sql: string) => administrator.pool.request().batch(sql);
    await batch(`CREATE SERVER AUDIT [own] TO FILE (FILEPATH = N'D:\\own\\') WITH (QUEUE_DELAY = 0); ALTER SERVER AUDIT [own] WITH (STATE = ON)
      USE Sales; CREATE DATABASE AUDIT SPECIFICATION s FOR SERVER AUDIT own ADD (USER_DEFINED_AUDIT_GROUP) WITH (STATE = ON)`);
    await batch(
      "USE master; EXEC sp_audit_write 1, 1; USE Sales; EXEC sp_audit_write 2, 1; ALTER DATABASE AUDIT SPECIFICATION s WITH (STATE = OFF); EXEC sp_audit_write 3, 1",
    );
    expect(ownRows(emulator).map((row) => row.user_defined_event_id)).toEqual([2]);
  });

  test("wrong arguments are a return code, or an error", async () => {
    await using emulator = await startSqlServerEmulator();
    await using client = await connect(emulator);
    const status = async (rest: string) =>
      await client.query(`DECLARE @r int; EXEC @r = sp_audit_write ${rest}; SELECT @r AS r`);
    expect(await status("40000, 1")).toEqual([{ r: 1 }]);
    expect(await failure(client.query("EXEC sp_audit_write"))).toMatchObject({ number: 201 });
  });
});

describe("logins and logouts", () => {
  test("are rows where a specification wants them", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    await hear(administrator, "SUCCESSFUL_LOGIN_GROUP", "LOGOUT_GROUP", "FAILED_LOGIN_GROUP");
    {
      await using reader = await connect(emulator);
      await reader.query("SELECT 1 AS one");
    }
    await expect.poll(() => ownRows(emulator).length).toBe(4);
    await failure(connect(emulator, { password: "wrong" }));
    // The driver opens a connection to probe, closes it and opens another for the query.
    const rows = ownRows(emulator);
    expect(rows.map(({ action_id }) => action_id).toSorted()).toEqual(["LGIF", "LGIS", "LGIS", "LGO ", "LGO "]);
    const login = rows.find(({ action_id }) => action_id === "LGIS");
    expect(login).toMatchObject({
      class_type: "LX",
      server_principal_name: "das",
      database_name: "",
      statement: expect.stringContaining("-- network protocol: TCP/IP\r\n"),
      additional_information: expect.stringContaining("<address>127.0.0.1</address>"),
    });
    const logout = rows.find((row) => row.action_id === "LGO " && row.connection_id === login?.connection_id);
    expect(logout).toMatchObject({ session_id: login?.session_id, server_principal_name: "das" });
  });
});

describe("somebody else", () => {
  test("EXECUTE AS LOGIN shows both names, until REVERT", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    await hear(administrator, "USER_DEFINED_AUDIT_GROUP", "SERVER_PRINCIPAL_IMPERSONATION_GROUP");
    const { recordset } = await administrator.pool
      .request()
      .batch(
        "EXECUTE AS LOGIN = N'das'; EXEC sp_audit_write 1, 1; SELECT SUSER_SNAME() AS me, ORIGINAL_LOGIN() AS first, HAS_PERMS_BY_NAME(NULL, NULL, 'CONTROL SERVER') AS may; REVERT; EXEC sp_audit_write 2, 1",
      );
    expect(recordset).toEqual([{ me: "das", first: "sa", may: 0 }]);
    expect(ownRows(emulator)).toMatchObject([
      { action_id: "IMP ", object_name: "das", server_principal_name: "sa" },
      { server_principal_name: "das", session_server_principal_name: "sa" },
      { server_principal_name: "sa", session_server_principal_name: "sa" },
    ]);
    await using reader = await connect(emulator);
    expect(await failure(reader.query("EXECUTE AS LOGIN = N'sa'"))).toMatchObject({ number: 15406 });
  });

  test("KILL cuts a session that the views show", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    await using reader = await connect(emulator);
    const sessions =
      "SELECT s.session_id AS id, c.encrypt_option, c.protocol_version FROM sys.dm_exec_sessions s JOIN sys.dm_exec_connections c ON c.session_id = s.session_id WHERE s.login_name = N'das'";
    await reader.query("SELECT 1 AS one");
    const [found] = await administrator.query(sessions);
    expect(found).toMatchObject({ encrypt_option: "TRUE", protocol_version: 0x74000004 });
    expect(await failure(reader.query(`KILL ${found?.id}`))).toMatchObject({ number: 6102 });
    expect(await failure(administrator.query("KILL 9999"))).toMatchObject({ number: 6106 });
    expect(await failure(administrator.query("DECLARE @me int = @@SPID; KILL @me"))).toMatchObject({ number: 6104 });
    await administrator.pool.request().batch(`KILL ${found?.id}`);
    await expect.poll(() => administrator.query(sessions)).toEqual([]);
  });
});

describe("transactions through the driver", () => {
  test("commit keeps, rollback undoes, a lost connection undoes", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    const names = () => emulator.trail.audits.slice(2).map(({ name }) => name);
    const create = async (transaction: mssql.Transaction, name: string) => {
      await new mssql.Request(transaction).batch(`CREATE SERVER AUDIT ${name} TO FILE (FILEPATH = 'D:\\')`);
      const { recordset } = await new mssql.Request(transaction).query("SELECT @@TRANCOUNT AS n");
      expect(recordset).toEqual([{ n: 1 }]);
    };
    for (const [name, end] of [
      ["kept", "commit"],
      ["undone", "rollback"],
    ] as const) {
      const transaction = new mssql.Transaction(administrator.pool);
      await transaction.begin();
      await create(transaction, name);
      await transaction[end]();
    }
    expect(names()).toEqual(["kept"]);
    {
      await using other = await connect(emulator, { user: "sa" });
      await other.pool.request().batch("BEGIN TRAN; CREATE SERVER AUDIT lost TO FILE (FILEPATH = 'D:\\')");
      expect(names()).toEqual(["kept", "lost"]);
    }
    await expect.poll(names).toEqual(["kept"]);
    const refused = new mssql.Transaction(administrator.pool);
    await refused.begin();
    expect(await failure(new mssql.Request(refused).batch("ALTER SERVER AUDIT kept WITH (STATE = ON)"))).toMatchObject({
      number: 574,
    });
    await refused.rollback();
  });

  test("the lock trigger ends it, and the connection goes on", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    const transaction = new mssql.Transaction(administrator.pool);
    await transaction.begin();
    const locked = "DROP SERVER AUDIT SPECIFICATION RDS_DAS_SERVER_AUDIT_SPEC";
    emulator.change((trail) => ({
      ...trail,
      specifications: trail.specifications.map((known) => ({ ...known, enabled: false })),
    }));
    expect(await failure(new mssql.Request(transaction).batch(locked))).toMatchObject({ number: 51_000 });
    expect(await failure(transaction.rollback())).toMatchObject({ code: "EABORT" });
    expect(await administrator.query("SELECT @@TRANCOUNT AS n")).toEqual([{ n: 0 }]);
  });

  test("its locks go with it", async () => {
    await using emulator = await startSqlServerEmulator();
    await using administrator = await connect(emulator, { user: "sa" });
    await using other = await connect(emulator);
    const lock = (mode: string, owner: string) =>
      `DECLARE @r int; EXEC @r = sp_getapplock 'r', '${mode}', '${owner}', 0; SELECT @r AS r`;
    const test = `SELECT APPLOCK_TEST('public', 'r', 'Shared', 'Session') AS t, APPLOCK_MODE('public', 'r', 'Session') AS m`;
    expect(await administrator.query(lock("Exclusive", "Transaction"))).toEqual([{ r: -999 }]);
    const transaction = new mssql.Transaction(administrator.pool);
    await transaction.begin();
    expect((await new mssql.Request(transaction).batch(lock("Exclusive", "Transaction"))).recordset).toEqual([
      { r: 0 },
    ]);
    expect(await other.query(lock("Shared", "Session"))).toEqual([{ r: -1 }]);
    expect(await other.query(test)).toEqual([{ t: 0, m: "NoLock" }]);
    await transaction.commit();
    expect(await other.query(lock("Shared", "Session"))).toEqual([{ r: 0 }]);
    expect(await other.query(test)).toEqual([{ t: 1, m: "Shared" }]);
    expect(await other.query("DECLARE @r int; EXEC @r = sp_releaseapplock 'r', 'Session'; SELECT @r AS r")).toEqual([
      { r: 0 },
    ]);
  });
});

describe("what is not known, both ways", () => {
  const LIST =
    "SELECT file_or_directory_name AS name, is_directory, level FROM sys.dm_os_enumerate_filesystem(N'D:\\das\\', N'*')";

  test("may a reader list files?", async () => {
    await using emulator = await startSqlServerEmulator();
    await using reader = await connect(emulator);
    await using administrator = await connect(emulator, { user: "sa" });
    expect(await reader.query(LIST)).toHaveLength(2);
    for (const refusal of [229, 297, 300] as const) {
      emulator.changeInstance({ listing: "refused", refusal });
      expect(await failure(reader.query(LIST))).toMatchObject({ number: refusal });
      expect(await failure(reader.query("EXEC xp_dirtree N'D:\\das', 1, 1"))).toMatchObject({ number: refusal });
    }
    emulator.changeInstance({ listing: "empty" });
    expect(await reader.query(LIST)).toEqual([]);
    expect(await reader.query("EXEC xp_dirtree N'D:\\das', 1, 1")).toEqual([]);
    expect(await administrator.query(LIST)).toHaveLength(2);
  });

  test("are the columns of the function described?", async () => {
    await using emulator = await startSqlServerEmulator();
    await using reader = await connect(emulator);
    const describeFunction =
      "SELECT name FROM sys.dm_exec_describe_first_result_set(N'SELECT * FROM sys.fn_get_audit_file(NULL,NULL,NULL)',NULL,0)";
    expect(await reader.query(describeFunction)).toHaveLength(49);
    emulator.changeInstance({ describesAuditFiles: false });
    expect(await reader.query(describeFunction)).toEqual([]);
  });

  test("the second function of 2025 filters by time, both ends included", async () => {
    await using emulator = await startSqlServerEmulator({ version: "2025", audits: { queueDelay: 0 } });
    await using reader = await connect(emulator);
    const times = ["2026-01-01 00:00:00.0000000", "2026-01-02 00:00:00.0000000", "2026-01-02 00:00:00.0000001"];
    emulator.change((trail, now) =>
      appendRows(
        trail,
        STREAM_AUDIT,
        times.map((time) => ({ event_time: time, action_id: "SL  " })),
        now,
      ),
    );
    const read = async (from: string, to: string) =>
      (
        await reader.query(
          `SELECT CONVERT(char(27), event_time, 121) AS t FROM sys.fn_get_audit_file_v2(N'D:\\das\\RDS_DAS_AUDIT_0*', DEFAULT, DEFAULT, ${from}, ${to})`,
        )
      ).map(({ t }) => t);
    expect(await read("DEFAULT", "'2026-01-02'")).toEqual(times.slice(0, 2));
    expect(await read("'2026-01-02T00:00:00'", "'2026-06-01'")).toEqual(times.slice(1));
    expect(await read("NULL", "NULL")).toHaveLength(4);
    const exists = "SELECT name FROM sys.all_objects WHERE name = N'fn_get_audit_file_v2'";
    expect(await reader.query(exists)).toHaveLength(1);
    await using older = await startSqlServerEmulator({ version: "2022" });
    await using client = await connect(older);
    expect(await client.query(exists)).toEqual([]);
  });
});
