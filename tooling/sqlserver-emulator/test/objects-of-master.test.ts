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
    await sa.query("DROP PROCEDURE dbo.switch_on;");
    await sa.query("DROP LOGIN [signer];");
    await sa.query("DROP CERTIFICATE [signer];");
  });
});
