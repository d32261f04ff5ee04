/** What the unmodified driver gets of values, statements and cursors. */
import oracledb from "oracledb";
import { describe, expect, test } from "vitest";
import type { BindValue, SqlValue, StatementResult } from "../src/engine-session.ts";
import { OracleError } from "../src/oracle-error.ts";
import { startWireServer } from "../src/wire-server.ts";
import { connect, exactText, failure } from "./connect.ts";
import { column, result, StubEngine } from "./stub-engine.ts";

const ONE = "SELECT 1 AS one FROM dual";
const oneColumn = [column("ONE", "NUMBER")];

describe("values", () => {
  const numbers = [
    "0",
    "1",
    "-1",
    "100",
    ".5",
    "-.05",
    "12.5",
    "-123.456",
    "9007199254740993",
    "9".repeat(38),
    `-${"9".repeat(38)}`,
    "866957642826845769",
    null,
  ];
  const texts = ["a", "ß", "😀", "\0", "a\0b", " ", "x".repeat(252), "x".repeat(253), "ß😀".repeat(700), null];

  test("numbers keep all their digits, texts every character", async () => {
    const engine = new StubEngine();
    engine.answer(
      "SELECT n",
      result(
        [column("N", "NUMBER")],
        numbers.map((value) => [value]),
      ),
    );
    engine.answer(
      "SELECT t",
      result(
        [column("T", "VARCHAR2")],
        texts.map((value) => [value]),
      ),
    );
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { connection } = connected;
    const options = { fetchTypeHandler: exactText };
    expect((await connection.execute("SELECT n", [], options)).rows?.flat()).toEqual(numbers);
    expect((await connection.execute("SELECT t", [], options)).rows?.flat()).toEqual(texts);
  });

  test("a number or a bigint of the engine stands for its digits", async () => {
    const values = [0, -7, 9007199254740991, 866957642826845769n];
    const engine = new StubEngine().answer(
      "SELECT n",
      result(
        [column("N", "NUMBER")],
        values.map((value) => [value]),
      ),
    );
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { rows } = await connected.connection.execute("SELECT n", [], { fetchTypeHandler: exactText });
    expect(rows?.flat()).toEqual(values.map(String));
  });

  test("RAW, DATE and the kinds of TIMESTAMP", async () => {
    const engine = new StubEngine().answer(
      "SELECT all",
      result(
        [
          column("R", "RAW", { size: 8 }),
          column("D", "DATE"),
          column("T", "TIMESTAMP"),
          column("Z", "TIMESTAMP WITH TIME ZONE"),
        ],
        [
          ["00FF10", "2026-11-22 13:14:15", "2026-11-22 13:14:15.123456", "2026-11-22 13:14:15.123 +05:30"],
          [null, null, null, null],
        ],
      ),
    );
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { rows, metaData } = await connected.connection.execute<unknown[]>("SELECT all");
    expect(rows).toEqual([
      [
        Buffer.of(0, 255, 16),
        new Date("2026-11-22T13:14:15"),
        new Date("2026-11-22T13:14:15.123"),
        new Date("2026-11-22T13:14:15.123+05:30"),
      ],
      [null, null, null, null],
    ]);
    expect(metaData?.map(({ name, dbTypeName, precision }) => [name, dbTypeName, precision])).toEqual([
      ["R", "RAW", undefined],
      ["D", "DATE", undefined],
      ["T", "TIMESTAMP", 6],
      ["Z", "TIMESTAMP WITH TIME ZONE", 6],
    ]);
  });

  test("precision, scale, size and nullability are described", async () => {
    const engine = new StubEngine().answer(
      "SELECT c",
      result(
        [
          column("A", "NUMBER", { precision: 10, scale: 2 }),
          column("B", "NUMBER", { precision: 9 }),
          column("C", "NUMBER"),
          column("D", "VARCHAR2", { size: 128, nullable: false }),
        ],
        [],
      ),
    );
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { metaData, rows } = await connected.connection.execute("SELECT c");
    expect(rows).toEqual([]);
    expect(metaData).toMatchObject([
      { name: "A", precision: 10, scale: 2, nullable: true },
      { name: "B", precision: 9, scale: 0 },
      { name: "C", precision: 0, scale: -127 },
      { name: "D", byteSize: 128, nullable: false },
    ]);
  });

  const clobs = [
    "short",
    "x".repeat(40_000),
    "äß😀\0".repeat(10_000),
    "€".repeat(1_000_000),
    "y".repeat(32_767),
    "y".repeat(32_768),
    null,
  ];
  const clobColumns = [column("ID", "NUMBER"), column("C", "CLOB"), column("T", "VARCHAR2")];
  const clobRows = clobs.map((clob, index) => [String(index), clob, `after ${index}`]);

  for (const dataUnit of [512, 8192, 65_535]) {
    test(`CLOBs inline as text, up to a million characters, in packets of ${dataUnit} bytes`, async () => {
      const engine = new StubEngine().answer("SELECT c", result(clobColumns, clobRows));
      await using server = await startWireServer(engine, { dataUnit });
      await using connected = await connect(server, { more: { sdu: dataUnit } });
      const options = { fetchTypeHandler: exactText, fetchArraySize: 3 };
      for (let run = 0; run < 2; run += 1)
        expect((await connected.connection.execute("SELECT c", [], options)).rows).toEqual(clobRows);
      expect(server.statements.calls.lobOperation).toBeUndefined();
    });
  }

  test("CLOBs by their locators, whole and piece by piece", async () => {
    const engine = new StubEngine().answer("SELECT c", result(clobColumns, clobRows));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { rows } = await connected.connection.execute<[number, oracledb.Lob | null, string]>("SELECT c");
    const read = await Promise.all((rows ?? []).map(async ([, lob]) => lob && String(await lob.getData())));
    expect(read).toEqual(clobs);
    const [, long] = rows?.[1] ?? [];
    expect(long?.length).toBe(40_000);
    expect(
      await (long as unknown as { getData(from: number, length: number): Promise<string> }).getData(39_990, 100),
    ).toBe("x".repeat(11));
  });

  test("hundreds of columns, all of them NULL or none", async () => {
    const columns = Array.from({ length: 300 }, (_, index) =>
      column(`C${index}`, index % 3 === 0 ? "NUMBER" : "VARCHAR2"),
    );
    const full = columns.map((_, index) => (index % 3 === 0 ? String(index) : `value ${index}`));
    const rows = [full, columns.map(() => null), full];
    const engine = new StubEngine().answer("SELECT *", result(columns, rows));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    expect((await connected.connection.execute("SELECT *", [], { fetchTypeHandler: exactText })).rows).toEqual(rows);
  });

  test("a value that its column cannot hold is an error that names the emulator, and the connection lives on", async () => {
    const engine = new StubEngine();
    engine.answer("SELECT bad", result([column("N", "NUMBER")], [["1"], ["no number"]]));
    engine.answer(ONE, result(oneColumn, [["1"]]));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const error = await failure(connected.connection.execute("SELECT bad"));
    expect(String(error.message)).toMatch(/ORA-00700.*oracle-emulator.*no number/);
    expect((await connected.connection.execute(ONE)).rows).toEqual([[1]]);
  });
});

