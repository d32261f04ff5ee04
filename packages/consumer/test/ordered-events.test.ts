import type { DatabaseActivityEvent, Provenance } from "@das/core";
import type { DataKey } from "@das/envelope";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventMemory } from "../src/event-memory.ts";
import { type OrderedReadOptions, readOrderedEvents } from "../src/ordered-events.ts";
import type { OrderedItem } from "../src/ordered-item.ts";
import { StreamAccount } from "../src/stream-account.ts";
import { FakeKinesis, type FakeShard, serviceError } from "./fake-kinesis.ts";
import { FakeKms, sealed } from "./fake-kms.ts";
import { type Arrival, eventOf, lossWindowOf, PublishingModel, step } from "./publishing-model.ts";
import { VirtualClock } from "./virtual-clock.ts";

const RESOURCE_ID = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A sealed stream of which the shards split and merge; what has one partition key stays together. */
class Scene {
  readonly clock = new VirtualClock(40);
  readonly kinesis: FakeKinesis;
  readonly kms = new FakeKms();
  readonly items: OrderedItem[] = [];
  readonly #key: DataKey = this.kms.dataKey({ "aws:rds:db-id": RESOURCE_ID });
  readonly #shardOf = new Map<string, FakeShard>();

  constructor(openShards = 1) {
    this.kinesis = new FakeKinesis(this.clock, openShards);
  }

