/**
 * A client that shares no code with the driver reads the same rows from the same trail: python-oracledb in its thin mode
 * (Debian package python3-oracledb). What `oracledb` shows is compared with it value by value, so that driver and
 * emulator cannot agree on something that is wrong. Where it is not installed the tests are skipped, by name.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemClock } from "@das/core";
import { type NewAuditRow, type OracleEmulator, type ReleaseName, realRows } from "@das/oracle-emulator";
import oracledb from "oracledb";
import { describe, expect, test } from "vitest";
import { SESSION_SETUP } from "../src/statements.ts";
import { edgeRows } from "./edge-rows.ts";
import { openEmulatedTrail } from "./emulated-trail.ts";
import { readUntil } from "./read-until.ts";

const run = promisify(execFile);
/** The interpreter of the distribution has the distribution's packages, whatever else is first on the path. */
const python = ["/usr/bin/python3", "python3"].find((name) => spawnSync(name, ["-c", "import oracledb"]).status === 0);

// The default reporter counts skipped tests without naming them.
if (!python)
  process.stderr.write("SKIPPED: every test of python-oracledb, because python3-oracledb is not installed\n");

interface Statement {
  readonly text: string;
  readonly binds?: Readonly<Record<string, string | null>>;
}

/** Values as text; NULL is null. */
interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

async function openFilled(release: ReleaseName, tls: "off" | "required") {
  // A clock that stands still, so that a statement has the same answer each time.
  const moment = systemClock.now();
  const trail = await openEmulatedTrail({ release, tls, clock: { ...systemClock, now: () => moment } });
  const { emulator } = trail;
  const rows: NewAuditRow[] = [...edgeRows(emulator.profile.major)];
  if (release === "19c") rows.push(...realRows().map(({ row }) => ({ ...row, DBID: null, EVENT_TIMESTAMP_UTC: null })));
  trail.appendRows(rows);
  const columns = emulator.profile.columns.map(({ name }) => `t.${name}`).join(", ");
  const query = `SELECT TO_CHAR(t.event_timestamp, 'YYYY-MM-DD HH24:MI:SS.FF6') AS exact_time, ${columns} FROM audsys.unified_audit_trail t`;
  return { trail, emulator, rows, query, [Symbol.asyncDispose]: () => trail[Symbol.asyncDispose]() };
}

/** Through the driver that the reader uses. */
async function askOracledb(emulator: OracleEmulator, statements: readonly Statement[]): Promise<Answer[]> {
  const { host, port, serviceName, user, password, walletContent } = emulator;
  const connection = await oracledb.getConnection({
    user,
    password,
    connectString: `${walletContent ? "tcps" : "tcp"}://${host}:${port}/${serviceName}`,
    ...(walletContent && { walletContent, sslServerDNMatch: false }),
  });
  const exact = new Set<unknown>([oracledb.DB_TYPE_NUMBER, oracledb.DB_TYPE_CLOB]);
  try {
    await connection.execute(SESSION_SETUP);
    const answers: Answer[] = [];
    for (const { text, binds = {} } of statements) {
      const { metaData, rows } = await connection.execute<unknown[]>(text, binds as oracledb.BindParameters, {
        fetchTypeHandler: ({ dbType }) => (exact.has(dbType) ? { type: oracledb.STRING } : undefined),
      });
      answers.push({
        columns: (metaData ?? []).map(({ name }) => name),
        rows: (rows ?? []).map((row) => row.map(textOf)),
      });
    }
    return answers;
  } finally {
    await connection.close();
  }
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return value.toString("hex").toUpperCase();
  if (!(value instanceof Date)) return plainNumber(String(value));
  // The driver takes a time without a zone for one of the process's own zone.
  const utc = new Date(value.getTime() - value.getTimezoneOffset() * 60_000);
  return utc.toISOString().slice(0, -1).replace("T", " ");
}

/** `.5` and `-.5` as everybody else writes them. */
function plainNumber(text: string): string {
  return text.replace(/^(-?)\.(?=\d+$)/, "$10.");
}

