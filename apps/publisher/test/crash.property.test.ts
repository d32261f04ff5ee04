import { gunzipSync } from "node:zlib";
import type { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  type AuditBatch,
  type AuditSource,
  type Clock,
  type EventIdentity,
  type InnerRecord,
  type Provenance,
  parseExact,
  silentLogger,
} from "@das/core";
import { ReferenceReader, type ReferenceRow, type ReferenceSource, ReferenceTrail } from "@das/reader-conformance";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PublishParts, SourcePublishing } from "../src/pipeline/publish-source.ts";
import { Putting } from "../src/pipeline/put.ts";
import { Sealing } from "../src/pipeline/seal.ts";
import type { StreamMemory } from "../src/stream/stream-memory.ts";
import {
  type Behaviour,
  FakeStream,
  gzipSealer,
  hastyClock,
  identitiesOf,
  key,
  memoryOf,
  nextTurn,
  searchingMemoryOf,
  until,
} from "./fake-publishing.ts";

const RUNS = 1_000;
/** The awaits among which a life ends. */
const LONGEST_LIFE = 150;

/** One history: publishers that die one after the other, each at one of its awaits. */
interface History {
  /** At which await each life ends. */
  readonly deaths: readonly number[];
  readonly appends: readonly number[];
  readonly behaviours: readonly Behaviour[];
  readonly lanes: number;
  readonly maxEvents: number;
  readonly batchRows: number;
  readonly seed: number;
}

/** mulberry32: who waits for how many turns. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const never = new Promise<never>(() => undefined);

/** Events that stood in calls which were not answered when a life ended. */
interface Account {
  unanswered: number;
}

/**
 * One run of a publisher. Everything that it waits for goes through `pause`; the await at which it dies never returns,
 * and neither does any after it, so that not one more line of it runs, as after SIGKILL. Calls that are on their way to
 * Kinesis then arrive all the same, sooner or later.
 */
class Life {
  readonly died: Promise<void>;
  readonly #random: () => number;
  readonly #die: () => void;
  readonly #underWay = new Set<{ readonly events: number }>();
  readonly #account: Account;
  #left: number;

  constructor(awaits: number, random: () => number, account: Account) {
    this.#left = awaits;
    this.#random = random;
    this.#account = account;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
  }

