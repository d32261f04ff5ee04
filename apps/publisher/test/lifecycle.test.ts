import { AddTagsToStreamCommand, StartStreamEncryptionCommand } from "@aws-sdk/client-kinesis";
import { DisableKeyCommand } from "@aws-sdk/client-kms";
import { type Clock, type DatabaseActivityEvent, type PolicyState, STREAM_CLASS, systemClock } from "@das/core";
import { ReferenceReader } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { describeActivityStream, type StreamDescription } from "../src/lifecycle/describe-stream.ts";
import type { LifecycleParts } from "../src/lifecycle/lifecycle-parts.ts";
import { planModify } from "../src/lifecycle/modify-stream.ts";
import { readState } from "../src/lifecycle/read-state.ts";
import { planStart, type StartRequest } from "../src/lifecycle/start-stream.ts";
import { runSteps, type Step, stepsText } from "../src/lifecycle/steps.ts";
import { planStop, type StopRequest } from "../src/lifecycle/stop-stream.ts";
import { type StreamState, tagsOf } from "../src/lifecycle/stream-state.ts";
import { describeStream } from "../src/stream/kinesis-stream.ts";
import { FakeProvisioner } from "./fake-provisioner.ts";
import { LoopbackStream, type RunningPublisher, STREAM, until } from "./loopback-stream.ts";
import { startedState } from "./started-state.ts";

/** Milliseconds of the hasty clock: as long as a test may take. */
const PATIENCE = 2_400_000;

/** Waits are shorter than people's. */
const hasty: Clock = { ...systemClock, sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 20, signal) };

interface Run {
  readonly state: StreamState | undefined;
  readonly told: readonly string[];
}

/** A stream, the database that it is of, and the commands that change its life. */
class Scene implements AsyncDisposable {
  readonly stream: LoopbackStream;
  readonly database = new FakeProvisioner();
  /** What the publisher's readers were opened with, one after the other. */
  readonly opened: object[] = [];
  readonly #settings;
  readonly #parts: LifecycleParts;

  private constructor(stream: LoopbackStream, instances: string) {
    this.stream = stream;
    this.#settings = {
      ...{ stream: "shards: 1", publisher: "heartbeatSeconds: 5, statePollSeconds: 5, stopSeconds: 600", instances },
    };
    this.#parts = {
      ...{ configuration: stream.configuration(this.#settings), aws: stream.clients, provisioner: this.database },
      ...{ administrator: "sa", clock: hasty, random: Math.random, signal: new AbortController().signal },
    };
  }

  static async open(instances = "a"): Promise<Scene> {
    return new Scene(await LoopbackStream.open(), instances);
  }

  get aws() {
    return this.stream.aws;
  }

  get trail() {
    return this.stream.trail;
  }

  /** A publisher of instance a, until it is stopped. */
  publish(): RunningPublisher {
    return this.stream.run({
      ...this.#settings,
      clock: hasty,
      openReader: (settings) => {
        this.opened.push(settings);
        return new ReferenceReader(this.trail) as never;
      },
    });
  }

  start(request: Partial<StartRequest> = {}): Promise<Run> {
    return this.#change((ended) => this.planStart(request, ended));
  }

  stop(request: Partial<StopRequest> = {}): Promise<Run> {
    return this.#change((ended) =>
      planStop(this.#parts, { deleteStream: false, timeout: PATIENCE, ...request }, ended),
    );
  }

  modify(policy: PolicyState): Promise<Run> {
    return this.#change((ended) => planModify(this.#parts, { policy, timeout: PATIENCE }, ended, () => undefined));
  }

