import fc from "fast-check";
import { expect, test } from "vitest";
import type { ArrivedRecord } from "../src/shard-stretch.ts";
import { StretchReader } from "../src/stretch-reader.ts";
import { FakeKinesis, type Mishap, serviceError } from "./fake-kinesis.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Step {
  readonly delay: number;
  readonly kind: "put" | "split" | "merge";
  readonly pick: number;
  readonly count: number;
  readonly listingDelay: number;
}

/** A look back: from so long ago on, for so long; 0: up to the newest record. */
interface Look {
  readonly ago: number;
  readonly length: number;
}

interface Script {
  readonly openShards: number;
  readonly steps: readonly Step[];
  readonly looks: readonly Look[];
  readonly mishaps: readonly Mishap[];
  readonly latencies: readonly number[];
  readonly jitter: readonly number[];
}

/** How long listings may not show a new shard. */
const LISTING_DELAY = 3_000;

const MISHAPS: readonly Mishap[] = ["none", "none", "throttled", "failed", "reset", "expired", "partial", "empty"];

const script: fc.Arbitrary<Script> = fc.record({
  openShards: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(
    fc.record({
      delay: fc.oneof(fc.constant(0), fc.nat(3_000), fc.nat(400_000)),
      kind: fc.constantFrom("put", "put", "put", "split", "merge"),
      pick: fc.nat(100),
      count: fc.integer({ min: 1, max: 300 }),
      listingDelay: fc.oneof(fc.constant(0), fc.nat(LISTING_DELAY)),
    }),
    { maxLength: 14 },
  ),
  looks: fc.array(
    fc.record({
      // Looks from a little after now are those of a clock that is fast.
      ago: fc.oneof(fc.nat(3_000), fc.nat(1_000_000), fc.integer({ min: -100_000, max: 0 })),
      length: fc.oneof(fc.constant(0), fc.nat(10_000), fc.nat(1_000_000)),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  mishaps: fc.array(fc.constantFrom(...MISHAPS), { maxLength: 40 }),
  latencies: fc.array(fc.nat(2_000), { maxLength: 20 }),
  jitter: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 5 }),
});

async function change(kinesis: FakeKinesis, steps: readonly Step[], clock: VirtualClock): Promise<void> {
  for (const { delay, kind, pick, count, listingDelay } of steps) {
    await clock.sleep(delay);
    const open = kinesis.openShards;
    const shard = open[pick % open.length];
    const other = open[(pick + 1) % open.length];
    if (!shard || !other) continue;
    if (kind === "split" && open.length < 6) kinesis.split(shard, listingDelay);
    else if (kind === "merge" && shard !== other) kinesis.merge(shard, other, listingDelay);
    else for (let n = 0; n < count; n += 1) kinesis.put(shard, "x".repeat(1 + ((pick * n) % 4_000)));
  }
}

test("a stretch is delivered whole, each shard in its order, whatever befalls the calls", async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ openShards, steps, looks, mishaps, latencies, jitter }) => {
      const clock = new VirtualClock();
      const begin = clock.now();
      const kinesis = new FakeKinesis(clock, openShards);
      await clock.run(change(kinesis, steps, clock));
      const [mishap, latency, random] = [mishaps.values(), latencies.values(), cycle(jitter)];
      kinesis.mishap = () => mishap.next().value ?? "none";
      kinesis.latency = () => latency.next().value ?? 1;
      kinesis.refusal = ({ input }) =>
        "Timestamp" in input && (input.Timestamp as Date).getTime() > clock.now()
          ? serviceError("InvalidArgumentException")
          : undefined;
      const reader = new StretchReader({ kinesis: kinesis.client, stream: "s", clock, random });
      for (const { ago, length } of looks) {
        const from = Math.max(begin, clock.now() - ago);
        // What lies between two moments has been listed by the time it is looked at.
        const to = length === 0 ? undefined : Math.min(from + length, clock.now() - LISTING_DELAY);
        if (to !== undefined && to <= from) continue;
        const there = [...kinesis.shards.values()].flatMap(({ records }) => records);
        const delivered: ArrivedRecord[] = [];
        const asked = clock.now();
        const deliver = async (records: readonly ArrivedRecord[]) => {
          delivered.push(...records);
          await clock.sleep(random() * 50);
          return false;
        };
        const readFrom = await clock.run(reader.read({ from, to }, deliver, new AbortController().signal));
        const isWithin = (arrival: number) => arrival >= readFrom && (to === undefined || arrival < to);
        const wanted = there.filter((record) => isWithin(record.ApproximateArrivalTimestamp.getTime()));
        const got = delivered.map(({ sequenceNumber }) => sequenceNumber);
        expect(new Set(got)).toEqual(new Set(wanted.map(({ SequenceNumber }) => SequenceNumber)));
        if (from <= asked) {
          expect(readFrom).toBe(from);
          expect(got).toHaveLength(wanted.length);
          for (const shardId of kinesis.shards.keys()) {
            const ofShard = delivered.filter((record) => record.shardId === shardId);
            expect(ofShard).toEqual(
              ofShard.toSorted((a, b) => (BigInt(a.sequenceNumber) < BigInt(b.sequenceNumber) ? -1 : 1)),
            );
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

function cycle(values: readonly number[]): () => number {
  let next = 0;
  return () => values[next++ % values.length] ?? 0;
}

test("a shard is asked no more often, and for no more, than it gives", async () => {
  const clock = new VirtualClock();
  const kinesis = new FakeKinesis(clock, 1);
  const [shard] = kinesis.openShards;
  if (!shard) throw new Error("there is no shard");
  for (let n = 0; n < 3_000; n += 1) kinesis.put(shard, "x".repeat(8_000));
  await clock.run(clock.sleep(1_000));
  const begin = clock.now();
  const reader = new StretchReader({ kinesis: kinesis.client, stream: "s", clock, random: () => 0.5 });
  let bytes = 0;
  const deliver = async (records: readonly ArrivedRecord[]) => {
    for (const { data } of records) bytes += data.byteLength;
    return false;
  };
  const { signal } = new AbortController();
  // Two that look at the same time share what the shard gives.
  const looks = [1, 2].map(() => reader.read({ from: begin - 2_000, to: undefined }, deliver, signal));
  await clock.run(Promise.all(looks));
  const seconds = (clock.now() - begin) / 1_000;
  expect(bytes).toBe(2 * 3_000 * 8_000);
  expect(bytes / seconds).toBeLessThan(2_000_000 * 1.1);
  expect(bytes / seconds).toBeGreaterThan(2_000_000 * 0.8);
  const calls = kinesis.calls.filter(({ operation }) => operation === "GetRecords").map(({ at }) => at);
  for (const [index, at] of calls.slice(1).entries()) expect(at - (calls[index] ?? 0)).toBeGreaterThanOrEqual(200);
});

test("reading ends as soon as that is enough, and by the signal", async () => {
  const clock = new VirtualClock();
  const kinesis = new FakeKinesis(clock, 3);
  for (const shard of kinesis.openShards) for (let n = 0; n < 1_000; n += 1) kinesis.put(shard, "record");
  await clock.run(clock.sleep(1_000));
  const stretch = { from: clock.now() - 2_000, to: clock.now() };
  const reader = new StretchReader({ kinesis: kinesis.client, stream: "s", clock, random: () => 0.5 });
  let deliveries = 0;
  await clock.run(
    reader.read(
      stretch,
      async () => {
        deliveries += 1;
        return true;
      },
      new AbortController().signal,
    ),
  );
  expect(deliveries).toBeLessThanOrEqual(3);
  const stop = new AbortController();
  const reason = new Error("enough");
  const deliver = async () => {
    stop.abort(reason);
    return false;
  };
  await expect(clock.run(reader.read(stretch, deliver, stop.signal))).rejects.toBe(reason);
});
