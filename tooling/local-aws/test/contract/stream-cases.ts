import {
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import { refusal } from "../clients.ts";
import type { ContractCase } from "./contract-case.ts";
import { expectFullCover } from "./hash-key-ranges.ts";

export const streamCases: readonly ContractCase[] = [
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
      await expect.poll(status, { interval: 10 }).toBe("ResourceNotFoundException");
      await kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      await kinesis.active(StreamName);
      expect(await kinesis.texts({ StreamName, ShardIteratorType: "TRIM_HORIZON" })).toEqual([]);
    },
  },
];
