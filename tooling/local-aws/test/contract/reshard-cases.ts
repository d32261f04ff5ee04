import {
  CreateStreamCommand,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  type ShardFilterType,
  SplitShardCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import { refusal } from "../clients.ts";
import type { ContractCase } from "./contract-case.ts";
import { textsOf } from "./contract-subject.ts";
import { expectFullCover, isOpen, LAST_HASH_KEY, rangeOf } from "./hash-key-ranges.ts";

export const reshardCases: readonly ContractCase[] = [
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
];
