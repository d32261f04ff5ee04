/** What the unmodified driver gets: types, parameters, errors, cancelled and broken results. */
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import {
  auditNamed,
  createWorkload,
  damageBlock,
  pathOf,
  preloadWorkload,
  type SqlServerEmulator,
  STREAM_AUDIT,
  startSqlServerEmulator,
} from "../src/index.ts";
import { type Connected, connect, failure } from "./connect.ts";

const PATTERN = { pattern: "D:\\das\\RDS_DAS_AUDIT_0*" };
const READ =
  "SELECT CONVERT(char(27), f.event_time, 121) AS das_event_time, f.* FROM sys.fn_get_audit_file(@pattern, NULL, NULL) AS f OPTION (RECOMPILE, MAXDOP 1);";

async function preloaded(rows: number): Promise<SqlServerEmulator> {
  const emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
  const workload = createWorkload({ seed: 9, profile: emulator.profile, serverInstanceName: "SQLEMU01" });
  emulator.change((trail, now) => preloadWorkload(trail, workload, rows, 60_000, now));
  return emulator;
}

/** Rows of a streamed read, counted as they come; `onRow` may cancel. */
function stream(connection: Connected, onRow: (request: mssql.Request, count: number) => void = () => undefined) {
  const request = connection.pool.request();
  request.stream = true;
  request.input("pattern", PATTERN.pattern);
  const seen = { rows: 0, infos: [] as { number: number; message: string }[], errors: [] as Record<string, unknown>[] };
  request.on("row", () => {
    seen.rows += 1;
    onRow(request, seen.rows);
  });
  request.on("info", (info) => seen.infos.push(info));
  request.on("error", (error) => seen.errors.push(error));
  const ended = new Promise<typeof seen>((resolve) => request.on("done", () => resolve(seen)));
  void request.query(READ);
  return ended;
}

