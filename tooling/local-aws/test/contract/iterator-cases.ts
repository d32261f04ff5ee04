import type { GetShardIteratorCommandInput } from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import { refusal } from "../clients.ts";
import type { ContractCase } from "./contract-case.ts";
import { textsOf } from "./contract-subject.ts";

export const iteratorCases: readonly ContractCase[] = [
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
];
