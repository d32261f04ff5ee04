import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FollowStreamOptions } from "../src/follow-stream.ts";
import { followStream } from "../src/follow-stream.ts";
import type { StreamRecord } from "../src/stream-record.ts";
import { FakeKinesis, type Mishap } from "./fake-kinesis.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What happens to the stream while it is read, and what befalls its reader. */
interface Script {
  readonly openShards: number;
  readonly pageSize: number;
  readonly recordsPerCall: number;
  readonly pollInterval: number;
  readonly before: readonly Step[];
  readonly during: readonly Step[];
  readonly mishaps: readonly Mishap[];
  readonly latencies: readonly number[];
  /** How long the caller is busy with a record. */
  readonly busy: readonly number[];
  readonly jitter: readonly number[];
}

interface Step {
  readonly delay: number;
  readonly kind: "put" | "split" | "merge";
  readonly pick: number;
  readonly count: number;
  /** How long listings do not show the children. */
  readonly listingDelay: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  // Iterators die of old age after five minutes.
  delay: fc.oneof(fc.constant(0), fc.nat(3_000), fc.nat(400_000)),
  kind: fc.constantFrom("put", "put", "put", "split", "merge"),
  pick: fc.nat(100),
  count: fc.integer({ min: 1, max: 7 }),
  listingDelay: fc.oneof(fc.constant(0), fc.nat(8_000)),
});

const script: fc.Arbitrary<Script> = fc.record({
  openShards: fc.integer({ min: 1, max: 3 }),
  pageSize: fc.constantFrom(1, 2, 1_000),
  recordsPerCall: fc.constantFrom(1, 3, 10_000),
  pollInterval: fc.constantFrom(1_000, 20_000, 20_000),
  before: fc.array(step, { maxLength: 12 }),
  during: fc.array(step, { maxLength: 12 }),
  mishaps: fc.array(
    fc.constantFrom<Mishap>("none", "none", "throttled", "failed", "reset", "no-answer", "expired", "partial", "empty"),
    { maxLength: 60 },
  ),
  latencies: fc.array(fc.oneof(fc.nat(300), fc.nat(20_000)), { maxLength: 40 }),
  busy: fc.array(fc.oneof(fc.constant(0), fc.nat(2_000), fc.nat(400_000)), { maxLength: 30 }),
  jitter: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 5 }),
});

/** Gives the values in turn, then the last resort for ever: every mishap ends. */
function inTurn<Value>(values: readonly Value[], afterwards: Value): () => Value {
  const left = values.values();
  return () => left.next().value ?? afterwards;
}

class Play {
  readonly clock = new VirtualClock();
  readonly kinesis: FakeKinesis;
  readonly #script: Script;
  readonly #busy: () => number;
  #puts = 0;