describe("values", () => {
  test("each type arrives as what it is", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    const [row] =
      await connection.query(`SELECT CONVERT(tinyint, 255) AS tiny, CONVERT(smallint, -32768) AS small, CONVERT(int, -2147483648) AS whole,
      CONVERT(bigint, 9223372036854775807) AS big, CONVERT(bigint, -9223372036854775807) AS negative, CONVERT(bit, 1) AS yes, CONVERT(float, 0.5) AS half,
      12.345 AS decimals, -0.01 AS cent, CONVERT(uniqueidentifier, '0b2cd8e1-4c6f-5a0b-9d5c-6b7a3e1f2d40') AS guid, 0x00FF10 AS bytes,
      CONVERT(char(5), 'ab') AS padded, 'é' AS latin, N'Ω😀' AS wide, CONVERT(nvarchar(max), N'long') AS max, CONVERT(varbinary(max), 0x0102) AS blob,
      CONVERT(datetime2, '2026-11-22 21:34:42.7113072') AS exact, CONVERT(datetime, '2026-11-22 21:34:42.500') AS older`);
    expect(row).toMatchObject({
      tiny: 255,
      small: -32768,
      whole: -2147483648,
      big: "9223372036854775807",
      negative: "-9223372036854775807",
      yes: true,
      half: 0.5,
      decimals: 12.345,
      cent: -0.01,
      guid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
      padded: "ab   ",
      latin: "é",
      wide: "Ω😀",
      max: "long",
    });
    expect([row?.bytes, row?.blob]).toEqual([Buffer.of(0, 255, 16), Buffer.of(1, 2)]);
    const exact = row?.exact as Date & { readonly nanosecondsDelta: number };
    expect(exact).toEqual(new Date("2026-11-22T21:34:42.711Z"));
    expect(Math.round(exact.nanosecondsDelta * 1e7)).toBe(3072);
    expect(row?.older).toEqual(new Date("2026-11-22T21:34:42.500Z"));
  });

  test("NULL of each type is null, in few columns and in many", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    const types = [
      "tinyint",
      "smallint",
      "int",
      "bigint",
      "bit",
      "float",
      "uniqueidentifier",
      "char(3)",
      "varchar(9)",
      "nvarchar(9)",
      "nvarchar(max)",
      "varbinary(9)",
      "varbinary(max)",
      "datetime",
      "datetime2",
      "decimal(9,2)",
    ];
    const [row] = await connection.query(
      `SELECT 1 AS one, ${types.map((type, index) => `CONVERT(${type}, NULL) AS n${index}`).join(", ")}, 2 AS two`,
    );
    expect(row).toEqual({ one: 1, two: 2, ...Object.fromEntries(types.map((_, index) => [`n${index}`, null])) });
  });

  test("parameters of every type that the driver sends come back", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    const bytes = Buffer.from("00ff10", "hex");
    const time = new Date("2026-11-22T21:34:42.711Z");
    const request = connection.pool
      .request()
      .input("i", mssql.Int, -5)
      .input("s", mssql.SmallInt, 7)
      .input("t", mssql.TinyInt, 200)
      .input("b", mssql.BigInt, "9007199254740993")
      .input("y", mssql.Bit, true)
      .input("f", mssql.Float, 1.5)
      .input("r", mssql.Real, 0.25)
      .input("d", mssql.Decimal(18, 4), 12.3456)
      .input("m", mssql.Money, 12.5)
      .input("g", mssql.UniqueIdentifier, "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40")
      .input("v", mssql.VarChar(20), "plain")
      .input("c", mssql.Char(4), "ab")
      .input("n", mssql.NVarChar(20), "Ω😀")
      .input("x", mssql.NVarChar(mssql.MAX), "long")
      .input("a", mssql.VarBinary(20), bytes)
      .input("o", mssql.DateTime2(7), time)
      .input("e", mssql.DateTime, time)
      .input("z", mssql.NVarChar(5), null);
    const { recordset } = await request.query(
      "SELECT @i AS i, @s AS s, @t AS t, @b AS b, @y AS y, @f AS f, @r AS r, CONVERT(varchar(20), @d) AS d, CONVERT(varchar(20), @m) AS m, @g AS g, @v AS v, @c AS c, @n AS n, @x AS x, @a AS a, @o AS o, @e AS e, @z AS z",
    );
    expect(recordset[0]).toMatchObject({
      i: -5,
      s: 7,
      t: 200,
      b: "9007199254740993",
      y: true,
      f: 1.5,
      r: 0.25,
      d: "12.3456",
      m: "12.5000",
      g: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
      v: "plain",
      c: "ab  ",
      n: "Ω😀",
      x: "long",
      a: bytes,
      o: time,
      z: null,
    });
    expect(Math.abs(recordset[0].e.getTime() - time.getTime())).toBeLessThan(4);
    expect(emulator.statements.records.at(-1)).toMatchObject({
      kind: "rpc",
      outcome: "completed",
      rowsSent: 1,
      parameters: { "@i": -5, "@n": "Ω😀", "@z": null },
    });
  });

  test("several results, messages and a procedure's return value", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    const request = connection.pool.request();
    const infos: string[] = [];
    request.on("info", ({ message }) => infos.push(message));
    const { recordsets } = await request.batch(
      "SET NOCOUNT ON; SELECT 1 AS a; PRINT N'zwischen'; SELECT 2 AS b, N'x' AS c; DECLARE @z int = 3; SELECT @z AS d",
    );
    expect(recordsets).toEqual([[{ a: 1 }], [{ b: 2, c: "x" }], [{ d: 3 }]]);
    expect(infos).toEqual(["zwischen"]);
    const lock = await connection.pool
      .request()
      .input("Resource", "r")
      .input("LockMode", "Exclusive")
      .input("LockOwner", "Session")
      .input("LockTimeout", 0)
      .execute("sp_getapplock");
    expect(lock.returnValue).toBe(0);
  });
});

