import { RefusedError } from "@das/core";
import { describe, expect, test } from "vitest";
import { followShards } from "../src/follow-shards.ts";
import { type FollowStreamOptions, followStream } from "../src/follow-stream.ts";
import type { LostShard, StreamRecord } from "../src/stream-record.ts";
import { type Call, FakeKinesis, type FakeShard, serviceError } from "./fake-kinesis.ts";
import { VirtualClock } from "./virtual-clock.ts";

const STREAM = "aws-rds-das-db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A stream, and a reader whose records' texts are collected while time passes. */
class Scene {
  readonly clock = new VirtualClock();
  readonly kinesis: FakeKinesis;
  readonly stop = new AbortController();
  readonly texts: string[] = [];

  constructor(openShards = 1) {
    this.kinesis = new FakeKinesis(this.clock, openShards);
  }

  shard(index: number): FakeShard {
    const shard = [...this.kinesis.shards.values()][index];
    if (!shard) throw new Error(`no shard ${index}`);
    return shard;
  }

  callsOf(operation: Call["operation"]): Call[] {
    return this.kinesis.calls.filter((call) => call.operation === operation);
  }

  follow(options: Partial<FollowStreamOptions> = {}) {
    return followStream({
      kinesis: this.kinesis.client,
      stream: STREAM,
      from: "oldest",
      clock: this.clock,
      random: () => 0.5,
      signal: this.stop.signal,
      ...options,
    });
  }

  /** Reads in the background; the promise ends as the reading ends. */
  async collect(options: Partial<FollowStreamOptions> = {}): Promise<void> {
    for await (const record of this.follow(options)) this.texts.push(Buffer.from(record.data).toString());
  }

  /** Runs a scene in which a reader works until the script is over. */
  async play(options: Partial<FollowStreamOptions>, script: () => Promise<void>): Promise<void> {
    await this.clock.run(
      (async () => {
        const reading = this.collect(options);
        await script();
        this.stop.abort();
        await reading;
      })(),
    );
    expect(this.clock.sleepers).toBe(0);
  }