describe("statements", () => {
  /** Answers with what came for the placeholders. */
  function echo(statement: string, engine = new StubEngine()): { engine: StubEngine; seen: (readonly BindValue[])[] } {
    const seen: (readonly BindValue[])[] = [];
    engine.answer(statement, (binds) => {
      seen.push(binds);
      const columns = binds.map((_, index) => column(`B${index}`, "VARCHAR2"));
      return statement.startsWith("SELECT")
        ? { columns, rows: [binds.map(({ value }) => value)] }
        : { rowsAffected: 1 };
    });
    return { engine, seen };
  }

  test("binds by name and by position, with every kind of value", async () => {
    const { engine, seen } = echo("SELECT :a, :b, :c, :d, :e FROM dual");
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { connection } = connected;
    const long = "ß😀".repeat(5000);
    await connection.execute("SELECT :a, :b, :c, :d, :e FROM dual", {
      a: "text",
      b: -12.5,
      c: null,
      d: long,
      e: Buffer.of(1, 255),
    });
    await connection.execute("SELECT :a, :b, :c, :d, :e FROM dual", [
      "x",
      1e20,
      "",
      "\0",
      { val: 7, type: oracledb.NUMBER },
    ]);
    const when = new Date("2026-11-22T13:14:15.123Z");
    await connection.execute("SELECT :a, :b, :c, :d, :e FROM dual", [when, true, 0, "1", 2]).catch(() => undefined);
    expect(seen[0]).toEqual([
      { type: "VARCHAR2", value: "text" },
      { type: "NUMBER", value: "-12.5" },
      { type: "VARCHAR2", value: null },
      { type: "VARCHAR2", value: long },
      { type: "RAW", value: "01FF" },
    ]);
    expect(seen[1]?.map(({ value }) => value)).toEqual(["x", "100000000000000000000", null, "\0", "7"]);
  });

  test("a placeholder of more than 32 767 bytes comes after the others, and is put back in its place", async () => {
    const statement = "INSERT INTO t VALUES (:a, :b, :c)";
    const { engine, seen } = echo(statement);
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const long = "z".repeat(200_000);
    await connected.connection.execute(statement, { a: long, b: "b", c: 3 });
    expect(seen[0]?.map(({ value }) => value)).toEqual([long, "b", "3"]);
  });

  test("the same name twice: a value for each place in SQL, one for the name in PL/SQL", async () => {
    const { engine, seen } = echo("SELECT :a, :a, :b FROM dual");
    echo("BEGIN p(:a, :a, :b); END;", engine).seen.push = (...values) => Array.prototype.push.apply(seen, values);
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    await connected.connection.execute("SELECT :a, :a, :b FROM dual", { a: "1", b: "2" });
    await connected.connection.execute("BEGIN p(:a, :a, :b); END;", { a: "1", b: "2" });
    expect(seen.map((binds) => binds.map(({ value }) => value))).toEqual([
      ["1", "1", "2"],
      ["1", "2"],
    ]);
  });

  test("many executions in one call", async () => {
    const statement = "INSERT INTO t VALUES (:1, :2)";
    const { engine, seen } = echo(statement);
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const rows = Array.from({ length: 500 }, (_, index) => [index, `row ${index}`]);
    const { rowsAffected } = await connected.connection.executeMany(statement, rows, { autoCommit: true });
    expect(rowsAffected).toBe(500);
    expect(seen.map((binds) => binds.map(({ value }) => value))).toEqual(rows.map(([n, t]) => [String(n), t]));
    expect(engine.events).toContain("commit");
  });

  test("an error keeps its number, text and place, and the connection lives on", async () => {
    const engine = new StubEngine().answer(ONE, result(oneColumn, [["1"]]));
    engine.answer("SELECT nowhere", () => {
      throw new OracleError(942, "table or view does not exist", 7);
    });
    engine.answer("BEGIN raise; END;", () => {
      throw new OracleError(20101, "DAS lock: 1\nORA-06512: at line 3");
    });
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { connection } = connected;
    for (let run = 0; run < 2; run += 1) {
      expect(await failure(connection.execute("SELECT nowhere"))).toMatchObject({
        errorNum: 942,
        offset: 7,
        message: expect.stringContaining("ORA-00942: table or view does not exist"),
      });
      expect(await failure(connection.execute("BEGIN raise; END;"))).toMatchObject({
        errorNum: 20101,
        message: expect.stringContaining("ORA-20101: DAS lock: 1\nORA-06512: at line 3"),
      });
      expect((await connection.execute(ONE)).rows).toEqual([[1]]);
    }
    expect(server.statements.records.map(({ outcome, error }) => [outcome, error])).toContainEqual(["failed", 942]);
  });

  test("what the engine does not foresee is told too", async () => {
    const engine = new StubEngine().answer("SELECT bug", () => {
      throw new TypeError("a bug");
    });
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    expect(String((await failure(connected.connection.execute("SELECT bug"))).message)).toMatch(/ORA-00700.*a bug/);
  });

  test("module, action and client identifier arrive; commit, rollback and log-off too", async () => {
    const schemas: string[] = [];
    const engine = new StubEngine().answer(ONE, result(oneColumn, [["1"]]));
    engine.answer('ALTER SESSION SET CURRENT_SCHEMA = "AUDSYS"', () => ({ rowsAffected: schemas.push("AUDSYS") }));
    await using server = await startWireServer(engine);
    {
      await using connected = await connect(server);
      const { connection } = connected;
      connection.module = "das-reader";
      connection.action = "äction";
      connection.clientId = "someone";
      connection.clientInfo = "info";
      connection.dbOp = "op";
      connection.currentSchema = "AUDSYS";
      await connection.execute(ONE);
      await connection.commit();
      await connection.rollback();
      await connection.ping();
    }
    // The driver says it again with each call, for nobody confirms it.
    expect(new Set(schemas)).toEqual(new Set(["AUDSYS"]));
    expect(engine.endToEnd).toEqual({
      module: "das-reader",
      action: "äction",
      clientIdentifier: "someone",
      clientInfo: "info",
      dbop: "op",
    });
    await expect.poll(() => engine.events).toEqual(["open scott", "commit", "rollback", "close logged off"]);
    expect(server.statements.calls).toMatchObject({ commit: 1, rollback: 1, ping: 1, logOff: 1, execute: 1 });
  });
});

