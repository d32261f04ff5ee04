/** What is asked for at a terminal, at a real one; where `script` of util-linux is missing, these are skipped. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@das/core";
import { startLocalAws } from "@das/local-aws";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { type Command, das, dasAtTerminal, hasTerminal } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CTRL_C = "\u0003";
const BACKSPACE = "\u007f";

async function openDirectory() {
  const path = await mkdtemp(join(tmpdir(), "das-terminal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** A database that nothing of das is on yet, its administrator, and the configuration of a stream that nobody publishes. */
async function openScene() {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const aws = stack.use(await startLocalAws({ durations: { create: 20 } }));
  const emulator = stack.use(await startSqlServerEmulator({ provisioned: false }));
  await writeFile(join(directory.path, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    join(directory.path, "das.yaml"),
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: ${aws.kms.createKey().arn} }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    user: das_reader
    password: { env: DAS_PASSWORD_A }
    tls: { caFile: ca.pem }
`,
  );
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    DAS_PASSWORD_A: "Reader-7-Secret",
  };
  const start = ["start", "--config", "das.yaml", "--admin-user", "sa"];
  return {
    password: emulator.password,
    atTerminal: (...args: string[]) => dasAtTerminal([...start, ...args], environment, directory.path),
    start: () => das(start, { ...environment, DAS_ADMIN_PASSWORD: emulator.password }, directory.path),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Waits until it stands on the terminal, behind what was waited for before. */
async function seen(command: Command, text: string): Promise<void> {
  while (!command.output.stdout.includes(text) && !command.output.stderr.includes(text)) {
    if (command.child.exitCode !== null) throw new Error(`it ended before "${text}":\n${command.output.stdout}`);
    await systemClock.sleep(20);
  }
}

const type = (command: Command, keys: string) => void command.child.stdin?.write(keys);

describe.skipIf(!hasTerminal)("at a terminal", () => {
  test("the administrator's password is asked for, and never shown", async () => {
    await using scene = await openScene();
    await using start = scene.atTerminal("--dry-run");
    await seen(start, "Password of sa: ");
    type(start, `x${BACKSPACE}${scene.password}\r`);
    expect({ exitCode: await start.exitCode, ...start.output }).toMatchObject({ exitCode: 0 });
    expect(start.output.stdout).toContain("CREATE SERVER AUDIT [RDS_DAS_AUDIT]");
    expect(start.output.stdout).not.toContain(scene.password);

    await using given = scene.atTerminal("--dry-run");
    await seen(given, "Password of sa: ");
    type(given, `half${CTRL_C}`);
    expect(await given.exitCode).toBe(2);
    expect(given.output.stdout).toContain("DAS_ADMIN_PASSWORD is not set, and none was typed");
    expect(given.output.stdout).not.toContain("half");

    await using elsewhere = scene.atTerminal("--instance", "z");
    expect(await elsewhere.exitCode).toBe(2);
    expect(elsewhere.output.stdout).toMatch(/^DBInstanceNotFound: das: there is no instance "z"/);
  });

  test("das init asks, again where an answer makes no sense, and writes what was answered", async () => {
    await using directory = await openDirectory();
    await using init = dasAtTerminal(["init"], {}, directory.path);
    for (const [question, answer] of [
      ["Engine (sqlserver or oracle): ", "mysql"],
      ["It is sqlserver or oracle.", "sqlserver"],
      ["AWS region of the stream and the key: ", "eu-central-1"],
      ["KMS key ", "alias/das"],
      ["AWS account ", "123456789012"],
      ["Hosts of all instances", "sql-a.example.com, sql-b.example.com:1444"],
      ["The reader's login", ""],
      ["PEM file", ""],
      ["The engine's own columns", "yes"],
    ] as const) {
      await seen(init, question);
      type(init, `${answer}\r`);
    }
    expect({ exitCode: await init.exitCode, ...init.output }).toMatchObject({ exitCode: 0 });
    expect(init.output.stdout).toMatch(/Wrote das\.yaml: resource db-[A-Z2-7]{26}, 2 instances\./);
    const written = parseConfiguration(await readFile(join(directory.path, "das.yaml"), "utf8"), "das.yaml");
    expect(written).toMatchObject({
      resource: { engine: "sqlserver" },
      stream: { region: "eu-central-1", kmsKeyId: "alias/das", account: "123456789012", nativeAuditFields: true },
      instances: [{ host: "sql-a.example.com" }, { host: "sql-b.example.com", port: 1444, user: "rds_das_reader" }],
    });
  });

  test("das init that is given up writes nothing", async () => {
    await using directory = await openDirectory();
    await using init = dasAtTerminal(["init"], {}, directory.path);
    await seen(init, "Engine (sqlserver or oracle): ");
    type(init, CTRL_C);
    expect(await init.exitCode).toBe(2);
    expect(init.output.stdout).toContain("the questions were not all answered, and nothing was written");
    await expect(readFile(join(directory.path, "das.yaml"))).rejects.toThrow("ENOENT");
  });
});

test("a start that is interrupted while it waits says so in one line, and how it is finished", async () => {
  await using scene = await openScene();
  await using start = scene.start();
  await seen(start, "wait for the publisher of instance a");
  start.child.kill("SIGINT");
  expect(await start.exitCode).toBe(1);
  expect(start.output.stderr.trim().split("\n").at(-1)).toBe(
    "das: interrupted (SIGINT). Run the command again: it goes on where this one ended.",
  );
});