  planStart(
    request: Partial<StartRequest> = {},
    ended: (state: StreamState) => void = () => undefined,
  ): Promise<readonly Step[]> {
    const defaults = { kmsKeyId: undefined, nativeAuditFields: undefined, from: "oldest", timeout: PATIENCE } as const;
    return planStart(this.#parts, { ...defaults, ...request }, ended);
  }

  carryOut(steps: readonly Step[], tell: (line: string) => void = () => undefined): Promise<void> {
    return runSteps(steps, this.database, this.#parts.signal, tell);
  }

  state(): Promise<StreamState | undefined> {
    return readState(this.stream.clients.kinesis, STREAM);
  }

  /** As somebody else would. */
  async tag(state: StreamState): Promise<void> {
    await this.stream.clients.kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags: tagsOf(state) }));
  }

  describe(): Promise<StreamDescription | undefined> {
    return describeActivityStream(this.#parts, undefined);
  }

  events(): Promise<readonly DatabaseActivityEvent[]> {
    return this.stream.events();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream[Symbol.asyncDispose]();
  }

  async #change(plan: (ended: (state: StreamState) => void) => Promise<readonly Step[]>): Promise<Run> {
    let state: StreamState | undefined;
    const told: string[] = [];
    const steps = await plan((ended) => {
      state = ended;
    });
    await this.carryOut(steps, (line) => told.push(line));
    return { state, told };
  }
}

const told = (events: readonly DatabaseActivityEvent[]) =>
  events
    .filter((event) => event.class === STREAM_CLASS)
    .map(({ command, errorMessage }) => `${command} ${errorMessage}`);
const statements = (events: readonly DatabaseActivityEvent[]) =>
  events.filter((event) => event.class !== STREAM_CLASS).map(({ commandText }) => commandText);

describe("an activity stream", () => {
  test("lives: start, activity, modify both ways, stop, and start again; every change is told once", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    scene.trail.append({ statement: "one" });
    const started = await scene.start();
    expect(started.state).toMatchObject({ generation: 1, status: "started", policy: "locked", "changed-by": "sa" });
    expect(scene.database.ran).toEqual(["CREATE AUDIT", "LOCK"]);
    await until(async () => statements(await scene.events()).includes("one"));

    scene.database.time = "2026-11-22 10:00:01.0000000+00";
    expect((await scene.modify("unlocked")).state).toMatchObject({ policy: "unlocked", status: "started" });
    scene.database.time = "2026-11-22 10:00:02.0000000+00";
    expect((await scene.modify("locked")).state).toMatchObject({ policy: "locked" });
    // Nothing is to be done, so nothing is.
    expect((await scene.modify("locked")).told).toEqual([]);

    scene.database.time = "2026-11-22 10:00:03.0000000+00";
    scene.trail.append({ statement: "two" });
    expect((await scene.stop()).state).toMatchObject({ status: "stopped", generation: 1 });
    expect(scene.database.policy).toBeUndefined();
    expect(statements(await scene.events())).toEqual(["one", "two"]);
    expect(told(await scene.events())).toEqual([
      "START generation 1 of the activity stream is started by sa",
      "MODIFY the audit policy is unlocked by sa",
      "MODIFY the audit policy is locked by sa",
      "STOP generation 1 of the activity stream is stopped by sa",
    ]);
    const records = [...scene.aws.kinesis.records(STREAM)].length;
    scene.trail.append({ statement: "while it was stopped" });
    await systemClock.sleep(1_000);
    expect([...scene.aws.kinesis.records(STREAM)]).toHaveLength(records);

    scene.database.time = "2026-11-22 10:00:04.0000000+00";
    expect((await scene.start({ nativeAuditFields: true })).state).toMatchObject({
      generation: 2,
      "native-audit-fields": "true",
    });
    expect(told(await scene.events()).at(-1)).toBe("START generation 2 of the activity stream is started by sa");
    await scene.stop({ deleteStream: true });
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
    expect(await publisher.stop()).toBe(true);
  });

  test("is published as its start says: from where, with which key and fields; the same process, start after start", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start({ from: "now" });
    expect(scene.opened).toEqual([{ startAt: { time: scene.database.time }, nativeAuditFields: "omit" }]);
    await scene.stop();
    const other = scene.aws.kms.createKey().arn;
    await scene.start({ from: "oldest", nativeAuditFields: true, kmsKeyId: other });
    expect(scene.opened.slice(1)).toEqual([{ startAt: "oldest", nativeAuditFields: "include" }]);
    const calls = scene.aws.counters.of("kms", "GenerateDataKey").calls;
    // The old key is not needed any more.
    await scene.stream.clients.kms.send(new DisableKeyCommand({ KeyId: scene.stream.keyId }));
    scene.trail.append({ statement: "under the other key" });
    await until(() =>
      [...scene.aws.kinesis.records(STREAM)].some(({ partitionKey }) => partitionKey === "reference:a:trail"),
    );
    expect(scene.aws.counters.of("kms", "GenerateDataKey").calls).toBe(calls);
    expect(await publisher.stop()).toBe(true);
  });

  test("whose tags change the fields while it is published is published anew, and a lower revision changes nothing", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    const { state } = await scene.start();
    if (!state) throw new Error("it was not started");
    await scene.tag({ ...state, revision: 1, "native-audit-fields": "empty" });
    await systemClock.sleep(800);
    expect(scene.opened).toHaveLength(1);
    await scene.tag({ ...state, revision: 9, "native-audit-fields": "true" });
    await until(() => scene.opened.length > 1);
    expect(scene.opened.slice(1)).toEqual([{ startAt: "oldest", nativeAuditFields: "include" }]);
    await publisher.stop();
  });

  test("is read up to the moment of the stop, whatever the publisher has still to read", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    scene.trail.appendMany(5_000);
    await scene.stop();
    expect(statements(await scene.events())).toHaveLength(5_000);
    await publisher.stop();
  });
});

