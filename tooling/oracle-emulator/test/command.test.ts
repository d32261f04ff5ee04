/** The command as people and programs run it. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import oracledb from "oracledb";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const execute = promisify(execFile);

interface Running extends AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  line(): Promise<string>;
  /** Sends a command and takes its answer. */
  ask(command: object): Promise<Record<string, unknown>>;
  /** Exit code after the signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...environment },
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the output has ended");
    return value;
  };
  return {
    child,
    line,
    ask: async (command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await line());
    },
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "oracle-emulator-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** What a run that ends by itself left behind. */
async function runToEnd(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [MAIN, ...args], { env: {}, timeout: 100_000 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe("the command", () => {
  test("says what it can do", async () => {
    const { stdout, code } = await runToEnd(["--help"]);
    expect(code).toBe(0);
    for (const word of ["--port", "--rate", "--seed", "--release", "--tls", "--preload", "--control", "Examples:"])
      expect(stdout).toContain(word);
  });

  test("tells a person how to connect, and ends with 0 on SIGINT", async () => {
    await using directory = await temporaryDirectory();
    const caFile = join(directory.path, "ca.pem");
    await using running = start(["--port", "0", "--ca-file", caFile, "--db-unique-name", "orcl_b", "--pdb", "sales"]);
    const lines: string[] = [];
    do lines.push(await running.line());
    while (!lines.at(-1)?.includes("Ctrl+C"));
    const text = lines.join("\n");
    expect(text).toContain("Oracle 19c (emulated) as ORCL_B, 100 audited actions a second");
    expect(text).toMatch(/port {7}\d+/);
    expect(text).toContain("services   ORCL, SALES");
    expect(text).toContain("containers: [SALES]");
    expect(text).toContain("env: DAS_PASSWORD");
    expect(text).toContain(`caFile: ${JSON.stringify(caFile)}`);
    expect(await readFile(caFile, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(await running.stop("SIGINT")).toBe(0);
  });

  test("tells a program in one line of JSON, with which it can connect; ends with 0 on SIGTERM", async () => {
    const args = ["--port", "0", "--json", "--preload", "2000", "--rate", "0", "--password-env", "SECRET"];
    await using running = start([...args, "--release", "21c", "--tls", "off"], { SECRET: "top-secret" });
    const facts = JSON.parse(await running.line());
    expect(facts).toMatchObject({
      engine: "oracle",
      host: "127.0.0.1",
      service: "ORCL",
      user: "das_reader",
      password: "top-secret",
      tls: "off",
      caFile: null,
      release: "21c",
      uniqueName: "ORCL",
      containers: [
        { name: "CDB$ROOT", service: "ORCL" },
        { name: "ORCLPDB1", service: "ORCLPDB1" },
      ],
    });
    const connection = await oracledb.getConnection({
      connectString: `tcp://${facts.host}:${facts.port}/${facts.containers[1].service}`,
      user: facts.user,
      password: facts.password,
    });
    const { rows } = await connection.execute<[string]>("SELECT TO_CHAR(COUNT(*)) FROM audsys.unified_audit_trail");
    // The reader's own log-on is audited, what it reads is not.
    const own = await connection.execute<[string, string]>(
      "SELECT action_name, unified_audit_policies FROM audsys.unified_audit_trail WHERE dbusername = 'DAS_READER'",
    );
    expect(own.rows).toEqual([["LOGON", "DAS_READER_POL"]]);
    await connection.close();
    expect(Number(rows?.[0]?.[0])).toBeGreaterThanOrEqual(2000);
    expect(await running.stop("SIGTERM")).toBe(0);
  });

  test("a port in use is one line, and 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stderr } = await runToEnd(["--port", String(port)]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `oracle-emulator: port ${port} is in use. Stop what listens there, or choose another one with --port.\n`,
    );
  });

  test("a wrong option is one line, and 1", async () => {
    const { code, stderr } = await runToEnd(["--port", "99999"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "oracle-emulator: option '--port <number>' argument '99999' is invalid. A whole number from 0 to 65535 is wanted.\n",
    );
  });
});

describe("the control channel", () => {
  test("stats, rate, append, load, clean, stop-workload, in order, with ids", async () => {
    await using running = start(["--port", "0", "--rate", "0", "--pdb", "SALES", "--control", "stdio"]);
    await running.line();
    expect(await running.ask({ id: 1, command: "stats" })).toMatchObject({
      ok: true,
      id: 1,
      rate: 0,
      generated: 0,
      table: { CDB$ROOT: 0, SALES: 0 },
    });
    const rows = ["one", "two"].map((SQL_TEXT) => ({ ACTION_NAME: "SELECT", SQL_TEXT }));
    expect(await running.ask({ id: 2, command: "append", rows })).toEqual({ ok: true, id: 2, appended: 2 });
    expect(await running.ask({ id: 3, command: "append", rows, refused: true })).toMatchObject({ ok: true });
    expect(await running.ask({ command: "stats" })).toMatchObject({ table: { SALES: 2 }, files: { SALES: 2 } });
    expect(await running.ask({ id: 4, command: "load" })).toEqual({ ok: true, id: 4 });
    // The call tells of itself.
    expect(await running.ask({ command: "stats" })).toMatchObject({ table: { SALES: 5 }, files: { SALES: 0 } });
    expect(await running.ask({ command: "append", rows, container: "CDB$ROOT" })).toMatchObject({ ok: true });
    expect(await running.ask({ command: "clean", all: true })).toEqual({ ok: true });
    expect(await running.ask({ command: "clean", before: "2001-01-01 00:00:00.000000" })).toEqual({ ok: true });
    expect(await running.ask({ command: "stats" })).toMatchObject({ table: { SALES: 3, CDB$ROOT: 2 } });
    expect(await running.ask({ id: 5, command: "rate", rate: 2000 })).toEqual({ ok: true, id: 5 });
    let generated = 0;
    while (generated < 200) generated = Number((await running.ask({ command: "stats" })).generated);
    const end = await running.ask({ id: 6, command: "stop-workload", markers: true });
    const { table, files, pending, markers } = end as Record<string, Record<string, never>>;
    expect(end).toMatchObject({ ok: true, id: 6 });
    for (const container of ["CDB$ROOT", "SALES"]) {
      const list: readonly string[] = markers?.[container] ?? [];
      expect(list).toHaveLength(Number(table?.[container]) + Number(files?.[container]));
      expect(Number(pending?.[container])).toBe(0);
      expect(list.every((marker) => /^1:\d+(:|$)/.test(marker))).toBe(true);
    }
    expect(Number(table?.SALES) + Number(files?.SALES)).toBe(Number(end.generated) + 3);
    expect(await running.ask({ command: "stats" })).toMatchObject({ generated: end.generated });
  });

  test("a command that cannot be carried out is answered, and the next one too", async () => {
    await using running = start(["--port", "0", "--rate", "0", "--control", "stdio"]);
    await running.line();
    const refused = async (command: object, error: string) =>
      expect(await running.ask(command)).toMatchObject({ ok: false, error: expect.stringContaining(error) });
    await refused({ id: 1, command: "fly" }, 'command "fly" is not known');
    await refused({ command: "rate", rate: "many" }, "rate: a number");
    await refused({ command: "append", rows: [{}] }, "rows: each needs an ACTION_NAME");
    await refused({ command: "append", rows: [{ ACTION_NAME: "SELECT", SCN: 7 }] }, "SCN has to be a text or null");
    await refused({ command: "append", rows: [], container: "nowhere" }, "nowhere");
    await refused({ command: "clean", before: "yesterday" }, "before: a time");
    running.child.stdin.write("no JSON\n");
    expect(JSON.parse(await running.line())).toMatchObject({ ok: false });
    expect(await running.ask({ id: 5, command: "stats" })).toMatchObject({ ok: true, id: 5, table: { ORCL: 0 } });
  });

  test("the child ends when its parent has gone, and on a signal", async () => {
    await using orphan = start(["--port", "0", "--control", "stdio"]);
    await orphan.line();
    orphan.child.stdin.end();
    expect(await once(orphan.child, "exit")).toEqual([0, null]);
    await using running = start(["--port", "0", "--control", "stdio"]);
    await running.line();
    expect(await running.stop()).toBe(0);
  });
});
