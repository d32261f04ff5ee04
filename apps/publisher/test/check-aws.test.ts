import { AddTagsToStreamCommand, PutRecordCommand, StartStreamEncryptionCommand } from "@aws-sdk/client-kinesis";
import { ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { type CheckFinding, streamNameOf, systemClock } from "@das/core";
import { type LocalAws, type LocalAwsOptions, startLocalAws } from "@das/local-aws";
import { describe, expect, test } from "vitest";
import { checkAws } from "../src/aws/check/check-aws.ts";
import { ATTEMPTS_OF_A_LOOK, type AwsClients, openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import type { Configuration } from "../src/configuration/schema.ts";
import { type StreamState, tagsOf } from "../src/lifecycle/stream-state.ts";
import { startedState } from "./started-state.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);
const REGION = "eu-central-1";

/** AWS with a key, a started stream, and a configuration that fits both. */
class Scene implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly clients: AwsClients;
  readonly keyArn: string;

  private constructor(aws: LocalAws) {
    this.aws = aws;
    this.clients = openAwsClients(REGION, { endpoint: aws.endpoint, credentials: aws.credentials });
    this.keyArn = aws.kms.createKey({ alias: "alias/das" }).arn;
  }

  static async open(options: LocalAwsOptions = {}): Promise<Scene> {
    return new Scene(await startLocalAws({ region: REGION, ...options }));
  }

  configuration(stream = "", publisher = ""): Configuration {
    const text = `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${REGION}, ${stream.includes("kmsKeyId") ? "" : `kmsKeyId: "${this.keyArn}", `}${stream} }
publisher: { ${publisher} }
instances: [{ id: a, host: unused, user: unused, password: { env: UNUSED } }]`;
    return parseConfiguration(text, "test.yaml");
  }

  async startStream(state: Partial<StreamState> = {}, shards = 1): Promise<void> {
    this.aws.kinesis.createStream(STREAM, { shards });
    await this.tag(tagsOf(startedState({ "kms-key-id": this.keyArn, ...state })));
    await this.put("publisher:a");
  }

  async put(PartitionKey: string): Promise<void> {
    const Data = new Uint8Array(1);
    await this.clients.kinesis.send(new PutRecordCommand({ StreamName: STREAM, PartitionKey, Data }));
  }

  async tag(Tags: Record<string, string>): Promise<void> {
    await this.clients.kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags }));
  }

  check(configuration = this.configuration(), now: () => number = systemClock.now): Promise<readonly CheckFinding[]> {
    return checkAws(configuration, this.clients, { now });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clients[Symbol.dispose]();
    await this.aws[Symbol.asyncDispose]();
  }
}

/** What is not well, by id. */
function faultsOf(findings: readonly CheckFinding[]): Record<string, string> {
  return Object.fromEntries(
    findings.filter(({ status }) => status !== "ok").map(({ id, status, what }) => [id, `${status}: ${what}`]),
  );
}

describe("the checks of AWS", () => {
  test("find nothing wrong with a started stream, write nothing, and say each thing once", async () => {
    await using scene = await Scene.open();
    await scene.startStream({ generation: 3 });
    scene.aws.counters.reset();
    const findings = await scene.check();
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual([
      "aws.credentials",
      "kms.key",
      "kms.generate-data-key",
      "kms.decrypt",
      "stream.exists",
      "stream.encryption",
      "stream.mode",
      "stream.retention",
      "stream.state",
      "stream.read",
      "stream.capacity",
      "stream.put",
      "clock.aws",
    ]);
    expect(findings.find(({ id }) => id === "stream.state")?.what).toBe("the stream is started (generation 3)");
    expect(Object.keys(scene.aws.counters.snapshot())).toEqual([
      "kinesis.DescribeStreamSummary",
      "kinesis.GetRecords",
      "kinesis.GetShardIterator",
      "kinesis.ListShards",
      "kinesis.ListTagsForStream",
      "kms.Decrypt",
      "kms.DescribeKey",
      "kms.GenerateDataKey",
    ]);
  });

  test("say what a repair is, ready to paste", async () => {
    await using scene = await Scene.open();
    await scene.startStream();
    scene.aws.kms.setEnabled(scene.keyArn, false);
    const key = (await scene.check()).find(({ id }) => id === "kms.key");
    expect(key).toMatchObject({ status: "failure", repair: `aws kms enable-key --key-id ${scene.keyArn}` });
  });
});

