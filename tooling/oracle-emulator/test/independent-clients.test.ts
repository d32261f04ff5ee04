/**
 * Clients that share no code with the driver under test: python-oracledb in thin mode (Debian package python3-oracledb,
 * version 1.2.1), which differs from it in much of what it sends (Oracle notes §7.6). Skipped by name where it is absent.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { SqlValue } from "../src/engine-session.ts";
import { OracleError } from "../src/oracle-error.ts";
import { startWireServer, type WireServer } from "../src/wire-server.ts";
import { column, result, StubEngine } from "./stub-engine.ts";

const run = promisify(execFile);

/** The interpreter of the distribution has the distribution's packages, whatever else is first on the path. */
const python = ["/usr/bin/python3", "python3"].find((name) => spawnSync(name, ["-c", "import oracledb"]).status === 0);
// The default reporter counts skipped tests without naming them.
if (!python)
  process.stderr.write("SKIPPED: every test of python-oracledb, because python3-oracledb is not installed\n");

const CONNECT = `
import datetime, json, oracledb, sys
port, wallet = sys.argv[1], sys.argv[2]
def connect(user="scott", password="tiger", service="stub", **options):
    return oracledb.connect(user=user, password=password, dsn="127.0.0.1:%s/%s" % (port, service), **options)
def message(action):
    try:
        return repr(action())
    except oracledb.Error as error:
        return str(error)
answers = []
`;

