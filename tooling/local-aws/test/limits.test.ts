import {
  AddTagsToStreamCommand,
  GetShardIteratorCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "vitest";
import type { Limits } from "../src/index.ts";
import { clientsOf, refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";
import { get, oldestIterator, putTexts } from "./streams.ts";

const STREAM = "limited";
const MIB = 1_048_576;

/** A server with one stream of two shards. */
async function setUp(limits: Partial<Limits> = { rates: true }): Promise<RunningServer> {
  const running = await runServer({ limits });
  running.server.kinesis.createStream(STREAM, { shards: 2 });
  return running;
}

const recordsOf = (count: number, bytes: number, shard = 0) =>
  Array.from({ length: count }, () => ({
    Data: Buffer.alloc(bytes - 1, "x"),
    PartitionKey: "k",
    ExplicitHashKey: shard === 0 ? "0" : String(2n ** 128n - 1n),
  }));

const put = ({ kinesis }: RunningServer, Records: ReturnType<typeof recordsOf>) =>
  kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records }));

describe("writes to one shard", () => {
  test("1,000 records a second pass, whatever their calls; the shard beside it has its own thousand", async () => {
    await using setup = await setUp();
    expect((await put(setup, recordsOf(500, 10))).FailedRecordCount).toBe(0);
    expect((await put(setup, recordsOf(499, 10))).FailedRecordCount).toBe(0);
    const answer = await put(setup, [...recordsOf(3, 10), ...recordsOf(2, 10, 1)]);
    expect(answer.Records?.map((record) => record.ErrorCode ?? "stored")).toEqual([
      "stored",
      "ProvisionedThroughputExceededException",
      "ProvisionedThroughputExceededException",
      "stored",
      "stored",
    ]);
    setup.clock.advance(999);
    expect((await put(setup, recordsOf(1, 10))).FailedRecordCount).toBe(1);
    setup.clock.advance(1);
    expect((await put(setup, recordsOf(500, 10))).FailedRecordCount).toBe(0);
  });

  test("1 MiB a second passes, partition keys included; a small record may pass after a large one did not", async () => {
    await using setup = await setUp();
    const answer = await put(setup, [
      ...recordsOf(1, MIB / 2),
      ...recordsOf(1, MIB / 2 + 1),
      ...recordsOf(1, MIB / 2),
      ...recordsOf(1, 10),
    ]);
    expect(answer.Records?.map((record) => record.ErrorCode === undefined)).toEqual([true, false, true, false]);
    expect(answer.FailedRecordCount).toBe(2);
  });

  test("PutRecord is refused as a call", async () => {
    await using setup = await setUp();
    await put(setup, recordsOf(1, MIB));
    const [record] = recordsOf(1, 10);
    const call = setup.kinesis.send(new PutRecordCommand({ StreamName: STREAM, ...record, Data: record?.Data }));
    const error = await rejection(call);
    expect(error.name).toBe("ProvisionedThroughputExceededException");
    expect(error.message).toBe(
      "Rate exceeded for shard shardId-000000000000 in stream limited under account 123456789012.",
    );
  });

  test("all limits can be set, and rates can be switched off while running", async () => {
    await using setup = await setUp();
    setup.server.setLimits({ shardWriteRecords: 2 });
    expect((await put(setup, recordsOf(5, 10))).FailedRecordCount).toBe(3);
    setup.server.setLimits({ rates: false });
    expect((await put(setup, recordsOf(5, 10))).FailedRecordCount).toBe(0);
    expect(setup.server.limits).toMatchObject({ rates: false, shardWriteRecords: 2, sizes: true });
  });

  test("children of a split have rates of their own", async () => {
    await using setup = await setUp();
    await put(setup, recordsOf(1, MIB));
    setup.server.kinesis.splitShard(STREAM, "shardId-000000000000");
    expect((await put(setup, recordsOf(1, MIB))).Records?.[0]?.ShardId).toBe("shardId-000000000002");
  });
});