describe("a key", () => {
  const cases: readonly [
    what: string,
    key: (scene: Scene) => string | Promise<string>,
    faults: Record<string, unknown>,
  ][] = [
    [
      "that does not exist",
      () => "alias/nobody",
      { "kms.key": `failure: the key alias/nobody does not exist in ${REGION}` },
    ],
    [
      "of another region",
      () => "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
      { "kms.key": `failure: the key is in us-east-1, the stream in ${REGION}` },
    ],
    [
      "that AWS manages",
      () => "alias/aws/kinesis",
      { "kms.key": expect.stringContaining("failure: the key is managed by AWS") },
    ],
    [
      "that is asymmetric",
      ({ aws }) => aws.kms.createKey({ spec: "RSA_2048" }).arn,
      { "kms.key": expect.stringContaining("failure: the key is of spec RSA_2048 for ") },
    ],
    [
      "that is disabled",
      ({ aws, keyArn }) => {
        aws.kms.setEnabled(keyArn, false);
        return keyArn;
      },
      { "kms.key": "failure: the key is not enabled (Disabled)" },
    ],
    [
      "that will be deleted",
      async ({ clients, keyArn }) => {
        await clients.kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn }));
        return keyArn;
      },
      { "kms.key": "failure: the key is not enabled (PendingDeletion)" },
    ],
    [
      "that gives out no data keys to this role",
      ({ aws, keyArn }) => {
        aws.deny({ action: "kms:GenerateDataKey" });
        return keyArn;
      },
      {
        "kms.generate-data-key": expect.stringContaining(
          "failure: KMS GenerateDataKey with the key of stream.kmsKeyId",
        ),
      },
    ],
    [
      "that opens nothing for this role",
      ({ aws, keyArn }) => {
        aws.deny({ action: "kms:Decrypt" });
        return keyArn;
      },
      {
        "kms.decrypt": expect.stringContaining("failure: KMS Decrypt with the key of the stream failed: access denied"),
      },
    ],
    [
      "that this role may use but not look at is well",
      ({ aws, keyArn }) => {
        aws.deny({ action: "kms:DescribeKey" });
        return keyArn;
      },
      {},
    ],
  ];
  test.each(cases)("%s", async (_, keyOf, faults) => {
    await using scene = await Scene.open();
    const key = await keyOf(scene);
    await scene.startStream({ "kms-key-id": key });
    expect(faultsOf(await scene.check(scene.configuration(`kmsKeyId: "${key}"`)))).toEqual(faults);
  });
});

test("the key that the stream was started with is the one that is checked, until the stream is stopped", async () => {
  await using scene = await Scene.open();
  const { arn } = scene.aws.kms.createKey();
  scene.aws.kms.setEnabled(arn, false);
  await scene.startStream({ "kms-key-id": arn });
  const told = `warning: the stream was started with stream.kmsKeyId ${arn}; the configuration says ${scene.keyArn}`;
  expect(faultsOf(await scene.check())).toEqual({
    "kms.key": "failure: the key is not enabled (Disabled)",
    "stream.settings.kmsKeyId": told,
  });
  await scene.tag(tagsOf(startedState({ "kms-key-id": arn, status: "stopped" })));
  expect(faultsOf(await scene.check())).toEqual({});
});

