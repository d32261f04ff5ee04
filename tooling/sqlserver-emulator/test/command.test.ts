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
import mssql from "mssql";
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
  const path = await mkdtemp(join(tmpdir(), "sqlserver-emulator-"));
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
    for (const word of ["--port", "--rate", "--seed", "--sql-version", "--tls", "--preload", "--control", "Examples:"])
      expect(stdout).toContain(word);
  });

  test("tells a person how to connect, and ends with 0 on SIGINT", async () => {
    await using directory = await temporaryDirectory();
    const caFile = join(directory.path, "ca.pem");
    await using running = start(["--port", "0", "--ca-file", caFile, "--instance-name", "DB7\\PROD"]);
    const lines: string[] = [];
    do lines.push(await running.line());
    while (!lines.at(-1)?.includes("Ctrl+C"));
    const text = lines.join("\n");
    expect(text).toContain("SQL Server 2022 (emulated) as DB7\\PROD, 100 audited actions a second");
    expect(text).toMatch(/port {7}\d+/);
    expect(text).toContain("env: DAS_PASSWORD");
    expect(text).toContain(`caFile: ${JSON.stringify(caFile)}`);
    expect(await readFile(caFile, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(await running.stop("SIGINT")).toBe(0);
  });

  test("tells a program in one line of JSON, with which it can connect; ends with 0 on SIGTERM", async () => {
    await using directory = await temporaryDirectory();
    const caFile = join(directory.path, "ca.pem");
    const args = [
      "--port",
      "0",
      "--json",
      "--ca-file",
      caFile,
      "--preload",
      "2000",
      "--rate",
      "0",
      "--queue-delay",
      "0ms",
      "--password-env",
      "SECRET",
      "--sql-version",
      "2019",
      "--tls",
      "strict",
    ];
    await using running = start(args, { SECRET: "top-secret" });
    const facts = JSON.parse(await running.line());
    expect(facts).toMatchObject({
      engine: "sqlserver",
      host: "127.0.0.1",
      user: "das",
      password: "top-secret",
      tls: "strict",
      caFile,
      version: "2019",
      audits: [{ name: "RDS_DAS_AUDIT" }, { name: "RDS_DAS_AUDIT_CHANGES" }],
    });
    const configuration = {
      server: facts.host,
      port: facts.port,
      user: facts.user,
      password: facts.password,
      options: { encrypt: "strict", cryptoCredentialsDetails: { ca: await readFile(caFile) } },
    };
    const pool = await new mssql.ConnectionPool(configuration as unknown as mssql.config).connect();
    const { recordset } = await pool.query(
      "SELECT COUNT(*) AS n FROM sys.fn_get_audit_file(N'D:\\das\\*', NULL, NULL)",
    );
    await pool.close();
    expect(Number(recordset[0].n)).toBeGreaterThanOrEqual(2002);
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
      `sqlserver-emulator: port ${port} is in use. Stop what listens there, or choose another one with --port.\n`,
    );
  });

  test("a wrong option is one line, and 1", async () => {
    const { code, stderr } = await runToEnd(["--port", "99999"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "sqlserver-emulator: option '--port <number>' argument '99999' is invalid. A whole number from 0 to 65535 is wanted.\n",
    );
  });
});

describe("the control channel", () => {
  test("stats, rate, append, rollover, stop-workload, in order, with ids", async () => {
    await using running = start(["--port", "0", "--rate", "0", "--control", "stdio"]);
    await running.line();
    expect(await running.ask({ id: 1, command: "stats" })).toMatchObject({
      ok: true,
      id: 1,
      rate: 0,
      generated: 0,
      audited: { RDS_DAS_AUDIT: 1 },
    });
    expect(
      await running.ask({
        id: 2,
        command: "append",
        rows: [
          { action_id: "SL", statement: "one" },
          { action_id: "UP", statement: "two" },
        ],
      }),
    ).toEqual({ ok: true, id: 2, appended: 2 });
    expect(await running.ask({ id: 3, command: "rollover" })).toEqual({ ok: true, id: 3 });
    expect(
      await running.ask({
        id: 4,
        command: "append",
        audit: "RDS_DAS_AUDIT_CHANGES",
        rows: [{ action_id: "AL", class_type: "SA" }],
      }),
    ).toMatchObject({ ok: true });
    expect(await running.ask({ id: 5, command: "rate", rate: 2000 })).toEqual({ ok: true, id: 5 });
    let generated = 0;
    while (generated < 200) generated = Number((await running.ask({ command: "stats" })).generated);
    const end = await running.ask({ id: 6, command: "stop-workload", markers: true });
    const { audited, onDisk, markers } = end as Record<string, Record<string, never>>;
    expect(end).toMatchObject({ ok: true, id: 6 });
    for (const audit of ["RDS_DAS_AUDIT", "RDS_DAS_AUDIT_CHANGES"]) {
      const list: readonly string[] = markers?.[audit] ?? [];
      expect(list).toHaveLength(Number(audited?.[audit]));
      expect(list).toHaveLength(Number(onDisk?.[audit]));
      expect(new Set(list).size).toBe(list.length);
      expect(list.every((marker) => /^\d+:\d+:\d+$/.test(marker))).toBe(true);
    }
    expect(
      new Set((markers?.RDS_DAS_AUDIT as readonly string[] | undefined)?.map((marker) => marker.split(":")[0])).size,
    ).toBe(2);
    expect(await running.ask({ command: "stats" })).toMatchObject({ generated: end.generated });
  });

  test("a command that cannot be carried out is answered, and the next one too", async () => {
    await using running = start(["--port", "0", "--rate", "0", "--control", "stdio"]);
    await running.line();
    expect(await running.ask({ id: 1, command: "fly" })).toMatchObject({
      ok: false,
      id: 1,
      error: 'command "fly" is not known',
    });
    expect(await running.ask({ id: 2, command: "rate", rate: "many" })).toMatchObject({ ok: false, id: 2 });
    expect(await running.ask({ id: 3, command: "append", rows: [{}] })).toMatchObject({
      ok: false,
      error: "rows: each needs an action_id",
    });
    expect(await running.ask({ id: 4, command: "append", audit: "nowhere", rows: [] })).toMatchObject({ ok: false });
    running.child.stdin.write("no JSON\n");
    expect(JSON.parse(await running.line())).toMatchObject({ ok: false });
    expect(await running.ask({ id: 5, command: "stats" })).toMatchObject({ ok: true, id: 5 });
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
