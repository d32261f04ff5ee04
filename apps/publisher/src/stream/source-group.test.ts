import type { ArrivedRecord, Deliver, Stretch } from "@das/consumer";
import { type Cursor, CursorError, type InnerRecord, partitionKeyOf, silentLogger } from "@das/core";
import { describe, expect, test } from "vitest";
import { SourceGroup } from "./source-group.ts";

const GENERATION = 3;
const signal = new AbortController().signal;

interface Put {
  readonly source: string;
  readonly arrival: number;
  readonly lane?: number;
  readonly generation?: number;
  readonly watermark?: string;
  /** What the record itself says; default: the source whose partition key it has. */
  readonly says?: string;
}

/** A stream of some records, and who asked for what. */
function openStream(puts: readonly Put[]) {
  const asked: Stretch[] = [];
  const opened: number[] = [];
  const records = puts.map(({ source, arrival, lane = 0 }, index): ArrivedRecord & { readonly put: number } => ({
    shardId: `shard ${lane}`,
    sequenceNumber: String(index),
    partitionKey: partitionKeyOf(source, lane, lane + 1),
    data: new Uint8Array(100),
    approximateArrivalTime: new Date(arrival),
    arrival,
    put: index,
  }));
  const stream = {
    read: async (stretch: Stretch, deliver: Deliver, ending: AbortSignal) => {
      asked.push(stretch);
      await new Promise((resolve) => setImmediate(resolve));
      ending.throwIfAborted();
      const { from, to = Number.POSITIVE_INFINITY } = stretch;
      for (const record of records) {
        if (record.arrival >= from && record.arrival < to && (await deliver([record]))) break;
      }
      return from;
    },
  };
  const opener = {
    open: async ({ sequenceNumber }: ArrivedRecord) => {
      const index = Number(sequenceNumber);
      opened.push(index);
      return innerOf(puts[index] as Put, index);
    },
  };
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  const group = new SourceGroup({ generation: GENERATION, stream, opener, logger });
  return { group, asked, opened, warnings };
}

function innerOf({ source, lane = 0, generation = GENERATION, watermark, says }: Put, sequence: number): InnerRecord {
  return {
    type: "DatabaseActivityMonitoringRecord",
    clusterId: "",
    instanceId: "db-A",
    databaseActivityEventList: [{ type: "heartbeat" }],
    provenance: {
      ...{ generation, source: says ?? source, history: "", epoch: "e", lane, sequence, acked: -1, markers: "" },
      watermark: watermark ?? null,
      behind: [0],
    },
  };
}

/** Cursors are numbers. */
function sourceOf(id: string) {
  const compare = (a: Cursor, b: Cursor) => {
    for (const cursor of [a, b]) {
      if (!/^\d+$/.test(cursor)) throw new CursorError({ who: "test", what: cursor, remedy: "", code: "cursor" });
    }
    return Number(a) - Number(b);
  };
  return { id, compare };
}

describe("sources that look back together", () => {
  test("have each stretch read once, and only their own records opened", async () => {
    const { group, asked, opened } = openStream([
      { source: "a", arrival: 1 },
      { source: "b", arrival: 2, lane: 1 },
      { source: "c", arrival: 3 },
      { source: "a/b", arrival: 4 },
      { source: "a", arrival: 9 },
    ]);
    const [a, b] = [group.join(sourceOf("a")), group.join(sourceOf("b"))];
    const stretch = { from: 0, to: 5 };
    const [ofA, ofB] = await Promise.all([a.read(stretch, signal), b.read(stretch, signal)]);
    expect(ofA.records.map(({ arrival }) => arrival)).toEqual([1]);
    expect(ofB.records.map(({ arrival }) => arrival)).toEqual([2]);
    expect(asked).toEqual([stretch]);
    expect(opened).toEqual([0, 1]);
    expect(a.bytesRead).toBe(300);
    expect(group.totalBytesRead).toBe(400);
  });

  test("are looked for until each of them was seen", async () => {
    const { group, opened } = openStream([
      { source: "a", arrival: 1 },
      { source: "a", arrival: 2 },
      { source: "b", arrival: 3 },
      { source: "b", arrival: 4 },
    ]);
    const [a, b, c] = ["a", "b", "c"].map((id) => group.join(sourceOf(id)));
    const stretch = { from: 0, to: 9 };
    expect(await Promise.all([a, b, c].map((each) => each?.probe(stretch, signal)))).toEqual([1, 3, undefined]);
    expect(opened).toEqual([0, 2]);
  });

  test("do not take one another's end for their own", async () => {
    const { group } = openStream([{ source: "b", arrival: 1 }]);
    const [a, b] = [group.join(sourceOf("a")), group.join(sourceOf("b"))];
    const stopping = new AbortController();
    const stretch = { from: 0, to: undefined };
    const [ofA, ofB] = [a.read(stretch, stopping.signal), b.read(stretch, signal)];
    stopping.abort(new Error("a stops"));
    await expect(ofA).rejects.toThrow("a stops");
    a[Symbol.dispose]();
    expect((await ofB).records).toHaveLength(1);
  });

  test("end reading when nobody waits any more", async () => {
    const { group, opened } = openStream([{ source: "a", arrival: 1 }]);
    const a = group.join(sourceOf("a"));
    const stopping = new AbortController();
    const reading = a.read({ from: 0, to: undefined }, stopping.signal);
    stopping.abort(new Error("a stops"));
    a[Symbol.dispose]();
    await expect(reading).rejects.toThrow("a stops");
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(opened).toEqual([]);
  });
});

describe("what a record says counts only if it is", () => {
  test("of the source and of the generation", async () => {
    const { group } = openStream([
      { source: "a", arrival: 1, generation: 2 },
      { source: "a", arrival: 2, generation: 4 },
      { source: "a", arrival: 3, says: "b" },
      { source: "a", arrival: 4 },
    ]);
    const { records } = await group.join(sourceOf("a")).read({ from: 0, to: undefined }, signal);
    expect(records.map(({ arrival }) => arrival)).toEqual([4]);
  });

  test("a place of the source: another is no place at all, though its events are there", async () => {
    const { group, warnings } = openStream([
      { source: "a", arrival: 1, watermark: "7" },
      { source: "a", arrival: 2, watermark: "not a cursor" },
    ]);
    const { records } = await group.join(sourceOf("a")).read({ from: 0, to: undefined }, signal);
    expect(records.map(({ watermark }) => watermark)).toEqual(["7", null]);
    expect(warnings).toHaveLength(1);
  });
});