describe("a stream", () => {
  test("that is not there yet is what das start creates", async () => {
    await using scene = await Scene.open();
    const findings = await scene.check();
    expect(faultsOf(findings)).toEqual({
      "stream.exists": `warning: the stream ${STREAM} does not exist in ${REGION} yet`,
    });
    expect(findings.find(({ id }) => id === "stream.exists")?.repair).toMatch(/^das start, once/);
  });

  const cases: readonly [
    what: string,
    change: (scene: Scene) => unknown,
    stream: string,
    faults: Record<string, unknown>,
  ][] = [
    [
      "that Kinesis encrypts",
      ({ clients, keyArn }) =>
        clients.kinesis.send(
          new StartStreamEncryptionCommand({ StreamName: STREAM, EncryptionType: "KMS", KeyId: keyArn }),
        ),
      "",
      { "stream.encryption": "failure: the stream has server-side encryption (KMS)" },
    ],
    [
      "of another account",
      () => undefined,
      'account: "210987654321"',
      {
        "stream.exists": expect.stringContaining(
          "failure: stream.account is 210987654321, but these credentials reach",
        ),
      },
    ],
    [
      "that this role may not look at",
      ({ aws }) => aws.deny({ action: "kinesis:DescribeStreamSummary" }),
      "",
      { "stream.exists": expect.stringMatching(/^failure: .*AccessDeniedException.*kinesis:DescribeStreamSummary/) },
    ],
    [
      "that this role may not read",
      ({ aws }) => aws.deny({ action: "kinesis:GetRecords" }),
      "",
      { "stream.read": expect.stringMatching(/^failure: the stream cannot be read: .*kinesis:GetRecords/) },
    ],
    [
      "whose tags this role may not read",
      ({ aws }) => aws.deny({ action: "kinesis:ListTagsForStream" }),
      "",
      { "stream.state": expect.stringMatching(/^failure: the tags .*kinesis:ListTagsForStream/) },
    ],
    [
      "with somebody else's tags",
      (scene) => scene.tag({ "das-revision": "many" }),
      "",
      {
        "stream.state": expect.stringContaining(
          "failure: somebody else changed the tags of the stream: the tag das-revision",
        ),
      },
    ],
    [
      "that was started with other settings than the configuration has now",
      (scene) => scene.tag(tagsOf(startedState({ "kms-key-id": scene.keyArn, "native-audit-fields": "true" }))),
      "",
      {
        "stream.settings.nativeAuditFields":
          "warning: the stream was started with stream.nativeAuditFields true; the configuration says false",
      },
    ],
    [
      "with another number of shards than configured",
      () => undefined,
      "shards: 3",
      { "stream.mode": "warning: capacity is provisioned, 1 shard; stream.shards is 3" },
    ],
  ];
  test.each(cases)("%s", async (_, change, stream, faults) => {
    await using scene = await Scene.open({ durations: { update: 0 } });
    await scene.startStream();
    await change(scene);
    expect(faultsOf(await scene.check(scene.configuration(stream)))).toEqual(faults);
  });

  test("on demand wants no number of shards", async () => {
    await using scene = await Scene.open();
    scene.aws.kinesis.createStream(STREAM, { mode: "ON_DEMAND", shards: 4 });
    const found = async (stream: string) =>
      (await scene.check(scene.configuration(stream))).find(({ id }) => id === "stream.mode");
    expect(await found("")).toMatchObject({ status: "ok", what: "capacity is on demand, 4 shards now" });
    expect(await found("shards: 4")).toMatchObject({ status: "warning" });
  });

  test("is put on by whose heartbeats arrived, as far as it was looked at", async () => {
    const start = Date.now();
    let now = start - 70_000;
    await using scene = await Scene.open({ clock: { now: () => now, sleep: systemClock.sleep } });
    await scene.startStream();
    now = start;
    const putting = async () => (await scene.check()).find(({ id }) => id === "stream.put");
    await scene.put("sqlserver:a:RDS_DAS_AUDIT");
    expect(await putting()).toMatchObject({
      status: "warning",
      what: expect.stringContaining("publisher of instance a was seen"),
    });
    const busy = { errorType: "ProvisionedThroughputExceededException" };
    const throttle = scene.aws.faults.failCalls({ operation: "GetRecords", times: Number.POSITIVE_INFINITY }, busy);
    expect(await putting()).toMatchObject({ status: "ok", what: expect.stringContaining("only a part") });
    throttle.remove();
    await scene.put("publisher:a");
    expect(await putting()).toMatchObject({ status: "ok", what: expect.stringContaining("may put records") });
    await scene.tag(tagsOf(startedState({ "kms-key-id": scene.keyArn, revision: 2, status: "stopped" })));
    expect(await putting()).toBeUndefined();
  });

  test("is measured: the busiest shard, by the time at which records arrived", async () => {
    const start = Date.now();
    let now = start - 70_000;
    await using scene = await Scene.open({ clock: { now: () => now, sleep: systemClock.sleep } });
    await scene.startStream({}, 2);
    const Data = Buffer.alloc(300 * 1_024);
    const putAt = (time: number) => {
      now = time;
      return scene.clients.kinesis.send(new PutRecordCommand({ StreamName: STREAM, PartitionKey: "one", Data }));
    };
    const capacity = async () => (await scene.check()).find(({ id }) => id === "stream.capacity");
    await putAt(start - 65_000);
    now = start - 5_000;
    expect(await capacity()).toMatchObject({ status: "ok", what: "nothing was put on the stream in the last minute" });
    const busy = { errorType: "ProvisionedThroughputExceededException" };
    const throttle = scene.aws.faults.failCalls({ operation: "GetRecords", times: Number.POSITIVE_INFINITY }, busy);
    expect(faultsOf(await scene.check())).toEqual({
      "stream.capacity": expect.stringContaining("warning: what is put on the stream was not measured"),
    });
    throttle.remove();
    await putAt(start - 3_000);
    await putAt(start - 2_000);
    await putAt(start - 2_000);
    expect(await capacity()).toMatchObject({
      status: "ok",
      what: expect.stringContaining("601 KB and 2 records a second"),
    });
    await putAt(start - 2_000);
    expect(await capacity()).toMatchObject({
      status: "warning",
      what: "the busiest shard took up to 901 KB and 3 records a second in the last minute, 88 % of what it takes",
      repair: expect.stringContaining("Set publisher.lanes to 2"),
    });
  });
});

