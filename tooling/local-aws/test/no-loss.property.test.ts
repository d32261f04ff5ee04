import { type KinesisClient, ListShardsCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LocalAws, type LocalAwsOptions, startLocalAws } from "../src/index.ts";
import { clientsOf } from "./clients.ts";
import { ManualClock } from "./manual-clock.ts";
import { get, oldestIterator } from "./streams.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const STREAM = "kept";

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("put"), lanes: fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("split"), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("scale"), shards: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait"), milliseconds: fc.nat(3_000) }) },
);

type Step =
  | { kind: "put"; lanes: number[] }
  | { kind: "split"; which: number }
  | { kind: "scale"; shards: number }
  | { kind: "restart" }
  | { kind: "wait"; milliseconds: number };

/** A stream, what was put into it, and a server that is started again in between. */
class Scenario {
  readonly expected: { readonly lane: string; readonly text: string; readonly number: bigint }[] = [];
  readonly clock = new ManualClock();
  readonly #options: LocalAwsOptions;

  constructor(directory: string) {
    this.#options = { directory, clock: this.clock };
  }

  async run(steps: readonly Step[]): Promise<void> {
    let left = steps;
    for (let first = true; first || left.length > 0; first = false) {
      await using server = await startLocalAws(this.#options);
      using clients = clientsOf(server);
      if (first) server.kinesis.createStream(STREAM, { shards: 2 });
      const until = left.findIndex(({ kind }) => kind === "restart");
      const now = until < 0 ? left : left.slice(0, until);
      left = until < 0 ? [] : left.slice(until + 1);
      for (const change of now) await this.#apply(change, server, clients.kinesis);
      if (left.length === 0) await this.#check(server, clients.kinesis);
    }
  }

  async #apply(change: Step, server: LocalAws, kinesis: KinesisClient): Promise<void> {
    if (change.kind === "put") await this.#put(kinesis, change.lanes);
    if (change.kind === "scale") server.kinesis.scale(STREAM, change.shards);
    if (change.kind === "wait") this.clock.advance(change.milliseconds);
    if (change.kind !== "split") return;
    const open = server.kinesis.stream(STREAM)?.shards.filter((shard) => shard.open) ?? [];
    server.kinesis.splitShard(STREAM, open[change.which % open.length]?.shardId ?? "");
  }

  async #put(kinesis: KinesisClient, lanes: readonly number[]): Promise<void> {
    const records = lanes.map((lane, index) => ({ lane: `lane ${lane}`, text: `${this.expected.length + index}` }));
    const Records = records.map(({ lane, text }) => ({ Data: Buffer.from(text), PartitionKey: lane }));
    const answer = await kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
    expect(answer.FailedRecordCount).toBe(0);
    for (const [index, record] of records.entries()) {
      this.expected.push({ ...record, number: BigInt(answer.Records?.[index]?.SequenceNumber ?? 0) });
    }
  }

  async #check(server: LocalAws, kinesis: KinesisClient): Promise<void> {
    const read = await readAll(kinesis);
    // As a consumer sees it, and as the assertions of other tests see it.
    const inside = [...server.kinesis.records(STREAM)].map(({ data }) => data.toString());
    expect(read.map(({ text }) => text).toSorted()).toEqual(this.expected.map(({ text }) => text).toSorted());
    expect(inside.toSorted()).toEqual(read.map(({ text }) => text).toSorted());
    for (const lane of new Set(this.expected.map((record) => record.lane))) {
      const put = this.expected.filter((record) => record.lane === lane);
      // One lane is one shard at a time: its records come in order, and so do their numbers, from parent to child too.
      expect(read.filter((record) => record.lane === lane)).toEqual(put);
      for (const [index, { number }] of put.entries()) {
        if (index > 0) expect(number > (put[index - 1]?.number ?? 0n)).toBe(true);
      }
    }
  }
}

/** Every record of every shard, in pages, parents before children; fails when a closed shard does not end. */
async function readAll(kinesis: KinesisClient): Promise<{ lane: string; text: string; number: bigint }[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
  const records: { lane: string; text: string; number: bigint }[] = [];
  for (const { ShardId = "", SequenceNumberRange } of Shards) {
    let iterator: string | undefined = await oldestIterator(kinesis, STREAM, Number(ShardId.slice(8)));
    for (let behind = 1; iterator !== undefined && behind > 0; ) {
      const page = await get(kinesis, iterator);
      for (const { PartitionKey = "", Data = new Uint8Array(), SequenceNumber = "0" } of page.Records ?? []) {
        records.push({ lane: PartitionKey, text: Buffer.from(Data).toString(), number: BigInt(SequenceNumber) });
      }
      behind = page.MillisBehindLatest ?? 0;
      iterator = page.NextShardIterator;
    }
    expect(iterator === undefined).toBe(SequenceNumberRange?.EndingSequenceNumber !== undefined);
  }
  return records;
}

test("no record is lost, doubled or out of its lane's order over puts, splits, merges and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step as fc.Arbitrary<Step>, { maxLength: 15 }), async (steps) => {
      using directory = temporaryDirectory();
      await new Scenario(directory.path).run(steps);
    }),
    { numRuns: 80 },
  );
});
