/**
 * Clients that share no code with the driver under test: FreeTDS (Debian package `freetds-bin`) and python3-tds. Where
 * they are not installed these tests are skipped, by name.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  appendRows,
  CHANGES_AUDIT,
  documentedFailedLogin,
  type SqlServerEmulator,
  STREAM_AUDIT,
  startSqlServerEmulator,
} from "../src/index.ts";

const run = promisify(execFile);

const TSQL = "tsql";
const hasTsql = spawnSync(TSQL, ["-C"]).status === 0;
/** The interpreter of the distribution has the distribution's packages, whatever else is first on the path. */
const python = ["/usr/bin/python3", "python3"].find((name) => spawnSync(name, ["-c", "import pytds"]).status === 0);

// The default reporter counts skipped tests without naming them.
if (!hasTsql) process.stderr.write("SKIPPED: every test of tsql, because freetds-bin is not installed\n");
if (!python) process.stderr.write("SKIPPED: every test of pytds, because python3-tds is not installed\n");

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sqlserver-emulator-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function startWithGoldenRow(tls: "off" | "on" | "required"): Promise<SqlServerEmulator> {
  const emulator = await startSqlServerEmulator({
    tls,
    version: "2019",
    password: "secret",
    audits: { queueDelay: 0 },
  });
  const { row } = documentedFailedLogin();
  emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [row], now));
  return emulator;
}

const PATTERN = "D:\\das\\RDS_DAS_AUDIT_0*";
const SCRIPT = `SELECT 7 AS n, N'äß😀' AS t, CONVERT(bigint, 9007199254740993) AS b, NULL AS x
go
SELECT event_time, connection_id, target_server_principal_sid, statement FROM sys.fn_get_audit_file(N'${PATTERN}', NULL, NULL) WHERE action_id = 'LGIF'
go
SELECT nowhere FROM sys.databases
go
USE Sales
go
SELECT DB_NAME() AS d, encrypt_option FROM sys.dm_exec_connections
go
exit
`;

const DEFINITIONS = `CREATE SERVER AUDIT own TO FILE (FILEPATH = N'D:\\own\\') WITH (QUEUE_DELAY = 0)
CREATE SERVER AUDIT SPECIFICATION own FOR SERVER AUDIT own ADD (USER_DEFINED_AUDIT_GROUP) WITH (STATE = ON)
ALTER SERVER AUDIT own WITH (STATE = ON)
EXEC sp_audit_write 7, 1, N'it''s'
go
SELECT action_id, user_defined_event_id, succeeded, server_principal_name, user_defined_information FROM sys.fn_get_audit_file(N'D:\\own\\*', NULL, NULL) WHERE user_defined_event_id = 7
go
DROP SERVER AUDIT own
go
BEGIN TRAN CREATE SERVER AUDIT gone TO FILE (FILEPATH = 'D:\\') ROLLBACK
go
SELECT 'own audits: ' + CONVERT(varchar(9), COUNT(*)) AS t FROM sys.server_audits WHERE name IN ('own', 'gone')
go
exit
`;

/** Both streams of a tsql session; the password goes in on the command line, as tsql wants it. */
async function tsql(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  script: string,
  user = "das",
): Promise<string> {
  const child = run(TSQL, [...args, "-U", user, "-P", "secret"], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", ...environment },
    timeout: 100_000,
  });
  child.child.stdin?.end(script);
  const { stdout, stderr } = await child.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

describe.skipIf(!hasTsql)("tsql of freetds-bin", () => {
  for (const version of ["7.2", "7.3", "7.4", "auto"]) {
    test(`TDS ${version}`, async () => {
      await using emulator = await startWithGoldenRow("off");
      const output = await tsql(["-H", emulator.host, "-p", String(emulator.port)], { TDSVER: version }, SCRIPT);
      expect(output).toContain("7\täß😀\t9007199254740993\tNULL");
      expect(output).toMatch(
        /2022.*\t98B4F537-0F82-49E3-AB08-B9D33B5893EF\tNULL\tLogin failed for user 'test'\. Reason: Password did not match/,
      );
      // A client of TDS 7.2 knows no datetime2, and gets the text with all its digits.
      if (version === "7.2") expect(output).toContain("2022-10-06 21:34:42.7113072");
      expect(output).toContain(`Msg 207 (severity 16, state 1) from ${emulator.instance.serverName} Line 1:`);
      expect(output).toContain("Sales\tFALSE");
    });
  }

  test("TDS 7.1 is turned away", async () => {
    await using emulator = await startWithGoldenRow("off");
    const output = await tsql(["-H", emulator.host, "-p", String(emulator.port)], { TDSVER: "7.1" }, "SELECT 1\ngo\n");
    expect(output).toContain("There was a problem connecting to the server");
  });

  for (const [tls, encryption, encrypted] of [
    ["off", "off", "FALSE"],
    ["off", "request", "FALSE"],
    ["on", "off", "FALSE"],
    ["on", "request", "FALSE"],
    ["on", "require", "TRUE"],
    ["required", "request", "TRUE"],
    ["required", "require", "TRUE"],
  ] as const) {
    test(`encryption = ${encryption}, server ${tls}${tls === "on" && encryption === "request" ? " (the login only)" : ""}`, async () => {
      await using emulator = await startWithGoldenRow(tls);
      await using directory = await temporaryDirectory();
      const file = join(directory.path, "freetds.conf");
      await writeFile(
        file,
        `[emu]\nhost = ${emulator.host}\nport = ${emulator.port}\ntds version = 7.4\nencryption = ${encryption}\n`,
      );
      const output = await tsql(["-S", "emu"], { FREETDSCONF: file }, SCRIPT);
      expect(output).toContain("7\täß😀\t9007199254740993\tNULL");
      expect(output).toContain(`Sales\t${encrypted}`);
    });
  }

  test("defines an audit, writes to it and reads it back; a transaction is undone", async () => {
    await using emulator = await startWithGoldenRow("off");
    const output = await tsql(["-H", emulator.host, "-p", String(emulator.port)], { TDSVER: "7.4" }, DEFINITIONS, "sa");
    expect(output).toContain("UDAU\t7\t1\tsa\tit's");
    expect(output).toContain("Msg 33071 (severity 16, state 1)");
    expect(output).toContain("own audits: 1");
    expect(emulator.trail.audits.map(({ name }) => name)).toEqual([STREAM_AUDIT, CHANGES_AUDIT, "own"]);
  });

  test("a wrong password", async () => {
    await using emulator = await startSqlServerEmulator({ tls: "on", password: "another" });
    const output = await tsql(["-H", emulator.host, "-p", String(emulator.port)], { TDSVER: "7.4" }, "SELECT 1\ngo\n");
    expect(output).toContain("Login failed for user 'das'.");
  });
});