describe("this host's clock", () => {
  const cases: readonly [seconds: number, fault: object][] = [
    [0, {}],
    [3, {}],
    [-90, { "clock.aws": expect.stringMatching(/^warning: this host's clock is (89|90) s behind AWS's$/) }],
    [90, { "clock.aws": expect.stringMatching(/^warning: this host's clock is (89|90) s ahead of AWS's$/) }],
    [400, { "clock.aws": expect.stringMatching(/^failure: .* AWS refuses what is signed so far off$/) }],
  ];
  test.each(cases)("%d s ahead", async (seconds, fault) => {
    await using scene = await Scene.open();
    await scene.startStream();
    expect(faultsOf(await scene.check(scene.configuration(), () => Date.now() + seconds * 1_000))).toEqual(fault);
  });
});

test("a call that is throttled for a moment is not said to be wrong", async () => {
  await using scene = await Scene.open();
  await scene.startStream();
  const { endpoint, credentials, faults } = scene.aws;
  const limit = { errorType: "LimitExceededException" };
  const summary = faults.failCalls({ operation: "DescribeStreamSummary", times: 2 }, limit);
  const tags = faults.failCalls({ operation: "ListTagsForStream", times: 1 }, limit);
  using clients = openAwsClients(REGION, { endpoint, credentials }, ATTEMPTS_OF_A_LOOK);
  expect(faultsOf(await checkAws(scene.configuration(), clients, systemClock))).toEqual({});
  expect([summary.hits, tags.hits]).toEqual([2, 1]);
});

test("AWS that cannot be reached is told once a service, and its clock not guessed", async () => {
  await using scene = await Scene.open();
  const { endpoint, credentials } = scene.aws;
  await scene.aws[Symbol.asyncDispose]();
  using clients = openAwsClients(REGION, { endpoint, credentials });
  const faults = faultsOf(await checkAws(scene.configuration(), clients, systemClock));
  expect(Object.keys(faults)).toEqual(["kms.key", "kms.generate-data-key", "stream.exists", "clock.aws"]);
  expect(faults["stream.exists"]).toMatch(/^failure: stream .*: AWS did not take the call \(ECONNREFUSED\)$/);
});
