import { describe, expect, test } from "vitest";
import { startSqlServerEmulator } from "../src/index.ts";
import { connect, failure } from "./connect.ts";

const startAsAdministrator = async () => {
  const emulator = await startSqlServerEmulator({ tls: "off" });
  return { emulator, administrator: await connect(emulator, { user: "sa" }) };
};

describe("tables of master", () => {
  test("hold rows that are inserted, updated and deleted, for who may", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await sa.query(
      "CREATE TABLE dbo.notes (id int NOT NULL PRIMARY KEY CHECK (id IN (1, 2)), line nvarchar(20) NOT NULL);",
    );
    await sa.query("INSERT INTO dbo.notes (id, line) VALUES (1, N'a'), (2, N'b');");
    await sa.query("UPDATE dbo.notes SET line = line + N'!' WHERE id = 2;");
    expect(await sa.query("SELECT id, line FROM master.dbo.notes ORDER BY id")).toEqual([
      { id: 1, line: "a" },
      { id: 2, line: "b!" },
    ]);
    expect(await failure(sa.query("INSERT INTO dbo.notes (id, line) VALUES (1, N'c');"))).toMatchObject({
      number: 2627,
    });

    await using reader = await connect(emulator);
    expect(await failure(reader.query("SELECT line FROM dbo.notes"))).toMatchObject({ number: 229 });
    await sa.query("GRANT SELECT ON dbo.notes TO public;");
    expect(await reader.query("SELECT CONVERT(int, COUNT(*)) AS n FROM dbo.notes")).toEqual([{ n: 2 }]);
    expect(await failure(reader.query("DELETE FROM dbo.notes WHERE id = 1"))).toMatchObject({ number: 229 });

    await sa.query("BEGIN TRANSACTION; DELETE FROM dbo.notes; ROLLBACK TRANSACTION;");
    expect(await sa.query("SELECT CONVERT(int, COUNT(*)) AS n FROM dbo.notes")).toEqual([{ n: 2 }]);
    await sa.query("DROP TABLE dbo.notes;");
    expect(await failure(sa.query("SELECT line FROM dbo.notes"))).toMatchObject({ number: 208 });
  });
});

describe("a signed procedure", () => {
  const SIGN = [
    "CREATE CERTIFICATE [signer] ENCRYPTION BY PASSWORD = 'p' WITH SUBJECT = 'test';",
    "ADD SIGNATURE TO dbo.switch_on BY CERTIFICATE [signer] WITH PASSWORD = 'p';",
    "ALTER CERTIFICATE [signer] REMOVE PRIVATE KEY;",
    "CREATE LOGIN [signer] FROM CERTIFICATE [signer];",
    "GRANT CONTROL SERVER TO [signer];",
  ].join("\n");

  test("lends what its certificate's login holds, to who may execute it", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await using reader = await connect(emulator);
    await sa.query("CREATE PROCEDURE dbo.switch_on AS ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);");
    expect(await failure(reader.query("EXEC dbo.switch_on"))).toMatchObject({ number: 229 });
    await sa.query(`GRANT EXECUTE ON dbo.switch_on TO [${emulator.user}];`);
    expect(await failure(reader.query("EXEC dbo.switch_on"))).toMatchObject({ number: 15151 });
    await sa.query(SIGN);
    await reader.query("EXEC dbo.switch_on");

    expect(
      await failure(sa.query("ADD SIGNATURE TO dbo.switch_on BY CERTIFICATE [signer] WITH PASSWORD = 'p';")),
    ).toMatchObject({ number: 15556 });
    expect(await failure(sa.query("DROP CERTIFICATE [signer];"))).toMatchObject({ number: 15352 });
    await sa.query("ALTER PROCEDURE dbo.switch_on AS ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);");
    expect(await failure(reader.query("EXEC dbo.switch_on"))).toMatchObject({ number: 15151 });
    expect(await sa.query("SELECT major_id FROM sys.crypt_properties")).toEqual([]);
    await sa.query("DROP PROCEDURE dbo.switch_on;");
    await sa.query("DROP LOGIN [signer];");
    await sa.query("DROP CERTIFICATE [signer];");
  });
});

