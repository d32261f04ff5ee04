/**
 * Clients that share no code with the driver read the same rows from the same file: FreeTDS (Debian package freetds-bin)
 * and python3-tds. What `mssql` shows is compared with them value by value, so that driver and emulator cannot agree on
 * something that is wrong. Where they are not installed the tests are skipped, by name.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemClock } from "@das/core";
import {
  type AuditColumn,
  type AuditRow,
  appendRows,
  auditNamed,
  filesOfAudit,
  pathOf,
  realRows,
  type SqlServerEmulator,
  STREAM_AUDIT,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import { SqlServerReader } from "../src/index.ts";
import { edgeRows } from "./edge-rows.ts";
import { readUntil } from "./read-until.ts";

const run = promisify(execFile);
const TSQL = "tsql";
const hasTsql = spawnSync(TSQL, ["-C"]).status === 0;
/** The interpreter of the distribution has the distribution's packages, whatever else is first on the path. */
const python = ["/usr/bin/python3", "python3"].find((name) => spawnSync(name, ["-c", "import pytds"]).status === 0);

// The default reporter counts skipped tests without naming them.
if (!hasTsql) process.stderr.write("SKIPPED: every test of tsql, because freetds-bin is not installed\n");
if (!python) process.stderr.write("SKIPPED: every test of python3-tds, because python3-tds is not installed\n");

interface Statement {
  readonly text: string;
  readonly parameters?: Readonly<Record<string, string | number | null>>;
}

/** Values as text; NULL is null. */
interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

interface FilledEmulator extends AsyncDisposable {
  readonly emulator: SqlServerEmulator;
  readonly rows: readonly AuditRow[];
  /** All columns of the file, and the time once more as exact text. */
  readonly query: string;
}

async function startFilled(): Promise<FilledEmulator> {
  // A clock that stands still, so that a statement has the same answer each time.
  const moment = systemClock.now();
  const emulator = await startSqlServerEmulator({
    version: "2022",
    password: "secret",
    audits: { queueDelay: 0 },
    clock: { ...systemClock, now: () => moment },
  });
  const rows = [...edgeRows(), ...realRows().map(({ row }) => row)];
  emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, rows, now));
  const [file] = filesOfAudit(emulator.trail, auditNamed(emulator.trail, STREAM_AUDIT));
  const columns = emulator.profile.columns.map(({ name }) => name).join(", ");
  const path = file ? pathOf(file) : "";
  const query = `SELECT CONVERT(char(27), event_time, 121) AS exact_time, ${columns} FROM sys.fn_get_audit_file(N'${path}', NULL, NULL)`;
  return { emulator, rows, query, [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose]() };
}

/** Through the driver that the reader uses. */
async function askMssql(
  emulator: SqlServerEmulator,
  encrypt: boolean,
  statements: readonly Statement[],
): Promise<Answer[]> {
  const pool = new mssql.ConnectionPool({
    server: emulator.host,
    port: emulator.port,
    user: emulator.user,
    password: emulator.password,
    options: { encrypt, cryptoCredentialsDetails: { ca: emulator.ca } },
  } as mssql.config);
  await pool.connect();
  try {
    const answers: Answer[] = [];
    for (const { text, parameters = {} } of statements) {
      const request = pool.request();
      request.arrayRowMode = true;
      for (const [name, value] of Object.entries(parameters)) {
        request.input(name, typeof value === "number" ? mssql.BigInt() : mssql.NVarChar(4000), value);
      }
      const { recordset, columns } = (await request.query(text)) as unknown as {
        readonly recordset: readonly unknown[][];
        readonly columns: readonly (readonly { readonly name: string }[])[];
      };
      answers.push({
        columns: (columns[0] ?? []).map(({ name }) => name),
        rows: recordset.map((row) => row.map(textOf)),
      });
    }
    return answers;
  } finally {
    await pool.close();
  }
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return `0x${value.toString("hex")}`;
  if (!(value instanceof Date)) return String(value);
  // The driver gives what is finer than milliseconds as a fraction of a second beside the date.
  const { nanosecondsDelta = 0 } = value as Date & { readonly nanosecondsDelta?: number };
  const finer = String(Math.round(nanosecondsDelta * 1e7)).padStart(4, "0");
  return `${value.toISOString().slice(0, -1).replace("T", " ")}${finer}`;
}

async function askPytds(emulator: SqlServerEmulator, encrypt: boolean, statements: readonly Statement[]) {
  await using directory = await temporaryDirectory();
  const cafile = join(directory.path, "ca.pem");
  await writeFile(cafile, emulator.ca ?? "");
  const connection = {
    server: "localhost",
    port: emulator.port,
    database: "master",
    user: emulator.user,
    password: emulator.password,
    ...(encrypt && { cafile, validate_host: true }),
  };
  const script = fileURLToPath(new URL("./read-with-pytds.py", import.meta.url));
  const child = run(python ?? "", [script], { timeout: 100_000, maxBuffer: 64 * 1024 * 1024 });
  child.child.stdin?.end(JSON.stringify({ connection, statements }));
  return JSON.parse((await child).stdout) as Answer[];
}

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sqlserver-reader-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** What tsql prints, without its prompts: a line for each row, a tab between values. */
async function askTsql(emulator: SqlServerEmulator, encrypt: boolean, query: string): Promise<string> {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "freetds.conf");
  const encryption = encrypt ? "require" : "off";
  await writeFile(
    file,
    `[emulator]\nhost = ${emulator.host}\nport = ${emulator.port}\ntds version = 7.4\nclient charset = UTF-8\nencryption = ${encryption}\n`,
  );
  const child = run(TSQL, ["-S", "emulator", "-U", emulator.user, "-P", emulator.password, "-o", "fhq"], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", FREETDSCONF: file },
    timeout: 100_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  child.child.stdin?.end(`${query}\ngo\nexit\n`);
  return (await child).stdout;
}