describe("a stop that waits for nobody", () => {
  const STOP = "STOP generation 1 of the activity stream is stopped by sa";

  test("is told by a publisher that sees it only when it is over", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    scene.database.time = "2026-11-22 10:00:01.0000000+00";
    await scene.stop({ timeout: 0 });
    await until(async () => told(await scene.events()).includes(STOP));
    expect(await publisher.stop()).toBe(true);
  });

  test("is what is left when the key that would open the publishers' records is gone", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    await scene.stream.clients.kms.send(new DisableKeyCommand({ KeyId: scene.stream.keyId }));
    await expect(scene.stop()).rejects.toThrow(
      "the key is disabled. Enable the key of the stream; or das stop --timeout 0",
    );
    expect((await scene.stop({ timeout: 0 })).state).toMatchObject({ status: "stopped" });
    await publisher.stop();
  });

  test("is told with the next start, when no publisher was there", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    expect(await publisher.stop()).toBe(true);
    scene.database.time = "2026-11-22 10:00:01.0000000+00";
    await scene.stop({ timeout: 0 });
    expect(told(await scene.events())).not.toContain(STOP);
    scene.database.time = "2026-11-22 10:00:02.0000000+00";
    const next = scene.publish();
    await scene.start();
    expect(told(await scene.events()).slice(-2)).toEqual([
      STOP,
      "START generation 2 of the activity stream is started by sa",
    ]);
    await next.stop();
  });
});

test("a stream that was deleted and started anew is published by the process that published the old one", async () => {
  await using scene = await Scene.open();
  const publisher = scene.publish();
  for (const statement of ["on the old one", "on the new one"]) {
    scene.trail.append({ statement });
    expect((await scene.start()).state).toMatchObject({ status: "started", generation: 1 });
    await until(async () => statements(await scene.events()).includes(statement));
    await scene.stop({ deleteStream: true });
  }
  expect(await publisher.stop()).toBe(true);
});

