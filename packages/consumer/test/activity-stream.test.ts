import { readFileSync } from "node:fs";
import { RefusedError } from "@das/core";
import type { DataKey } from "@das/envelope";
import { describe, expect, test } from "vitest";
import { type ReadOptions, readActivityStream } from "../src/activity-stream.ts";
import { RDS_INTERNAL_ACCOUNTS } from "../src/event-filter.ts";
import { identitiesOf } from "../src/event-identities.ts";
import type { StreamItem } from "../src/stream-item.ts";
import { FakeKinesis, type FakeShard, serviceError } from "./fake-kinesis.ts";
import { FakeKms, sealed } from "./fake-kms.ts";
import { VirtualClock } from "./virtual-clock.ts";

const RESOURCE_ID = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEARTBEAT = '{"type":"heartbeat"}';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");

function event(more: object = {}): string {
  return JSON.stringify({ type: "record", dbUserName: "app_login", class: "TABLE", commandText: "SELECT 1", ...more });
}

class Scene {
  readonly clock = new VirtualClock(40);
  readonly kinesis: FakeKinesis;
  readonly kms = new FakeKms();
  readonly key: DataKey = this.kms.dataKey({ "aws:rds:db-id": RESOURCE_ID });
  readonly items: StreamItem[] = [];

  constructor(openShards = 1) {
    this.kinesis = new FakeKinesis(this.clock, openShards);
  }

  shard(index: number): FakeShard {
    const shard = this.kinesis.openShards[index];
    if (!shard) throw new Error(`no shard ${index}`);
    return shard;
  }

  async put(elements: readonly string[], index = 0, key = this.key, provenance?: unknown): Promise<string> {
    return this.putData(await sealed(key, elements, RESOURCE_ID, provenance), index);
  }

  /** A record that says who put it there. */
  putBy(provenance: unknown, elements: readonly string[]): Promise<string> {
    return this.put(elements, 0, this.key, provenance);
  }

  putData(data: Uint8Array, index = 0): string {
    const record = this.kinesis.put(this.shard(index), "");
    Object.assign(record, { Data: data });
    return record.SequenceNumber;
  }

  get options(): ReadOptions {
    return {
      kinesis: this.kinesis.client,
      kms: this.kms.client,
      stream: `aws-rds-das-${RESOURCE_ID}`,
      from: "oldest",
      clock: this.clock,
      random: () => 0.5,
    };
  }

