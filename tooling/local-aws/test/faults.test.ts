import {
  AddTagsToStreamCommand,
  DescribeStreamSummaryCommand,
  ListTagsForStreamCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import type { LocalAws } from "../src/index.ts";
import { clientsOf, refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";
import { get, oldestIterator, putTexts, textsAt } from "./streams.ts";

const STREAM = "faulty";

/** A server with one stream of one shard. */
async function setUp(): Promise<RunningServer> {
  const running = await runServer();
  running.server.kinesis.createStream(STREAM);
  return running;
}

const stored = (server: LocalAws): string[] => [...server.kinesis.records(STREAM)].map(({ data }) => data.toString());

describe("records of a PutRecords call", () => {
  test("the named ones fail once, the others are stored in order", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    const fault = server.faults.failRecords({ stream: STREAM }, [1, 3], {
      errorCode: "ProvisionedThroughputExceededException",
    });
    const answer = await putTexts(kinesis, STREAM, "a", "b", "c", "d");
    expect(answer.FailedRecordCount).toBe(2);
    expect(answer.Records?.map((record) => record.ErrorCode)).toEqual([
      undefined,
      "ProvisionedThroughputExceededException",
      undefined,
      "ProvisionedThroughputExceededException",
    ]);
    expect(answer.Records?.[1]?.ErrorMessage).toBe(
      "Rate exceeded for shard shardId-000000000000 in stream faulty under account 123456789012.",
    );
    expect(answer.Records?.[1]).not.toHaveProperty("SequenceNumber");
    expect(stored(server)).toEqual(["a", "c"]);
    expect(fault.hits).toBe(1);
    expect((await putTexts(kinesis, STREAM, "b", "d")).FailedRecordCount).toBe(0);
    expect(stored(server)).toEqual(["a", "c", "b", "d"]);
  });

  test("a choice sees what each record is", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failRecords(
      { times: Number.POSITIVE_INFINITY },
      ({ data, shardId }) => shardId === "shardId-000000000000" && data.toString() === "bad",
      { errorCode: "InternalFailure" },
    );
    const answer = await putTexts(kinesis, STREAM, "good", "bad");
    expect(answer.Records?.[1]).toEqual({ ErrorCode: "InternalFailure", ErrorMessage: "Internal service failure." });
    expect(stored(server)).toEqual(["good"]);
  });

  test("a choice waits for a call that has such a record", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    const fault = server.faults.failRecords({ times: 2 }, ({ data }) => data.toString() === "bad", {
      errorCode: "InternalFailure",
    });
    const failed: (number | undefined)[] = [];
    for (const texts of [["a"], ["bad", "bad", "b"], ["c"], ["bad"], ["bad"]]) {
      failed.push((await putTexts(kinesis, STREAM, ...texts)).FailedRecordCount);
    }
    expect(failed).toEqual([0, 2, 0, 1, 0]);
    expect(fault.hits).toBe(2);
  });

  test("several choices add up", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failRecords({}, [0], { errorCode: "InternalFailure" });
    server.faults.failRecords({}, [0, 2], { errorCode: "ProvisionedThroughputExceededException" });
    const answer = await putTexts(kinesis, STREAM, "a", "b", "c");
    expect(answer.Records?.map((record) => record.ErrorCode)).toEqual([
      "InternalFailure",
      undefined,
      "ProvisionedThroughputExceededException",
    ]);
  });

  test("a record may be stored although it is answered as failed, so that a retry doubles it", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failRecords({}, [0], { errorCode: "InternalFailure", stored: true });
    expect((await putTexts(kinesis, STREAM, "twice")).FailedRecordCount).toBe(1);
    expect((await putTexts(kinesis, STREAM, "twice")).FailedRecordCount).toBe(0);
    expect(stored(server)).toEqual(["twice", "twice"]);
  });
});

