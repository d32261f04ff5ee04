import { ConfigurationError } from "@das/core";
import { describe, expect, test } from "vitest";
import { deliveredData, open, seal, splitRecords } from "../src/index.ts";
import { VECTOR, VECTOR_RECORD } from "./fixtures.ts";
import { always, newDataKey } from "./keys.ts";

/** As AWS documents the events of Lambda's Kinesis event source and of Firehose's data transformation. */
const kinesisEvent = (...data: unknown[]) => ({
  Records: data.map((text, index) => ({
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "1",
      sequenceNumber: `4959033827149025660855969253836${index}`,
      data: text,
      approximateArrivalTimestamp: 1545084650.987,
    },
    eventSource: "aws:kinesis",
    eventID: `shardId-000000000006:4959033827149025660855969253836${index}`,
  })),
});
const firehoseEvent = (...data: unknown[]) => ({
  invocationId: "invoked123",
  records: data.map((text, index) => ({ recordId: `record${index}`, approximateArrivalTimestamp: 1, data: text })),
});

describe("deliveredData", () => {
  test("takes the records of a Kinesis event source", () => {
    const [first, second] = deliveredData(kinesisEvent(VECTOR_RECORD.toString("base64"), "e30="));

    expect(first?.id).toBe("49590338271490256608559692538360");
    expect(Buffer.from(first?.data ?? []).equals(VECTOR_RECORD)).toBe(true);
    expect(second).toEqual({ id: "49590338271490256608559692538361", data: Buffer.from("{}") });
  });

  test("takes the records of a Firehose transformation", () => {
    expect(deliveredData(firehoseEvent("e30="))).toEqual([{ id: "record0", data: Buffer.from("{}") }]);
  });

  test("gives one delivery for each element, even when it holds no data", () => {
    const empty = { id: "", data: Buffer.alloc(0) };

    expect(deliveredData({ Records: [null, {}, { kinesis: {} }, { kinesis: { data: 7 } }] })).toEqual([
      empty,
      empty,
      empty,
      empty,
    ]);
    expect(deliveredData({ records: [null, {}] })).toEqual([empty, empty]);
    expect(deliveredData({ Records: [] })).toEqual([]);
  });

  test.each([undefined, null, 7, "text", [], {}, { Records: {} }])("refuses %j", (event) => {
    expect(() => deliveredData(event)).toThrow(ConfigurationError);
  });

  test("from delivery to events: the golden record and ours, back to back in one delivery", async () => {
    const vectorKey = { plaintext: VECTOR.wrappingKey, encrypted: "" };
    const ourKey = newDataKey();
    const inner = { ...JSON.parse(VECTOR.innerJson), clusterId: "ours" };
    const ours = await seal(JSON.stringify(inner), ourKey, "1.4");
    const data = Buffer.concat([VECTOR_RECORD, ours.bytes]).toString("base64");
    const keys = { lend: (key: string) => always(key === ourKey.encrypted ? ourKey : vectorKey).lend(key) };

    const opened = [];
    for (const delivery of deliveredData(firehoseEvent(data))) {
      for (const record of splitRecords(delivery.data)) opened.push((await open(record, keys)).inner.clusterId);
    }

    expect(opened).toEqual(["", "ours"]);
  });
});
