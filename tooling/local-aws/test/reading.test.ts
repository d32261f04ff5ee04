import {
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";
import { get, oldestIterator, putTexts, textsAt } from "./streams.ts";

const STREAM = "read";
const HOUR = 3_600_000;

/** A server with one stream of one shard. */
async function setUp(): Promise<RunningServer> {
  const running = await runServer({ durations: { delete: 0 } });
  running.server.kinesis.createStream(STREAM);
  return running;
}

const iterator = async ({ kinesis }: RunningServer, more: Partial<GetShardIteratorCommandInput>): Promise<string> => {
  const input = { StreamName: STREAM, ShardId: "shardId-000000000000", ShardIteratorType: "LATEST", ...more } as const;
  return (await kinesis.send(new GetShardIteratorCommand(input))).ShardIterator ?? "";
};

test("an iterator is good for five minutes, and every answer brings a fresh one", async () => {
  await using setup = await setUp();
  const { kinesis, clock } = setup;
  const first = await oldestIterator(kinesis, STREAM);
  clock.advance(300_000);
  const second = (await get(kinesis, first)).NextShardIterator;
  clock.advance(1);
  const error = await rejection(get(kinesis, first));
  expect([error.name, error.message]).toEqual([
    "ExpiredIteratorException",
    "Iterator expired. The iterator was created at time Thu Jan 15 10:00:00 UTC 2026 while right now it is Thu Jan 15 10:05:00 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.",
  ]);
  expect((await get(kinesis, second)).Records).toEqual([]);
});

test("records expire with the retention, and an iterator before them moves on", async () => {
  await using setup = await setUp();
  const { kinesis, clock } = setup;
  await putTexts(kinesis, STREAM, "old");
  clock.advance(12 * HOUR);
  await putTexts(kinesis, STREAM, "new");
  clock.advance(12 * HOUR - 1);
  const before = await oldestIterator(kinesis, STREAM);
  expect(await textsAt(kinesis, before)).toEqual(["old", "new"]);
  clock.advance(2);
  expect(await textsAt(kinesis, before)).toEqual(["new"]);
  expect(await textsAt(kinesis, await oldestIterator(kinesis, STREAM))).toEqual(["new"]);
  expect([...setup.server.kinesis.records(STREAM)].map(({ data }) => data.toString())).toEqual(["new"]);
});

test("a longer retention keeps what is there, and does not bring back what had expired", async () => {
  await using setup = await setUp();
  const { kinesis, clock } = setup;
  const retain = (RetentionPeriodHours: number) =>
    kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: STREAM, RetentionPeriodHours }));
  await putTexts(kinesis, STREAM, "expired");
  clock.advance(25 * HOUR);
  await putTexts(kinesis, STREAM, "kept");
  await retain(72);
  clock.advance(40 * HOUR);
  expect(await textsAt(kinesis, await oldestIterator(kinesis, STREAM))).toEqual(["kept"]);
  await kinesis.send(new DecreaseStreamRetentionPeriodCommand({ StreamName: STREAM, RetentionPeriodHours: 24 }));
  expect(await textsAt(kinesis, await oldestIterator(kinesis, STREAM))).toEqual([]);
});

test("a closed shard stays until its records have expired", async () => {
  await using setup = await setUp();
  const { kinesis, clock, server } = setup;
  await putTexts(kinesis, STREAM, "in the parent");
  server.kinesis.splitShard(STREAM, "shardId-000000000000");
  const shards = async () => {
    const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
    return Shards?.map(({ ShardId }) => Number(ShardId?.slice(8)));
  };
  clock.advance(24 * HOUR);
  expect(await shards()).toEqual([0, 1, 2]);
  clock.advance(1);
  expect(await shards()).toEqual([1, 2]);
  const error = await rejection(oldestIterator(kinesis, STREAM));
  expect([error.name, error.message]).toEqual([
    "ResourceNotFoundException",
    "Shard shardId-000000000000 in stream read under account 123456789012 does not exist",
  ]);
});