  async failure(options: Partial<FollowStreamOptions> = {}): Promise<unknown> {
    const error = await this.clock.run(
      this.collect(options).then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    expect(this.clock.sleepers).toBe(0);
    return error;
  }
}

describe("a record", () => {
  test("comes as it stands in the stream", async () => {
    const scene = new Scene();
    const put = scene.kinesis.put(scene.shard(0), "sealed");
    const stream = scene.follow();
    const { value } = await scene.clock.run(stream.next());
    expect(value).toEqual({
      shardId: "shardId-000000000000",
      sequenceNumber: put.SequenceNumber,
      partitionKey: "lane",
      data: Buffer.from("sealed"),
      approximateArrivalTime: put.ApproximateArrivalTimestamp,
    });
    await scene.clock.run(stream.return());
  });

  test("is looked for by the stream's ARN where that is given", async () => {
    const scene = new Scene();
    const stream = `arn:aws:kinesis:eu-central-1:111122223333:stream/${STREAM}`;
    await scene.play({ stream }, () => scene.clock.sleep(100));
    expect(
      new Set(scene.kinesis.calls.map((call) => JSON.stringify({ ...call.input, ShardIterator: undefined }))),
    ).toEqual(
      new Set([
        JSON.stringify({ StreamARN: stream }),
        JSON.stringify({ StreamARN: stream, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" }),
        JSON.stringify({ StreamARN: stream, Limit: 10_000 }),
      ]),
    );
  });
});

describe("an end", () => {
  test("is reached on every shard with the last record that arrived before it, and nothing is left running", async () => {
    const scene = new Scene(2);
    const [one, other] = [scene.shard(0), scene.shard(1)];
    const until = new Date(scene.clock.now() + 10_000);
    const reading = scene.collect({ until });
    let ended = false;
    void reading.then(() => {
      ended = true;
    });
    await scene.clock.run(
      (async () => {
        scene.kinesis.put(one, "a");
        await scene.clock.sleep(5_000);
        const [left] = scene.kinesis.split(one);
        if (left) scene.kinesis.put(left, "b");
        scene.kinesis.put(other, "c");
        await scene.clock.sleep(4_000);
        expect(ended).toBe(false);
        await scene.clock.sleep(1_000);
        scene.kinesis.put(other, "too late");
        await reading;
      })(),
    );
    expect(scene.texts.toSorted()).toEqual(["a", "b", "c"]);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("that has passed long ago ends reading when all is read, in closed shards and their children too", async () => {
    const scene = new Scene();
    for (const text of ["a", "b"]) scene.kinesis.put(scene.shard(0), text);
    const [left] = scene.kinesis.split(scene.shard(0));
    if (left) scene.kinesis.put(left, "c");
    await scene.clock.run(scene.clock.sleep(1_000));
    const until = new Date(scene.clock.now());
    if (left) scene.kinesis.put(left, "too late");
    await scene.clock.run(scene.collect({ until, recordsPerCall: 1 }));
    expect(scene.texts).toEqual(["a", "b", "c"]);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("does not hide that the stream is gone before it", async () => {
    const scene = new Scene();
    scene.kinesis.exists = false;
    const until = new Date(scene.clock.now() + 60_000);
    expect(await scene.failure({ until })).toMatchObject({ code: "stream-missing" });
  });
});

describe("pace", () => {
  test("a shard that has no more is asked once per poll interval, one that is behind at once", async () => {
    const scene = new Scene();
    for (let index = 0; index < 5; index += 1) scene.kinesis.put(scene.shard(0), String(index));
    await scene.play({ recordsPerCall: 1, pollInterval: 700 }, () => scene.clock.sleep(3_000));
    const start = scene.callsOf("GetRecords")[0]?.at ?? 0;
    const pauses = scene.callsOf("GetRecords").map(({ at }) => at - start);
    // Each answer takes 1 ms.
    expect(pauses).toEqual([0, 1, 2, 3, 4, 705, 1406, 2107, 2808]);
    expect(scene.texts).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("by default leaves four of a shard's five calls a second to other readers", async () => {
    const scene = new Scene(3);
    await scene.play({}, () => scene.clock.sleep(60_000));
    expect(scene.callsOf("GetRecords").length).toBeLessThanOrEqual(3 * 60);
    expect(scene.callsOf("GetRecords").length).toBeGreaterThanOrEqual(3 * 59);
  });

  test("nothing is read ahead while the caller does not pull", async () => {
    const scene = new Scene(2);
    for (let index = 0; index < 100; index += 1) scene.kinesis.put(scene.shard(index % 2), String(index));
    const stream = scene.follow({ recordsPerCall: 10 });
    await scene.clock.run(
      (async () => {
        await stream.next();
        await scene.clock.sleep(60 * 60_000);
        expect(scene.callsOf("GetRecords")).toHaveLength(2);
        for (let pulled = 1; pulled < 100; pulled += 1) await stream.next();
        await stream.return();
      })(),
    );
    // Both shards' first iterators had died of old age.
    expect(scene.callsOf("GetRecords")).toHaveLength(2 + 2 + 8);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("a shard that does not answer holds up no other", async () => {
    const scene = new Scene(2);
    scene.kinesis.put(scene.shard(0), "never");
    scene.kinesis.mishap = (call) => (call.shardId === scene.shard(0).id ? "no-answer" : "none");
    await scene.play({}, async () => {
      for (let index = 0; index < 300; index += 1) {
        scene.kinesis.put(scene.shard(1), String(index));
        await scene.clock.sleep(1_000);
      }
    });
    expect(scene.texts.length).toBeGreaterThanOrEqual(299);
    // It is given up after a minute, each time.
    expect(scene.callsOf("GetShardIterator").filter((call) => call.shardId === scene.shard(0).id).length).toBe(5);
  });

  test("a shard with much to give starves no other", async () => {
    const scene = new Scene(3);
    for (let index = 0; index < 1_000; index += 1) scene.kinesis.put(scene.shard(2), "much");
    for (let index = 0; index < 10; index += 1) scene.kinesis.put(scene.shard(1), "little");
    for (let index = 0; index < 10; index += 1) scene.kinesis.put(scene.shard(0), "little");
    const reading = async (): Promise<void> => {
      for await (const record of scene.follow()) {
        scene.texts.push(Buffer.from(record.data).toString());
        await scene.clock.sleep(10);
        if (scene.texts.length === 1_020) return;
      }
    };
    await scene.clock.run(reading());
    expect(scene.texts.lastIndexOf("little")).toBeLessThan(40);
  });
});

describe("trouble that passes", () => {
  test.each([
    ["throttling", serviceError("ProvisionedThroughputExceededException")],
    ["a failing service", serviceError("InternalFailureException", "server")],
    ["an unknown error of the server", serviceError("SomethingNew", "server")],
    ["a stream in transition", serviceError("ResourceInUseException")],
    ["a connection that breaks", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })],
    [
      "a clock that was corrected",
      Object.assign(serviceError("InvalidSignatureException"), {
        $metadata: { httpStatusCode: 400, clockSkewCorrected: true },
      }),
    ],
  ])("%s is waited out, with growing, jittered pauses", async (_, error) => {
    const scene = new Scene();
    scene.kinesis.put(scene.shard(0), "at last");
    const start = scene.clock.now();
    scene.kinesis.refusal = (call) =>
      call.operation === "GetRecords" && scene.clock.now() < start + 120_000 ? error : undefined;
    await scene.play({}, () => scene.clock.sleep(180_000));
    expect(scene.texts).toEqual(["at last"]);
    const calls = scene.callsOf("GetRecords").map(({ at }) => at);
    const pauses = calls.slice(1, 10).map((at, index) => at - (calls[index] ?? 0) - 1);
    // Half of 200 ms doubled each time, at most 10 s.
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  test("every kind of call is repeated", async () => {
    const scene = new Scene(2);
    scene.kinesis.pageSize = 1;
    const seen = new Set<string>();
    scene.kinesis.mishap = ({ operation, input }) => {
      const call = operation + JSON.stringify(input);
      if (seen.has(call)) return "none";
      seen.add(call);
      return "throttled";
    };
    scene.kinesis.put(scene.shard(0), "a");
    scene.kinesis.put(scene.shard(1), "b");
    await scene.play({}, () => scene.clock.sleep(10_000));
    expect(scene.texts.sort()).toEqual(["a", "b"]);
  });

  test("an answer without its mandatory parts is asked for again", async () => {
    const scene = new Scene();
    const record = { ...scene.kinesis.put(scene.shard(0), "whole"), SequenceNumber: undefined };
    scene.shard(0).records[0] = record as never;
    await scene.play({}, async () => {
      await scene.clock.sleep(1_000);
      scene.shard(0).records[0] = { ...record, SequenceNumber: "7" };
      await scene.clock.sleep(10_000);
    });
    expect(scene.texts).toEqual(["whole"]);
  });

  test("an outage longer than an iterator's life loses nothing of a quiet shard read from the latest", async () => {
    const scene = new Scene();
    let outage = false;
    scene.kinesis.mishap = () => (outage ? "reset" : "none");
    scene.kinesis.put(scene.shard(0), "long before");
    await scene.play({ from: "latest" }, async () => {
      await scene.clock.sleep(30 * 60_000);
      outage = true;
      scene.kinesis.put(scene.shard(0), "during the outage");
      await scene.clock.sleep(60 * 60_000);
      outage = false;
      await scene.clock.sleep(60_000);
    });
    expect(scene.texts).toEqual(["during the outage"]);
  });

  test("an iterator that is expired as soon as it is made is not asked for in a hot loop", async () => {
    const scene = new Scene();
    scene.kinesis.mishap = ({ operation }) => (operation === "GetRecords" ? "expired" : "none");
    await scene.play({}, () => scene.clock.sleep(60_000));
    expect(scene.callsOf("GetRecords").length).toBeLessThan(25);
  });
});

describe("what only a person can help", () => {
  test("a missing right names the stream and the IAM action", async () => {
    for (const operation of ["ListShards", "GetShardIterator", "GetRecords"] as const) {
      const scene = new Scene();
      scene.kinesis.refusal = (call) =>
        call.operation === operation ? serviceError("AccessDeniedException") : undefined;
      const error = await scene.failure();
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ code: "access-denied" });
      expect(String(error)).toContain(STREAM);
      expect(String(error)).toContain(`kinesis:${operation}`);
    }
  });

  test("missing credentials, before any call is made", async () => {
    const scene = new Scene();
    scene.kinesis.refusal = () => Object.assign(new Error("no provider"), { name: "CredentialsProviderError" });
    expect(await scene.failure()).toMatchObject({ name: "RefusedError", code: "credentials" });
  });

  test("a missing stream", async () => {
    const scene = new Scene();
    scene.kinesis.exists = false;
    const error = await scene.failure();
    expect(error).toMatchObject({ name: "RefusedError", code: "stream-missing" });
    expect(String(error)).toContain(STREAM);
  });

  test("a stream that is deleted while it is read: what was read comes first", async () => {
    const scene = new Scene(2);
    for (const index of [0, 0, 0, 1, 1, 1]) scene.kinesis.put(scene.shard(index), "read");
    const reading = (async () => {
      for await (const record of scene.follow()) {
        scene.texts.push(Buffer.from(record.data).toString());
        // By now both shards have been asked.
        await scene.clock.sleep(10_000);
        scene.kinesis.exists = false;
      }
    })();
    const error = await scene.clock.run(reading.catch((reason: unknown) => reason));
    expect(error).toMatchObject({ name: "RefusedError", code: "stream-missing" });
    expect(scene.texts).toHaveLength(6);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("a sequence number of another stream", async () => {
    const scene = new Scene();
    const after = new Map([[scene.shard(0).id, "1"]]);
    expect(await scene.failure({ from: { after } })).toMatchObject({ name: "RefusedError", code: "position-refused" });
  });

  test("a fault of a program is thrown as it is, not repeated", async () => {
    const scene = new Scene();
    const fault = new TypeError("undefined is not a function");
    scene.kinesis.refusal = () => fault;
    expect(await scene.failure()).toBe(fault);
  });

  test.each([
    { pollInterval: 0 },
    { pollInterval: Number.NaN },
    { recordsPerCall: 0 },
    { recordsPerCall: 10_001 },
    { recordsPerCall: 1.5 },
  ])("a setting out of its range: %o", async (options) => {
    const scene = new Scene();
    expect(await scene.failure(options)).toMatchObject({ name: "ConfigurationError", code: "option" });
    expect(scene.kinesis.calls).toEqual([]);
  });
});

describe('a stream that is not there, with whenMissing "wait"', () => {
  test("is read from its first record when it appears, even by a reader of the latest", async () => {
    const scene = new Scene();
    scene.kinesis.exists = false;
    await scene.play({ from: "latest", whenMissing: "wait" }, async () => {
      await scene.clock.sleep(100_000);
      scene.kinesis.exists = true;
      scene.kinesis.put(scene.shard(0), "first");
      await scene.clock.sleep(10_000);
      scene.kinesis.put(scene.shard(0), "second");
      await scene.clock.sleep(10_000);
    });
    expect(scene.texts).toEqual(["first", "second"]);
  });

  test("is read on from its first record when it is deleted and created anew, however it was begun", async () => {
    const scene = new Scene(2);
    await scene.play({ whenMissing: "wait", from: "latest" }, async () => {
      await scene.clock.sleep(10_000);
      scene.kinesis.put(scene.shard(0), "old");
      scene.kinesis.put(scene.shard(1), "old");
      await scene.clock.sleep(10_000);
      scene.kinesis.exists = false;
      await scene.clock.sleep(10_000);
      scene.kinesis.recreate();
      scene.kinesis.put(scene.shard(0), "new");
      await scene.clock.sleep(10_000);
    });
    expect(scene.texts).toEqual(["old", "old", "new"]);
  });

  test("is read on from its first record when it was gone for a moment only", async () => {
    const scene = new Scene();
    await scene.play({ whenMissing: "wait", from: "latest" }, async () => {
      await scene.clock.sleep(10_000);
      scene.kinesis.recreate();
      scene.kinesis.put(scene.shard(0), "new");
      let missing = 2;
      scene.kinesis.refusal = () => (missing-- > 0 ? serviceError("ResourceNotFoundException") : undefined);
      await scene.clock.sleep(10_000);
    });
    expect(scene.texts).toEqual(["new"]);
  });
});

describe("where reading begins", () => {
  test("from the latest: only in open shards, without a call to the others", async () => {
    const scene = new Scene();
    scene.kinesis.put(scene.shard(0), "old");
    scene.kinesis.split(scene.shard(0));
    await scene.play({ from: "latest" }, () => scene.clock.sleep(10_000));
    expect(scene.texts).toEqual([]);
    expect(scene.callsOf("GetShardIterator").map(({ shardId }) => shardId)).toEqual([
      scene.shard(1).id,
      scene.shard(2).id,
    ]);
  });

  test("after a sequence number: what came before that shard was finished, its siblings are read whole", async () => {
    const scene = new Scene();
    scene.kinesis.put(scene.shard(0), "grandparent");
    const [left, right] = scene.kinesis.split(scene.shard(0));
    if (!left || !right) throw new Error("no children");
    scene.kinesis.put(left, "parent");
    scene.kinesis.put(right, "uncle");
    const [child, sibling] = scene.kinesis.split(left);
    if (!child || !sibling) throw new Error("no grandchildren");
    const seen = scene.kinesis.put(child, "seen");
    scene.kinesis.put(child, "next");
    scene.kinesis.put(sibling, "sibling");
    const after = new Map([[child.id, seen.SequenceNumber]]);
    await scene.play({ from: { after } }, () => scene.clock.sleep(10_000));
    expect(scene.texts.sort()).toEqual(["next", "sibling", "uncle"]);
  });
});

describe("a shard that left the stream", () => {
  test("is reported with the last record read, and its children are read", async () => {
    const scene = new Scene();
    const lost: LostShard[] = [];
    const shard = scene.shard(0);
    const seen = scene.kinesis.put(shard, "seen");
    await scene.play({ onLostShard: (one) => lost.push(one) }, async () => {
      await scene.clock.sleep(5_000);
      const [child] = scene.kinesis.split(shard);
      if (!child) throw new Error("no child");
      scene.kinesis.put(child, "child");
      scene.kinesis.shards.delete(shard.id);
      await scene.clock.sleep(10_000);
    });
    expect(lost).toEqual([{ shardId: shard.id, lastSequenceNumber: seen.SequenceNumber }]);
    expect(scene.texts).toEqual(["seen", "child"]);
  });

  test("is read on when only the answer was out of date", async () => {
    const scene = new Scene();
    const lost: LostShard[] = [];
    let wrong = 3;
    scene.kinesis.refusal = ({ operation }) =>
      operation !== "ListShards" && wrong-- > 0 ? serviceError("ResourceNotFoundException") : undefined;
    scene.kinesis.put(scene.shard(0), "there");
    await scene.play({ onLostShard: (one) => lost.push(one) }, () => scene.clock.sleep(10_000));
    expect(lost).toEqual([]);
    expect(scene.texts).toEqual(["there"]);
  });
});

describe("ending", () => {
  test("a signal that is aborted from the start: no call", async () => {
    const scene = new Scene();
    scene.stop.abort();
    await scene.clock.run(scene.collect());
    expect(scene.kinesis.calls).toEqual([]);
  });

  test.each(["ListShards", "GetShardIterator", "GetRecords"] as const)(
    "during %s that does not answer",
    async (operation) => {
      const scene = new Scene(3);
      scene.kinesis.mishap = (call) => (call.operation === operation ? "no-answer" : "none");
      await scene.play({}, () => scene.clock.sleep(10_000));
    },
  );

  test("while waiting to repeat a call, for the stream, or for a listing that shows the children", async () => {
    const failing = new Scene();
    failing.kinesis.mishap = () => "failed";
    await failing.play({}, () => failing.clock.sleep(10_000));

    const missing = new Scene();
    missing.kinesis.exists = false;
    await missing.play({ whenMissing: "wait" }, () => missing.clock.sleep(10_000));

    const split = new Scene();
    split.kinesis.split(split.shard(0), Number.MAX_SAFE_INTEGER);
    await split.play({}, () => split.clock.sleep(10_000));
    expect(split.callsOf("ListShards").length).toBeLessThanOrEqual(12);
  });

  test("by leaving the loop, with records of other shards waiting", async () => {
    const scene = new Scene(5);
    for (let index = 0; index < 50; index += 1) scene.kinesis.put(scene.shard(index % 5), String(index));
    await scene.clock.run(
      (async () => {
        for await (const _ of scene.follow()) break;
      })(),
    );
    expect(scene.clock.sleepers).toBe(0);
  });

  test("by an error of the caller's loop", async () => {
    const scene = new Scene(5);
    for (let index = 0; index < 50; index += 1) scene.kinesis.put(scene.shard(index % 5), String(index));
    const fault = new Error("the caller's");
    const reading = (async () => {
      for await (const _ of scene.follow()) throw fault;
    })();
    await expect(scene.clock.run(reading)).rejects.toBe(fault);
    expect(scene.clock.sleepers).toBe(0);
  });

  test("waits for what a shard is doing just then", async () => {
    const scene = new Scene(2);
    scene.kinesis.put(scene.shard(0), "quick");
    scene.kinesis.put(scene.shard(1), "slow");
    let done = false;
    const items = {
      record: async ({ shardId }: StreamRecord): Promise<string[]> => {
        if (shardId === scene.shard(0).id) return ["quick"];
        await scene.clock.sleep(10_000);
        done = true;
        return [];
      },
      lost: () => [],
    };
    const options = { kinesis: scene.kinesis.client, stream: STREAM, from: "oldest", clock: scene.clock } as const;
    const reading = async (): Promise<void> => {
      for await (const _ of followShards(options, items)) {
        // Both lanes are at work by then.
        await scene.clock.sleep(1_000);
        break;
      }
    };
    await scene.clock.run(reading());
    expect(done).toBe(true);
  });

  test("leaves no listener on the caller's signal", async () => {
    const scene = new Scene(4);
    const { signal } = scene.stop;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, parameters);
    };
    for (let index = 0; index < 8; index += 1) scene.kinesis.put(scene.shard(index % 4), String(index));
    await scene.clock.run(
      (async () => {
        for await (const _ of scene.follow()) break;
      })(),
    );
    expect(listeners).toBe(0);
  });
});
