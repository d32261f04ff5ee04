import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { audit, type OracleEmulator, primaryOf, startOracleEmulator, workContainer } from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { AwsConsumer } from "./aws-consumer.ts";
import { das } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly emulator: OracleEmulator;
  readonly configurationFile: string;
  readonly environment: Record<string, string>;
  audit(statement: string): void;
}

/** A container database; its root and its PDB are read. */
async function openScene(service?: string): Promise<Scene> {
  const aws = await startLocalAws();
  const emulator = await startOracleEmulator();
  const directory = await mkdtemp(join(tmpdir(), "das-oracle-"));
  const configurationFile = join(directory, "das.yaml");
  const { name: pluggable, guid } = workContainer(primaryOf(emulator.world));
  await writeFile(join(directory, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    configurationFile,
    `
resource: { id: ${RESOURCE}, engine: oracle }
stream: { region: ${aws.region}, kmsKeyId: ${aws.kms.createKey().arn}, nativeAuditFields: true }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    service: ${service ?? emulator.world.databaseName}
    containers: [${pluggable}]
    user: ${emulator.user}
    password: { env: DAS_PASSWORD }
    tls: { caFile: ${join(directory, "ca.pem")} }
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
      emulator.change((world, now) => {
        const row = { ACTION_NAME: "SELECT", SESSIONID: "77", DBUSERNAME: "APP", SQL_TEXT: statement };
        return audit(world, world.primary, guid, [row], now);
      }),
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

describe("the das command, with Oracle", () => {
  test("an audited statement comes out of das tail; SIGTERM ends with 0", async () => {
    await using scene = await openScene();
    const { aws, configurationFile, environment } = scene;
    await using run = das(["run", "-c", configurationFile, "-i", "a", "--create-stream"], environment);
    await until(() => recordsOn(aws) > 0);
    await using tail = das(["tail", "-c", configurationFile, "--from", "oldest", "--json"], environment);
    scene.audit("SELECT name FROM patients");
    await until(() => tail.output.stdout.includes("FROM patients"));
    const event = tail.output.stdout.split("\n").find((line) => line.includes("FROM patients")) ?? "";
    expect(JSON.parse(event)).toMatchObject({
      command: "SELECT",
      dbUserName: "APP",
      serverType: "ORACLE",
      sessionId: 77,
      type: "record",
      engineNativeAuditFields: { ENTRY_ID: 1 },
    });
    for (const { child, exitCode } of [run, tail]) {
      child.kill("SIGTERM");
      expect(await exitCode).toBe(0);
    }
    // Nobody who reads AWS's format sees anything else.
    using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    const consumer = new AwsConsumer(clients);
    await consumer.readAll();
    expect(consumer.events).toContainEqual(JSON.parse(event));
    expect(consumer.events.map(({ serverType }) => serverType)).toEqual(consumer.events.map(() => "ORACLE"));
    expect(consumer.heartbeats).toBeGreaterThan(0);
  });

  test("a wrong password ends the publisher with 1 and one line", async () => {
    await using scene = await openScene();
    const environment = { ...scene.environment, DAS_PASSWORD: "wrong" };
    await using run = das(["run", "-c", scene.configurationFile, "-i", "a", "--create-stream"], environment);
    expect(await run.exitCode).toBe(1);
    expect(run.output.stderr).toMatch(/the login was refused|password/i);
    const said = run.output.stderr.trimEnd().split("\n");
    expect(said.filter((line) => !line.startsWith("{"))).toHaveLength(1);
  });

  test("a service that the listener does not know yet is waited for, and named, until the publisher is stopped", async () => {
    await using scene = await openScene("NOWHERE");
    await using run = das(["run", "-c", scene.configurationFile, "-i", "a", "--create-stream"], scene.environment);
    await until(() => run.output.stderr.includes("NOWHERE"));
    expect(run.child.exitCode).toBeNull();
    run.child.kill("SIGTERM");
    expect(await run.exitCode).toBe(0);
  });
});
