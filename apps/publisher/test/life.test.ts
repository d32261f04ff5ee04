/** The whole life of an activity stream, as the README walks through it: each line of it is a command of its own. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseActivityEvent, STREAM_CLASS, streamNameOf, systemClock } from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { describe, expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { type Command, das } from "./das-process.ts";
import { type LifeTarget, openOracleTarget, openSqlServerTarget } from "./life-target.ts";

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
  readonly target: LifeTarget;
  /** A command that ends by itself. */
  run(command: string, ...args: readonly string[]): Promise<Ran>;
  /** A command of an administrator, which answers with JSON. */
  change(command: string, ...args: readonly string[]): Promise<object>;
  publish(instance: string): Command;
  /** What stands on the stream, by the package that consumers use. */
  events(): Promise<readonly DatabaseActivityEvent[]>;
}

async function openScene(openTarget: () => Promise<LifeTarget>): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ durations: { create: 20, delete: 20 } }));
  const target = stack.use(await openTarget());
  const directory = await mkdtemp(join(tmpdir(), "das-life-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const configurationFile = join(directory, "das.yaml");
  const authorities = join(directory, "ca.pem");
  await writeFile(authorities, target.certificateAuthorities ?? "");
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    DAS_PASSWORD_A: "Reader-7-Secret",
    DAS_PASSWORD_B: "Reader-7-Secret",
    DAS_ADMIN_PASSWORD: target.administrator.password,
  };
  const run = async (...args: readonly string[]): Promise<Ran> => {
    await using process = das(args, environment);
    const code = await process.exitCode;
    return { code, ...process.output };
  };
  const written = await run(
    ...["init", "--output", configurationFile, "--resource-id", RESOURCE, ...target.options],
    ...["--region", aws.region, "--kms-key-id", aws.kms.createKey().arn, "--ca-file", authorities],
    "--no-engine-native-audit-fields-included",
  );
  expect(written).toMatchObject({ code: 0 });
  const configuration = await readFile(configurationFile, "utf8");
  const reachable = target.certificateAuthorities
    ? configuration
    : configuration.replaceAll(/mode: required\n(?: *#.*\n)? *caFile: .*/g, "mode: off");
  await writeFile(configurationFile, `${reachable}\npublisher: { heartbeatSeconds: 1, statePollSeconds: 1 }\n`);
  const withConfiguration = (command: string, ...args: readonly string[]) =>
    run(command, "-c", configurationFile, ...args);
  return {
    ...{ aws, target, run: withConfiguration },
    change: async (command, ...args) => {
      const { code, stdout, stderr } = await withConfiguration(
        command,
        ...["--admin-user", target.administrator.user, ...args],
      );
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout) as object;
    },
    publish: (instance) => das(["run", "-c", configurationFile, "-i", instance], environment),
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

/** What happened to the stream, after a consumer dropped what it had seen before, and without what a life may or may not have. */
function lifeOf(events: readonly DatabaseActivityEvent[]): string[] {
  const told = events
    .filter(({ class: kind, command }) => kind === STREAM_CLASS && /START|STOP|MODIFY|FAILOVER/.test(command ?? ""))
    .toSorted((one, other) => ((one.startTime ?? "") < (other.startTime ?? "") ? -1 : 1));
  return [...new Set(told.map(({ command, startTime }) => `${command} ${startTime}`))].map(
    (text) => text.split(" ")[0] ?? "",
  );
}

const isOnStream = async (scene: Scene, statement: string) =>
  (await scene.events()).some(({ commandText }) => commandText === statement);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(50);
}

describe.concurrent("the life of an activity stream", () => {
  test.each([
    ["SQL Server", openSqlServerTarget],
    ["Oracle", openOracleTarget],
  ] as const)("of %s", { timeout: 240_000 }, async (_, openTarget) => {
    await using scene = await openScene(openTarget);
    const { target } = scene;
    const publishers = [scene.publish("a"), scene.publish("b")];
    await using stack = new AsyncDisposableStack();
    for (const publisher of publishers) stack.use(publisher);

    const administrator = ["--admin-user", target.administrator.user];
    const dryRun = await scene.run("start", ...administrator, "--dry-run");
    expect(dryRun).toMatchObject({ code: 0, stderr: "" });
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
    const started = await scene.run("start", ...administrator, "--from", "oldest");
    expect(started).toMatchObject({ code: 0 });
    expect(JSON.parse(started.stdout)).toMatchObject({ KinesisStreamName: STREAM, Status: "started", Mode: "async" });
    // What the dry run announced is what was done, in its order.
    const announced = [...dryRun.stdout.matchAll(/^-- (?!\$ )(.*)$/gm)].map(([, what]) => what);
    expect(started.stderr.trim().split("\n")).toEqual(announced);
    const twice = await scene.run("start", ...administrator);
    expect(twice).toMatchObject({ code: 1, stdout: "" });
    expect(twice.stderr).toMatch(/^InvalidDBInstanceState: .* is started already/);
    const check = await scene.run("check", "--all-instances", "--json");
    expect(JSON.parse(check.stdout).findings.filter(({ status }: { status: string }) => status === "failure")).toEqual(
      [],
    );

    target.work("SELECT 'locked'");
    await until(() => isOnStream(scene, "SELECT 'locked'"));
    for (const attempt of target.attempts) expect(await target.asDba(attempt), attempt).toBe(target.refusal);
    expect(await scene.change("modify", "--audit-policy-state", "unlocked")).toMatchObject({
      PolicyStatus: "unlocked",
    });
    for (const allowed of target.changes) expect(await target.asDba(allowed), allowed).toBeUndefined();
    expect(await scene.change("modify", "--audit-policy-state", "locked")).toMatchObject({ PolicyStatus: "locked" });
    for (const attempt of target.attempts) expect(await target.asDba(attempt), attempt).toBe(target.refusal);

    target.failOver();
    target.work("SELECT 'after the failover'");
    await until(() => isOnStream(scene, "SELECT 'after the failover'"));
    const standby = await scene.run("stop", ...administrator, "-i", "a");
    expect(standby).toMatchObject({ code: 1, stderr: expect.stringMatching(/^InvalidDBInstanceState: /) });

    const described = await scene.change("describe", "-i", "b", "--json");
    expect(described).toMatchObject({
      ActivityStreamStatus: "started",
      ActivityStreamKinesisStreamName: STREAM,
      ActivityStreamMode: "async",
      ActivityStreamPolicyStatus: "locked",
      generation: 1,
      changedBy: target.administrator.user,
      sources: expect.arrayContaining(target.trails.map((source) => expect.objectContaining({ source }))),
      publishers: expect.arrayContaining([
        expect.objectContaining({ instance: "a" }),
        expect.objectContaining({ instance: "b" }),
      ]),
      database: { policy: "locked", drift: [] },
    });

    target.work("SELECT 'before the stop'");
    expect(await scene.change("stop", "-i", "b")).toMatchObject({ KinesisStreamName: STREAM, Status: "stopped" });
    expect(await isOnStream(scene, "SELECT 'before the stop'")).toBe(true);
    expect(await scene.change("start", "-i", "b")).toMatchObject({ Status: "started" });
    expect(lifeOf(await scene.events())).toEqual(["START", "MODIFY", "MODIFY", "FAILOVER", "STOP", "START"]);
    expect(await scene.change("stop", "-i", "b", "--delete-stream")).toMatchObject({ Status: "stopped" });
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
    for (const { child, exitCode } of publishers) {
      child.kill("SIGTERM");
      expect(await exitCode).toBe(0);
    }
  });
});
