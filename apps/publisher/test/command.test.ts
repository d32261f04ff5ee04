import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { appendRows, eventTime, type SqlServerEmulator, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { PUBLISHER_NODE_FLAGS } from "../src/index.ts";
import { das } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly emulator: SqlServerEmulator;
  readonly configurationFile: string;
  readonly environment: Record<string, string>;
  audit(statement: string): void;
}

async function openScene(): Promise<Scene> {
  const aws = await startLocalAws();
  const emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
  const directory = await mkdtemp(join(tmpdir(), "das-command-"));
  const configurationFile = join(directory, "das.yaml");
  await writeFile(join(directory, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    configurationFile,
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: ${aws.kms.createKey().arn} }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    user: ${emulator.user}
    password: { env: DAS_PASSWORD }
    tls: { caFile: ${join(directory, "ca.pem")} }
publisher: { heartbeatSeconds: 1 }
`,
  );
  return {
    aws,
    emulator,
    configurationFile,
    environment: {
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
      DAS_PASSWORD: emulator.password,
    },
    audit: (statement) =>
      emulator.change((trail, now) =>
        appendRows(
          trail,
          "RDS_DAS_AUDIT",
          [
            {
              event_time: eventTime(now),
              action_id: "SL  ",
              class_type: "U ",
              server_principal_name: "app",
              statement,
            },
          ],
          now,
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      await emulator[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(20);
}

const recordsOn = (aws: LocalAws) => (aws.kinesis.stream(STREAM) ? [...aws.kinesis.records(STREAM)].length : 0);

describe("the das command", () => {
  test("an audited statement comes out of das tail, past a record that nobody can open; SIGTERM ends all with 0", async () => {
    await using scene = await openScene();
    const { aws, configurationFile, environment } = scene;
    await using run = das(["run", "-c", configurationFile, "-i", "a", "--create-stream"], environment);
    await until(() => recordsOn(aws) > 0);
    using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    const garbage = { StreamName: STREAM, PartitionKey: "x", Data: Buffer.from("no record of ours") };
    const { SequenceNumber: sequenceNumber = "" } = await clients.kinesis.send(new PutRecordCommand(garbage));
    await using tail = das(["tail", "-c", configurationFile, "--from", "oldest"], environment);
    await using json = das(["tail", "-c", configurationFile, "--from", "oldest", "--json"], environment);
    scene.audit("SELECT \u001b[31mname FROM dbo.patients");
    await until(() => [tail, json].every(({ output }) => output.stdout.includes("name FROM dbo.patients")));
    await until(() => tail.output.stderr.includes(sequenceNumber));
    expect(tail.output.stderr).toMatch(/^das tail: record \d+ in shardId-\d+ cannot be opened: /m);
    expect(tail.output.stdout).not.toContain("\u001b");
    const event = json.output.stdout.split("\n").find((line) => line.includes("patients")) ?? "";
    expect(JSON.parse(event)).toMatchObject({ command: "SELECT", dbUserName: "app", type: "record" });

    for (const { child, exitCode } of [tail, json, run]) {
      child.kill("SIGTERM");
      expect(await exitCode).toBe(0);
    }
    expect(run.output.stderr).toContain('"msg":"stopped"');
    expect(run.output.stderr).not.toContain("patients");
  });

  test("a stop flushes what was read and sends a last heartbeat", async () => {
    await using scene = await openScene();
    const { aws, configurationFile, environment } = scene;
    await using run = das(["run", "-c", configurationFile, "-i", "a", "--create-stream"], environment);
    // A heartbeat and the first rows of each of the two audits.
    await until(() => recordsOn(aws) >= 4);
    run.child.kill("SIGINT");
    expect(await run.exitCode).toBe(0);
    const { events, heartbeats } = JSON.parse(run.output.stderr.trim().split("\n").at(-1) ?? "");
    expect(events).toBeGreaterThan(0);
    expect(heartbeats).toBeGreaterThanOrEqual(2);
  });

  test("a second signal ends a stop that cannot finish, at once", async () => {
    await using scene = await openScene();
    const { aws, configurationFile, environment } = scene;
    await using run = das(["run", "-c", configurationFile, "-i", "a", "--create-stream"], environment);
    await until(() => recordsOn(aws) > 0);
    const outage = aws.faults.failCalls(
      { service: "kinesis", operation: "PutRecords", times: Number.POSITIVE_INFINITY },
      { errorType: "InternalFailure", status: 500 },
    );
    await until(() => outage.hits > 0);
    run.child.kill("SIGTERM");
    await until(() => run.output.stderr.includes("stopping"));
    run.child.kill("SIGTERM");
    expect(await run.exitCode).toBe(143);
  });

  test("waits for a database that is not there, and begins when it is", async () => {
    await using scene = await openScene();
    const { aws, emulator, configurationFile, environment } = scene;
    await emulator.closePort();
    await using run = das(["run", "-c", configurationFile, "-i", "a", "--create-stream"], environment);
    await until(() => run.output.stderr.includes("database not reachable"));
    expect(run.output.stderr).toContain("ECONNREFUSED");
    await emulator.openPort();
    await until(() => recordsOn(aws) >= 3);
    run.child.kill("SIGTERM");
    expect(await run.exitCode).toBe(0);
  });

  test.each<
    readonly [string, number, string, (scene: Scene) => { args?: string[]; environment?: Record<string, string> }]
  >([
    ["a wrong password", 1, 'the login was refused for user "das"', () => ({ environment: { DAS_PASSWORD: "wrong" } })],
    [
      "a missing secret",
      2,
      "instances[0].password: the environment variable DAS_PASSWORD is not set",
      () => ({ environment: { DAS_PASSWORD: "" } }),
    ],
    [
      "an instance that is not configured",
      2,
      'no instance "z" in the configuration, only "a"',
      () => ({ args: ["-i", "z"] }),
    ],
    [
      "an audit that is not there",
      1,
      "has no server audit RDS_DAS_AUDIT",
      ({ emulator }) => {
        emulator.change((trail) => ({ ...trail, audits: [] }));
        return {};
      },
    ],
    [
      "a missing right",
      1,
      'a right is missing for user "das" (error 300)',
      ({ emulator }) => {
        emulator.changeInstance({ logins: emulator.instance.logins.map((login) => ({ ...login, permissions: [] })) });
        return {};
      },
    ],
  ])("%s ends das run with %i and one line", async (_, code, message, prepare) => {
    await using scene = await openScene();
    const { args = ["-i", "a"], environment = {} } = prepare(scene);
    await using run = das(["run", "-c", scene.configurationFile, "--create-stream", "--log-level", "error", ...args], {
      ...scene.environment,
      ...environment,
    });
    expect(await run.exitCode).toBe(code);
    expect(run.output.stderr).toContain(message);
    expect(run.output.stderr.trim().split("\n")).toEqual([expect.stringContaining(message)]);
    expect(run.output.stderr).not.toContain(scene.emulator.password);
  });

  test("its memory is bounded in each of the ways to start it", () => {
    const flags = PUBLISHER_NODE_FLAGS.join(" ");
    expect(readFileSync(MAIN, "utf8").split("\n")[0]).toBe(`#!/usr/bin/env -S node ${flags}`);
    const root = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
    expect(JSON.parse(root).scripts.das).toBe(`node ${flags} apps/publisher/src/main.ts`);
  });

  test("usage: help, a missing option, an unknown command", async () => {
    await using help = das(["--help"], {});
    expect(await help.exitCode).toBe(0);
    expect(help.output.stdout).toContain("das [options] [command]");
    await using missing = das(["run"], {});
    expect(await missing.exitCode).toBe(2);
    await using unknown = das(["fly"], {});
    expect(await unknown.exitCode).toBe(2);
    expect(unknown.output.stderr).toContain("unknown command 'fly'");
  });
});
