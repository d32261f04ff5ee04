import { createHash, randomUUID } from "node:crypto";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RemoveTagsFromStreamCommand,
  type Shard,
  type ShardFilterType,
  SplitShardCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { refusal } from "./clients.ts";

/** A Kinesis that the contract is checked against. */
export interface ContractTarget {
  readonly name: "local-aws" | "kinesis-mock";
  readonly client: () => KinesisClient;
  readonly accountId: string;
  readonly region: string;
}

interface ContractCase {
  readonly name: string;
  readonly run: (kinesis: Subject) => Promise<void>;
  /** Who is known to behave otherwise, and how. The case has to fail there: a waiver that is no longer true fails. */
  readonly deviates?: Partial<Record<ContractTarget["name"], string>>;
}

/** Runs every case against a target. */
export function checkContract(target: ContractTarget): void {
  for (const { name, run, deviates } of CASES) {
    const deviation = deviates?.[target.name];
    const check = async (): Promise<void> => {
      await using subject = new Subject(target);
      await run(subject);
    };
    if (deviation === undefined) test(name, check);
    else test.fails(`${name} [${target.name} deviates: ${deviation}]`, check);
  }
}

const LAST_HASH_KEY = 2n ** 128n - 1n;
const MIB = 1_048_576;

/** The target, with the streams that one case creates; they are deleted after it. */
class Subject implements AsyncDisposable {
  readonly target: ContractTarget;
  readonly #streams: string[] = [];

  constructor(target: ContractTarget) {
    this.target = target;
  }

  get client(): KinesisClient {
    return this.target.client();
  }

  async create(shards = 1): Promise<string> {
    const name = this.newName();
    await this.client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    await this.active(name);
    return name;
  }

  newName(): string {
    const name = `contract-${randomUUID()}`;
    this.#streams.push(name);
    return name;
  }

  arn(name: string): string {
    return `arn:aws:kinesis:${this.target.region}:${this.target.accountId}:stream/${name}`;
  }

  async active(name: string): Promise<void> {
    await expect
      .poll(async () => (await this.describe(name)).StreamStatus, { timeout: 10_000, interval: 10 })
      .toBe("ACTIVE");
  }

  async describe(name: string) {
    const { StreamDescription } = await this.client.send(new DescribeStreamCommand({ StreamName: name }));
    if (!StreamDescription) throw new Error("no description");
    return StreamDescription;
  }

  async shards(name: string): Promise<Shard[]> {
    return (await this.client.send(new ListShardsCommand({ StreamName: name }))).Shards ?? [];
  }

  /** Puts records with these texts; returns their sequence numbers. */
  async put(name: string, ...texts: string[]): Promise<string[]> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: "key" }));
    const answer = await this.client.send(new PutRecordsCommand({ StreamName: name, Records }));
    expect(answer.FailedRecordCount).toBe(0);
    return answer.Records?.map((record) => record.SequenceNumber ?? "") ?? [];
  }

  async iterator(input: Omit<GetShardIteratorCommandInput, "ShardId"> & { ShardId?: string }): Promise<string> {
    const ShardId = input.ShardId ?? "shardId-000000000000";
    const answer = await this.client.send(new GetShardIteratorCommand({ ...input, ShardId }));
    return answer.ShardIterator ?? "";
  }

  get(iterator: string | undefined, limit?: number): Promise<GetRecordsCommandOutput> {
    return this.client.send(new GetRecordsCommand({ ShardIterator: iterator, ...(limit && { Limit: limit }) }));
  }

  /** The texts that an iterator finds. */
  async texts(input: Omit<GetShardIteratorCommandInput, "ShardId"> & { ShardId?: string }): Promise<string[]> {
    return textsOf(await this.get(await this.iterator(input)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const StreamName of this.#streams) {
      await this.client.send(new DeleteStreamCommand({ StreamName })).catch(() => undefined);
    }
  }
}

const textsOf = (answer: GetRecordsCommandOutput): string[] =>
  answer.Records?.map((record) => Buffer.from(record.Data ?? []).toString()) ?? [];

const rangeOf = ({ HashKeyRange }: Shard): [bigint, bigint] => [
  BigInt(HashKeyRange?.StartingHashKey ?? -1),
  BigInt(HashKeyRange?.EndingHashKey ?? -1),
];

