import type { Provenance } from "@das/core";
import { describe, expect, test } from "vitest";
import { type StreamReport, unexplainedHoles } from "../src/account-report.ts";
import { StreamAccount } from "../src/stream-account.ts";
import type { EventsItem, HeartbeatItem, StreamItem } from "../src/stream-item.ts";
import { itemOf, lossWindowOf } from "./publishing-model.ts";

const SOURCE = "sqlserver:a:RDS_DAS_AUDIT";

/** Records of one lane as they come, each with one row of its own sequence. */
class Scene {
  readonly account = new StreamAccount();
  #now = Date.UTC(2026, 0, 1, 12);

  put(
    sequence: number,
    more: Partial<Provenance> = {},
    rows: readonly number[] = [sequence],
  ): EventsItem | HeartbeatItem {
    const item = itemOf({ provenance: this.provenance(sequence, more), rows, time: this.#tick() }, "1");
    this.account.add(item);
    return item;
  }

  provenance(sequence: number, more: Partial<Provenance> = {}): Provenance {
    const own = { generation: 1, source: SOURCE, history: "only", epoch: "e1", lane: 0, sequence };
    return { ...own, acked: sequence - 1, watermark: String(sequence), behind: [sequence], markers: "", ...more };
  }

  /** Event times are those of the rows: `2026-01-01 00:00:00.000000<row>`. */
  tellLossWindow(sequence: number, startTime: string, endTime: string | null): void {
    const item = itemOf({ provenance: this.provenance(sequence), rows: [], time: this.#tick() }, "1");
    const inner = { ...item.inner, databaseActivityEventList: [lossWindowOf("purged", startTime, endTime)] };
    this.account.add({ ...item, kind: "events", inner, events: [], excluded: 0 });
  }

  #tick(): Date {
    this.#now += 1_000;
    return new Date(this.#now);
  }

  get report(): StreamReport {
    return this.account.report();
  }

  get source() {
    const source = this.report.generations[0]?.sources[0];
    if (!source) throw new Error("no source");
    return source;
  }
}

describe("a hole", () => {
  test("is open while nobody knows more, filled when its record comes, and then all is complete", () => {
    const scene = new Scene();
    scene.put(0);
    scene.put(2, { acked: 0, watermark: "1" });
    expect(scene.source.holes).toMatchObject([{ from: 1, to: 1, state: "open", acknowledged: false }]);
    expect(scene.source.completeUpTo).toMatchObject([{ watermark: "1" }]);
    scene.put(1, { acked: 0, watermark: "1" });
    scene.put(3);
    expect(scene.source.holes).toEqual([]);
    expect(scene.source.completeUpTo).toMatchObject([
      { history: "only", watermark: "3", eventTime: "2026-01-01 00:00:00.0000002+00" },
    ]);
  });

  test("that was acknowledged stays open, and nothing behind it is complete, in later epochs neither", () => {
    const scene = new Scene();
    scene.put(0);
    scene.put(2);
    scene.put(0, { epoch: "e2", watermark: "3" });
    scene.put(1, { epoch: "e2", watermark: "4" });
    expect(scene.source.holes).toMatchObject([{ epoch: "e1", from: 1, to: 1, state: "open", acknowledged: true }]);
    expect(unexplainedHoles(scene.report)).toHaveLength(1);
    expect(scene.source.completeUpTo).toMatchObject([{ watermark: "0" }]);
  });

  test("is told in two where only a part of it was acknowledged", () => {
    const scene = new Scene();
    scene.put(0);
    scene.put(5, { acked: 2, watermark: "3" });
    expect(scene.source.holes).toMatchObject([
      { from: 1, to: 2, acknowledged: true },
      { from: 3, to: 4, acknowledged: false },
    ]);
  });

  test("at the end of a lane is found by what a heartbeat says of that lane", () => {
    const scene = new Scene();
    scene.put(0, { behind: [0, 0], acked: -1 });
    scene.put(0, { lane: 1, behind: [0, 0], acked: -1 });
    scene.put(1, { behind: [1, 3], lanes: [0, 2] }, []);
    expect(scene.source.holes).toMatchObject([{ lane: 1, from: 1, to: 2, state: "open", acknowledged: true }]);
  });

  test("at the beginning of an epoch is one only where that began while its lane was read", () => {
    const scene = new Scene();
    const first = scene.put(7);
    scene.put(2, { epoch: "e2", since: Number(first.approximateArrivalTime) });
    scene.put(3, { epoch: "e3", since: Number(first.approximateArrivalTime) - 1 });
    expect(scene.source.holes).toMatchObject([{ epoch: "e2", from: 0, to: 1, state: "open", acknowledged: true }]);
    expect(scene.source.epochs.map(({ lanes }) => lanes)).toEqual([
      [{ lane: 0, first: 7, last: 7, acked: 6 }],
      [{ lane: 0, first: 2, last: 2, acked: 1 }],
      [{ lane: 0, first: 3, last: 3, acked: 2 }],
    ]);
  });

  test.each([
    ["covers it", "2026-01-01 00:00:00.0000001+00", "2026-01-01 00:00:00.0000009+00", 0],
    ["still runs", "2026-01-01 00:00:00.0000001+00", null, 0],
    ["begins too late", "2026-01-01 00:00:00.0000002+00", "2026-01-01 00:00:00.0000009+00", 1],
    ["ends too early", "2026-01-01 00:00:00.0000001+00", "2026-01-01 00:00:00.0000003+00", 1],
  ])("is explained by a loss window or not: one that %s", (_, start, end, unexplained) => {
    const scene = new Scene();
    scene.put(1);
    scene.put(4);
    scene.tellLossWindow(5, start, end);
    expect(scene.source.lossWindows).toEqual([{ trail: SOURCE, cause: "purged", startTime: start, endTime: end }]);
    expect(unexplainedHoles(scene.report)).toHaveLength(unexplained);
    expect(scene.source.holes).toMatchObject([{ from: 2, to: 3, state: "open" }]);
  });

  test("beyond what can be remembered counts as open, and nothing is complete from there on", () => {
    const scene = new Scene();
    scene.put(0);
    for (let sequence = 2; sequence < 2_400; sequence += 2) scene.put(sequence, { acked: 0, watermark: "1" });
    for (let sequence = 400; sequence < 2_398; sequence += 1) {
      if (sequence % 2) scene.put(sequence, { acked: 0, watermark: "1" });
    }
    scene.put(2_400, { acked: 2_398, watermark: "2399" });
    expect(scene.source.forgottenOpenHoles).toBe(200);
    expect(scene.source.completeUpTo).toMatchObject([{ watermark: "1" }]);
    expect(unexplainedHoles(scene.report)).not.toEqual([]);
  });
});

describe("what is counted", () => {
  test("records, heartbeats, events, repetitions and doubles, by source and generation", () => {
    const scene = new Scene();
    scene.put(0, {}, [1, 2, 3]);
    scene.put(0, {}, [1, 2, 3]);
    scene.put(1, {}, []);
    scene.put(0, { generation: 2, epoch: "e2" });
    scene.account.dropped(scene.provenance(0), 3);
    scene.account.dropped(scene.provenance(0, { source: "unheard of" }), 3);
    expect(scene.report.generations).toMatchObject([
      {
        generation: 1,
        sources: [
          {
            source: SOURCE,
            records: 3,
            heartbeats: 1,
            events: 6,
            repeatedRecords: 1,
            doublesDropped: 3,
            epochsSeen: 1,
          },
        ],
      },
      { generation: 2, sources: [{ records: 1, events: 1 }] },
    ]);
    expect(JSON.parse(JSON.stringify(scene.report))).toMatchObject({ withoutProvenance: 0, malformed: 0 });
  });

  test("what has no place in the account, each record once", () => {
    const scene = new Scene();
    const { provenance: _, ...item } = scene.put(0, {}, [1]) as EventsItem;
    const place = { shardId: "s", sequenceNumber: "1", approximateArrivalTime: undefined };
    const both = {
      ...item.inner,
      databaseActivityEventList: [...item.inner.databaseActivityEventList, { type: "heartbeat" as const }],
    };
    const items: StreamItem[] = [
      { ...item, inner: both },
      { ...item, kind: "heartbeat", inner: both },
      { ...item, malformedProvenance: "markers: 1 for 2 events" },
      { kind: "unreadable", ...place, code: "record-tampered", reason: "?", data: Buffer.alloc(0) },
      { kind: "lost-shard", shardId: "s", lastSequenceNumber: undefined },
    ];
    for (const each of items) scene.account.add(each);
    expect(scene.report).toMatchObject({ withoutProvenance: 1, malformed: 1, unreadable: 1, lostShards: 1 });
    expect(scene.source.records).toBe(1);
  });

  test("publishers, with what they last said of what they read", () => {
    const scene = new Scene();
    scene.put(0);
    const held = (id: string, state: "reading" | "waiting") => ({ id, history: "only", state });
    const says = (sequence: number, instance: string, state: "reading" | "waiting") =>
      scene.put(sequence, { source: `publisher:${instance}`, epoch: instance, sources: [held(SOURCE, state)] }, []);
    says(0, "a", "waiting");
    says(1, "a", "reading");
    says(0, "b", "waiting");
    expect(scene.source).toMatchObject({ readBy: ["a"], waitedForBy: ["b"] });
    expect(scene.report.generations[0]?.publishers).toMatchObject([{ instance: "a" }, { instance: "b" }]);
  });

  test("epochs that are too many are settled, not forgotten: their holes count, what was complete stays so", () => {
    const scene = new Scene();
    for (let run = 0; run < 600; run += 1) {
      const epoch = `e${run}`;
      scene.put(0, { epoch, acked: -1, watermark: String(run) });
      // A closed hole in each.
      scene.put(2, { epoch, acked: -1, watermark: String(run) });
    }
    expect(scene.source).toMatchObject({ epochsSeen: 600, forgottenHoles: 100, forgottenOpenHoles: 0 });
    expect(scene.source.epochs).toHaveLength(500);
    expect(scene.source.completeUpTo).toMatchObject([{ watermark: "599" }]);
    expect(scene.source.holes.filter(({ state }) => state === "open")).toMatchObject([{ epoch: "e599" }]);
  });
});
