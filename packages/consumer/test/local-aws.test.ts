import {
  KinesisClient,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { KMSClient } from "@aws-sdk/client-kms";
import { type Clock, systemClock } from "@das/core";
import { type DataKey, DataKeyLender } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";
import { type ReadOptions, readActivityStream } from "../src/activity-stream.ts";
import type { StreamItem } from "../src/stream-item.ts";
import { sealed } from "./fake-kms.ts";

const RESOURCE_ID = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = `aws-rds-das-${RESOURCE_ID}`;

/** Kinesis and KMS over the network, with the SDK's own clients. */
class Scene implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly kinesis: KinesisClient;
  readonly kms: KMSClient;
  readonly keyId: string;
  readonly #lender: DataKeyLender;
  #serial = 0;

  private constructor(aws: LocalAws) {
    this.aws = aws;
    const requestHandler = () => new NodeHttpHandler();
    const { endpoint, region, credentials } = aws;
    this.kinesis = new KinesisClient({
      endpoint,
      region,
      credentials,
      requestHandler: requestHandler(),
      maxAttempts: 1,
    });
    this.kms = new KMSClient({ endpoint, region, credentials, requestHandler: requestHandler(), maxAttempts: 1 });
    this.keyId = aws.kms.createKey().keyId;
    this.#lender = new DataKeyLender({ kms: this.kms, keyId: this.keyId, resourceId: RESOURCE_ID });
  }

  static async start(): Promise<Scene> {
    return new Scene(await startLocalAws({ durations: { create: 1, update: 1, delete: 1 } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lender[Symbol.dispose]();
    this.kinesis.destroy();
    this.kms.destroy();
    await this.aws[Symbol.asyncDispose]();
  }

  get options(): ReadOptions {
    return { kinesis: this.kinesis, kms: this.kms, stream: STREAM, from: "oldest", pollInterval: 20 };
  }

  /** Puts records, each of one event whose text is a number of its own, and says which. */
  async put(count: number): Promise<number[]> {
    const numbers = Array.from({ length: count }, () => this.#serial++);
    const lease = await this.#lender.lend();
    try {
      const Records = await Promise.all(numbers.map((number) => this.#record(lease, number)));
      const answer = await this.kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
      expect(answer.FailedRecordCount).toBe(0);
    } finally {
      lease[Symbol.dispose]();
    }
    return numbers;
  }

  async #record(key: DataKey, number: number): Promise<{ Data: Uint8Array; PartitionKey: string }> {
    const event = JSON.stringify({ type: "record", serverType: "ORACLE", commandText: String(number) });
    return { Data: await sealed(key, [event], RESOURCE_ID), PartitionKey: String(number) };
  }

  async read(count: number, options: Partial<ReadOptions> = {}): Promise<StreamItem[]> {
    const items: StreamItem[] = [];
    for await (const item of readActivityStream({ ...this.options, ...options })) {
      items.push(item);
      if (items.length >= count) break;
    }
    return items;
  }

  openShards(): string[] {
    const { shards = [] } = this.aws.kinesis.stream(STREAM) ?? {};
    return shards.filter((shard) => shard.open).map((shard) => shard.shardId);
  }

  async split(): Promise<void> {
    const [shard] = (this.aws.kinesis.stream(STREAM)?.shards ?? []).filter(({ open }) => open);
    if (!shard) throw new Error("no open shard");
    const middle = (BigInt(shard.startingHashKey) + BigInt(shard.endingHashKey)) / 2n;
    const input = { StreamName: STREAM, ShardToSplit: shard.shardId, NewStartingHashKey: middle.toString() };
    await this.#reshard(() => this.kinesis.send(new SplitShardCommand(input)));
  }

  async merge(): Promise<void> {
    const shards = (this.aws.kinesis.stream(STREAM)?.shards ?? []).filter(({ open }) => open);
    shards.sort((one, other) => (BigInt(one.startingHashKey) < BigInt(other.startingHashKey) ? -1 : 1));
    const input = { StreamName: STREAM, ShardToMerge: shards[0]?.shardId, AdjacentShardToMerge: shards[1]?.shardId };
    await this.#reshard(() => this.kinesis.send(new MergeShardsCommand(input)));
  }

  async #reshard(change: () => Promise<unknown>): Promise<void> {
    const before = this.openShards().length;
    await change();
    await expect.poll(() => this.aws.kinesis.stream(STREAM)?.status).toBe("ACTIVE");
    expect(this.openShards().length).not.toBe(before);
  }
}

const numbersOf = (items: readonly StreamItem[]) =>
  items.flatMap((item) => (item.kind === "events" ? item.events.map(({ commandText }) => Number(commandText)) : []));

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

describe("against Kinesis and KMS on loopback, with the SDK's clients", () => {
  test("every event once, across splits and merges, with every fault that passes", async () => {
    await using scene = await Scene.start();
    const { faults, kinesis } = scene.aws;
    kinesis.createStream(STREAM, { shards: 2 });
    const put = await scene.put(40);
    await scene.split();
    put.push(...(await scene.put(40)));
    const chance = (probability: number, seed: number) => ({ times: 25, chance: { probability, seed } });
    const reads = { service: "kinesis", operation: "GetRecords" } as const;
    const scripted = [
      faults.failCalls({ ...reads, ...chance(0.3, 1) }, { errorType: "ProvisionedThroughputExceededException" }),
      faults.failCalls({ ...reads, ...chance(0.2, 2) }, { errorType: "ExpiredIteratorException" }),
      faults.failCalls({ ...reads, ...chance(0.1, 3) }, { errorType: "InternalFailure", status: 500 }),
      faults.dropCalls({ ...reads, ...chance(0.1, 4) }, "after"),
      faults.emptyReads(chance(0.2, 5)),
      faults.failCalls({ service: "kinesis", operation: "ListShards" }, { errorType: "LimitExceededException" }),
      faults.failCalls(
        { service: "kinesis", operation: "GetShardIterator", times: 2 },
        { errorType: "ServiceUnavailable", status: 503 },
      ),
      faults.dropCalls({ service: "kms", operation: "Decrypt" }, "before"),
      faults.failCalls({ service: "kms", operation: "Decrypt", after: 1 }, { errorType: "ThrottlingException" }),
    ];
    const items: StreamItem[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const item of readActivityStream({ ...scene.options, recordsPerCall: 7, signal: stop.signal }))
        items.push(item);
    })();
    await expect.poll(() => items.length).toBeGreaterThan(20);
    await scene.merge();
    put.push(...(await scene.put(40)));
    await scene.split();
    await scene.merge();
    put.push(...(await scene.put(40)));
    await expect.poll(() => items.length).toBeGreaterThanOrEqual(put.length);
    stop.abort();
    await reading;

    expect(ascending(numbersOf(items))).toEqual(ascending(put));
    expect(scripted.map((fault) => fault.hits > 0)).toEqual(scripted.map(() => true));
    const shards = kinesis.stream(STREAM)?.shards ?? [];
    const places = items.map((item) => (item.kind === "lost-shard" ? "" : item.shardId));
    for (const { shardId, parents } of shards) {
      const first = places.indexOf(shardId);
      for (const parent of parents) if (first >= 0) expect(places.lastIndexOf(parent)).toBeLessThan(first);
      const stored = [...kinesis.records(STREAM)].filter((record) => record.shardId === shardId);
      const read = items.flatMap((item) =>
        item.kind === "events" && item.shardId === shardId ? [item.sequenceNumber] : [],
      );
      expect(read).toEqual(stored.map((record) => record.sequenceNumber));
    }
    expect(shards.length).toBeGreaterThan(5);
  });

  test("stopped and resumed after the sequence numbers seen, or from a time", async () => {
    await using scene = await Scene.start();
    scene.aws.kinesis.createStream(STREAM, { shards: 2 });
    const put = await scene.put(20);
    const first = await scene.read(9);
    const after = new Map(
      first.flatMap((item) => (item.kind === "events" ? [[item.shardId, item.sequenceNumber]] : [])),
    );
    await scene.split();
    put.push(...(await scene.put(20)));
    const rest = await scene.read(put.length - first.length, { from: { after } });
    expect(ascending(numbersOf([...first, ...rest]))).toEqual(ascending(put));

    await new Promise((resolve) => setTimeout(resolve, 5));
    const time = new Date();
    const later = await scene.put(10);
    expect(ascending(numbersOf(await scene.read(10, { from: { time } })))).toEqual(ascending(later));
  });

  test("from the latest: what is put after the iterators were made", async () => {
    await using scene = await Scene.start();
    scene.aws.kinesis.createStream(STREAM, { shards: 2 });
    await scene.put(10);
    const reading = scene.read(10, { from: "latest" });
    // Both shards have been asked for records, so both have their iterators.
    await expect.poll(() => scene.aws.counters.of("kinesis", "GetRecords").calls).toBeGreaterThanOrEqual(4);
    const later = await scene.put(10);
    expect(ascending(numbersOf(await reading))).toEqual(ascending(later));
  });

  test("a stream that is not there is refused, or waited for", async () => {
    await using scene = await Scene.start();
    await expect(scene.read(1)).rejects.toMatchObject({ name: "RefusedError", code: "stream-missing" });
    const waiting = scene.read(5, { whenMissing: "wait", from: "latest" });
    await expect.poll(() => scene.aws.counters.of("kinesis", "ListShards").calls).toBeGreaterThan(2);
    scene.aws.kinesis.createStream(STREAM);
    const put = await scene.put(5);
    expect(numbersOf(await waiting)).toEqual(put);
  });

  test.each(["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"] as const)(
    "without the right %s",
    async (action) => {
      await using scene = await Scene.start();
      scene.aws.kinesis.createStream(STREAM);
      scene.aws.deny({ action });
      const error = await scene.read(1).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: "RefusedError", code: "access-denied" });
      expect(String(error)).toContain(action);
      expect(String(error)).toContain(STREAM);
    },
  );

  test("without the right to decrypt, or with a key that was disabled", async () => {
    await using scene = await Scene.start();
    scene.aws.kinesis.createStream(STREAM);
    await scene.put(1);
    const denial = scene.aws.deny({ action: "kms:Decrypt" });
    await expect(scene.read(1)).rejects.toMatchObject({ name: "RefusedError", code: "kms-access-denied" });
    denial.remove();
    scene.aws.kms.setEnabled(scene.keyId, false);
    await expect(scene.read(1)).rejects.toMatchObject({ name: "RefusedError", code: "kms-key-disabled" });
    scene.aws.kms.setEnabled(scene.keyId, true);
    expect(await scene.read(1)).toHaveLength(1);
  });

  test("a foreign record among ours is reported, and the others are read", async () => {
    await using scene = await Scene.start();
    scene.aws.kinesis.createStream(STREAM);
    await scene.put(1);
    const Data = Buffer.from('{"hello":"world"}');
    const { SequenceNumber } = await scene.kinesis.send(
      new PutRecordCommand({ StreamName: STREAM, PartitionKey: "a", Data }),
    );
    await scene.put(1);
    const items = await scene.read(3);
    expect(items.map(({ kind }) => kind)).toEqual(["events", "unreadable", "events"]);
    expect(items[1]).toMatchObject({ sequenceNumber: SequenceNumber, code: "record-outer-type" });
  });

  test("a reader that leaves ends its calls, and leaves no timer", async () => {
    await using scene = await Scene.start();
    scene.aws.kinesis.createStream(STREAM, { shards: 3 });
    await scene.put(30);
    const slow = scene.aws.faults.delayCalls({ operation: "GetRecords", after: 3, times: 3 }, 60_000);
    let callsUnderWay = 0;
    const send: KinesisClient["send"] = async (...parameters: unknown[]) => {
      callsUnderWay += 1;
      return Reflect.apply(scene.kinesis.send, scene.kinesis, parameters).finally(() => {
        callsUnderWay -= 1;
      });
    };
    let timers = 0;
    const sleep: Clock["sleep"] = async (...parameters) => {
      timers += 1;
      await systemClock.sleep(...parameters);
      timers -= 1;
    };
    const stop = new AbortController();
    const options = { ...scene.options, kinesis: { send }, recordsPerCall: 1, signal: stop.signal };
    const reading = scene.read(Number.POSITIVE_INFINITY, { ...options, clock: { ...systemClock, sleep } });
    await expect.poll(() => slow.hits).toBe(3);
    expect(callsUnderWay).toBe(3);
    stop.abort();
    expect(await reading).toHaveLength(3);
    await expect.poll(() => ({ callsUnderWay, timers })).toEqual({ callsUnderWay: 0, timers: 0 });
  });
});