  async put(provenance: Provenance | undefined, elements: readonly object[]): Promise<string> {
    const data = await sealed(
      this.#key,
      elements.map((element) => JSON.stringify(element)),
      RESOURCE_ID,
      provenance,
    );
    const record = this.kinesis.put(this.#shard(`${provenance?.source}/${provenance?.lane}`), "");
    Object.assign(record, { Data: data });
    return record.SequenceNumber;
  }

  putArrival({ provenance, rows }: Arrival): Promise<string> {
    return this.put(provenance, rows.length === 0 ? [{ type: "heartbeat" }] : rows.map(eventOf));
  }

  /** Splits a shard, or merges it with the next. */
  reshard(pick: number, merge: boolean): void {
    const open = this.kinesis.openShards;
    const [one, other] = [open[pick % open.length], open[(pick + 1) % open.length]];
    if (!one || !other) throw new Error("a stream always has an open shard");
    const children = merge && one !== other ? [this.kinesis.merge(one, other)] : this.kinesis.split(one);
    const moved = [...this.#shardOf].filter(([, shard]) => shard.closed);
    for (const [index, [key]] of moved.entries()) this.#shardOf.set(key, children[index % children.length] ?? one);
  }

  /** Reads what is there by now, or until so many items have come. */
  async read(options: Partial<OrderedReadOptions> = {}, count = Number.POSITIVE_INFINITY): Promise<OrderedItem[]> {
    const items: OrderedItem[] = [];
    await this.clock.run(
      (async () => {
        for await (const item of readOrderedEvents({ ...this.options, ...options })) {
          items.push(item);
          if (items.length >= count) return;
        }
      })(),
    );
    expect(this.clock.sleepers).toBe(0);
    return items;
  }

  get options(): OrderedReadOptions {
    return {
      kinesis: this.kinesis.client,
      kms: this.kms.client,
      stream: `aws-rds-das-${RESOURCE_ID}`,
      from: "oldest",
      until: new Date(this.clock.now() + 1),
      clock: this.clock,
      random: () => 0.5,
    };
  }

  #shard(key: string): FakeShard {
    const known = this.#shardOf.get(key);
    if (known) return known;
    const open = this.kinesis.openShards;
    const shard = open[this.#shardOf.size % open.length];
    if (!shard) throw new Error("a stream always has an open shard");
    this.#shardOf.set(key, shard);
    return shard;
  }
}

const rowsOf = (items: readonly OrderedItem[]) =>
  items.flatMap((item) =>
    item.kind === "events" ? item.events.map(({ commandText }) => Number(commandText?.slice(4))) : [],
  );

/** Some records of one source, some of the other, as they happen to arrive. */
function interleaved(one: readonly Arrival[], other: readonly Arrival[], turns: readonly boolean[]): Arrival[] {
  const [left, right] = [[...one], [...other]];
  const arrivals = turns.flatMap((turn) => (turn ? left : right).splice(0, 1));
  return [...arrivals, ...left, ...right];
}

const world = fc.record({
  openShards: fc.integer({ min: 1, max: 3 }),
  lanes: fc.constantFrom(1, 2),
  table: fc.array(step, { maxLength: 25 }),
  files: fc.array(step, { maxLength: 10 }),
  turns: fc.array(fc.boolean(), { maxLength: 60 }),
  reshards: fc.array(fc.record({ after: fc.nat(30), pick: fc.nat(5), merge: fc.boolean() }), { maxLength: 3 }),
});

/** A trail of which the same rows come from the table and from the files of one instance. */
async function staged(given: typeof world extends fc.Arbitrary<infer World> ? World : never) {
  const scene = new Scene(given.openShards);
  const table = new PublishingModel(given.lanes, "oracle:1:g");
  const files = new PublishingModel(1, "oracle:1:g#a");
  table.play(given.table);
  files.play(given.files);
  table.stop();
  files.stop();
  const arrivals = interleaved(table.arrivals, files.arrivals, given.turns);
  for (const [index, arrival] of arrivals.entries()) {
    for (const { after, pick, merge } of given.reshards) if (after === index) scene.reshard(pick, merge);
    await scene.putArrival(arrival);
  }
  return { scene, arrivals, rows: [...new Set(arrivals.flatMap(({ rows }) => rows))].sort((a, b) => a - b) };
}

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

describe("whatever the publishers of a trail did", () => {
  test("each event comes once, and the account knows how many did not", async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const { scene, arrivals, rows } = await staged(given);
        const account = new StreamAccount();
        const items = await scene.read({ account });
        expect(ascending(rowsOf(items))).toEqual(rows);
        const doubles = arrivals.flatMap((arrival) => arrival.rows).length - rows.length;
        const sources = account.report().generations[0]?.sources ?? [];
        expect(sources.reduce((sum, { doublesDropped }) => sum + doublesDropped, 0)).toBe(doubles);
        expect(items.reduce((sum, item) => sum + (item.kind === "events" ? item.doubles : 0), 0)).toBe(doubles);
      }),
      { numRuns: 60 },
    );
  });

  test("stopped anywhere and resumed from what was to be saved, nothing is missing; with the same memory nothing is double", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.nat(40), fc.boolean(), async (given, stopAfter, keepsMemory) => {
        const { scene, rows } = await staged(given);
        const memory = new EventMemory();
        const before = stopAfter === 0 ? [] : await scene.read({ memory }, stopAfter);
        const saved = new Map<string, string>();
        for (const item of before) if (item.savePoint !== undefined) saved.set(item.shardId, item.savePoint);
        const after = await scene.read({ from: { after: saved }, ...(keepsMemory && { memory }) });
        const got = [...rowsOf(before), ...rowsOf(after)];
        expect(ascending(keepsMemory ? got : [...new Set(got)])).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});

function provenanceOf(sequence: number, more: Partial<Provenance> = {}): Provenance {
  return {
    generation: 1,
    source: "sqlserver:a:RDS_DAS_AUDIT",
    history: "only",
    epoch: "e1",
    lane: 0,
    sequence,
    acked: sequence - 1,
    watermark: String(sequence),
    behind: [sequence],
    markers: "",
    ...more,
  };
}

const row = (number: number): DatabaseActivityEvent => eventOf(number);
const marked = (...rows: number[]) => rows.map((number, index) => (index ? `:${number}` : `1:${number}`)).join(" ");