/** How tsql writes a value: bytes without `0x`, a bit as a digit, and a run of what is no valid UTF-16 as a question mark. */
function asTsqlWrites(value: string | null, { name }: AuditColumn["type"]): string {
  if (value === null) return "NULL";
  if (name === "bit") return value === "true" ? "1" : "0";
  if (name === "varbinary") return value.slice(2);
  return value.replaceAll(/\p{Surrogate}+/gu, "?");
}

describe.each([
  ["in plain text", false],
  ["over TLS", true],
] as const)("%s", (_, encrypt) => {
  test("the driver shows every value as it was written", async () => {
    await using filled = await startFilled();
    const [answer] = await askMssql(filled.emulator, encrypt, [{ text: filled.query }]);
    const written = answer?.rows.slice(-filled.rows.length);
    expect(written).toHaveLength(filled.rows.length);
    for (const [index, row] of filled.rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        const shown = written?.[index]?.[answer?.columns.indexOf(column) ?? -1];
        expect(shown, `${column} of row ${index}`).toBe(value === null ? null : String(value));
      }
    }
  });

  test.skipIf(python === undefined)("python3-tds reads the rows as mssql does", async () => {
    await using filled = await startFilled();
    const [theirs] = await askPytds(filled.emulator, encrypt, [{ text: filled.query }]);
    const [ours] = await askMssql(filled.emulator, encrypt, [{ text: filled.query }]);
    expect(theirs?.columns).toEqual(ours?.columns);
    // Python's own times end at microseconds; the exact text of the first column does not.
    const times = ours?.columns.indexOf("event_time");
    const known = ours?.rows.map((row) => row.map((value, index) => (index === times ? value?.slice(0, -1) : value)));
    expect(theirs?.rows).toEqual(known);
  });

  test.skipIf(!hasTsql)("tsql reads the rows as mssql does", async () => {
    await using filled = await startFilled();
    // tsql shows a time by the conventions of a country, without seconds: the exact text stands for it.
    const query = filled.query.replace(" AS exact_time, event_time,", " AS event_time,");
    const output = await askTsql(filled.emulator, encrypt, query);
    const [ours] = await askMssql(filled.emulator, encrypt, [{ text: query }]);
    const types = new Map(filled.emulator.profile.columns.map(({ name, type }) => [name, type]));
    const lines = ours?.rows.map((row) =>
      row
        .map((value, index) => asTsqlWrites(value, types.get(ours.columns[index] ?? "") ?? { name: "char" }))
        .join("\t"),
    );
    expect(output).toBe(`${lines?.join("\n")}\n`);
  });
});

test.skipIf(python === undefined)(
  "python3-tds runs the reader's own statements and gets the same answers",
  async () => {
    await using filled = await startFilled();
    const { emulator, rows } = filled;
    const { host, port, user, password, ca = "" } = emulator;
    const connection = { instanceId: "a", host, port, user, password, certificateAuthority: ca };
    const before = emulator.statements.records.length;
    await readUntil(
      { openReader: () => new SqlServerReader({ connection, resourceId: "db-TEST" }) },
      undefined,
      rows.length,
    );
    const sent = emulator.statements.records
      .slice(before)
      .filter(
        ({ text, outcome, rowsSent }) => /\b(select|exec)\b/i.test(text) && outcome === "completed" && rowsSent > 0,
      );
    const statements = new Map(sent.map((record) => [JSON.stringify([record.text, parametersOf(record)]), record]));
    expect(sent.some(({ text }) => text.includes("fn_get_audit_file(@"))).toBe(true);
    expect(sent.some(({ text }) => text.includes("dm_server_audit_status"))).toBe(true);

    const mine = [...statements.values()].map((record) => ({ text: record.text, parameters: parametersOf(record) }));
    const theirs = mine.map(({ text, parameters }) => ({
      // Its parameters are marked as Python does it: %(name)s.
      text:
        Object.keys(parameters).length === 0
          ? text
          : text.replaceAll("%", "%%").replaceAll(/(?<!@)@(\w+)/g, (variable, name) => {
              return name in parameters ? `%(${name})s` : variable;
            }),
      ...(Object.keys(parameters).length > 0 && { parameters }),
    }));
    const answers = await askPytds(emulator, true, theirs);
    expect(answers).toEqual(await askMssql(emulator, true, mine));
  },
);

/** Without the `@`, bigint as a number where it is one, which tells the clients its type. */
function parametersOf({ parameters }: SqlServerEmulator["statements"]["records"][number]) {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name.replace(/^@/, ""),
      value === null || typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : String(value),
    ]),
  );
}