  async pause(): Promise<void> {
    this.#left -= 1;
    if (this.#left === 0) {
      for (const { events } of this.#underWay) this.#account.unanswered += events;
      this.#die();
    }
    for (let turns = this.#random() * 3; turns >= 1 && this.#left > 0; turns -= 1) await nextTurn();
    if (this.#left <= 0) await never;
  }

  clock(): Clock {
    return {
      ...hastyClock,
      sleep: async (milliseconds, signal) => {
        await this.pause();
        await hastyClock.sleep(milliseconds, signal);
      },
    };
  }

  client(stream: FakeStream): { send(command: PutRecordsCommand): Promise<unknown> } {
    return {
      send: async (command) => {
        await this.pause();
        // Between the end of a pause and what comes after it somebody else may have died.
        if (this.#left <= 0) await never;
        const call = { events: eventsOf(command) };
        this.#underWay.add(call);
        try {
          for (let turns = this.#random() * 6; turns >= 1; turns -= 1) await nextTurn();
          const answer = await stream.send(command);
          await this.pause();
          return answer;
        } finally {
          this.#underWay.delete(call);
        }
      },
    };
  }

  source(source: ReferenceSource): AuditSource<ReferenceRow> {
    const pause = () => this.pause();
    return Object.assign(Object.create(source) as ReferenceSource, {
      compare: source.compare.bind(source),
      marker: source.marker.bind(source),
      acknowledged: source.acknowledged.bind(source),
      async *read(...parts: Parameters<ReferenceSource["read"]>): AsyncGenerator<AuditBatch<ReferenceRow>> {
        for await (const batch of source.read(...parts)) {
          await pause();
          yield batch;
        }
      },
    });
  }
}

function innerRecordsOf(command: PutRecordsCommand): readonly InnerRecord[] {
  return (command.input.Records ?? []).map(
    ({ Data }) => parseExact(gunzipSync(Data as Uint8Array).toString()) as InnerRecord,
  );
}

function eventsOf(command: PutRecordsCommand): number {
  return innerRecordsOf(command).reduce((sum, { provenance }) => sum + countOf(provenance), 0);
}

function countOf(provenance: Provenance | undefined): number {
  return provenance?.markers === ""
    ? 0
    : (provenance?.markers.split(" ").reduce((sum, item) => sum + Number(item.split("*")[1] ?? 1), 0) ?? 0);
}

const positionOf = (cursor: string) => Number(cursor.slice(1));

/** The stream, and what must hold of it whenever a record is put. */
class WatchedStream extends FakeStream {
  readonly broken: string[] = [];

  override async send(command: PutRecordsCommand) {
    const there = new Set(this.statements());
    for (const { provenance } of innerRecordsOf(command)) {
      const { watermark = null } = provenance ?? {};
      for (let position = 0; watermark !== null && position < positionOf(watermark); position += 1) {
        if (!there.has(statementAt(position))) this.broken.push(`watermark ${watermark} before row ${position}`);
      }
    }
    return super.send(command);
  }

  get inner(): readonly InnerRecord[] {
    return this.records.map(({ inner }) => inner);
  }
}

const statementAt = (position: number) => `SELECT ${position} FROM dbo.orders`;

async function play(
  history: History,
  remember: (stream: FakeStream) => StreamMemory,
): Promise<{ readonly stream: WatchedStream; readonly trail: ReferenceTrail; readonly account: Account }> {
  const { deaths, appends, behaviours, lanes, maxEvents, batchRows, seed } = history;
  const random = numbersFrom(seed);
  const stream = new WatchedStream(["ok", ...behaviours]);
  const trail = new ReferenceTrail();
  const account: Account = { unanswered: 0 };
  let epochs = 0;
  const live = (life: Life, stopping: AbortSignal): Promise<void> => {
    const clock = life.clock();
    const common = { clock, random: () => 0.5, logger: silentLogger };
    const reader = new ReferenceReader(trail, { clock, batchRows });
    const memory = remember(stream);
    const parts: PublishParts = {
      settings: {
        resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        generation: 1,
        nativeAuditFields: "omit",
        lanes,
        maxEvents,
        targetBytes: 8_192,
        heartbeatInterval: 60_000,
        maxUnderWay: 10_000,
      },
      sealing: new Sealing({
        sealer: {
          ...gzipSealer,
          seal: async (...sealed) => {
            await life.pause();
            return gzipSealer.seal(...sealed);
          },
        },
        lender: {
          lend: async () => {
            await life.pause();
            return key;
          },
        },
        concurrency: 3,
        ...common,
      }),
      putting: new Putting({ client: life.client(stream) as never, streamName: "s", concurrency: 2, ...common }),
      memory: {
        recall: async (...asked) => {
          await life.pause();
          const recollection = await memory.recall(...asked);
          await life.pause();
          return recollection;
        },
      },
      nameEpoch: () => `epoch-${epochs++}`,
      counters: { events: 0, records: 0, heartbeats: 0, bytes: 0, cutEvents: 0, lossWindows: 0 },
      ...common,
    };
    return new SourcePublishing(life.source(reader.source), reader, parts, new AbortController().signal).run(stopping);
  };
  const notStopping = new AbortController().signal;
  for (const [index, awaits] of deaths.entries()) {
    trail.appendMany(appends[index % appends.length] ?? 0);
    const life = new Life(awaits, random, account);
    // A life that has nothing left to do would wait for ever at its own pace: rows come while it lives.
    void live(life, notStopping);
    for (let turn = 0; turn < awaits; turn += 1) await nextTurn();
    trail.appendMany(appends[(index + 1) % appends.length] ?? 0);
    await life.died;
    trail.endSessions();
  }
  trail.appendMany(3);
  const stopping = new AbortController();
  const last = live(new Life(Number.POSITIVE_INFINITY, random, account), stopping.signal);
  await until(() => new Set(stream.statements()).size === trail.length);
  stopping.abort();
  await last;
  // What was on its way when its publisher died has arrived by now.
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  return { stream, trail, account };
}

const MEMORIES = { "reads the whole stream": memoryOf, "searches it": searchingMemoryOf };

test.each(Object.entries(MEMORIES))(
  "nothing is missing and nothing invented, whichever of its awaits a publisher dies at, and doubles are few, when the memory %s",
  async (_, remember) => {
    const history: fc.Arbitrary<History> = fc.record({
      deaths: fc.array(fc.integer({ min: 1, max: LONGEST_LIFE }), { maxLength: 4 }),
      appends: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }),
      behaviours: fc.array(
        fc.constantFrom<Behaviour>("ok", "ok", "some-fail", "all-fail", "call-fails", "answer-lost"),
        {
          maxLength: 12,
        },
      ),
      lanes: fc.integer({ min: 1, max: 3 }),
      maxEvents: fc.integer({ min: 1, max: 9 }),
      batchRows: fc.integer({ min: 1, max: 20 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(history, async (lived) => {
        const { stream, trail, account } = await play(lived, remember);
        expect(stream.broken).toEqual([]);
        const published = stream.statements();
        expect(new Set(published)).toEqual(new Set(trail.slice(0, trail.length).map(({ statement }) => statement)));
        const identities = stream.inner.flatMap((record) => identitiesOf(record, { id: "reference:a:trail" }));
        expect(new Set<EventIdentity>(identities).size).toBe(trail.length);
        if (!lived.behaviours.includes("answer-lost")) {
          expect(published.length - trail.length).toBeLessThanOrEqual(account.unanswered);
        }
        expectSequences(stream.inner);
      }),
      { numRuns: RUNS },
    );
  },
  120_000,
);

/** What records say of each other is so. */
function expectSequences(records: readonly InnerRecord[]): void {
  const lanes = new Map<string, Provenance[]>();
  for (const { provenance } of records) {
    if (!provenance) throw new Error("a record without provenance");
    const { epoch, lane } = provenance;
    lanes.set(`${epoch}/${lane}`, [...(lanes.get(`${epoch}/${lane}`) ?? []), provenance]);
  }
  for (const ofLane of lanes.values()) {
    const sequences = new Set(ofLane.map(({ sequence }) => sequence));
    const acked = Math.max(...ofLane.map((each) => each.acked));
    for (let sequence = 0; sequence <= acked; sequence += 1) expect(sequences).toContain(sequence);
    for (const each of ofLane) expect(each.acked).toBeLessThan(each.sequence);
  }
  // No row from behind a watermark is in an earlier record of its lane.
  for (const record of records) {
    const { provenance, databaseActivityEventList: events } = record;
    const positions = events.flatMap((event) =>
      event.type === "record" ? [Number(/\d+/.exec(String(event.commandText)))] : [],
    );
    for (const { provenance: other } of records) {
      if (!provenance || !other?.watermark || other.epoch !== provenance.epoch) continue;
      if (provenance.sequence >= (other.behind[provenance.lane] ?? 0)) continue;
      for (const position of positions) expect(position).toBeLessThan(positionOf(other.watermark));
    }
  }
}