test("an iterator of a deleted stream does not read a later one of the same name", async () => {
  await using setup = await setUp();
  const { kinesis, clock, server } = setup;
  const old = await oldestIterator(kinesis, STREAM);
  await kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
  expect(await refusal(get(kinesis, old))).toBe("ResourceNotFoundException");
  clock.advance(1_000);
  server.kinesis.createStream(STREAM);
  await putTexts(kinesis, STREAM, "another stream");
  expect(await refusal(get(kinesis, old))).toBe("ResourceNotFoundException");
});

test("a shard's own start and end are sequence numbers to begin with", async () => {
  await using setup = await setUp();
  const { kinesis, server } = setup;
  await putTexts(kinesis, STREAM, "a", "b");
  server.kinesis.splitShard(STREAM, "shardId-000000000000");
  const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
  const { StartingSequenceNumber, EndingSequenceNumber } = Shards?.[0]?.SequenceNumberRange ?? {};
  const from = async (type: "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", number: string | undefined) =>
    textsAt(kinesis, await iterator(setup, { ShardIteratorType: type, StartingSequenceNumber: number }));
  expect(await from("AT_SEQUENCE_NUMBER", StartingSequenceNumber)).toEqual(["a", "b"]);
  expect(await from("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber)).toEqual(["a", "b"]);
  expect(await from("AT_SEQUENCE_NUMBER", EndingSequenceNumber)).toEqual([]);
});

test("sequence numbers that do not fit the shard are refused, in AWS's words", async () => {
  await using setup = await setUp();
  const { kinesis, server, clock } = setup;
  const [record] = (await putTexts(kinesis, STREAM, "a")).Records ?? [];
  server.kinesis.splitShard(STREAM, "shardId-000000000000");
  clock.advance(60_000);
  server.kinesis.createStream("other");
  const at = async (more: Partial<GetShardIteratorCommandInput>) =>
    (
      await rejection(
        iterator(setup, {
          ShardIteratorType: "AT_SEQUENCE_NUMBER",
          StartingSequenceNumber: record?.SequenceNumber,
          ...more,
        }),
      )
    ).message;
  expect(await at({ ShardId: "shardId-000000000001" })).toBe(
    "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard with shardId-000000000001",
  );
  expect(await at({ StreamName: "other" })).toMatch(/is invalid because it did not come from this stream\.$/);
  expect(await at({ StartingSequenceNumber: "7" })).toMatch(
    /^StartingSequenceNumber 7 used in GetShardIterator on shard/,
  );
  expect(await at({ ShardIteratorType: "LATEST" })).toMatch(
    /Request specified LATEST and also a StartingSequenceNumber/,
  );
});

test("MillisBehindLatest is the age of the last record that was read", async () => {
  await using setup = await setUp();
  const { kinesis, clock, server } = setup;
  await putTexts(kinesis, STREAM, "1");
  clock.advance(5_000);
  await putTexts(kinesis, STREAM, "2");
  clock.advance(7_000);
  server.setLimits({ getRecordsBytes: 4 });
  const first = await get(kinesis, await oldestIterator(kinesis, STREAM));
  expect([first.Records?.length, first.MillisBehindLatest]).toEqual([1, 12_000]);
  const second = await get(kinesis, first.NextShardIterator);
  expect([second.Records?.length, second.MillisBehindLatest]).toEqual([1, 0]);
});

test("arrivals never go back, even if the clock does", async () => {
  await using setup = await setUp();
  const { kinesis, clock, server } = setup;
  await putTexts(kinesis, STREAM, "1");
  clock.advance(-60_000);
  await putTexts(kinesis, STREAM, "2");
  clock.advance(120_000);
  await putTexts(kinesis, STREAM, "3");
  const arrivals = [...server.kinesis.records(STREAM)].map(({ arrival }) => arrival - clock.now());
  expect(arrivals).toEqual([-60_000, -60_000, 0]);
});