describe("a half-finished start", () => {
  test("is finished by the next one, which does not repeat what was done", async () => {
    await using scene = await Scene.open();
    scene.database.failsAt = "LOCK";
    await expect(scene.start()).rejects.toThrow("lock failed");
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
    // Nobody publishes: the second attempt gets further, and says who is silent.
    await expect(scene.start({ timeout: 20_000 })).rejects.toThrow(
      "after 20 seconds nothing was heard from the publisher of instance a, so the stream is still starting",
    );
    expect(await scene.state()).toMatchObject({ status: "starting", generation: 1 });
    const publisher = scene.publish();
    const { state, told: steps } = await scene.start();
    expect(state).toMatchObject({ status: "started", generation: 1 });
    expect(steps).toEqual([
      "try the key",
      "wait for the publisher of instance a",
      `set the state of the stream ${STREAM} to "started"`,
    ]);
    expect(scene.database.ran).toEqual(["CREATE AUDIT", "LOCK"]);
    await publisher.stop();
  });

  test("is not finished as something else, but can be stopped", async () => {
    await using scene = await Scene.open();
    await expect(scene.start({ timeout: 0 })).rejects.toThrow("the publisher of instance a was not waited for, so");
    await expect(scene.start({ nativeAuditFields: true })).rejects.toMatchObject({ code: "InvalidDBInstanceState" });
    expect((await scene.stop({ timeout: 0 })).state).toMatchObject({ status: "stopped" });
    expect(scene.database.ran).toEqual([]);
  });

  test("names every publisher that was not heard", async () => {
    await using scene = await Scene.open("abc");
    const publisher = scene.publish();
    await expect(scene.start({ timeout: 0 })).rejects.toThrow("the publishers of instances a, b, c were not waited");
    await until(() =>
      [...scene.aws.kinesis.records(STREAM)].some(({ partitionKey }) => partitionKey === "publisher:a"),
    );
    await expect(scene.start({ timeout: 60_000 })).rejects.toThrow(
      "nothing was heard from the publishers of instances b, c",
    );
    await publisher.stop();
  });
});

describe("what is refused in RDS's words", () => {
  const INVALID = { name: "RefusedError", code: "InvalidDBInstanceState" };

  test("starting twice, stopping twice, modifying what is stopped or on its way, a standby", async () => {
    await using scene = await Scene.open();
    await expect(scene.stop()).rejects.toMatchObject({ code: "ResourceNotFoundFault" });
    await expect(scene.modify("locked")).rejects.toMatchObject({ code: "ResourceNotFoundFault" });
    scene.aws.kinesis.createStream(STREAM);
    await until(() => scene.aws.kinesis.stream(STREAM)?.status === "ACTIVE");
    await expect(scene.stop()).rejects.toMatchObject(INVALID);
    const at = (parts: Partial<StreamState>) => scene.tag(startedState({ "kms-key-id": scene.stream.keyId, ...parts }));
    await at({ revision: 5 });
    await expect(scene.start()).rejects.toMatchObject(INVALID);
    await at({ revision: 6, policy: "locking-policy" });
    await expect(scene.modify("unlocked")).rejects.toMatchObject(INVALID);
    await at({ revision: 7, status: "stopping" });
    await expect(scene.start()).rejects.toMatchObject(INVALID);
    await expect(scene.modify("unlocked")).rejects.toMatchObject(INVALID);
    await at({ revision: 8, status: "stopped" });
    await expect(scene.stop()).rejects.toMatchObject(INVALID);
    scene.database.isPrimary = false;
    await expect(scene.start()).rejects.toMatchObject(INVALID);
    // Nothing of all this has changed anything.
    expect(await scene.state()).toMatchObject({ revision: 8 });
    expect(scene.database.ran).toEqual([]);
  });

  test("a policy change that died is finished by the same command", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    scene.database.failsAt = "UNLOCK";
    await expect(scene.modify("unlocked")).rejects.toThrow("unlock failed");
    expect(await scene.state()).toMatchObject({ policy: "unlocking-policy" });
    await expect(scene.modify("locked")).rejects.toMatchObject(INVALID);
    expect((await scene.modify("unlocked")).state).toMatchObject({ policy: "unlocked" });
    await publisher.stop();
  });

  test("a key that is disabled, of another region, or does not exist", async () => {
    await using scene = await Scene.open();
    const key = scene.aws.kms.createKey();
    await scene.stream.clients.kms.send(new DisableKeyCommand({ KeyId: key.arn }));
    const wrong = [
      key.arn,
      key.arn.replace(scene.aws.region, "eu-north-1"),
      key.arn.replace(/[^/]*$/, "11111111-2222-3333-4444-555555555555"),
    ];
    for (const kmsKeyId of wrong) {
      await expect(scene.start({ kmsKeyId })).rejects.toMatchObject({ code: "KMSKeyNotAccessibleFault" });
    }
    expect(scene.database.ran).toEqual([]);
    expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
  });

  test("a stream that Kinesis encrypts, and tags that somebody else wrote", async () => {
    await using scene = await Scene.open();
    scene.aws.kinesis.createStream(STREAM);
    await until(() => scene.aws.kinesis.stream(STREAM)?.status === "ACTIVE");
    await scene.stream.clients.kinesis.send(
      new AddTagsToStreamCommand({ StreamName: STREAM, Tags: { "das-generation": "one", owner: "us" } }),
    );
    await expect(scene.start()).rejects.toMatchObject(INVALID);
    await expect(scene.start()).rejects.toThrow("the tag das-generation is not what das writes");
    await scene.stream.clients.kinesis.send(
      new StartStreamEncryptionCommand({ StreamName: STREAM, EncryptionType: "KMS", KeyId: scene.stream.keyId }),
    );
    await until(async () => (await describeStream(scene.stream.clients.kinesis, STREAM))?.EncryptionType === "KMS");
    await expect(scene.start()).rejects.toMatchObject(INVALID);
    await expect(scene.start()).rejects.toThrow("has server-side encryption on");
  });
});