  constructor(play: Script) {
    this.#script = play;
    this.kinesis = new FakeKinesis(this.clock, play.openShards);
    this.kinesis.pageSize = play.pageSize;
    this.kinesis.mishap = inTurn<Mishap>(play.mishaps, "none");
    this.kinesis.latency = inTurn(play.latencies, 1);
    this.#busy = inTurn(play.busy, 0);
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const { delay, kind, pick, count, listingDelay } of steps) {
      await this.clock.sleep(delay);
      const open = this.kinesis.openShards;
      const shard = open[pick % open.length];
      const other = open[(pick + 1) % open.length];
      if (shard === undefined || other === undefined) throw new Error("a stream always has an open shard");
      if (kind === "split" && open.length < 12) this.kinesis.split(shard, listingDelay);
      else if (kind === "merge" && other !== shard) this.kinesis.merge(shard, other, listingDelay);
      else for (let index = 0; index < count; index += 1) this.kinesis.put(shard, String(this.#puts++));
    }
  }

  /** Reads until the work is done and `enough` says so, and a while longer, so that doubles would be seen. */
  async read(
    options: Pick<FollowStreamOptions, "from">,
    work: Promise<void>,
    enough: (received: readonly StreamRecord[]) => boolean,
  ): Promise<StreamRecord[]> {
    const received: StreamRecord[] = [];
    const stop = new AbortController();
    let turn = 0;
    const reading = (async () => {
      for await (const record of followStream({
        kinesis: this.kinesis.client,
        stream: "aws-rds-das-db-A",
        ...options,
        recordsPerCall: this.#script.recordsPerCall,
        pollInterval: this.#script.pollInterval,
        clock: this.clock,
        random: () => this.#script.jitter[turn++ % this.#script.jitter.length] ?? 0,
        signal: stop.signal,
      })) {
        received.push(record);
        await this.clock.sleep(this.#busy());
      }
    })();
    await work;
    for (let waited = 0; !enough(received) && waited < 10_000; waited += 1) await this.clock.sleep(2_000);
    await this.clock.sleep(2 * this.#script.pollInterval);
    stop.abort();
    await reading;
    return received;
  }

  get allRecords(): string[] {
    return [...this.kinesis.shards.values()].flatMap((shard) => shard.records.map((record) => record.SequenceNumber));
  }
}

const sequenceNumbers = (records: readonly StreamRecord[]) => records.map((record) => record.sequenceNumber);

function expectOrder(kinesis: FakeKinesis, received: readonly StreamRecord[]): void {
  const lastOf = new Map<string, number>();
  const firstOf = new Map<string, number>();
  const previous = new Map<string, string>();
  for (const [index, { shardId, sequenceNumber }] of received.entries()) {
    expect((previous.get(shardId) ?? "") < sequenceNumber, `order within ${shardId}`).toBe(true);
    previous.set(shardId, sequenceNumber);
    if (!firstOf.has(shardId)) firstOf.set(shardId, index);
    lastOf.set(shardId, index);
  }
  for (const shard of kinesis.shards.values()) {
    for (const parent of shard.parents) {
      const first = firstOf.get(shard.id) ?? Number.POSITIVE_INFINITY;
      expect((lastOf.get(parent) ?? -1) < first, `${parent} before its child ${shard.id}`).toBe(true);
    }
  }
}

describe("every record exactly once, in the order of its shard, parents before children", () => {
  test("from the oldest record", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const play = new Play(given);
        const received = await play.clock.run(
          (async () => {
            await play.perform(given.before);
            const during = play.perform(given.during);
            return play.read({ from: "oldest" }, during, (records) => records.length >= play.allRecords.length);
          })(),
        );
        expect(sequenceNumbers(received).sort()).toEqual(play.allRecords.sort());
        expectOrder(play.kinesis, received);
        expect(play.clock.sleepers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test("stopped anywhere and resumed from the sequence numbers seen", async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.nat(30), async (given, stopAfter) => {
        const play = new Play(given);
        const received = await play.clock.run(
          (async () => {
            await play.perform(given.before);
            const first: StreamRecord[] = [];
            const options = {
              kinesis: play.kinesis.client,
              stream: "aws-rds-das-db-A",
              from: "oldest",
              clock: play.clock,
              random: () => 0.5,
            } as const;
            const toRead = Math.min(stopAfter, play.allRecords.length);
            if (toRead > 0) {
              for await (const record of followStream(options)) {
                first.push(record);
                if (first.length === toRead) break;
              }
            }
            expect(play.clock.sleepers).toBe(0);
            const after = new Map(first.map((record) => [record.shardId, record.sequenceNumber]));
            const during = play.perform(given.during);
            const enough = (records: readonly StreamRecord[]) =>
              first.length + records.length >= play.allRecords.length;
            return [...first, ...(await play.read({ from: { after } }, during, enough))];
          })(),
        );
        expect(sequenceNumbers(received).sort()).toEqual(play.allRecords.sort());
        expectOrder(play.kinesis, received);
      }),
      { numRuns: 100 },
    );
  });

  test("from a time", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const play = new Play(given);
        let old: string[] = [];
        const received = await play.clock.run(
          (async () => {
            await play.perform(given.before);
            old = play.allRecords;
            await play.clock.sleep(1);
            const time = new Date(play.clock.now());
            const during = play.perform(given.during);
            const enough = (records: readonly StreamRecord[]) => old.length + records.length >= play.allRecords.length;
            return play.read({ from: { time } }, during, enough);
          })(),
        );
        expect([...old, ...sequenceNumbers(received)].sort()).toEqual(play.allRecords.sort());
        expectOrder(play.kinesis, received);
      }),
      { numRuns: 100 },
    );
  });

  test("from the latest record: all that came after the start, nothing much older, however often iterators expire", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const play = new Play(given);
        let old: string[] = [];
        const received = await play.clock.run(
          (async () => {
            await play.perform(given.before);
            old = play.allRecords;
            // Older than what a reader without any sequence number goes back after an outage.
            await play.clock.sleep(10 * 60_000);
            const during = (async () => {
              // Until all first iterators are made: "latest" is where they are made.
              await play.clock.sleep(30 * 60_000);
              await play.perform(given.during);
            })();
            const enough = (records: readonly StreamRecord[]) => old.length + records.length >= play.allRecords.length;
            return play.read({ from: "latest" }, during, enough);
          })(),
        );
        expect([...old, ...sequenceNumbers(received)].sort()).toEqual(play.allRecords.sort());
        expectOrder(play.kinesis, received);
      }),
      { numRuns: 100 },
    );
  });
});
