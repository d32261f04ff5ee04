import { StartStreamEncryptionCommand } from "@aws-sdk/client-kinesis";
import { silentLogger, systemClock } from "@das/core";
import { describe, expect, test } from "vitest";
import { LoopbackStream, RESOURCE, type RunOptions, STREAM, statementsIn, until } from "./loopback-stream.ts";

async function openScene(streamExists = true): Promise<LoopbackStream> {
  const stream = await LoopbackStream.open();
  if (streamExists) stream.createStream();
  return stream;
}

describe("the publisher, its clients and threads", () => {
  test("puts everything on the stream that the trail holds, once and in order, and stops cleanly", async () => {
    await using scene = await openScene();
    scene.trail.appendMany(3_000);
    const publisher = scene.run();
    await until(async () => (await scene.statements()).length >= 3_000);
    scene.trail.appendMany(10);
    await until(async () => (await scene.statements()).length >= 3_010);
    expect(await publisher.stop()).toBe(true);
    expect(await scene.statements()).toEqual(statementsIn(scene.trail));
    for (const { inner } of await scene.stored()) {
      expect(inner).toMatchObject({ clusterId: "", instanceId: RESOURCE });
    }
    expect(scene.aws.counters.of("kms", "GenerateDataKey").calls).toBe(1);
  });

  test("creates the stream, on demand or with shards, only when it is told to", async () => {
    for (const [stream, mode, shards] of [
      ["", "ON_DEMAND", 4],
      ["shards: 2", "PROVISIONED", 2],
    ] as const) {
      await using scene = await openScene(false);
      const waiting = scene.run({ stream });
      await until(() => scene.aws.counters.of("kinesis", "DescribeStreamSummary").calls >= 2);
      expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
      const creating = scene.run({ stream, createStream: true });
      scene.trail.appendMany(1);
      await until(() => scene.aws.kinesis.stream(STREAM)?.status === "ACTIVE");
      expect(scene.aws.kinesis.stream(STREAM)).toMatchObject({ mode, shards: { length: shards } });
      // One of them has the source, the other is its spare.
      await until(async () => (await scene.statements()).length === 1);
      for (const publisher of [waiting, creating]) {
        expect(await publisher.stop()).toBe(true);
      }
    }
  });

  test("loses and doubles nothing when records and calls fail before they take effect", async () => {
    await using scene = await openScene();
    const { faults } = scene.aws;
    const put = { service: "kinesis", operation: "PutRecords" } as const;
    const throttled = { errorCode: "ProvisionedThroughputExceededException" } as const;
    faults.failRecords({ times: 5, after: 1 }, ({ index }) => index % 2 === 0, throttled);
    faults.dropCalls({ ...put, after: 3, times: 2 }, "before");
    faults.failCalls({ ...put, after: 8 }, { errorType: "InternalFailure", status: 500 });
    faults.failCalls({ service: "kms", after: 0 }, { errorType: "KMSInternalException", status: 500 });
    const publisher = scene.run({ publisher: "maxEventsPerRecord: 10" });
    for (let n = 0; n < 20; n += 1) {
      scene.trail.appendMany(30);
      await systemClock.sleep(5);
    }
    await until(async () => (await scene.statements()).length >= 600);
    expect(await publisher.stop()).toBe(true);
    expect((await scene.statements()).toSorted()).toEqual(statementsIn(scene.trail).toSorted());
  });

  test("doubles at most what stood in the calls whose answer was lost", async () => {
    await using scene = await openScene();
    const lost = scene.aws.faults.dropCalls(
      { service: "kinesis", operation: "PutRecords", after: 2, times: 3 },
      "after",
    );
    const publisher = scene.run({ publisher: "maxEventsPerRecord: 10" });
    for (let n = 1; n <= 10; n += 1) {
      scene.trail.appendMany(20);
      await until(async () => new Set(await scene.statements()).size >= n * 20);
    }
    expect(await publisher.stop()).toBe(true);
    const statements = await scene.statements();
    expect(new Set(statements)).toEqual(new Set(statementsIn(scene.trail)));
    expect(lost.hits).toBe(3);
    expect(statements.length).toBeGreaterThan(200);
  });

  test.each<readonly [string, (scene: LoopbackStream) => RunOptions | Promise<RunOptions>, string]>([
    [
      "a stream with server-side encryption",
      async ({ aws, clients }) => {
        const KeyId = aws.kms.createKey().keyId;
        await clients.kinesis.send(
          new StartStreamEncryptionCommand({ StreamName: STREAM, EncryptionType: "KMS", KeyId }),
        );
        await until(() => aws.kinesis.stream(STREAM)?.status === "ACTIVE");
        return {};
      },
      `das: the stream ${STREAM} has server-side encryption on`,
    ],
    [
      "a stream of another account",
      () => ({ stream: 'account: "999999999999"' }),
      "das: stream.account is 999999999999",
    ],
    [
      "a missing KMS right",
      ({ aws }) => {
        aws.deny({ action: "kms:GenerateDataKey" });
        return {};
      },
      "Allow kms:GenerateDataKey on",
    ],
    [
      "a disabled key",
      ({ aws }) => {
        aws.faults.failCalls({ service: "kms", times: 9 }, { errorType: "DisabledException" });
        return {};
      },
      "stream.kmsKeyId",
    ],
    [
      "a missing Kinesis right",
      ({ aws }) => {
        aws.deny({ action: "kinesis:PutRecords" });
        return {};
      },
      "not authorized to perform: kinesis:PutRecords",
    ],
    [
      "wrong credentials",
      ({ aws }) => ({ credentials: { accessKeyId: aws.credentials.accessKeyId, secretAccessKey: "wrong" } }),
      "Check the AWS credentials",
    ],
  ])("refuses %s at the start, with the setting and the remedy", async (_, prepare, message) => {
    await using scene = await openScene();
    const options = await prepare(scene);
    await expect(scene.run(options).done).rejects.toThrow(message);
    await expect(scene.run(options).done).rejects.toMatchObject({ name: "RefusedError" });
  });

  test("waits when a right is taken away later, says so, and loses nothing", async () => {
    await using scene = await openScene();
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
    const publisher = scene.run({ logger, publisher: "heartbeatSeconds: 1" });
    await until(() => [...scene.aws.kinesis.records(STREAM)].length > 0);
    const denial = scene.aws.deny({ action: "kinesis:PutRecords" });
    scene.trail.appendMany(10);
    await until(() => errors.length > 0);
    expect(errors[0]).toBe("the stream is refused; nothing is published until it is usable again");
    denial.remove();
    await until(async () => (await scene.statements()).length >= 10);
    expect(await publisher.stop()).toBe(true);
    expect(await scene.statements()).toEqual(statementsIn(scene.trail));
  });

  test("a stop that cannot flush gives up in time, and says so", async () => {
    await using scene = await openScene();
    const publisher = scene.run({ publisher: "stopSeconds: 1" });
    await until(() => [...scene.aws.kinesis.records(STREAM)].length > 0);
    scene.aws.faults.failCalls(
      { service: "kinesis", operation: "PutRecords", times: Number.POSITIVE_INFINITY },
      { errorType: "InternalFailure", status: 500 },
    );
    scene.trail.appendMany(10);
    await until(() => (scene.aws.counters.of("kinesis", "PutRecords").errors.InternalFailure ?? 0) > 0);
    expect(await publisher.stop()).toBe(false);
  });
});
