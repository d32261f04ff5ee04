import { createHash } from "node:crypto";
import { PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import { refusal } from "../clients.ts";
import type { ContractCase } from "./contract-case.ts";
import { LAST_HASH_KEY, rangeOf } from "./hash-key-ranges.ts";

const MIB = 1_048_576;
const md5 = (text: string): bigint => BigInt(`0x${createHash("md5").update(text).digest("hex")}`);

export const putCases: readonly ContractCase[] = [
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