describe("whole calls", () => {
  test("fail with the scripted error, after some and for some times, and have no effect", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failCalls(
      { service: "kinesis", operation: "PutRecords", after: 1, times: 2 },
      { errorType: "ServiceUnavailableException", status: 503, message: "Busy" },
    );
    const outcomes: string[] = [];
    for (const text of ["1", "2", "3", "4"]) {
      const outcome = await putTexts(kinesis, STREAM, text).then(
        () => "stored",
        (error: Error) => `${error.name}: ${error.message}`,
      );
      outcomes.push(outcome);
    }
    const busy = "ServiceUnavailableException: Busy";
    expect(outcomes).toEqual(["stored", busy, busy, "stored"]);
    expect(stored(server)).toEqual(["1", "4"]);
  });

  test("are matched by service, operation, stream, principal and predicate", async () => {
    await using setup = await setUp();
    const { server, kinesis, kms } = setup;
    server.kinesis.createStream("healthy");
    const reader = server.addPrincipal({ userName: "reader" });
    using readers = clientsOf(server, reader);
    const failure = { errorType: "InternalFailure", status: 500 };
    const forever = { times: Number.POSITIVE_INFINITY };
    const summary = (client: Pick<RunningServer, "kinesis">, StreamName: string) =>
      client.kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    const succeeds = (call: Promise<unknown>) =>
      call.then(
        () => true,
        () => false,
      );
    const matrix = async () => [
      await succeeds(summary(setup, STREAM)),
      await succeeds(summary(setup, "healthy")),
      await succeeds(summary(readers, STREAM)),
      await succeeds(kms.send(new GenerateDataKeyCommand({ KeyId: server.kms.createKey().keyId, KeySpec: "AES_256" }))),
      await succeeds(get(kinesis, await oldestIterator(kinesis, STREAM))),
    ];
    for (const [pattern, expected] of [
      [{ service: "kms" }, [true, true, true, false, true]],
      [{ operation: "DescribeStreamSummary" }, [false, false, false, true, true]],
      [{ stream: STREAM, operation: "DescribeStreamSummary" }, [false, true, false, true, true]],
      [{ stream: STREAM, operation: "GetRecords" }, [true, true, true, true, false]],
      [{ principal: "reader" }, [true, true, false, true, true]],
      [{ principal: reader.accessKeyId }, [true, true, false, true, true]],
      [{ where: (call: { stream: string | undefined }) => call.stream === "healthy" }, [true, false, true, true, true]],
    ] as const) {
      const fault = server.faults.failCalls({ ...pattern, ...forever }, failure);
      expect([pattern, await matrix()]).toEqual([pattern, expected]);
      fault.remove();
    }
  });

  test("are dropped before they take effect", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.dropCalls({ operation: "PutRecords" }, "before");
    expect((await rejection(putTexts(kinesis, STREAM, "lost"))).message).toMatch(/socket hang up|ECONNRESET/);
    expect(stored(server)).toEqual([]);
    expect(server.counters.of("kinesis", "PutRecords")).toMatchObject({ calls: 1, dropped: 1, records: 0 });
  });

  test("are dropped after they took effect, and the caller does not learn that they did", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.dropCalls({ operation: "PutRecords" }, "after");
    expect((await rejection(putTexts(kinesis, STREAM, "stored"))).message).toMatch(/socket hang up|ECONNRESET/);
    expect(stored(server)).toEqual(["stored"]);
    expect(server.counters.of("kinesis", "PutRecords")).toMatchObject({ calls: 1, dropped: 1, records: 1 });
    await putTexts(kinesis, STREAM, "next");
    expect(stored(server)).toEqual(["stored", "next"]);
  });

  test.each(["before", "after"] as const)(
    "take longer, by the clock of the server, %s their effect",
    async (moment) => {
      await using setup = await setUp();
      const { server, kinesis, clock } = setup;
      server.faults.delayCalls({ operation: "PutRecords" }, 700, moment);
      server.faults.delayCalls({ operation: "PutRecords" }, 300, moment);
      let answered = false;
      const call = putTexts(kinesis, STREAM, "slow").then(() => {
        answered = true;
      });
      await expect.poll(() => clock.sleeping).toBe(1);
      expect(stored(server)).toEqual(moment === "before" ? [] : ["slow"]);
      clock.advance(999);
      expect(clock.sleeping).toBe(1);
      expect(answered).toBe(false);
      clock.advance(1);
      await call;
      expect(stored(server)).toEqual(["slow"]);
    },
  );

  test("meet one failure or drop at a time, in the order in which they were scripted", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failCalls({ operation: "PutRecords" }, { errorType: "FirstException" });
    server.faults.dropCalls({ operation: "PutRecords" }, "before");
    server.faults.failRecords({}, [0], { errorCode: "InternalFailure" });
    server.faults.dropCalls({ operation: "PutRecords" }, "after");
    expect(await refusal(putTexts(kinesis, STREAM, "1"))).toBe("FirstException");
    expect((await rejection(putTexts(kinesis, STREAM, "2"))).message).toMatch(/socket hang up|ECONNRESET/);
    expect(stored(server)).toEqual([]);
    // What fails inside a call may happen in the call of which nobody learns.
    expect((await rejection(putTexts(kinesis, STREAM, "3", "4"))).message).toMatch(/socket hang up|ECONNRESET/);
    expect(stored(server)).toEqual(["4"]);
    expect((await putTexts(kinesis, STREAM, "5")).FailedRecordCount).toBe(0);
  });

  test("are counted by every fault that they fit, whichever decides", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.dropCalls({ operation: "PutRecords" }, "before");
    server.faults.failCalls({ operation: "PutRecords", after: 1 }, { errorType: "SecondException" });
    server.faults.failCalls({ operation: "PutRecords", after: 3 }, { errorType: "FourthException" });
    const outcomes: string[] = [];
    for (const text of ["1", "2", "3", "4", "5"]) {
      outcomes.push(
        await putTexts(kinesis, STREAM, text).then(
          () => "stored",
          (error: Error) => (error.name.endsWith("Exception") ? error.name : "dropped"),
        ),
      );
    }
    expect(outcomes).toEqual(["dropped", "SecondException", "stored", "FourthException", "stored"]);
  });

  test("fail by chance in the same way for the same seed, and otherwise for another", async () => {
    const outcomes = async (seed: number): Promise<string> => {
      await using setup = await setUp();
      setup.server.faults.failCalls(
        { operation: "PutRecords", times: Number.POSITIVE_INFINITY, chance: { probability: 0.5, seed } },
        { errorType: "InternalFailure", status: 500 },
      );
      let text = "";
      for (let call = 0; call < 40; call += 1) {
        text += await putTexts(setup.kinesis, STREAM, "x").then(
          () => ".",
          () => "x",
        );
      }
      return text;
    };
    const first = await outcomes(1);
    expect(first).toMatch(/x/);
    expect(first).toMatch(/\./);
    expect(await outcomes(1)).toBe(first);
    expect(await outcomes(2)).not.toBe(first);
  });

  test("no longer fail once the faults are cleared", async () => {
    await using setup = await setUp();
    const { server, kinesis } = setup;
    server.faults.failCalls({ times: Number.POSITIVE_INFINITY }, { errorType: "InternalFailure", status: 500 });
    expect(await refusal(putTexts(kinesis, STREAM, "a"))).toBe("InternalFailure");
    server.faults.clear();
    expect((await putTexts(kinesis, STREAM, "a")).FailedRecordCount).toBe(0);
  });
});

