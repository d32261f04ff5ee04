import {
  ListShardsCommand,
  type ListShardsCommandInput,
  type ShardFilter,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { rejection } from "./clients.ts";
import { runServer } from "./running-server.ts";

const STREAM = "listed";

/** A stream of which shard 0 was split into 1 and 2, and nobody looked before an hour later. */
async function setUp() {
  const running = await runServer({ durations: { update: 2_000 } });
  const { server, clock, kinesis } = running;
  server.kinesis.createStream(STREAM);
  clock.advance(10_000);
  const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
  await kinesis.send(new SplitShardCommand({ StreamName: STREAM, ...split }));
  const splitAt = clock.now() + 2_000;
  clock.advance(3_600_000);
  const list = (input: ListShardsCommandInput) => kinesis.send(new ListShardsCommand(input));
  const filtered = async (ShardFilter: ShardFilter) => {
    const { Shards } = await list({ StreamName: STREAM, ShardFilter });
    return Shards?.map(({ ShardId }) => Number(ShardId?.slice(8)));
  };
  return { ...running, splitAt, list, filtered };
}

test("a split happened when it was due, however late somebody looks", async () => {
  await using setup = await setUp();
  const { splitAt, filtered } = setup;
  const at = (time: number) => filtered({ Type: "AT_TIMESTAMP", Timestamp: new Date(time) });
  const from = (time: number) => filtered({ Type: "FROM_TIMESTAMP", Timestamp: new Date(time) });
  expect(await at(splitAt - 1)).toEqual([0]);
  expect(await at(splitAt)).toEqual([0, 1, 2]);
  expect(await at(splitAt + 1)).toEqual([1, 2]);
  expect(await from(splitAt)).toEqual([0, 1, 2]);
  expect(await from(splitAt + 1)).toEqual([1, 2]);
});

test("a time before the stream is its beginning", async () => {
  await using setup = await setUp();
  const { filtered } = setup;
  expect(await filtered({ Type: "AT_TIMESTAMP", Timestamp: new Date(0) })).toEqual([0]);
  expect(await filtered({ Type: "FROM_TIMESTAMP", Timestamp: new Date(0) })).toEqual([0, 1, 2]);
});

test("filters want their arguments, and no time to come", async () => {
  await using setup = await setUp();
  const { clock, filtered } = setup;
  for (const filter of [
    { Type: "AT_TIMESTAMP" },
    { Type: "FROM_TIMESTAMP" },
    { Type: "AFTER_SHARD_ID" },
    { Type: "AT_TIMESTAMP", Timestamp: new Date(clock.now() + 1) },
  ] as const) {
    expect([filter, (await rejection(filtered(filter))).name]).toEqual([filter, "InvalidArgumentException"]);
  }
});

test("a token keeps the filter of its list, for five minutes, and stands for the stream", async () => {
  await using setup = await setUp();
  const { clock, list } = setup;
  const first = await list({ StreamName: STREAM, MaxResults: 1, ShardFilter: { Type: "AT_LATEST" } });
  const { NextToken } = first;
  expect(first.Shards?.map(({ ShardId }) => ShardId)).toEqual(["shardId-000000000001"]);
  clock.advance(300_000);
  const second = await list({ NextToken });
  expect([second.Shards?.map(({ ShardId }) => ShardId), second.NextToken]).toEqual([
    ["shardId-000000000002"],
    undefined,
  ]);
  expect((await rejection(list({ NextToken, StreamName: STREAM }))).message).toBe(
    "NextToken and StreamName cannot be provided together.",
  );
  clock.advance(1);
  expect((await rejection(list({ NextToken }))).name).toBe("ExpiredNextTokenException");
  expect((await rejection(list({ NextToken: "nonsense" }))).name).toBe("InvalidArgumentException");
  expect((await rejection(list({}))).message).toBe("Either NextToken or StreamName should be provided.");
});

test("the moment of its creation tells a stream from others of its name", async () => {
  await using setup = await setUp();
  const { clock, list } = setup;
  const created = clock.now() - 3_610_000;
  const of = (time: number) => list({ StreamName: STREAM, StreamCreationTimestamp: new Date(time) });
  expect((await of(created)).Shards).toHaveLength(3);
  expect((await rejection(of(created + 60_000))).name).toBe("InvalidArgumentException");
});
