import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseActivityEvent, STREAM_CLASS, streamNameOf, systemClock } from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { type Command, das } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);

/** One command line, to its end. */
interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  /** A command of the life, with the administrator's credentials. */
  run(...args: readonly string[]): Promise<Ran>;
  publish(): Command;
  /** What stands on the stream, by the package that consumers use. */
  events(): Promise<readonly DatabaseActivityEvent[]>;
}

async function openScene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ durations: { create: 20, delete: 20 } }));
  const emulator = stack.use(await startSqlServerEmulator({ provisioned: false, audits: { queueDelay: 0 } }));
  const directory = await mkdtemp(join(tmpdir(), "das-life-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const configurationFile = join(directory, "das.yaml");
  await writeFile(join(directory, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    configurationFile,
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: ${aws.kms.createKey().arn}, shards: 1 }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    user: rds_das_reader
    password: { env: DAS_PASSWORD }
    tls: { caFile: ${join(directory, "ca.pem")} }
publisher: { heartbeatSeconds: 1, statePollSeconds: 1 }
`,
  );
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    DAS_PASSWORD: "Reader-7-Password",
    DAS_ADMIN_PASSWORD: emulator.password,
  };
  return {
    aws,
    run: async (command, ...args) => {
      await using process = das([command ?? "", "-c", configurationFile, "--admin-user", "sa", ...args], environment);
      const code = await process.exitCode;
      return { code, ...process.output };
    },
    publish: () => das(["run", "-c", configurationFile, "-i", "a"], environment),
    events: async () => {
      using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
      using keys = new DataKeyCache({ kms: clients.kms, resourceId: RESOURCE });
      const events: DatabaseActivityEvent[] = [];
      for (const { data } of aws.kinesis.records(STREAM)) {
        const { inner } = await open(data, keys);
        for (const event of inner.databaseActivityEventList) if (event.type === "record") events.push(event);
      }
      return events;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const told = (events: readonly DatabaseActivityEvent[]) =>
  events
    .filter((event) => event.class === STREAM_CLASS)
    .map(({ command, errorMessage }) => `${command}: ${errorMessage}`);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(50);
}

describe("the life of an activity stream of SQL Server", () => {
  test("start, activity, stop", async () => {
    await using scene = await openScene();
    await using publisher = scene.publish();
    await until(() => publisher.output.stderr.includes("waiting for it"));
    const dryRun = await scene.run("start", "--dry-run");
    expect(dryRun).toMatchObject({ code: 0, stderr: "" });
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();

    const started = await scene.run("start");
    expect(started).toMatchObject({ code: 0 });
    expect(JSON.parse(started.stdout)).toMatchObject({ KinesisStreamName: STREAM, Status: "started", Mode: "async" });
    // What the dry run announced is what was done, in its order.
    const announced = [...dryRun.stdout.matchAll(/^-- (?!\$ )(.*)$/gm)].map(([, what]) => what);
    expect(started.stderr.trim().split("\n")).toEqual(announced);
    const twice = await scene.run("start");
    expect(twice).toMatchObject({ code: 1, stdout: "" });
    expect(twice.stderr).toContain("is started already");

    const described = await scene.run("describe", "--json");
    expect(JSON.parse(described.stdout)).toMatchObject({
      ActivityStreamStatus: "started",
      ActivityStreamKinesisStreamName: STREAM,
      ActivityStreamPolicyStatus: "locked",
      sources: [{ source: "sqlserver:a:RDS_DAS_AUDIT" }, { source: "sqlserver:a:RDS_DAS_AUDIT_CHANGES" }],
    });

    const stopped = await scene.run("stop");
    expect(stopped).toMatchObject({ code: 0 });
    expect(JSON.parse(stopped.stdout)).toMatchObject({ KinesisStreamName: STREAM, Status: "stopped" });
    expect(told(await scene.events())).toEqual([
      "START: generation 1 of the activity stream is started by sa",
      "STOP: generation 1 of the activity stream is stopped by sa",
    ]);
  });
});