describe("errors", () => {
  test("number, severity, state and text arrive; the connection goes on", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    for (const [text, number, severity] of [
      ["SELEKT 1", 102, 15],
      ["SELECT nowhere FROM sys.databases", 207, 16],
      ["SELECT 1 FROM sys.nowhere", 208, 16],
      ["SELECT frobnicate(1)", 195, 15],
      ["SELECT @undeclared", 137, 15],
      ["EXEC nowhere.nothing", 2812, 16],
      ["SELECT SERVERPROPERTY('ServerName')", 50_000, 16],
      ["SELECT * FROM sys.fn_get_audit_file(N'D:\\nowhere\\*', NULL, NULL)", 33224, 16],
      ["MERGE INTO t USING s ON 1 = 1", 102, 15],
    ] as const) {
      expect(await failure(connection.query(text)), text).toMatchObject({ code: "EREQUEST", number, class: severity });
      expect(await failure(connection.pool.request().batch(text)), text).toMatchObject({ number });
    }
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(emulator.sessionCount).toBe(1);
  });

  test("a read that fails does so before or after its columns", async () => {
    await using emulator = await preloaded(10);
    await using connection = await connect(emulator);
    const text = "SELECT * FROM sys.fn_get_audit_file(N'D:\\das\\gone.sqlaudit', N'D:\\das\\gone.sqlaudit', 5632)";
    for (const readErrors of ["before columns", "after columns"] as const) {
      emulator.changeInstance({ readErrors });
      expect(await failure(connection.query(text))).toMatchObject({ number: 33225 });
    }
  });

  test("a scripted error, on one statement only", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    emulator.faults.arm({
      at: "statement",
      matching: /databases/,
      error: { number: 1205, severity: 13, state: 45, text: "deadlock" },
    });
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(await failure(connection.query("SELECT name FROM sys.databases"))).toMatchObject({
      number: 1205,
      state: 45,
      message: "deadlock",
    });
    expect(await connection.query("SELECT name FROM sys.databases")).not.toEqual([]);
  });

  test("a damaged block is skipped with message 33226 as information", async () => {
    await using emulator = await preloaded(400);
    const file = emulator.trail.files.find(({ name }) => name.startsWith("RDS_DAS_AUDIT_0"));
    if (!file) throw new Error("no file");
    const block = file.blocks[1];
    if (!block) throw new Error("no second block");
    emulator.change((trail) => damageBlock(trail, pathOf(file), block.offset));
    await using connection = await connect(emulator);
    const { rows, infos } = await stream(connection);
    const all = file.blocks.reduce((sum, { rows: own }) => sum + own.length, 0);
    expect(rows).toBe(all - block.rows.length);
    expect(infos).toMatchObject([
      {
        number: 33226,
        message: `The fn_get_audit_file function is skipping records from '${pathOf(file)}' at offset ${block.offset}.`,
      },
    ]);
    const counted = await connection.query(
      "SELECT COUNT(*) AS n FROM sys.fn_get_audit_file(@pattern, NULL, NULL)",
      PATTERN,
    );
    expect(counted).toEqual([{ n: String(rows) }]);
  });
});

