import { COMPRESSED_MAX_BYTES, type InnerRecord, innerRecordSchema, parseMarkers } from "@das/core";
import { compress } from "@das/envelope/seal";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { provenanceFor } from "../../test/fake-publishing.ts";
import { LIST_MAX_BYTES, type PackedRecord, Packer } from "./pack.ts";

const limits = {
  instanceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  maxEvents: 100,
  targetBytes: 8_192,
  provenance: provenanceFor(),
};

const textOf = ({ text }: PackedRecord) => Buffer.from(text.bytes).toString();

/** The events of records, in order. */
function unpack(records: readonly PackedRecord[]): unknown[] {
  return records.flatMap(
    (record) => (JSON.parse(textOf(record)) as { databaseActivityEventList: unknown[] }).databaseActivityEventList,
  );
}

describe("packing", () => {
  test("keeps every event, once and in order, within the limits", () => {
    const event = fc.record({ n: fc.nat(), text: fc.string({ maxLength: 3_000, unit: "binary" }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (events, maxEvents) => {
        const packer = new Packer({ ...limits, maxEvents });
        const records = events.flatMap((each) => packer.add(JSON.stringify(each), "1:1"));
        if (!packer.isEmpty) records.push(packer.close());
        expect(unpack(records)).toEqual(events);
        for (const record of records) {
          expect(record.events).toBeLessThanOrEqual(maxEvents);
          expect(record.events).toBeGreaterThan(0);
          expect(compress(record.text.bytes).byteLength).toBeLessThan(COMPRESSED_MAX_BYTES);
        }
      }),
    );
  });

  test("a list at its limit fits into a record whatever its text", () => {
    const packer = new Packer({ ...limits, maxEvents: 10_000, targetBytes: 500_000 });
    const random = () => Math.random().toString(36).slice(2);
    const records: PackedRecord[] = [];
    while (records.length < 2)
      records.push(...packer.add(JSON.stringify({ text: Array.from({ length: 20 }, random).join("") }), "1:1"));
    for (const { text } of records) {
      expect(text.length).toBeLessThan(LIST_MAX_BYTES + 1_024);
      expect(compress(text.bytes).byteLength).toBeLessThan(COMPRESSED_MAX_BYTES);
    }
  });

  test("comes to records of the wanted compressed size", () => {
    const packer = new Packer({ ...limits, maxEvents: 10_000 });
    const sizes: number[] = [];
    for (let n = 0; n < 20_000; n += 1) {
      const event = JSON.stringify({
        n,
        statement: `SELECT * FROM orders WHERE id = ${(n * 7919) % 100_003}`,
        user: "app",
      });
      for (const record of packer.add(event, `133765432109876543:${n >> 4}:${n & 15}`)) {
        const compressed = compress(record.text.bytes).byteLength;
        packer.sealed(record, compressed);
        sizes.push(compressed);
      }
    }
    const late = sizes.slice(-10);
    for (const size of late) expect(Math.abs(size - limits.targetBytes)).toBeLessThan(limits.targetBytes / 4);
  });

  test("a heartbeat is a record of its own", () => {
    const record = innerRecordSchema.parse(
      JSON.parse(textOf(new Packer({ ...limits, provenance: provenanceFor() }).heartbeat())),
    );
    expect(record).toEqual({
      type: "DatabaseActivityMonitoringRecord",
      clusterId: "",
      instanceId: limits.instanceId,
      databaseActivityEventList: [{ type: "heartbeat" }],
      provenance: expect.objectContaining({ sequence: 0, acked: -1, markers: "" }),
    });
  });

  test("says of each event what marks it, also when a record is closed before the event that closes it", () => {
    const packer = new Packer({ ...limits, maxEvents: 3, provenance: provenanceFor() });
    const markers = ["7:0:0", "7:0:1", undefined, "7:0:2", "7:9:0", "8:0:0", "8:0:1"];
    const records = markers.flatMap((marker) => packer.add("{}", marker));
    records.push(packer.close());
    const provenances = records.map((record) => (JSON.parse(textOf(record)) as InnerRecord).provenance);
    expect(
      provenances.flatMap((each, index) => parseMarkers(each?.markers ?? "", records[index]?.events ?? 0)),
    ).toEqual(markers);
    expect(records.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    expect(provenances.map((each) => each?.sequence)).toEqual([0, 1, 2]);
  });

  test("counts the markers, too, so that a record stays within the limit", () => {
    const packer = new Packer({ ...limits, maxEvents: 10_000, targetBytes: 500_000 });
    const random = () => Math.random().toString(36).slice(2);
    const records: PackedRecord[] = [];
    while (records.length < 2) {
      const marker = Array.from({ length: 20 }, random).join(":");
      records.push(...packer.add(JSON.stringify({ text: random() }), marker));
    }
    for (const { text } of records) expect(compress(text.bytes).byteLength).toBeLessThan(COMPRESSED_MAX_BYTES);
  });
});
