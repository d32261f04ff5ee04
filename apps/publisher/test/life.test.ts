/** The whole life of an activity stream: the lines of the README's walk-through, as a person runs them. */
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
import { WalkThrough } from "./walk-through.ts";

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
  readonly keyId: string;
  readonly target: LifeTarget;
  /** The walk-through's next line, which is this command, and what is added to it. */
  walk(command: string, ...more: readonly string[]): Promise<Ran>;
  /** A line that is not in the walk-through. */
  run(...args: readonly string[]): Promise<Ran>;
  /** The walk-through's next line, which goes on for ever, once for each instance. */
  publish(): readonly Command[];
  /** What is left of the walk-through. */
  readonly left: readonly string[];
  /** As a person would, whose emulators speak plain text or bear a certificate of their own. */
  settle(): Promise<void>;
  /** What stands on the stream, by the package that consumers use. */
  events(): Promise<readonly DatabaseActivityEvent[]>;
}

async function openScene(openTarget: () => Promise<LifeTarget>): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ durations: { create: 20, delete: 20 } }));
  const keyId = aws.kms.createKey().arn;
  const target = stack.use(await openTarget());
  const { administrator, certificateAuthorities, version } = target;
  const directory = await mkdtemp(join(tmpdir(), "das-life-"));
  stack.defer(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "ca.pem"), certificateAuthorities ?? "");
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    DAS_PASSWORD_A: "Reader-7-Secret",
    DAS_PASSWORD_B: "Reader-7-Secret",
    DAS_ADMIN_PASSWORD: administrator.password,
  };
  const script = await WalkThrough.read();
  const here = { sa: administrator.user, "2022": version };
  const begin = (args: readonly string[]) => das(args, environment, directory);
  const run = async (...args: readonly string[]): Promise<Ran> => {
    await using process = begin(args);
    const code = await process.exitCode;
    return { code, ...process.output };
  };
  return {
    ...{ aws, keyId, target, run },
    walk: (command, ...more) => run(...script.next(command, here), ...more),
    publish: () => {
      const line = script.next("run", here);
      return ["a", "b"].map((instance) => stack.use(begin(line.map((word) => (word === "a" ? instance : word)))));
    },
    get left() {
      return script.left;
    },
    settle: async () => {
      const file = join(directory, "das.yaml");
      const written = await readFile(file, "utf8");
      const plain = written.replaceAll(/mode: required\n(?: *#.*\n)? *caFile: .*/g, "mode: off");
      const text = certificateAuthorities === undefined ? plain : written;
      await writeFile(file, `${text}\npublisher: { heartbeatSeconds: 1, statePollSeconds: 1 }\n`);
    },
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

/** A command that has done its work and has nothing to complain about. @returns what it answered */
function done({ code, stdout, stderr }: Ran): string {
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** One clear line, and nothing done. */
function refused({ code, stdout, stderr }: Ran, line: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(line);
  expect(stderr.trim().split("\n")).toHaveLength(1);
}

/** What happened to the stream, after a consumer dropped what it had seen before. */
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
    const { aws, keyId, target } = scene;
    const { administrator } = target;
    const asAdministrator = ["--config", "das.yaml", "--admin-user", administrator.user];
    const started = { KmsKeyId: keyId, KinesisStreamName: STREAM, Status: "started", Mode: "async" };

    const written = done(
      await scene.walk(
        "init",
        ...target.options,
        ...["--region", aws.region, "--kms-key-id", keyId, "--ca-file", "ca.pem", "--resource-id", RESOURCE],
      ),
    );
    expect(written).toMatch(`Wrote das.yaml: resource ${RESOURCE}, 2 instances.`);
    await scene.settle();
    const policy = JSON.parse(done(await scene.walk("iam-policy")));
    expect(policy.Statement.map(({ Resource }: { Resource: string }) => Resource)).toEqual([
      ...Array(2).fill(`arn:aws:kinesis:${aws.region}:${aws.accountId}:stream/${STREAM}`),
      keyId,
    ]);
    expect(done(await scene.walk("grants"))).toMatch(/^-- What das_reader needs, on/);

    const publishers = scene.publish();
    const dryRun = done(await scene.walk("start"));
    expect(aws.kinesis.stream(STREAM)).toBeUndefined();
    refused(await scene.run("start", ...asAdministrator, "-i", "b"), /^InvalidDBInstanceState: .* not (the|a) primary/);
    const start = await scene.walk("start");
    expect(JSON.parse(done(start))).toMatchObject(started);
    // What the dry run announced is what was done, in its order.
    const announced = [...dryRun.matchAll(/^-- (?!\$ )(.*)$/gm)].map(([, what]) => what);
    expect(start.stderr.trim().split("\n")).toEqual(announced);
    refused(await scene.run("start", ...asAdministrator), /^InvalidDBInstanceState: .* is started already/);
    expect(done(await scene.walk("check"))).toMatch(/^0 failures, /m);

    target.work("SELECT 'locked'");
    await until(() => isOnStream(scene, "SELECT 'locked'"));
    for (const attempt of target.attempts) expect(await target.asDba(attempt), attempt).toBe(target.refusal);
    expect(JSON.parse(done(await scene.walk("modify")))).toMatchObject({ ...started, PolicyStatus: "unlocked" });
    for (const allowed of target.changes) expect(await target.asDba(allowed), allowed).toBeUndefined();
    expect(JSON.parse(done(await scene.walk("modify")))).toMatchObject({ ...started, PolicyStatus: "locked" });
    for (const attempt of target.attempts) expect(await target.asDba(attempt), attempt).toBe(target.refusal);

    target.failOver();
    target.work("SELECT 'after the failover'");
    await until(() => isOnStream(scene, "SELECT 'after the failover'"));
    await until(async () => lifeOf(await scene.events()).includes("FAILOVER"));
    const described = done(await scene.walk("describe"));
    expect(described).toMatch(/^ActivityStreamStatus +started$/m);
    expect(described).toMatch(/^ActivityStreamPolicyStatus +locked$/m);
    expect(described).toMatch(new RegExp(`^Generation +1\n.*\nLastChange .* by ${administrator.user}$`, "m"));
    for (const name of [...target.trails, "publisher a", "publisher b"]) expect(described).toContain(name);
    // The databases are asked as the reader may.
    expect(described).toMatch(/^database of instance b\n {2}audit policy {2}locked$/m);
    expect(done(await scene.walk("verify"))).toContain(target.trails[0]);

    target.work("SELECT 'before the stop'");
    expect(JSON.parse(done(await scene.walk("stop")))).toEqual({
      KmsKeyId: keyId,
      KinesisStreamName: STREAM,
      Status: "stopped",
    });
    expect(await isOnStream(scene, "SELECT 'before the stop'")).toBe(true);
    expect(JSON.parse(done(await scene.walk("start")))).toMatchObject(started);
    // It is told when the instance has described itself, which may be after the first heartbeat.
    await until(async () => lifeOf(await scene.events()).at(-1) === "START");
    expect(lifeOf(await scene.events())).toEqual(["START", "MODIFY", "MODIFY", "FAILOVER", "STOP", "START"]);
    expect(scene.left).toEqual([]);

    const end = await scene.run("stop", ...asAdministrator, "-i", "b", "--delete-stream");
    expect(JSON.parse(done(end))).toMatchObject({ Status: "stopped" });
    expect(aws.kinesis.stream(STREAM)).toBeUndefined();
    for (const { child, exitCode, output } of publishers) {
      child.kill("SIGTERM");
      expect({ code: await exitCode, stdout: output.stdout }).toEqual({ code: 0, stdout: "" });
      expect(output.stderr).not.toContain('"level":"error"');
    }
  });
});