test("an empty read finds nothing and stays where it is", async () => {
  await using setup = await setUp();
  const { server, kinesis } = setup;
  await putTexts(kinesis, STREAM, "there");
  server.faults.emptyReads({ stream: STREAM, times: 2 });
  const first = await get(kinesis, await oldestIterator(kinesis, STREAM));
  expect(first.Records).toEqual([]);
  expect(first.MillisBehindLatest).toBeGreaterThan(0);
  const second = await get(kinesis, first.NextShardIterator);
  expect(second.Records).toEqual([]);
  expect(await textsAt(kinesis, second.NextShardIterator)).toEqual(["there"]);
});

test("stale tags are shown for a while, whoever changes them", async () => {
  await using setup = await setUp();
  const { server, kinesis, clock } = setup;
  const add = (value: string) =>
    kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags: { revision: value } }));
  const revision = async () => {
    const { Tags } = await kinesis.send(new ListTagsForStreamCommand({ StreamName: STREAM }));
    return Tags?.[0]?.Value;
  };
  await add("1");
  server.faults.staleTags(STREAM, 5_000);
  await add("2");
  expect(await revision()).toBe("1");
  expect(server.kinesis.stream(STREAM)?.tags).toEqual({ revision: "2" });
  clock.advance(4_999);
  expect(await revision()).toBe("1");
  clock.advance(1);
  expect(await revision()).toBe("2");
});

test("calls, records, bytes and errors are counted, failures of records apart", async () => {
  await using setup = await setUp();
  const { server, kinesis, kms } = setup;
  const KeyId = server.kms.createKey().arn;
  server.faults.failRecords({}, [0], { errorCode: "InternalFailure" });
  await putTexts(kinesis, STREAM, "12345", "12345");
  await putTexts(kinesis, STREAM, "1234567");
  await textsAt(kinesis, await oldestIterator(kinesis, STREAM));
  await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
  await refusal(kms.send(new GenerateDataKeyCommand({ KeyId })));
  await refusal(kinesis.send(new PutRecordsCommand({ StreamName: "absent", Records: [] })));
  expect(server.counters.snapshot()).toEqual({
    "kinesis.GetRecords": { calls: 1, dropped: 0, errors: {}, records: 2, bytes: 12, failedRecords: 0 },
    "kinesis.GetShardIterator": { calls: 1, dropped: 0, errors: {}, records: 0, bytes: 0, failedRecords: 0 },
    "kinesis.PutRecords": {
      calls: 3,
      dropped: 0,
      errors: { ValidationException: 1 },
      records: 2,
      // Data and partition keys, as AWS counts what is written.
      bytes: 18,
      failedRecords: 1,
    },
    "kms.GenerateDataKey": {
      calls: 2,
      dropped: 0,
      errors: { ValidationException: 1 },
      records: 0,
      bytes: 0,
      failedRecords: 0,
    },
  });
  server.counters.reset();
  expect(server.counters.of("kms", "GenerateDataKey").calls).toBe(0);
});