describe("results that do not run to their end", () => {
  test("a cancelled read stops soon, closes its files and leaves the connection usable", async () => {
    await using emulator = await preloaded(20_000);
    for (const encrypt of [false, true, "strict"] as const) {
      await using connection = await connect(emulator, { encrypt });
      const seen = await stream(connection, (request, count) => count === 1 && request.cancel());
      expect(seen.errors).toMatchObject([{ code: "ECANCEL" }]);
      expect(emulator.statements.records.at(-1)).toMatchObject({ outcome: "cancelled" });
      expect(emulator.statements.records.at(-1)?.rowsSent).toBeLessThan(20_000);
      expect(emulator.trail.openHandles).toEqual({});
      expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    }
  });

  test("a stalled read holds its file open until it is cancelled, and a rollover cannot delete it", async () => {
    await using emulator = await preloaded(500);
    await using connection = await connect(emulator);
    emulator.faults.arm({ at: "rows", after: 100, ending: "stall" });
    const stalled = Promise.withResolvers<mssql.Request>();
    const ended = stream(connection, (request, count) => count === 100 && stalled.resolve(request));
    const request = await stalled.promise;
    const { currentFile } = auditNamed(emulator.trail, STREAM_AUDIT);
    expect(emulator.trail.openHandles).toEqual({ [String(currentFile).toLowerCase()]: 1 });
    request.cancel();
    expect((await ended).rows).toBe(100);
    expect(emulator.trail.openHandles).toEqual({});
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("a peer that does not answer the cancellation is given up by the driver", async () => {
    await using emulator = await preloaded(500);
    await using connection = await connect(emulator, { options: { cancelTimeout: 50 } });
    emulator.faults.arm({ at: "rows", after: 3, ending: "stall" });
    emulator.faults.arm({ at: "attention" });
    const seen = await stream(connection, (request, count) => count === 3 && request.cancel());
    expect(seen.errors.map(({ code }) => code)).toContain("ETIMEOUT");
    await expect.poll(() => emulator.statements.records.at(-1)?.outcome).toBe("vanished");
    expect(emulator.trail.openHandles).toEqual({});
  });

  test("a killed socket ends the read with an error; the next query connects again", async () => {
    await using emulator = await preloaded(500);
    await using connection = await connect(emulator);
    emulator.faults.arm({ at: "rows", after: 7, ending: "kill" });
    const { errors } = await stream(connection);
    expect(errors.length).toBeGreaterThan(0);
    await expect.poll(() => emulator.statements.records.at(-1)?.outcome).toBe("vanished");
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("an error in the middle of the rows", async () => {
    await using emulator = await preloaded(500);
    await using connection = await connect(emulator);
    const error = { number: 33225, severity: 16, state: 1, text: "gone while it was read" };
    emulator.faults.arm({ at: "rows", after: 42, ending: { error } });
    const { rows, errors } = await stream(connection);
    expect(rows).toBe(42);
    expect(errors).toMatchObject([{ number: 33225 }]);
  });

  test("a client that goes away in the middle is forgotten", async () => {
    await using emulator = await preloaded(20_000);
    {
      await using connection = await connect(emulator);
      await new Promise<void>((resolve) => {
        const request = connection.pool.request();
        request.stream = true;
        request.input("pattern", PATTERN.pattern);
        request.on("row", () => resolve());
        request.on("error", () => undefined);
        request.query(READ).catch(() => undefined);
      });
      emulator.killConnections();
    }
    await expect.poll(() => emulator.sessionCount).toBe(0);
    expect(emulator.trail.openHandles).toEqual({});
    expect(emulator.statements.records.at(-1)).toMatchObject({ outcome: "vanished" });
  });

  test("a slow network delays packets and changes nothing else", async () => {
    await using emulator = await preloaded(1000);
    await using connection = await connect(emulator);
    await connection.query("SELECT 1 AS one");
    emulator.faults.latency = 2;
    const { rows } = await stream(connection);
    expect(rows).toBe(emulator.statements.records.at(-1)?.rowsSent);
    expect(rows).toBeGreaterThan(900);
  });
});

describe("application locks", () => {
  const take = (resource: string, principal = "rds_das_readers") =>
    `DECLARE @r int; EXEC @r = sp_getapplock @Resource=N'${resource}', @LockMode='Exclusive', @LockOwner='Session', @LockTimeout=0, @DbPrincipal=N'${principal}'; SELECT @r AS granted;`;

  test("one session has it; the other waits until that session has ended", async () => {
    await using emulator = await startSqlServerEmulator();
    await using second = await connect(emulator);
    {
      await using first = await connect(emulator);
      expect(await first.query(take("das:x:A"))).toEqual([{ granted: 0 }]);
      expect(await first.query(take("das:x:A"))).toEqual([{ granted: 0 }]);
      expect(await second.query(take("das:x:A"))).toEqual([{ granted: -1 }]);
      expect(await second.query(take("DAS:x:A"))).toEqual([{ granted: 0 }]);
      expect(await second.query(take("das:x:A", "public"))).toEqual([{ granted: 0 }]);
    }
    await expect.poll(() => second.query(take("das:x:A"))).toEqual([{ granted: 0 }]);
  });

  test("a role that does not exist, or of which one is no member, is −999", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    expect(await connection.query(take("r", "no_such_role"))).toEqual([{ granted: -999 }]);
    await using administrator = await connect(emulator, { user: "sa" });
    await administrator.pool.request().batch("CREATE ROLE [others]");
    expect(await connection.query(take("r", "others"))).toEqual([{ granted: -999 }]);
  });
});