const isOpen = ({ SequenceNumberRange }: Shard): boolean => SequenceNumberRange?.EndingSequenceNumber === undefined;

/** Fails unless the ranges follow each other from 0 to 2^128 - 1. */
function expectFullCover(shards: readonly Shard[]): void {
  const ranges = shards.map(rangeOf).toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(ranges[0]?.[0]).toBe(0n);
  expect(ranges.at(-1)?.[1]).toBe(LAST_HASH_KEY);
  for (const [index, [start]] of ranges.entries()) {
    if (index > 0) expect(start).toBe((ranges[index - 1]?.[1] ?? 0n) + 1n);
  }
}

const md5 = (text: string): bigint => BigInt(`0x${createHash("md5").update(text).digest("hex")}`);

const CASES: readonly ContractCase[] = [
  {
    name: "a new stream becomes ACTIVE, and its shards cover all hash keys",
    run: async (kinesis) => {
      const name = await kinesis.create(3);
      const stream = await kinesis.describe(name);
      expect(stream).toMatchObject({
        StreamName: name,
        StreamARN: kinesis.arn(name),
        StreamModeDetails: { StreamMode: "PROVISIONED" },
        RetentionPeriodHours: 24,
        HasMoreShards: false,
        EncryptionType: "NONE",
      });
      expect(stream.StreamCreationTimestamp).toBeInstanceOf(Date);
      expect(stream.Shards?.map((shard) => shard.ShardId)).toEqual([0, 1, 2].map((n) => `shardId-00000000000${n}`));
      expectFullCover(stream.Shards ?? []);
    },
  },
  {
    name: "a stream in ON_DEMAND mode begins with four shards",
    run: async (kinesis) => {
      const StreamName = kinesis.newName();
      const StreamModeDetails = { StreamMode: "ON_DEMAND" } as const;
      await kinesis.client.send(new CreateStreamCommand({ StreamName, StreamModeDetails }));
      await kinesis.active(StreamName);
      const { StreamDescriptionSummary } = await kinesis.client.send(new DescribeStreamSummaryCommand({ StreamName }));
      expect(StreamDescriptionSummary).toMatchObject({ StreamModeDetails, OpenShardCount: 4, ConsumerCount: 0 });
    },
  },
  {
    name: "a second stream of the same name is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const again = kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      expect(await refusal(again)).toBe("ResourceInUseException");
    },
  },
  {
    name: "what does not exist is not found",
    run: async ({ client }) => {
      const StreamName = "no-such-stream";
      const Records = [{ Data: Buffer.from("a"), PartitionKey: "a" }];
      const type = { ShardId: "shardId-000000000000", ShardIteratorType: "LATEST" } as const;
      expect(await refusal(client.send(new DescribeStreamCommand({ StreamName })))).toBe("ResourceNotFoundException");
      expect(await refusal(client.send(new DescribeStreamSummaryCommand({ StreamName })))).toBe(
        "ResourceNotFoundException",
      );
      expect(await refusal(client.send(new PutRecordsCommand({ StreamName, Records })))).toBe(
        "ResourceNotFoundException",
      );
      expect(await refusal(client.send(new GetShardIteratorCommand({ StreamName, ...type })))).toBe(
        "ResourceNotFoundException",
      );
      expect(await refusal(client.send(new DeleteStreamCommand({ StreamName })))).toBe("ResourceNotFoundException");
    },
  },
  {
    name: "a shard that does not exist is not found",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const call = kinesis.iterator({ StreamName, ShardIteratorType: "LATEST", ShardId: "shardId-000000000007" });
      expect(await refusal(call)).toBe("ResourceNotFoundException");
    },
  },
  {
    name: "an ARN names a stream as well as its name does",
    run: async (kinesis) => {
      const StreamARN = kinesis.arn(await kinesis.create());
      const { SequenceNumber } = await kinesis.client.send(
        new PutRecordCommand({ StreamARN, Data: Buffer.from("by ARN"), PartitionKey: "a" }),
      );
      expect(SequenceNumber).toMatch(/^\d{56}$/);
      expect(await kinesis.texts({ StreamARN, ShardIteratorType: "TRIM_HORIZON" })).toEqual(["by ARN"]);
    },
  },
  {
    name: "a record goes to the shard whose range holds the MD5 of its partition key",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(4);
      const keys = Array.from({ length: 40 }, (_, index) => `key ${index} é`);
      const Records = keys.map((key) => ({ Data: Buffer.from(key), PartitionKey: key }));
      const answer = await kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
      const shards = await kinesis.shards(StreamName);
      const expected = keys.map((key) => {
        const hash = md5(key);
        return shards.find((shard) => rangeOf(shard)[0] <= hash && hash <= rangeOf(shard)[1])?.ShardId;
      });
      expect(answer.Records?.map((record) => record.ShardId)).toEqual(expected);
      expect(new Set(expected).size).toBe(4);
    },
  },
  {
    name: "ExplicitHashKey overrides the partition key",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(2);
      const Records = [0n, 2n ** 127n - 2n, 2n ** 127n, LAST_HASH_KEY].map((hashKey) => ({
        Data: Buffer.from("x"),
        PartitionKey: "same",
        ExplicitHashKey: String(hashKey),
      }));
      const answer = await kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
      const numbers = answer.Records?.map((record) => record.ShardId?.at(-1));
      expect(numbers).toEqual(["0", "0", "1", "1"]);
    },
  },
  {
    name: "two shards meet at 2^127",
    deviates: { "kinesis-mock": "divides 2^128 - 1, so its second shard begins one earlier" },
    run: async (kinesis) => {
      const shards = await kinesis.shards(await kinesis.create(2));
      expect(shards.map(rangeOf)).toEqual([
        [0n, 2n ** 127n - 1n],
        [2n ** 127n, LAST_HASH_KEY],
      ]);
    },
  },
  {
    name: "an ExplicitHashKey of 2^128 is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const record = { Data: Buffer.from("x"), PartitionKey: "a", ExplicitHashKey: String(LAST_HASH_KEY + 1n) };
      const call = kinesis.client.send(new PutRecordCommand({ StreamName, ...record }));
      expect(await refusal(call)).toBe("InvalidArgumentException");
    },
  },
  {
    name: "sequence numbers grow within a shard, from call to call and within a call",
    run: async (kinesis) => {
      const name = await kinesis.create();
      const numbers = [...(await kinesis.put(name, "a", "b", "c")), ...(await kinesis.put(name, "d"))].map(BigInt);
      expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(new Set(numbers).size).toBe(4);
    },
  },
  {
    name: "records come back as they were put, with their arrival",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const Data = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const before = Date.now() - 1_000;
      const put = await kinesis.client.send(new PutRecordCommand({ StreamName, Data, PartitionKey: "ключ" }));
      const { Records } = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }));
      const [record] = Records ?? [];
      expect(record).toMatchObject({ PartitionKey: "ключ", SequenceNumber: put.SequenceNumber });
      expect(Buffer.from(record?.Data ?? [])).toEqual(Data);
      expect(record?.ApproximateArrivalTimestamp?.getTime()).toBeGreaterThan(before);
      expect(record?.ApproximateArrivalTimestamp?.getTime()).toBeLessThan(Date.now() + 1_000);
    },
  },
  {
    name: "every iterator type begins where it says",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const [, second] = await kinesis.put(StreamName, "one", "two", "three");
      const type = (ShardIteratorType: GetShardIteratorCommandInput["ShardIteratorType"], more: object = {}) =>
        kinesis.texts({ StreamName, ShardIteratorType, ...more });
      expect(await type("TRIM_HORIZON")).toEqual(["one", "two", "three"]);
      expect(await type("LATEST")).toEqual([]);
      expect(await type("AT_SEQUENCE_NUMBER", { StartingSequenceNumber: second })).toEqual(["two", "three"]);
      expect(await type("AFTER_SEQUENCE_NUMBER", { StartingSequenceNumber: second })).toEqual(["three"]);
    },
  },
  {
    name: "AT_TIMESTAMP begins with the first record of that moment or later",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "before");
      const { Records } = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }));
      const arrival = Records?.[0]?.ApproximateArrivalTimestamp?.getTime() ?? 0;
      await expect.poll(() => Date.now()).toBeGreaterThan(arrival + 2);
      await kinesis.put(StreamName, "after");
      const at = (time: number) =>
        kinesis.texts({ StreamName, ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(time) });
      expect(await at(arrival - 60_000)).toEqual(["before", "after"]);
      expect(await at(arrival)).toEqual(["before", "after"]);
      expect(await at(arrival + 1)).toEqual(["after"]);
      expect(await refusal(at(Date.now() + 60_000))).toBe("InvalidArgumentException");
    },
  },
  {
    name: "a LATEST iterator finds what is put after it was made",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "old");
      const iterator = await kinesis.iterator({ StreamName, ShardIteratorType: "LATEST" });
      await kinesis.put(StreamName, "new");
      expect(textsOf(await kinesis.get(iterator))).toEqual(["new"]);
    },
  },
  {
    name: "Limit pages through a shard, and MillisBehindLatest is 0 at its tip",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "1", "2", "3", "4", "5");
      const first = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }), 2);
      const second = await kinesis.get(first.NextShardIterator, 2);
      const third = await kinesis.get(second.NextShardIterator, 2);
      const fourth = await kinesis.get(third.NextShardIterator, 2);
      expect([first, second, third, fourth].map(textsOf)).toEqual([["1", "2"], ["3", "4"], ["5"], []]);
      expect(third.MillisBehindLatest).toBe(0);
      expect(fourth.MillisBehindLatest).toBe(0);
      expect(fourth.NextShardIterator).toBeDefined();
    },
  },
  {
    name: "MillisBehindLatest is above 0 while records are left, even if all came in one call",
    deviates: { "kinesis-mock": "counts from the last record, not from now" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "1", "2");
      const first = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }), 1);
      expect(first.MillisBehindLatest).toBeGreaterThan(0);
    },
  },
  {
    name: "an iterator can be used twice",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "a");
      const iterator = await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" });
      expect(textsOf(await kinesis.get(iterator))).toEqual(["a"]);
      expect(textsOf(await kinesis.get(iterator))).toEqual(["a"]);
    },
  },
  {
    name: "an iterator that is none is refused",
    deviates: { "kinesis-mock": "answers an error without a type" },
    run: async (kinesis) => {
      expect(await refusal(kinesis.get("nonsense"))).toBe("InvalidArgumentException");
    },
  },
  {
    name: "an iterator type without its argument is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      for (const ShardIteratorType of ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"] as const) {
        const call = kinesis.iterator({ StreamName, ShardIteratorType });
        expect([ShardIteratorType, await refusal(call)]).toEqual([ShardIteratorType, "InvalidArgumentException"]);
      }
    },
  },
  {
    name: "a Limit above 10000 is refused",
    deviates: { "kinesis-mock": "answers InvalidArgumentException where AWS was seen to answer ValidationException" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const iterator = await kinesis.iterator({ StreamName, ShardIteratorType: "LATEST" });
      expect(await refusal(kinesis.get(iterator, 10_001))).toBe("ValidationException");
    },
  },
  {
    name: "a split closes the parent, and two children share its range",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "in the parent");
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
      await kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      await kinesis.active(StreamName);
      const [parent, ...children] = await kinesis.shards(StreamName);
      expect(parent && isOpen(parent)).toBe(false);
      expect(children.map(rangeOf)).toEqual([
        [0n, 999n],
        [1000n, LAST_HASH_KEY],
      ]);
      expect(children.map((child) => child.ParentShardId)).toEqual([parent?.ShardId, parent?.ShardId]);
      const end = BigInt(parent?.SequenceNumberRange?.EndingSequenceNumber ?? 0);
      for (const child of children) {
        expect(BigInt(child.SequenceNumberRange?.StartingSequenceNumber ?? 0)).toBeGreaterThan(end);
      }
    },
  },
  {
    name: "a closed shard ends without NextShardIterator and names its children",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "first", "last");
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(2n ** 127n) };
      await kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      await kinesis.active(StreamName);
      const first = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }), 1);
      expect(first.NextShardIterator).toBeDefined();
      expect(first.ChildShards ?? []).toEqual([]);
      const last = await kinesis.get(first.NextShardIterator, 1);
      expect(textsOf(last)).toEqual(["last"]);
      expect(last.NextShardIterator).toBeUndefined();
      expect(last.ChildShards?.map((child) => child.ShardId)).toEqual(["shardId-000000000001", "shardId-000000000002"]);
      expect(last.ChildShards?.map((child) => child.ParentShards)).toEqual([
        ["shardId-000000000000"],
        ["shardId-000000000000"],
      ]);
    },
  },
  {
    name: "after a split records go to the children, and the parent keeps its own",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "before");
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
      await kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      await kinesis.active(StreamName);
      await kinesis.put(StreamName, "after");
      const type = { StreamName, ShardIteratorType: "TRIM_HORIZON" } as const;
      expect(await kinesis.texts(type)).toEqual(["before"]);
      expect(await kinesis.texts({ ...type, ShardId: "shardId-000000000001" })).toEqual([]);
      expect(await kinesis.texts({ ...type, ShardId: "shardId-000000000002" })).toEqual(["after"]);
    },
  },
  {
    name: "a split outside the shard's range is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(2);
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(LAST_HASH_KEY) };
      const call = kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      expect(await refusal(call)).toBe("InvalidArgumentException");
    },
  },
  {
    name: "a split of a shard that does not exist is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const split = { ShardToSplit: "shardId-000000000009", NewStartingHashKey: "1000" };
      const call = kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      expect(await refusal(call)).toBe("ResourceNotFoundException");
    },
  },
  {
    name: "a merge closes both parents, and one child has their range",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(2);
      const merge = { ShardToMerge: "shardId-000000000000", AdjacentShardToMerge: "shardId-000000000001" };
      await kinesis.client.send(new MergeShardsCommand({ StreamName, ...merge }));
      await kinesis.active(StreamName);
      const shards = await kinesis.shards(StreamName);
      expect(shards.map(isOpen)).toEqual([false, false, true]);
      const child = shards[2];
      expect(child && rangeOf(child)).toEqual([0n, LAST_HASH_KEY]);
      expect(new Set([child?.ParentShardId, child?.AdjacentParentShardId])).toEqual(
        new Set([merge.ShardToMerge, merge.AdjacentShardToMerge]),
      );
    },
  },
  {
    name: "shards that do not touch are not merged",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(3);
      const merge = { ShardToMerge: "shardId-000000000000", AdjacentShardToMerge: "shardId-000000000002" };
      const call = kinesis.client.send(new MergeShardsCommand({ StreamName, ...merge }));
      expect(await refusal(call)).toBe("InvalidArgumentException");
    },
  },
  {
    name: "UpdateShardCount doubles and halves, and the open shards cover all hash keys",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(2);
      const scale = async (TargetShardCount: number): Promise<Shard[]> => {
        const input = { StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" } as const;
        const answer = await kinesis.client.send(new UpdateShardCountCommand(input));
        expect(answer).toMatchObject({ StreamName, TargetShardCount });
        await kinesis.active(StreamName);
        const open = (await kinesis.shards(StreamName)).filter(isOpen);
        expect(open).toHaveLength(TargetShardCount);
        expectFullCover(open);
        return open;
      };
      await scale(4);
      await scale(2);
    },
  },
  {
    name: "UpdateShardCount to three quarters leaves shards of equal size",
    deviates: { "kinesis-mock": "merges pairs and leaves them of unequal size" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create(4);
      const input = { StreamName, TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" } as const;
      await kinesis.client.send(new UpdateShardCountCommand(input));
      await kinesis.active(StreamName);
      const open = (await kinesis.shards(StreamName)).filter(isOpen);
      expectFullCover(open);
      const sizes = open.map(rangeOf).map(([start, end]) => end - start);
      expect(sizes.every((size) => size / 2n ** 100n === LAST_HASH_KEY / 3n / 2n ** 100n)).toBe(true);
    },
  },
  {
    name: "UpdateShardCount beyond double or below half is refused",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(2);
      const input = { StreamName, TargetShardCount: 5, ScalingType: "UNIFORM_SCALING" } as const;
      expect(await refusal(kinesis.client.send(new UpdateShardCountCommand(input)))).toBe("InvalidArgumentException");
    },
  },
  {
    name: "streams in ON_DEMAND mode are not split by callers",
    deviates: { "kinesis-mock": "splits them" },
    run: async (kinesis) => {
      const StreamName = kinesis.newName();
      const StreamModeDetails = { StreamMode: "ON_DEMAND" } as const;
      await kinesis.client.send(new CreateStreamCommand({ StreamName, StreamModeDetails }));
      await kinesis.active(StreamName);
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
      const call = kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      expect(await refusal(call)).toBe("ValidationException");
    },
  },
  {
    name: "ListShards pages, and a token stands for the stream",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(5);
      const first = await kinesis.client.send(new ListShardsCommand({ StreamName, MaxResults: 2 }));
      const second = await kinesis.client.send(new ListShardsCommand({ NextToken: first.NextToken, MaxResults: 2 }));
      const third = await kinesis.client.send(new ListShardsCommand({ NextToken: second.NextToken, MaxResults: 2 }));
      const numbers = [first, second, third].map((page) =>
        page.Shards?.map((shard) => Number(shard.ShardId?.slice(8))),
      );
      expect(numbers).toEqual([[0, 1], [2, 3], [4]]);
      expect(third.NextToken).toBeUndefined();
      const after = await kinesis.client.send(
        new ListShardsCommand({ StreamName, ExclusiveStartShardId: "shardId-000000000003" }),
      );
      expect(after.Shards?.map((shard) => shard.ShardId)).toEqual(["shardId-000000000004"]);
    },
  },
  {
    name: "ListShards filters by what was open when",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
      await kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      await kinesis.active(StreamName);
      const listed = async (Type: ShardFilterType, more: object = {}) => {
        const ShardFilter = { Type, ...more };
        const { Shards } = await kinesis.client.send(new ListShardsCommand({ StreamName, ShardFilter }));
        return Shards?.map((shard) => Number(shard.ShardId?.slice(8)));
      };
      expect(await listed("AT_LATEST")).toEqual([1, 2]);
      expect(await listed("FROM_TRIM_HORIZON")).toEqual([0, 1, 2]);
      expect(await listed("AFTER_SHARD_ID", { ShardId: "shardId-000000000001" })).toEqual([2]);
      expect(await listed("FROM_TIMESTAMP", { Timestamp: new Date(Date.now() - 3_600_000) })).toEqual([0, 1, 2]);
    },
  },
  {
    name: "ListShards AT_TRIM_HORIZON lists what a reader from the beginning starts with",
    deviates: { "kinesis-mock": "lists the children as well" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
      await kinesis.client.send(new SplitShardCommand({ StreamName, ...split }));
      await kinesis.active(StreamName);
      const { Shards } = await kinesis.client.send(
        new ListShardsCommand({ StreamName, ShardFilter: { Type: "AT_TRIM_HORIZON" } }),
      );
      expect(Shards?.map((shard) => shard.ShardId)).toEqual(["shardId-000000000000"]);
    },
  },
  {
    name: "DescribeStream pages through shards",
    run: async (kinesis) => {
      const StreamName = await kinesis.create(3);
      const { StreamDescription: first } = await kinesis.client.send(
        new DescribeStreamCommand({ StreamName, Limit: 2 }),
      );
      expect(first?.HasMoreShards).toBe(true);
      const last = first?.Shards?.at(-1)?.ShardId;
      const { StreamDescription: second } = await kinesis.client.send(
        new DescribeStreamCommand({ StreamName, ExclusiveStartShardId: last }),
      );
      expect(second?.Shards?.map((shard) => shard.ShardId)).toEqual(["shardId-000000000002"]);
      expect(second?.HasMoreShards).toBe(false);
    },
  },
  {
    name: "ListStreams lists by name, in pages",
    run: async (kinesis) => {
      const names = [await kinesis.create(), await kinesis.create()].toSorted();
      const found: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await kinesis.client.send(new ListStreamsCommand({ Limit: 1, ExclusiveStartStreamName: after }));
        found.push(...(page.StreamNames ?? []));
        after = found.at(-1);
        more = page.HasMoreStreams ?? false;
      }
      expect(found).toEqual(found.toSorted());
      expect(found.filter((name) => names.includes(name))).toEqual(names);
    },
  },
  {
    name: "tags are added, replaced, listed and removed",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const add = (Tags: Record<string, string>) =>
        kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags }));
      await add({ "das status": "started", revision: "1", "ü_./=+-@": "ü_./=+-@" });
      await add({ revision: "2" });
      await kinesis.client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["das status", "absent"] }));
      const answer = await kinesis.client.send(new ListTagsForStreamCommand({ StreamName }));
      const tags = answer.Tags?.map(({ Key, Value }) => [Key, Value]).toSorted();
      expect(tags).toEqual([
        ["revision", "2"],
        ["ü_./=+-@", "ü_./=+-@"],
      ]);
      expect(answer.HasMoreTags).toBe(false);
    },
  },
  {
    name: "tags take only some characters",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      for (const text of ["a;b", "a,b", "a\tb", "a\nb", 'a"b', "{a}"]) {
        const call = kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: text } }));
        expect([text, await refusal(call)]).toEqual([text, "InvalidArgumentException"]);
      }
    },
  },
  {
    name: "tags take the % that the API reference lists, and not the colon that it does not",
    deviates: { "kinesis-mock": "takes the colon and not the %, as AWS has been seen to do" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: "arn%3Aaws" } }));
      const call = kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: "arn:aws" } }));
      expect(await refusal(call)).toBe("InvalidArgumentException");
    },
  },
  {
    name: "retention grows and shrinks, but not in the wrong direction nor below a day",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const grow = (RetentionPeriodHours: number) =>
        kinesis.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
      const shrink = (RetentionPeriodHours: number) =>
        kinesis.client.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
      await grow(48);
      expect((await kinesis.describe(StreamName)).RetentionPeriodHours).toBe(48);
      expect(await refusal(grow(36))).toBe("InvalidArgumentException");
      expect(await refusal(shrink(72))).toBe("InvalidArgumentException");
      expect(await refusal(shrink(12))).toBe("InvalidArgumentException");
      await shrink(24);
      expect((await kinesis.describe(StreamName)).RetentionPeriodHours).toBe(24);
    },
  },
  {
    name: "encryption is started and stopped, and records tell it",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const input = { StreamName, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" } as const;
      await kinesis.client.send(new StartStreamEncryptionCommand(input));
      await kinesis.active(StreamName);
      expect(await kinesis.describe(StreamName)).toMatchObject({ EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
      const put = await kinesis.client.send(
        new PutRecordCommand({ StreamName, Data: Buffer.from("x"), PartitionKey: "a" }),
      );
      expect(put.EncryptionType).toBe("KMS");
      const { Records } = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }));
      expect(Records?.[0]?.EncryptionType).toBe("KMS");
      await kinesis.client.send(new StopStreamEncryptionCommand(input));
      await kinesis.active(StreamName);
      expect((await kinesis.describe(StreamName)).EncryptionType).toBe("NONE");
    },
  },
  {
    name: "a deleted stream is not found, and its name is free again",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.put(StreamName, "old");
      await kinesis.client.send(new DeleteStreamCommand({ StreamName }));
      const status = async () =>
        kinesis.describe(StreamName).then(
          (stream) => stream.StreamStatus,
          (error: Error) => error.name,
        );
      await expect.poll(status, { timeout: 10_000, interval: 10 }).toBe("ResourceNotFoundException");
      await kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      await kinesis.active(StreamName);
      expect(await kinesis.texts({ StreamName, ShardIteratorType: "TRIM_HORIZON" })).toEqual([]);
    },
  },
  {
    name: "a PutRecords call takes 500 records",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const Records = Array.from({ length: 500 }, () => ({ Data: Buffer.from("x"), PartitionKey: "a" }));
      const answer = await kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
      expect(answer.Records).toHaveLength(500);
    },
  },
  {
    name: "a PutRecords call of 501 records is refused",
    deviates: { "kinesis-mock": "takes them" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const Records = Array.from({ length: 501 }, () => ({ Data: Buffer.from("x"), PartitionKey: "a" }));
      const call = kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
      expect(await refusal(call)).toBe("ValidationException");
    },
  },
  {
    name: "a record of 1 MiB with its partition key is taken",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const Data = Buffer.alloc(MIB - 3, 1);
      await kinesis.client.send(new PutRecordCommand({ StreamName, Data, PartitionKey: "key" }));
      const { Records } = await kinesis.get(await kinesis.iterator({ StreamName, ShardIteratorType: "TRIM_HORIZON" }));
      expect(Records?.[0]?.Data?.length).toBe(MIB - 3);
    },
  },
  {
    name: "a record of more than 1 MiB with its partition key is refused, and nothing of its call is stored",
    deviates: { "kinesis-mock": "counts the data alone" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const Records = [
        { Data: Buffer.from("small"), PartitionKey: "key" },
        { Data: Buffer.alloc(MIB - 2, 1), PartitionKey: "key" },
      ];
      const call = kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
      expect(await refusal(call)).toMatch(/^(ValidationException|InvalidArgumentException)$/);
      expect(await kinesis.texts({ StreamName, ShardIteratorType: "TRIM_HORIZON" })).toEqual([]);
    },
  },
];