/** What a script has put into \`answers\`. */
async function answersOf(script: string, server: WireServer, wallet = ""): Promise<unknown> {
  const program = `${CONNECT}${script}\nprint(json.dumps(answers, default=str))\n`;
  const { stdout } = await run(python ?? "", ["-c", program, String(server.port), wallet], {
    timeout: 100_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

const numbers = ["0", "-1", ".5", "-123.456", "9".repeat(38), `-${"9".repeat(38)}`, "866957642826845769", null];
const clobs = ["short", "x".repeat(40_000), "äß😀\0".repeat(10_000), "€".repeat(1_000_000), null];
const manyRows = Array.from({ length: 1000 }, (_, index): SqlValue[] => [index, `row ${index}`]);

function engineOfAll(): StubEngine {
  return new StubEngine()
    .answer(
      "SELECT n",
      result(
        [column("N", "NUMBER")],
        numbers.map((value) => [value]),
      ),
    )
    .answer(
      "SELECT t",
      result(
        [column("T", "VARCHAR2", { size: 128 })],
        ["a", "ß😀", "a\0b", "x".repeat(300), null].map((value) => [value]),
      ),
    )
    .answer(
      "SELECT c",
      result(
        [column("I", "NUMBER"), column("C", "CLOB")],
        clobs.map((clob, index) => [index, clob]),
      ),
    )
    .answer(
      "SELECT d",
      result(
        [
          column("P", "NUMBER", { precision: 10, scale: 2 }),
          column("R", "RAW", { size: 8 }),
          column("D", "DATE"),
          column("T", "TIMESTAMP"),
          column("Z", "TIMESTAMP WITH TIME ZONE"),
          column("X", "VARCHAR2", { nullable: false }),
        ],
        [["1.5", "00FF10", "2026-11-22 13:14:15", "2026-11-22 13:14:15.123456", "2026-11-22 13:14:15.5 +05:30", "end"]],
      ),
    )
    .answer("SELECT many", result([column("N", "NUMBER"), column("T", "VARCHAR2")], manyRows))
    .answer("SELECT :a, :b, :c, :d FROM dual", (binds) => ({
      columns: binds.map((_, index) => column(`B${index}`, "VARCHAR2")),
      rows: [binds.map(({ type, value }) => `${type} ${value}`)],
    }))
    .answer("BEGIN p(:a, :a, :b); END;", (binds) => ({ rowsAffected: binds.length }))
    .answer("BEGIN raise; END;", () => {
      throw new OracleError(20101, "DAS lock: 1\nORA-06512: at line 3");
    })
    .answer(
      "BEGIN wait; END;",
      (_, cancelled) =>
        new Promise((_resolve, reject) => {
          cancelled.addEventListener("abort", () => reject(new Error("given up")), { once: true });
        }),
    );
}

describe.skipIf(python === undefined)("python-oracledb", () => {
  test("numbers, texts, times and their descriptions", async () => {
    await using server = await startWireServer(engineOfAll());
    const script = `
oracledb.defaults.fetch_decimals = True
with connect() as connection, connection.cursor() as cursor:
    answers.append(connection.version)
    for statement in ("SELECT n", "SELECT t", "SELECT d", "SELECT n"):
        cursor.execute(statement)
        answers.append([list(row) for row in cursor.fetchall()])
        answers.append([[d[0], d[1].name, d[3], d[4], d[5], d[6]] for d in cursor.description])
`;
    const expectedNumbers = [
      "0",
      "-1",
      "0.5",
      "-123.456",
      "9".repeat(38),
      `-${"9".repeat(38)}`,
      "866957642826845769",
      null,
    ].map((value) => [value]);
    expect(await answersOf(script, server)).toEqual([
      "19.26.0.0.0",
      expectedNumbers,
      [["N", "DB_TYPE_NUMBER", null, 0, -127, true]],
      [["a"], ["ß😀"], ["a\0b"], ["x".repeat(300)], [null]],
      [["T", "DB_TYPE_VARCHAR", 128, null, null, true]],
      [
        [
          "1.5",
          "b'\\x00\\xff\\x10'",
          "2026-11-22 13:14:15",
          "2026-11-22 13:14:15.123456",
          "2026-11-22 13:14:15.500000",
          "end",
        ],
      ],
      [
        ["P", "DB_TYPE_NUMBER", null, 10, 2, true],
        ["R", "DB_TYPE_RAW", 8, null, null, true],
        ["D", "DB_TYPE_DATE", null, null, null, true],
        ["T", "DB_TYPE_TIMESTAMP", null, 0, 6, true],
        ["Z", "DB_TYPE_TIMESTAMP_TZ", null, 0, 6, true],
        ["X", "DB_TYPE_VARCHAR", 4000, null, null, false],
      ],
      expectedNumbers,
      [["N", "DB_TYPE_NUMBER", null, 0, -127, true]],
    ]);
    expect(server.logOns).toMatchObject([{ user: "scott", driver: "python-oracledb thn : 1.2.1" }]);
  });

  test("CLOBs by locators, and as text", async () => {
    await using server = await startWireServer(engineOfAll());
    const script = `
with connect() as connection, connection.cursor() as cursor:
    for run in range(2):
        cursor.execute("SELECT c")
        lobs = cursor.fetchall()
        answers.append([lob and lob.read() for _, lob in lobs])
    answers.append([lobs[1][1].size(), lobs[1][1].getchunksize(), lobs[1][1].read(39990, 100), lobs[2][1].read(1, 4)])
oracledb.defaults.fetch_lobs = False
with connect() as connection, connection.cursor() as cursor:
    for run in range(2):
        cursor.execute("SELECT c")
        answers.append([text for _, text in cursor.fetchall()])
`;
    const read = await answersOf(script, server);
    expect(read).toEqual([clobs, clobs, [40_000, 8060, "x".repeat(11), "äß😀"], clobs, clobs]);
  });

  test("placeholders by name and by position; SQL of any length; rows in batches", async () => {
    await using server = await startWireServer(engineOfAll());
    const script = `
with connect() as connection, connection.cursor() as cursor:
    cursor.execute("SELECT :a, :b, :c, :d FROM dual", dict(a="Ω😀", b=12345678901234567890, c=None, d=bytes([1, 255])))
    answers.append(list(cursor.fetchone()))
    cursor = connection.cursor()
    for value in (-1.5, 2):
        cursor.execute("SELECT :a, :b, :c, :d FROM dual", ["x" * 40000, value, datetime.datetime(2026, 11, 22, 13, 14, 15), "z"])
        answers.append([text[-30:] for text in cursor.fetchone()])
    connection.cursor().execute("BEGIN p(:a, :a, :b); END;", dict(a="1", b=2))
    cursor.arraysize = 77
    cursor.prefetchrows = 33
    cursor.execute("SELECT many")
    answers.append(sum(n for n, _ in cursor))
    answers.append(message(lambda: cursor.execute("SELECT " + "s" * 108)))
    answers.append(message(lambda: cursor.execute("SELECT '" + "ß" * 40000 + "'"))[:9])
    connection.commit()
    connection.rollback()
    connection.ping()
`;
    expect(await answersOf(script, server)).toEqual([
      ["VARCHAR2 Ω😀", "NUMBER 12345678901234567890", "VARCHAR2 null", "RAW 01FF"],
      ["x".repeat(30), "NUMBER -1.5", "DATE 2026-11-22 13:14:15", "VARCHAR2 z"],
      ["x".repeat(30), "NUMBER 2", "DATE 2026-11-22 13:14:15", "VARCHAR2 z"],
      (999 * 1000) / 2,
      `ORA-00900: invalid SQL statement: "SELECT ${"s".repeat(108)}"`,
      "ORA-00900",
    ]);
    expect(server.statements.matching(/BEGIN p/)).toMatchObject([{ binds: [[{ value: "1" }, { value: "2" }]] }]);
    expect(server.statements.calls).toMatchObject({ commit: 1, rollback: 1, ping: 1, logOff: 1 });
  });

  test("what it is told when something is wrong", async () => {
    await using server = await startWireServer(engineOfAll());
    server.faults.arm({ at: "statement", matching: /many/, error: { number: 8103, text: "object no longer exists" } });
    server.faults.arm({ at: "call", matching: /SELECT t/ });
    const script = `
answers.append(message(lambda: connect(password="lion")))
answers.append(message(lambda: connect(service="elsewhere"))[:8])
connection = connect()
cursor = connection.cursor()
answers.append(message(lambda: cursor.execute("BEGIN raise; END;")))
answers.append(message(lambda: cursor.execute("SELECT many")))
connection.call_timeout = 100
answers.append(message(lambda: cursor.execute("BEGIN wait; END;"))[:8])
connection.call_timeout = 0
cursor.execute("SELECT n")
answers.append(len(cursor.fetchall()))
answers.append(message(lambda: cursor.execute("SELECT t"))[:8])
`;
    expect(await answersOf(script, server)).toEqual([
      "ORA-01017: invalid username/password; logon denied",
      "DPY-6001",
      "ORA-20101: DAS lock: 1\nORA-06512: at line 3",
      "ORA-08103: object no longer exists",
      "DPY-4024",
      numbers.length,
      "DPY-4011",
    ]);
  });

  test("names and passwords of any length, bare as it sends them", async () => {
    const engine = engineOfAll();
    const accounts = [
      ["a", "b"],
      ["x".repeat(40), "y".repeat(100)],
      ["ÄÖÜ", "pässwört"],
    ] as const;
    for (const [user, password] of accounts) engine.users.set(user, password);
    await using server = await startWireServer(engine);
    const script = `
for user, password in json.loads(${JSON.stringify(JSON.stringify(accounts))}):
    with connect(user=user, password=password) as connection:
        connection.client_identifier = "some " + user
        connection.module = "m"
        connection.cursor().execute("SELECT n")
`;
    await answersOf(script, server);
    expect(server.logOns.map(({ user }) => user)).toEqual(accounts.map(([user]) => user));
    expect(engine.endToEnd).toMatchObject({ clientIdentifier: "some ÄÖÜ", module: "m" });
  });

  test("TCPS with a wallet", async () => {
    await using server = await startWireServer(engineOfAll(), { tls: "required" });
    const directory = await mkdtemp(join(tmpdir(), "oracle-emulator-"));
    try {
      await writeFile(join(directory, "ewallet.pem"), server.walletContent ?? "");
      const script = `
connection = oracledb.connect(user="scott", password="tiger", protocol="tcps", host="localhost", port=int(port), service_name="stub", wallet_location=wallet)
cursor = connection.cursor()
cursor.execute("SELECT many")
answers.append(len(cursor.fetchall()))
connection.close()
`;
      expect(await answersOf(script, server, directory)).toEqual([1000]);
      expect(server.logOns).toMatchObject([{ protocol: "tcps" }]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