describe("the order", () => {
  test("is that of publishing: what was overtaken comes first, and may be saved only with what overtook it", async () => {
    const scene = new Scene();
    const first = await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
    await scene.put(provenanceOf(2, { acked: 0, markers: marked(2) }), [row(2)]);
    const last = await scene.put(provenanceOf(1, { acked: 0, markers: marked(1) }), [row(1)]);
    const items = await scene.read();
    expect(rowsOf(items)).toEqual([0, 1, 2]);
    expect(items.map(({ savePoint }) => savePoint)).toEqual([first, first, last]);
  });

  test("goes across a split: a child is not saved while something waits in its parent", async () => {
    const scene = new Scene();
    await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
    await scene.put(provenanceOf(2, { acked: 0, markers: marked(2) }), [row(2)]);
    scene.reshard(0, false);
    await scene.put(provenanceOf(1, { acked: 0, markers: marked(1) }), [row(1)]);
    const before = await scene.read({}, 2);
    expect(rowsOf(before)).toEqual([0, 1]);
    expect(before[1]?.savePoint).toBeUndefined();
    const after = new Map([[before[0]?.shardId ?? "", before[0]?.savePoint ?? ""]]);
    expect(ascending(rowsOf(await scene.read({ from: { after } })))).toEqual([1, 2]);
  });

  test("waits no longer than is said for what does not come; what comes later is given, and called late", async () => {
    const scene = new Scene();
    const stop = new AbortController();
    const got: string[] = [];
    await scene.clock.run(
      (async () => {
        const options = { ...scene.options, until: new Date(8.64e15), signal: stop.signal, maxWait: 5_000 };
        const reading = (async () => {
          for await (const item of readOrderedEvents(options)) {
            const late = item.kind === "events" && item.late ? " late" : "";
            const seconds = Math.floor((scene.clock.now() - Date.UTC(2026, 0, 1)) / 1_000);
            got.push(`${seconds}s ${item.kind}${late}`);
          }
        })();
        await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
        await scene.put(provenanceOf(2, { acked: 0, markers: marked(2) }), [row(2)]);
        await scene.clock.sleep(10_000);
        await scene.put(provenanceOf(1, { acked: 0, markers: marked(1) }), [row(1)]);
        await scene.put(provenanceOf(4, { acked: 2, markers: marked(4) }), [row(4)]);
        await scene.clock.sleep(3_000);
        stop.abort();
        await reading;
      })(),
    );
    // What waits when the caller stops is not told to be missing.
    expect(got).toEqual(["0s events", "5s hole", "5s events", "10s events late"]);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("of what says nothing of itself, as AWS's own records, is the shard's, at once and as it is", async () => {
    const scene = new Scene();
    await scene.put(undefined, [row(1), row(1)]);
    await scene.put({ ...provenanceOf(0), lane: -1 }, [row(1)]);
    expect(await scene.read()).toMatchObject([
      { kind: "events", events: { length: 2 }, doubles: 0 },
      { kind: "events", events: { length: 1 }, doubles: 0, malformedProvenance: expect.stringMatching(/^lane/) },
    ]);
  });
});

describe("what is missing", () => {
  test("is told in its place: a loss window where it was told, once, and again with its end", async () => {
    const scene = new Scene();
    const start = "2026-01-01 00:00:00.0000001+00";
    const end = "2026-01-01 00:00:00.0000009+00";
    const none = "!:~";
    await scene.put(provenanceOf(0, { markers: `${marked(0)} ${none} 1:1` }), [
      row(0),
      lossWindowOf("purged", start, null),
      row(1),
    ]);
    await scene.put(provenanceOf(1, { markers: `${none} 1:2` }), [lossWindowOf("purged", start, null), row(2)]);
    await scene.put(provenanceOf(2, { markers: "!" }), [lossWindowOf("purged", start, end)]);
    const items = await scene.read();
    const told = items.map((item) =>
      item.kind === "loss-window" ? `until ${item.endTime}` : `${item.kind} ${rowsOf([item])}`,
    );
    expect(told).toEqual(["events 0", "until null", "events 1", "events 2", `until ${end}`, "events "]);
    expect(items[1]).toMatchObject({ trail: "sqlserver:a:RDS_DAS_AUDIT", cause: "purged", startTime: start });
    expect(items.map((item) => (item.kind === "events" ? item.doubles : 0))).toEqual([0, 0, 0, 1, 0, 0]);
    // What can be saved with the first part of a record is what came before that record.
    expect(items[0]?.savePoint).toBeUndefined();
    expect(items[2]?.savePoint).toBe(items[2]?.kind === "events" ? items[2].sequenceNumber : "");
  });

  test("does not keep a record from being read on in its middle", async () => {
    const scene = new Scene();
    const elements = [row(0), lossWindowOf("purged", "2026-01-01 00:00:00.0000001+00", null), row(1)];
    await scene.put(provenanceOf(0, { markers: `${marked(0)} !:~ 1:1` }), elements);
    for (const parts of [1, 2]) {
      const memory = new EventMemory();
      const before = await scene.read({ memory }, parts);
      expect(before.map(({ savePoint }) => savePoint).filter(Boolean)).toEqual([]);
      expect(rowsOf([...before, ...(await scene.read({ memory }))])).toEqual([0, 1]);
    }
  });

  test("is told in its place: records that never come, lost or not", async () => {
    const scene = new Scene();
    await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
    await scene.put(provenanceOf(3, { acked: 2, markers: marked(3) }), [row(3)]);
    await scene.put(provenanceOf(5, { acked: 3, markers: marked(5) }), [row(5)]);
    expect(await scene.read()).toMatchObject([
      { kind: "events" },
      { kind: "hole", epoch: "e1", lane: 0, from: 1, to: 2, acknowledged: true },
      { kind: "events" },
      { kind: "hole", from: 4, to: 4, acknowledged: false },
      { kind: "events" },
    ]);
  });
});

describe("reading ends", () => {
  test("with the error that ended it, after what had come, and leaves nothing running", async () => {
    const scene = new Scene();
    await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
    await scene.put(provenanceOf(2, { acked: 0, markers: marked(2) }), [row(2)]);
    scene.kinesis.refusal = ({ at, operation }) =>
      operation === "GetRecords" && at > Date.UTC(2026, 0, 1) + 500 ? serviceError("AccessDeniedException") : undefined;
    const items: OrderedItem[] = [];
    const failing = (async () => {
      for await (const item of readOrderedEvents({ ...scene.options, until: new Date(8.64e15) })) items.push(item);
    })();
    await expect(scene.clock.run(failing)).rejects.toMatchObject({ name: "RefusedError" });
    expect(rowsOf(items)).toEqual([0]);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("when the reader leaves, though something waits", async () => {
    const scene = new Scene();
    await scene.put(provenanceOf(0, { markers: marked(0) }), [row(0)]);
    await scene.put(provenanceOf(2, { acked: 0, markers: marked(2) }), [row(2)]);
    expect(rowsOf(await scene.read({ until: new Date(8.64e15) }, 1))).toEqual([0]);
  });
});

describe("the memory of events", () => {
  test("is bounded, forgets the oldest first, and says how far it reaches", () => {
    const memory = new EventMemory({ mostEvents: 3 });
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000);
    const add = (source: string, name: string, second: number) => memory.add(source, name as never, at(second));
    expect(["a", "b", "c", "b"].map((name, index) => add("busy", name, index))).toEqual([true, true, true, false]);
    // The busy trail forgets, not the quiet one.
    expect(add("quiet", "a", 4)).toBe(true);
    expect(add("quiet#files", "a", 4)).toBe(false);
    expect(add("busy", "a", 5)).toBe(true);
    expect(add("quiet", "a", 6)).toBe(false);
    expect(memory.horizon).toEqual({
      remembered: 3,
      forgottenForCount: 2,
      forgottenForAge: 0,
      forgottenUpTo: new Date(at(1).getTime() + 999),
    });
  });

  test("forgets what is old only when every source of the trail has been read so much further", () => {
    const memory = new EventMemory({ maxAge: 10_000 });
    const add = (source: string, name: string, second: number) =>
      memory.add(source, name as never, new Date(second * 1_000));
    add("t#a", "x", 100);
    add("t#b", "y", 100);
    add("t#a", "z", 200);
    expect(memory.horizon).toMatchObject({ remembered: 3, forgottenForAge: 0 });
    expect(add("t#b", "x", 111)).toBe(true);
    expect(memory.horizon).toMatchObject({ remembered: 2, forgottenForAge: 2, forgottenUpTo: new Date(100_999) });
  });

  test.each([{ mostEvents: 0 }, { mostEvents: 1.5 }, { maxAge: 0 }, { maxAge: Number.NaN }])(
    "refuses %o",
    (options) => {
      expect(() => new EventMemory(options)).toThrow(/Give /);
    },
  );
});