describe("cursors", () => {
  const rows = Array.from({ length: 1000 }, (_, index): SqlValue[] => [index, `row ${index}`]);
  const columns = [column("N", "NUMBER"), column("T", "VARCHAR2")];
  const QUERY = "SELECT n, t FROM rows";

  test("round trips are those of a server: prefetched rows, then a fetch for each batch", async () => {
    const engine = new StubEngine().answer(QUERY, result(columns, rows));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const options = { prefetchRows: 300, fetchArraySize: 300, fetchTypeHandler: exactText };
    for (const calls of [
      { execute: 1, fetch: 3 },
      { execute: 1, fetch: 6, reexecuteAndFetch: 1 },
    ]) {
      expect((await connected.connection.execute(QUERY, [], options)).rows).toHaveLength(1000);
      expect(server.statements.calls).toMatchObject(calls);
    }
    expect(
      server.statements.records.map(({ roundTrips, rowsSent, outcome }) => [roundTrips, rowsSent, outcome]),
    ).toEqual(Array(2).fill([4, 1000, "completed"]));
    expect(server.statements.totals.rowsSent).toBe(2000);
  });

  test("with CLOBs as text: one call more, and never a LOB call", async () => {
    const engine = new StubEngine().answer("SELECT c", result([column("C", "CLOB")], []));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const before = server.statements.totals.roundTrips;
    const trips: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      await connected.connection.execute("SELECT c", [], { fetchTypeHandler: exactText });
      trips.push(server.statements.totals.roundTrips - before);
    }
    expect(trips).toEqual([3, 5, 7]);
  });

  test("a result set is read as far as it is wanted; rows nobody fetched are not made", async () => {
    let made = 0;
    let finished = false;
    const engine = new StubEngine().answer(QUERY, () => ({ columns, rows: endless() }));
    function* endless(): Generator<SqlValue[]> {
      try {
        for (;;) {
          made += 1;
          yield [made, "more"];
        }
      } finally {
        finished = true;
      }
    }
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const { resultSet } = await connected.connection.execute(QUERY, [], {
      resultSet: true,
      prefetchRows: 0,
      fetchArraySize: 50,
    });
    if (!resultSet) throw new Error("no result set");
    expect(await resultSet.getRows(120)).toHaveLength(120);
    await resultSet.close();
    expect(made).toBe(120);
    expect(finished).toBe(false);
    await connected.connection.execute(QUERY, [], { maxRows: 5, prefetchRows: 5 });
    expect(finished).toBe(true);
    expect(server.statements.records.map(({ outcome }) => outcome)).toEqual(["closed", "open"]);
  });

  test("two result sets on one connection do not mix", async () => {
    const engine = new StubEngine().answer(QUERY, result(columns, rows));
    engine.answer("SELECT other", result(columns, [...rows].reverse()));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const open = async (sql: string) => {
      const { resultSet } = await connected.connection.execute<[number, string]>(sql, [], { resultSet: true });
      if (!resultSet) throw new Error("no result set");
      return resultSet;
    };
    const [one, other, again] = [await open(QUERY), await open("SELECT other"), await open(QUERY)];
    for (let batch = 0; batch < 10; batch += 1) {
      expect((await one.getRows(100)).map(([n]) => n)).toEqual(
        rows.slice(batch * 100, batch * 100 + 100).map(([n]) => n),
      );
      expect((await other.getRows(100)).at(0)?.[0]).toBe(999 - 100 * batch);
      expect((await again.getRows(1)).at(0)?.[0]).toBe(batch);
    }
    for (const set of [one, other, again]) await set.close();
  });

  test("columns that have changed since are described again", async () => {
    let now: StatementResult = { columns, rows: rows.slice(0, 1) };
    const engine = new StubEngine().answer(QUERY, () => now);
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const run = () => connected.connection.execute(QUERY, [], { fetchTypeHandler: exactText, prefetchRows: 10 });
    expect((await run()).rows).toEqual([["0", "row 0"]]);
    now = { columns: [...columns, column("X", "VARCHAR2")], rows: [["1", "two", "three"]] };
    const { rows: changed, metaData } = await run();
    expect(changed).toEqual([["1", "two", "three"]]);
    expect(metaData?.map(({ name }) => name)).toEqual(["N", "T", "X"]);
    expect((await run()).rows).toEqual([["1", "two", "three"]]);
  });

  test("more than the statement cache holds", async () => {
    const engine = new StubEngine();
    for (let index = 0; index < 100; index += 1) engine.answer(`SELECT ${index}`, result(oneColumn, [[index]]));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    for (let run = 0; run < 2; run += 1)
      for (let index = 0; index < 100; index += 1)
        expect((await connected.connection.execute(`SELECT ${index}`)).rows).toEqual([[index]]);
  });

  test("cursors that are never closed run out", async () => {
    const engine = new StubEngine().answer(QUERY, result(columns, rows));
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const sets: oracledb.ResultSet<unknown>[] = [];
    const openMany = async () => {
      for (let count = 0; count <= 300; count += 1) {
        const { resultSet } = await connected.connection.execute(QUERY, [], { resultSet: true });
        if (resultSet) sets.push(resultSet);
      }
    };
    expect(await failure(openMany())).toMatchObject({ errorNum: 1000 });
    expect(sets).toHaveLength(300);
    for (const set of sets) await set.close();
    expect((await connected.connection.execute(QUERY, [], { maxRows: 1 })).rows).toHaveLength(1);
  });
});