async function askPython(
  emulator: OracleEmulator,
  statements: readonly Statement[],
  locators: boolean,
): Promise<Answer[]> {
  await using directory = await temporaryDirectory();
  const { port, serviceName, user, password, walletContent } = emulator;
  if (walletContent) await writeFile(join(directory.path, "ewallet.pem"), walletContent);
  const connection = {
    user,
    password,
    host: "localhost",
    port,
    service_name: serviceName,
    ...(walletContent && { protocol: "tcps", wallet_location: directory.path }),
  };
  const script = fileURLToPath(new URL("./read-with-oracledb.py", import.meta.url));
  const child = run(python ?? "", [script], { timeout: 100_000, maxBuffer: 256 * 1024 * 1024 });
  child.child.stdin?.end(JSON.stringify({ connection, locators, setup: [SESSION_SETUP], statements }));
  return JSON.parse((await child).stdout) as Answer[];
}

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "oracle-reader-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe.each<[release: ReleaseName, tls: "off" | "required"]>([
  ["19c", "off"],
  ["26ai", "required"],
])("%s, TLS %s", (release, tls) => {
  test("the driver shows every value as it was written", async () => {
    await using filled = await openFilled(release, tls);
    const [answer] = await askOracledb(filled.emulator, [{ text: filled.query }]);
    expect(answer?.rows).toHaveLength(filled.rows.length);
    for (const [index, row] of filled.rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (value == null || !answer?.columns.includes(column)) continue;
        expect(answer.rows[index]?.[answer.columns.indexOf(column)], `${column} of row ${index}`).toBe(value);
      }
    }
  });

  test.skipIf(python === undefined).each([
    ["texts", false],
    ["locators", true],
  ])("python-oracledb reads the rows as oracledb does, with LOBs as %s", async (_, locators) => {
    await using filled = await openFilled(release, tls);
    const [theirs] = await askPython(filled.emulator, [{ text: filled.query }], locators);
    const [ours] = await askOracledb(filled.emulator, [{ text: filled.query }]);
    expect(theirs?.columns).toEqual(ours?.columns);
    // The driver's own times end at milliseconds; the exact text of the first column does not.
    const isTime = ours?.columns.map((name) => name.startsWith("EVENT_TIMESTAMP")) ?? [];
    const known = theirs?.rows.map((row) => row.map((value, n) => (isTime[n] ? (value?.slice(0, -3) ?? null) : value)));
    expect(known).toEqual(ours?.rows);
  });
});

test.skipIf(python === undefined)(
  "python-oracledb runs the reader's own statements and gets the same answers",
  async () => {
    await using filled = await openFilled("19c", "off");
    const { emulator, trail } = filled;
    const before = emulator.statements.records.length;
    await readUntil(trail, undefined, filled.rows.length);
    const sent = emulator.statements.records
      .slice(before)
      .filter(({ text, outcome, rowsSent }) => /^select/i.test(text) && outcome !== "failed" && rowsSent > 0);
    const statements = new Map<string, Statement>();
    for (const { text, binds } of sent) {
      const names = [...new Set([...text.matchAll(/(?<!')\B:([a-z]\w*)/g)].map(([, name = ""]) => name))];
      const values = (binds[0] ?? []).map(({ value }) => (value === null ? null : String(value)));
      const byName = Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
      // Who this session is differs from session to session.
      if (!text.includes("UNIFIED_AUDIT_SESSIONID"))
        statements.set(JSON.stringify([text, byName]), { text, binds: byName });
    }
    const mine = [...statements.values()];
    expect(mine.some(({ text }) => text.includes("audsys.aud$unified"))).toBe(true);
    expect(mine.some(({ text }) => text.includes("v_$database"))).toBe(true);
    const theirs = await askPython(emulator, mine, false);
    const plain = (answers: readonly Answer[]) => answers.map(({ rows }) => rows);
    expect(plain(theirs)).toEqual(plain(await askOracledb(emulator, mine)));
  },
);