describe("reads from one shard", () => {
  test("five GetRecords calls a second pass", async () => {
    await using setup = await setUp();
    const iterator = await oldestIterator(setup.kinesis, STREAM);
    for (let call = 0; call < 5; call += 1) await get(setup.kinesis, iterator);
    expect(await refusal(get(setup.kinesis, iterator))).toBe("ProvisionedThroughputExceededException");
    const other = await oldestIterator(setup.kinesis, STREAM, 1);
    expect((await get(setup.kinesis, other)).Records).toEqual([]);
    setup.clock.advance(1_000);
    expect((await get(setup.kinesis, iterator)).Records).toEqual([]);
  });

  test("a call returns at most 10 MiB, and the next five seconds pay for it", async () => {
    await using setup = await setUp({ rates: false });
    for (let call = 0; call < 3; call += 1) await put(setup, recordsOf(5, MIB));
    setup.server.setLimits({ rates: true });
    const first = await get(setup.kinesis, await oldestIterator(setup.kinesis, STREAM));
    expect(first.Records).toHaveLength(10);
    expect(first.MillisBehindLatest).toBeGreaterThan(0);
    setup.clock.advance(4_999);
    expect(await refusal(get(setup.kinesis, first.NextShardIterator))).toBe("ProvisionedThroughputExceededException");
    setup.clock.advance(1);
    expect((await get(setup.kinesis, first.NextShardIterator)).Records).toHaveLength(5);
  });

  test("2 MiB a second pass, and nothing is refused before they are used up", async () => {
    await using setup = await setUp({ rates: false });
    await put(setup, recordsOf(3, MIB));
    setup.server.setLimits({ rates: true });
    const iterator = await oldestIterator(setup.kinesis, STREAM);
    const one = await setup.kinesis.send(
      new GetShardIteratorCommand({
        StreamName: STREAM,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "LATEST",
      }),
    );
    expect((await get(setup.kinesis, one.ShardIterator)).Records).toEqual([]);
    expect((await get(setup.kinesis, iterator)).Records).toHaveLength(3);
    setup.clock.advance(1_499);
    expect(await refusal(get(setup.kinesis, iterator))).toBe("ProvisionedThroughputExceededException");
    setup.clock.advance(1);
    expect((await get(setup.kinesis, iterator)).Records).toHaveLength(3);
  });

  test("five GetShardIterator calls a second pass", async () => {
    await using setup = await setUp();
    for (let call = 0; call < 5; call += 1) await oldestIterator(setup.kinesis, STREAM);
    expect(await refusal(oldestIterator(setup.kinesis, STREAM))).toBe("ProvisionedThroughputExceededException");
  });
});

describe("calls of one account", () => {
  test("five of each operation on tags pass a second, whatever the stream", async () => {
    await using setup = await setUp();
    const { kinesis, server, clock } = setup;
    server.kinesis.createStream("other");
    const list = (StreamName: string) => kinesis.send(new ListTagsForStreamCommand({ StreamName }));
    for (const stream of [STREAM, "other", STREAM, "other", STREAM]) await list(stream);
    const error = await rejection(list("other"));
    expect([error.name, error.message]).toEqual([
      "LimitExceededException",
      "Rate exceeded for stream other under account 123456789012.",
    ]);
    await kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags: { a: "1" } }));
    clock.advance(1_000);
    expect((await list("other")).Tags).toEqual([]);
  });

  test("another account has calls of its own", async () => {
    await using setup = await setUp();
    const other = setup.server.addPrincipal({ userName: "other", accountId: "210987654321" });
    setup.server.kinesis.createStream(STREAM, { accountId: other.accountId });
    using others = clientsOf(setup.server, other);
    const list = ({ kinesis }: Pick<RunningServer, "kinesis">) =>
      kinesis.send(new ListTagsForStreamCommand({ StreamName: STREAM }));
    for (let call = 0; call < 5; call += 1) await list(setup);
    expect(await refusal(list(setup))).toBe("LimitExceededException");
    expect((await list(others)).Tags).toEqual([]);
  });
});

describe("sizes", () => {
  test("a PutRecords call of more than 5 MiB is refused as a whole, unless the limit is raised", async () => {
    await using setup = await setUp({});
    const records = [...recordsOf(5, MIB), ...recordsOf(1, 2)];
    const error = await rejection(put(setup, records));
    expect([error.name, error.message]).toEqual(["InvalidArgumentException", "Records size exceeds 5 MB limit"]);
    expect([...setup.server.kinesis.records(STREAM)]).toEqual([]);
    setup.server.setLimits({ putRecordsBytes: 10 * MIB });
    expect((await put(setup, records)).FailedRecordCount).toBe(0);
  });

  test("nothing is too large once sizes are off", async () => {
    await using setup = await setUp({ sizes: false });
    expect((await put(setup, recordsOf(501, 10))).Records).toHaveLength(501);
    expect((await put(setup, recordsOf(1, 2 * MIB))).FailedRecordCount).toBe(0);
  });

  test("without a % in tags where AWS was observed instead of read", async () => {
    await using setup = await setUp({ tagCharacters: "observed" });
    const call = setup.kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags: { key: "a%3Ab" } }));
    expect((await rejection(call)).message).toMatch(/^Failed to add tags to stream limited under account 123456789012/);
  });

  test("rates are off by default", async () => {
    await using setup = await setUp({});
    for (let call = 0; call < 4; call += 1) {
      expect((await putTexts(setup.kinesis, STREAM, ...Array.from({ length: 500 }, () => "x"))).FailedRecordCount).toBe(
        0,
      );
    }
  });
});