describe("a server trigger", () => {
  const BODY = `BEGIN
    DECLARE @event xml = EVENTDATA();
    DECLARE @command nvarchar(max) = @event.value('(/EVENT_INSTANCE/TSQLCommand/CommandText)[1]', 'nvarchar(max)'),
            @object sysname = @event.value('(/EVENT_INSTANCE/ObjectName)[1]', 'sysname');
    IF @command LIKE N'%STATE = ON%' RETURN;
    IF @object = N'RDS_DAS_AUDIT' BEGIN ROLLBACK; THROW 51001, N'not this one', 1; END
    IF @object = N'RDS_DAS_AUDIT_CHANGES' ROLLBACK;
  END`;
  const off = (audit: string) => `ALTER SERVER AUDIT [${audit}] WITH (STATE = OFF);`;

  test("is executed: what it rolls back did not happen, and everything else did", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await sa.query("DROP TRIGGER [rds_das_lock] ON ALL SERVER;");
    await sa.query(`CREATE TRIGGER [mine] ON ALL SERVER FOR DDL_SERVER_AUDIT_EVENTS AS ${BODY}`);
    expect(await failure(sa.query(off("RDS_DAS_AUDIT")))).toMatchObject({ number: 51_001 });
    expect(await failure(sa.query(off("RDS_DAS_AUDIT_CHANGES")))).toMatchObject({ number: 3609 });
    expect(emulator.trail.audits.every(({ enabled }) => enabled)).toBe(true);
    await sa.query("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);");
    await sa.query("ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);");
    expect(emulator.trail.specifications.map(({ enabled }) => enabled)).toEqual([false, true]);
  });

  test("that is wrong refuses everything it fires for, with its own error", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await sa.query("DROP TRIGGER [rds_das_lock] ON ALL SERVER;");
    await sa.query(
      "CREATE TRIGGER [mine] ON ALL SERVER FOR ALTER_SERVER_AUDIT AS IF EXISTS (SELECT 1 FROM master.dbo.nothing) RETURN;",
    );
    expect(await failure(sa.query(off("RDS_DAS_AUDIT")))).toMatchObject({ number: 208 });
    await sa.query("DISABLE TRIGGER [mine] ON ALL SERVER;");
    await sa.query(off("RDS_DAS_AUDIT"));
    expect(emulator.trail.audits[0]).toMatchObject({ enabled: false });
  });
});

describe("an administrator who is no sysadmin", () => {
  test("controls the tables of master with CONTROL SERVER, and passes it on with the grant option only", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await sa.query("CREATE TABLE dbo.notes (id int NOT NULL PRIMARY KEY);");
    for (const name of ["with", "without"]) {
      await sa.query(`CREATE LOGIN [${name}] WITH PASSWORD = N'${emulator.password}';`);
      await sa.query(`GRANT CONTROL SERVER TO [${name}]${name === "with" ? " WITH GRANT OPTION" : ""};`);
      await using one = await connect(emulator, { user: name });
      await one.query("INSERT INTO dbo.notes (id) VALUES (1); DELETE FROM dbo.notes;");
      await one.query(`GRANT VIEW SERVER STATE TO [${emulator.user}];`);
      const pass = one.query(`GRANT CONTROL SERVER TO [${emulator.user}];`);
      if (name === "with") await pass;
      else expect(await failure(pass)).toMatchObject({ number: 4613 });
    }
  });

  test("a procedure ends with RETURN, runs text where it is told to, and TRY hands an error to CATCH", async () => {
    const { emulator, administrator } = await startAsAdministrator();
    await using _ = emulator;
    await using sa = administrator;
    await sa.query("CREATE PROCEDURE dbo.early @n int = 7 AS BEGIN IF @n = 7 RETURN 3; RETURN 4; END");
    expect(await sa.query("DECLARE @r int; EXEC @r = dbo.early; SELECT @r AS r;")).toEqual([{ r: 3 }]);
    expect(await sa.query("DECLARE @r int; EXEC @r = dbo.early @n = 8; SELECT @r AS r;")).toEqual([{ r: 4 }]);
    for (const [where, database] of [
      ["sp_executesql", "master"],
      ["sys.sp_executesql", "master"],
      ["[Sales].sys.sp_executesql", "Sales"],
    ] as const)
      expect(await sa.query(`EXEC ${where} N'SELECT DB_NAME() AS name';`)).toEqual([{ name: database }]);
    const attempt = "BEGIN TRY DROP TABLE dbo.nothing; SELECT 1 AS reached; END TRY BEGIN CATCH";
    expect(await sa.query(`${attempt} SELECT 2 AS caught; END CATCH`)).toEqual([{ caught: 2 }]);
    expect(await failure(sa.query(`${attempt} THROW; END CATCH`))).toMatchObject({ number: 3701 });
  });
});