  /** Reads until so many items have come. */
  async read(count: number, options: Partial<ReadOptions> = {}): Promise<StreamItem[]> {
    await this.clock.run(this.#collect(count, { ...this.options, ...options }));
    expect(this.clock.sleepers).toBe(0);
    return this.items;
  }

  async failure(options: Partial<ReadOptions> = {}): Promise<unknown> {
    const error = await this.clock.run(
      this.#collect(Number.POSITIVE_INFINITY, { ...this.options, ...options }).then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    expect(this.clock.sleepers).toBe(0);
    return error;
  }

  async #collect(count: number, options: ReadOptions): Promise<void> {
    for await (const item of readActivityStream(options)) {
      this.items.push(item);
      if (this.items.length >= count) return;
    }
  }

  get told(): string[] {
    return this.items.map((item) =>
      item.kind === "events" ? item.events.map(({ commandText }) => commandText).join() : item.kind,
    );
  }
}

describe("a readable record", () => {
  test("gives its events, with its place in the stream and what it says of itself", async () => {
    const scene = new Scene();
    const inner = JSON.parse(fixture("doc-sqlserver-login-failed.json"));
    const [documented] = inner.databaseActivityEventList;
    const sequenceNumber = await scene.put([JSON.stringify(documented)]);
    const [item] = await scene.read(1);
    expect(item).toEqual({
      kind: "events",
      shardId: "shardId-000000000000",
      sequenceNumber,
      approximateArrivalTime: scene.shard(0).records[0]?.ApproximateArrivalTimestamp,
      version: "1.4",
      instanceId: RESOURCE_ID,
      inner: {
        type: "DatabaseActivityMonitoringRecord",
        clusterId: "",
        instanceId: RESOURCE_ID,
        databaseActivityEventList: [documented],
        ofTheFuture: { sequence: 7 },
      },
      events: [documented],
      excluded: 0,
    });
  });

  test("may be a heartbeat: reported as such, never as an event", async () => {
    const scene = new Scene();
    const resourceId = "db-4JCWQLUZVFYP7DIWP6JVQ77O3Q";
    const vector = fixture("vector-heartbeat-outer-record.json");
    const plaintext = Uint8Array.from({ length: 32 }, (_, index) => index);
    scene.kms.dataKey({ "aws:rds:db-id": resourceId }, { plaintext, encrypted: JSON.parse(vector).key });
    scene.putData(Buffer.from(vector));
    const [item] = await scene.read(1, { resourceId });
    expect(item).toMatchObject({ kind: "heartbeat", version: "1.4", instanceId: resourceId });
    expect(item).not.toHaveProperty("events");
  });

  test("may hold both, or neither, or what a later version calls otherwise: every record is told, no event is lost", async () => {
    const scene = new Scene();
    await scene.put([event({ commandText: "a" }), HEARTBEAT, event({ commandText: "b" })]);
    await scene.put([]);
    await scene.put(['{"commandText":"without a type"}', '{"type":"of the future","commandText":"c"}']);
    await scene.read(4);
    expect(scene.told).toEqual(["a,b", "heartbeat", "", "without a type,c"]);
    expect(new Set(scene.items.map((item) => "sequenceNumber" in item && item.sequenceNumber)).size).toBe(3);
  });

  test("of an Aurora cluster is opened in the cluster's context", async () => {
    const scene = new Scene();
    const resourceId = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const key = scene.kms.dataKey({ "aws:rds:dbc-id": resourceId });
    await scene.put([event()], 0, key);
    await scene.read(1, { stream: `aws-rds-das-${resourceId}` });
    expect(scene.told).toEqual(["SELECT 1"]);
  });

  test("costs one Decrypt for each data key", async () => {
    const scene = new Scene(2);
    const other = scene.kms.dataKey({ "aws:rds:db-id": RESOURCE_ID });
    for (let index = 0; index < 20; index += 1) await scene.put([event()], index % 2, index < 10 ? scene.key : other);
    const calls: string[] = [];
    await scene.read(20, { onKmsCall: ({ operation }) => calls.push(operation) });
    expect(scene.kms.decrypts).toHaveLength(2);
    expect(calls).toEqual(["Decrypt", "Decrypt"]);
  });
});

describe("provenance", () => {
  const provenance = {
    generation: 3,
    source: "sqlserver:a:RDS_DAS_AUDIT",
    history: "only",
    epoch: "e",
    lane: 0,
    sequence: 17,
    acked: 16,
    watermark: "w",
    behind: [17],
    markers: "10:4096:0*2 !:~:~ 10:4096:7",
    ofTheFuture: true,
  };
  const events = ["a", "b", "c", "d"].map((commandText) => event({ commandText, dbUserName: commandText }));

  test("is given with the events, and a marker with each of those that are left", async () => {
    const scene = new Scene();
    await scene.putBy(provenance, events);
    await scene.putBy(provenance, events);
    const [whole] = await scene.read(1);
    expect(whole).toMatchObject({ provenance, markers: ["10:4096:0", "10:4096:1", undefined, "10:4096:7"] });
    const part = new Scene();
    await part.putBy(provenance, events);
    const [item] = await part.read(1, { exclude: { users: ["b"] } });
    expect(item).toMatchObject({ provenance, markers: ["10:4096:0", undefined, "10:4096:7"], excluded: 1 });
  });

  test("is told once where a record has both events and a heartbeat, and with a heartbeat alone", async () => {
    const scene = new Scene();
    await scene.putBy(provenance, [...events, HEARTBEAT]);
    await scene.putBy({ ...provenance, markers: "" }, [HEARTBEAT]);
    const items = await scene.read(3);
    expect(items.map((item) => [item.kind, "provenance" in item])).toEqual([
      ["events", true],
      ["heartbeat", false],
      ["heartbeat", true],
    ]);
  });

  test.each([
    [{ ...provenance, sequence: -1 }, /^sequence: /],
    [{ ...provenance, epoch: undefined }, /^epoch: /],
    ["text", /^provenance: /],
    [null, /^provenance: /],
    [{ ...provenance, markers: "10:4096:0*3" }, /^markers: 3 for 4 events$/],
    [{ ...provenance, markers: "10:4096:0*9999999" }, /^markers: not a list of markers$/],
    [{ ...provenance, markers: "*" }, /^markers: not a list of markers$/],
  ])("that cannot be used is said to be so, and the events come all the same: %j", async (malformed, reason) => {
    const scene = new Scene();
    await scene.putBy(malformed, events);
    const [item] = await scene.read(1);
    expect(item).toMatchObject({ malformedProvenance: expect.stringMatching(reason), events: { length: 4 } });
    expect(item).not.toHaveProperty("provenance");
    expect(item).not.toHaveProperty("markers");
  });

  test("tells the identity of each event, however its integers are given and whatever is left out", async () => {
    const elements = ["1", "9007199254740993"].map(
      (sessionId) => `{"type":"record","dbUserName":"u${sessionId}","logTime":"t","sessionId":${sessionId}}`,
    );
    const put = async () => {
      const scene = new Scene();
      await scene.putBy({ ...provenance, markers: "10:4096:0*2" }, elements);
      return scene;
    };
    const identities = async (options: Partial<ReadOptions>) => {
      const [item] = await (await put()).read(1, options);
      return item?.kind === "events" ? identitiesOf(item) : undefined;
    };
    const [one, other] = (await identities({})) ?? [];
    expect(one).toMatch(/^[\w-]{22}$/);
    expect(one).not.toBe(other);
    expect(await identities({ exclude: { users: ["u1"] } })).toEqual([other]);
    const scene = await put();
    await scene.clock.run(
      (async () => {
        for await (const item of readActivityStream({ ...scene.options, integers: "string" })) {
          expect(item.kind === "events" && identitiesOf(item)).toEqual([one, other]);
          return;
        }
      })(),
    );
  });
});

describe("the resource", () => {
  test.each([
    { stream: `arn:aws:kinesis:eu-central-1:111122223333:stream/aws-rds-das-${RESOURCE_ID}` },
    { stream: "a-copy-of-it", resourceId: RESOURCE_ID },
  ])("is known from %o", async (options) => {
    const scene = new Scene();
    await scene.put([event()]);
    await scene.read(1, options);
    expect(scene.told).toEqual(["SELECT 1"]);
  });

  test("is asked for when the stream's name does not tell it", async () => {
    const scene = new Scene();
    const error = await scene.failure({ stream: "a-copy-of-it" });
    expect(error).toMatchObject({ name: "ConfigurationError", code: "resource-unknown" });
    expect(scene.kinesis.calls).toEqual([]);
  });
});

describe("an unreadable record", () => {
  test("is reported in its place with the reason, and reading goes on", async () => {
    const scene = new Scene();
    const whole = await sealed(scene.key, [event({ commandText: "SECRET" })], RESOURCE_ID);
    const tampered = Buffer.from(whole);
    const middle = whole.indexOf('"databaseActivityEvents":"') + 400;
    tampered[middle] = tampered[middle] === 0x41 ? 0x42 : 0x41;
    const foreign = scene.kms.dataKey({ "aws:rds:db-id": "db-SOMEBODYELSE" });
    const broken = [
      Buffer.from("SECRET, no JSON"),
      tampered,
      await sealed(foreign, [event({ commandText: "SECRET" })], RESOURCE_ID),
      Buffer.alloc(0),
    ];
    const places = broken.map((data) => scene.putData(data));
    await scene.put([event({ commandText: "readable" })]);
    await scene.read(5);
    expect(scene.told).toEqual(["unreadable", "unreadable", "unreadable", "unreadable", "readable"]);
    for (const [index, item] of scene.items.slice(0, 4).entries()) {
      if (item.kind !== "unreadable") throw new Error(item.kind);
      expect(item.sequenceNumber).toBe(places[index]);
      expect(item.shardId).toBe("shardId-000000000000");
      expect(item.data).toEqual(broken[index]);
      expect(item.reason).not.toContain("SECRET");
      expect(item.reason.length).toBeGreaterThan(20);
    }
    expect(scene.items.slice(0, 4).map((item) => item.kind === "unreadable" && item.code)).toEqual([
      "record-outer-not-json",
      "record-tampered",
      "record-key-refused",
      "record-outer-not-json",
    ]);
  });
});

describe("KMS", () => {
  test.each([["AccessDeniedException"], ["DisabledException"], ["KMSInvalidStateException"], ["NotFoundException"]])(
    "that refuses the key itself (%s) ends the reading, for no record would fare better",
    async (name) => {
      const scene = new Scene();
      await scene.put([event()]);
      scene.kms.refusal = () => serviceError(name);
      const error = await scene.failure();
      expect(error).toBeInstanceOf(RefusedError);
      expect(String(error)).toContain("KMS Decrypt");
      expect(scene.items).toEqual([]);
    },
  );

  test("that cannot be reached is waited for, in place: nothing is skipped, other keys' shards go on", async () => {
    const scene = new Scene(2);
    const other = scene.kms.dataKey({ "aws:rds:db-id": RESOURCE_ID });
    const start = scene.clock.now();
    scene.kms.refusal = (encrypted) => {
      if (encrypted !== scene.key.encrypted || scene.clock.now() > start + 20 * 60_000) return undefined;
      return scene.kms.decrypts.length % 2 ? serviceError("ThrottlingException") : new Error("socket hang up");
    };
    for (let index = 0; index < 5; index += 1) {
      await scene.put([event({ commandText: `late ${index}` })], 0);
      await scene.put([event({ commandText: `other ${index}` })], 1, other);
    }
    await scene.read(10);
    expect(scene.told).toEqual([
      ...Array.from({ length: 5 }, (_, index) => `other ${index}`),
      ...Array.from({ length: 5 }, (_, index) => `late ${index}`),
    ]);
  });

  test("that cannot be reached while the stream is deleted: what was read is still told", async () => {
    const scene = new Scene(2);
    const start = scene.clock.now();
    for (let index = 0; index < 3; index += 1) await scene.put([event({ commandText: String(index) })]);
    // The other shard's lane finds out that the stream is gone while this one's waits for KMS.
    scene.kms.refusal = () => {
      scene.kinesis.exists = scene.clock.now() < start + 60_000;
      return scene.clock.now() < start + 120_000 ? new Error("socket hang up") : undefined;
    };
    expect(await scene.failure()).toMatchObject({ name: "RefusedError", code: "stream-missing" });
    expect(scene.told).toEqual(["0", "1", "2"]);
  });

  test("that does not come back does not keep the reader from ending", async () => {
    const scene = new Scene();
    await scene.put([event()]);
    scene.kms.refusal = () => new Error("socket hang up");
    const stop = new AbortController();
    let ended = false;
    const reading = (async () => {
      for await (const item of readActivityStream({ ...scene.options, signal: stop.signal })) scene.items.push(item);
      ended = true;
    })();
    const script = async (): Promise<void> => {
      await scene.clock.sleep(60_000);
      expect(scene.kms.decrypts.length).toBeGreaterThan(10);
      stop.abort();
      await scene.clock.sleep(1);
      expect(ended).toBe(true);
    };
    await scene.clock.run(script());
    await reading;
    expect(scene.items).toEqual([]);
    expect(scene.clock.sleepers).toBe(0);
  });
});

describe("what is left out", () => {
  test("nothing by default; accounts and classes on demand, exactly as written, and counted", async () => {
    const elements = [
      event({ dbUserName: "RDSADMIN", commandText: "housekeeping" }),
      event({ dbUserName: "RDSSEC", commandText: "housekeeping" }),
      event({ dbUserName: "rdsadmin", commandText: "another account" }),
      event({ class: "LOGIN", commandText: "login" }),
      event({ commandText: "kept" }),
    ];
    const all = new Scene();
    await all.put(elements);
    await all.read(1);
    expect(all.items).toMatchObject([{ excluded: 0, events: { length: 5 } }]);

    const some = new Scene();
    await some.put(elements);
    await some.put([event({ class: "LOGIN" })]);
    await some.read(2, { exclude: { users: RDS_INTERNAL_ACCOUNTS, classes: ["LOGIN"] } });
    expect(some.told).toEqual(["another account,kept", ""]);
    expect(some.items).toMatchObject([
      { excluded: 3, inner: { databaseActivityEventList: { length: 5 } } },
      { excluded: 1, events: [] },
    ]);
  });
});

describe("integers beyond 2^53", () => {
  const element =
    '{"type":"record","sessionId":9007199254740993,"pid":7,"engineNativeAuditFields":{"SCN":[-18446744073709551615]}}';

  test("are bigints", async () => {
    const scene = new Scene();
    await scene.put([element]);
    const [item] = await scene.read(1);
    expect(item).toMatchObject({
      events: [{ sessionId: 9_007_199_254_740_993n, pid: 7, engineNativeAuditFields: { SCN: [-(2n ** 64n - 1n)] } }],
    });
  });

  test("or text, on demand", async () => {
    const scene = new Scene();
    await scene.put([element]);
    const [item] = await scene.clock.run(
      (async () => {
        for await (const given of readActivityStream({ ...scene.options, integers: "string" })) return [given];
        return [];
      })(),
    );
    if (item?.kind !== "events") throw new Error("no events");
    // A type, too: no bigint is left in it.
    const sessionId: string | number | null | undefined = item.events[0]?.sessionId;
    expect(sessionId).toBe("9007199254740993");
    expect(item.events).toEqual([
      {
        type: "record",
        sessionId: "9007199254740993",
        pid: 7,
        engineNativeAuditFields: { SCN: ["-18446744073709551615"] },
      },
    ]);
  });
});

test("a shard that was lost is an item in its place", async () => {
  const scene = new Scene();
  const lastSequenceNumber = await scene.put([event()]);
  const shard = scene.shard(0);
  await scene.clock.run(
    (async () => {
      for await (const item of readActivityStream(scene.options)) {
        scene.items.push(item);
        if (item.kind === "lost-shard") break;
        scene.kinesis.split(shard);
        scene.kinesis.shards.delete(shard.id);
      }
    })(),
  );
  expect(scene.items[1]).toEqual({ kind: "lost-shard", shardId: shard.id, lastSequenceNumber });
});