describe("a description", () => {
  test("tells of each source how far it is published, of the publishers, and the state when nothing can be opened", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    scene.trail.append({ statement: "one" });
    await scene.start();
    await until(async () => statements(await scene.events()).includes("one"));
    await scene.stop();
    const { clients } = scene.stream;
    expect(await scene.describe()).toMatchObject({
      ...{ ActivityStreamStatus: "stopped", generation: 1, notRead: null, drift: [] },
      sources: [{ source: "reference:a:trail", watermark: expect.any(String), lagSeconds: undefined, lossWindows: [] }],
      publishers: [{ instance: "a", lastHeard: expect.any(Date) }],
    });
    await clients.kms.send(new DisableKeyCommand({ KeyId: scene.stream.keyId }));
    expect(await scene.describe()).toMatchObject({
      ...{ ActivityStreamStatus: "stopped", changedBy: "sa", readFrom: null, sources: [], publishers: [] },
      notRead: expect.stringContaining("the key is disabled"),
    });
    await publisher.stop();
  });
});

describe("two that change the state at once", () => {
  test("one of them wins, the other is told", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    const plans = [await scene.planStart(), await scene.planStart()];
    const ends = await Promise.allSettled(plans.map((steps) => scene.carryOut(steps)));
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(ends.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "InvalidDBInstanceState" },
    });
    expect(await scene.state()).toMatchObject({ status: "started", generation: 1 });
    await publisher.stop();
  });

  test("tags that answer stale delay a change, and undo none", async () => {
    await using scene = await Scene.open();
    const publisher = scene.publish();
    await scene.start();
    const began = performance.now();
    // Timed by a clock of whole milliseconds, so that half a second is not cut short.
    scene.aws.faults.staleTags(STREAM, 501);
    expect((await scene.modify("unlocked")).state).toMatchObject({ policy: "unlocked" });
    expect(performance.now() - began).toBeGreaterThan(500);
    await publisher.stop();
  });
});

test("a dry run says every statement and call, in order, and none of them is made", async () => {
  await using scene = await Scene.open();
  const text = stepsText(await scene.planStart());
  expect(text.match(/^(?!-- )\S.*$/gm)).toEqual(["CREATE AUDIT", "LOCK"]);
  expect(text.match(/^-- \$ aws \S+ \S+/gm)).toEqual([
    "-- $ aws kms generate-data-key",
    "-- $ aws kinesis create-stream",
    "-- $ aws kinesis add-tags-to-stream",
  ]);
  expect(scene.database.ran).toEqual([]);
  expect(scene.aws.counters.of("kms", "GenerateDataKey").calls).toBe(0);
  expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
});