const PYTHON_SCRIPT = `
import json, pytds, sys
options = json.loads(sys.argv[1])
with pytds.connect(options.pop("host"), "master", "das", "secret", autocommit=True, **options) as connection:
    with connection.cursor() as cursor:
        def query(*arguments):
            cursor.execute(*arguments)
            return [[str(value) for value in row] for row in cursor.fetchall()]
        answers = [
            query("SELECT encrypt_option FROM sys.dm_exec_connections"),
            query("SELECT %s AS a, %s AS b, %s AS c", ("Ω😀", 7, None)),
            query("SELECT event_time, sequence_group_id, statement FROM sys.fn_get_audit_file(%s, NULL, NULL) WHERE action_id = %s", (sys.argv[2], "LGIF")),
        ]
        try:
            query("SELECT nowhere FROM sys.databases")
        except pytds.Error as error:
            answers.append(str(error))
print(json.dumps(answers))
`;

/** Without autocommit the client begins each transaction by a request of its own. */
const PYTHON_DEFINITIONS = `
import json, pytds, sys
options = json.loads(sys.argv[1])
answers = []
with pytds.connect(options.pop("host"), "master", "sa", "secret", autocommit=False, **options) as connection:
    with connection.cursor() as cursor:
        def names():
            cursor.execute("SELECT name FROM sys.server_audits WHERE name NOT LIKE 'RDS%' ORDER BY name DESC")
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT @@TRANCOUNT AS n")
        answers.append(cursor.fetchone()[0])
        cursor.execute("CREATE SERVER AUDIT kept TO FILE (FILEPATH = 'D:\\\\own\\\\') WITH (QUEUE_DELAY = 0)")
        cursor.execute("CREATE SERVER AUDIT SPECIFICATION kept FOR SERVER AUDIT kept ADD (USER_DEFINED_AUDIT_GROUP) WITH (STATE = ON)")
        connection.commit()
        cursor.execute("CREATE SERVER AUDIT undone TO FILE (FILEPATH = 'D:\\\\own\\\\')")
        answers.append(names())
        connection.rollback()
        answers.append(names())
        connection.autocommit = True
        cursor.execute("ALTER SERVER AUDIT kept WITH (STATE = ON)")
        cursor.callproc("sp_audit_write", (9, 0, "Ω"))
        cursor.execute("SELECT user_defined_event_id, succeeded, user_defined_information FROM sys.fn_get_audit_file('D:\\\\own\\\\*', NULL, NULL) WHERE user_defined_event_id = 9")
        answers.append([list(row) for row in cursor.fetchall()])
        connection.autocommit = False
        try:
            cursor.execute("ALTER SERVER AUDIT kept WITH (STATE = OFF)")
        except pytds.Error as error:
            answers.append(error.number)
        connection.rollback()
print(json.dumps(answers))
`;

describe.skipIf(python === undefined)("python3-tds", () => {
  for (const [name, tls, encrypted] of [
    ["plain", {}, "FALSE"],
    ["TLS with a verified authority and host name", { validate_host: true }, "TRUE"],
    ["TLS for the login only", { validate_host: true, enc_login_only: true }, "FALSE"],
  ] as const) {
    test(name, async () => {
      await using emulator = await startWithGoldenRow("on");
      await using directory = await temporaryDirectory();
      const cafile = join(directory.path, "ca.pem");
      await writeFile(cafile, emulator.ca ?? "");
      const options = { host: "localhost", port: emulator.port, ...tls, ...(name !== "plain" && { cafile }) };
      const { stdout } = await run(python ?? "", ["-c", PYTHON_SCRIPT, JSON.stringify(options), PATTERN], {
        timeout: 100_000,
      });
      expect(JSON.parse(stdout)).toEqual([
        [[encrypted]],
        [["Ω😀", "7", "None"]],
        [
          [
            "2022-10-06 21:34:42.711307",
            expect.stringContaining("\\x1e\\xb0\\xd1\\x80"),
            expect.stringContaining("Login failed for user 'test'."),
          ],
        ],
        "Invalid column name 'nowhere'.",
      ]);
    });
  }

  test("transactions, procedures and definitions", async () => {
    await using emulator = await startWithGoldenRow("off");
    const options = { host: emulator.host, port: emulator.port };
    const { stdout } = await run(python ?? "", ["-c", PYTHON_DEFINITIONS, JSON.stringify(options)], {
      timeout: 100_000,
    });
    expect(JSON.parse(stdout)).toEqual([1, ["undone", "kept"], ["kept"], [[9, false, "Ω"]], 574]);
    expect(emulator.trail.audits.at(-1)?.name).toBe("kept");
  });
});
