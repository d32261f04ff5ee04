import { gunzipSync, gzipSync } from "node:zlib";
import type { PutRecordsCommand, PutRecordsCommandOutput } from "@aws-sdk/client-kinesis";
import { type Clock, type Cursor, RefusedError, silentLogger, systemClock, UnavailableError } from "@das/core";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PublishParts, type PublishSettings, publishSource } from "./publish-source.ts";
import { Putting } from "./put.ts";
import { Sealing } from "./seal.ts";
import type { Sealer } from "./seal-pool.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Short waits are over at once; a heartbeat interval lasts until it is aborted. */
const hastyClock: Clock = {
  ...systemClock,
  sleep: (milliseconds, signal) => (milliseconds >= 60_000 ? systemClock.sleep(milliseconds, signal) : nextTurn()),
};

type Behaviour = "ok" | "some-fail" | "all-fail" | "call-fails" | "answer-lost" | "refused";

/** A stream that misbehaves as it is told, call by call; then it behaves. */
class FakeStream {
  readonly calls: string[][] = [];
  readonly records: { readonly partitionKey: string; readonly json: string }[] = [];
  readonly #behaviours: Behaviour[];

  constructor(behaviours: readonly Behaviour[] = []) {
    this.#behaviours = [...behaviours];
  }

  async send(command: PutRecordsCommand): Promise<PutRecordsCommandOutput> {
    await nextTurn();
    const behaviour = this.#behaviours.shift() ?? "ok";
    if (behaviour === "refused") throw Object.assign(new Error("no"), { name: "AccessDeniedException" });
    if (behaviour === "call-fails") throw Object.assign(new Error("down"), { name: "InternalFailure" });
    const entries = command.input.Records ?? [];
    const results = entries.map(({ Data, PartitionKey = "" }, index) => {
      if (behaviour === "all-fail" || (behaviour === "some-fail" && index % 2 === 0)) {
        return { ErrorCode: "ProvisionedThroughputExceededException" };
      }
      this.records.push({ partitionKey: PartitionKey, json: gunzipSync(Data as Uint8Array).toString() });
      return { SequenceNumber: String(this.records.length) };
    });
    this.calls.push(entries.map(({ Data }) => statementsOf(gunzipSync(Data as Uint8Array).toString()).join("|")));
    if (behaviour === "answer-lost") throw Object.assign(new Error("reset"), { name: "TimeoutError" });
    return { Records: results, $metadata: {} };
  }

  statements(partitionKey?: string): string[] {
    const records = this.records.filter((record) => partitionKey === undefined || record.partitionKey === partitionKey);
    return records.flatMap(({ json }) => statementsOf(json));
  }

  get heartbeats(): number {
    return this.records.filter(({ json }) => json.includes('[{"type":"heartbeat"}]')).length;
  }
}

function statementsOf(json: string): string[] {
  const { databaseActivityEventList: events } = JSON.parse(json) as {
    databaseActivityEventList: { readonly commandText?: string }[];
  };
  return events.map((event) => event.commandText).filter((text) => text !== undefined);
}

/** Seals without keys and threads: what is tested here is what is sealed, and when. */
const gzipSealer: Sealer = {
  seal: async (text) => {
    await nextTurn();
    const bytes = new Uint8Array(gzipSync(text));
    return { bytes, compressedBytes: bytes.byteLength };
  },
  [Symbol.asyncDispose]: async () => undefined,
};

const key = { plaintext: new Uint8Array(32), encrypted: "", [Symbol.dispose]: () => undefined };

interface Run {
  readonly stream: FakeStream;
  readonly trail: ReferenceTrail;
  readonly reader: ReferenceReader;
  readonly parts: PublishParts;
  readonly stopping: AbortController;
  readonly giveUp: AbortController;
}

function prepare(stream: FakeStream, settings: Partial<PublishSettings> = {}, lend = async () => key): Run {
  const trail = new ReferenceTrail();
  const common = { clock: hastyClock, random: () => 0.5, logger: silentLogger };
  return {
    stream,
    trail,
    reader: new ReferenceReader(trail, { clock: hastyClock, batchRows: 50 }),
    parts: {
      settings: {
        resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        nativeAuditFields: "omit",
        lanes: 1,
        maxEvents: 7,
        targetBytes: 8_192,
        heartbeatInterval: 60_000,
        maxUnderWay: 100_000,
        ...settings,
      },
      sealing: new Sealing({ sealer: gzipSealer, lender: { lend }, concurrency: 3, ...common }),
      putting: new Putting({ client: stream, streamName: "s", concurrency: 2, ...common } as never),
      counters: { events: 0, records: 0, heartbeats: 0, bytes: 0, cutEvents: 0, lossWindows: 0 },
      ...common,
    },
    stopping: new AbortController(),
    giveUp: new AbortController(),
  };
}

function publish({ reader, parts, stopping, giveUp }: Run): Promise<void> {
  return publishSource(reader.source, reader, parts, stopping.signal, giveUp.signal);
}

/** Waits, by turns of the event loop, until something is so. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 50_000) throw new Error("it never came true");
    await nextTurn();
  }
}

describe("publishing a source", () => {
  test("puts every row on the stream whatever the stream does, in order, and moves the watermark only then", async () => {
    const behaviour = fc.constantFrom<Behaviour>("ok", "some-fail", "all-fail", "call-fails", "answer-lost");
    const appends = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 30 }),
        appends,
        fc.integer({ min: 1, max: 3 }),
        async (behaviours, counts, lanes) => {
          // The first call succeeds: before that a refusal would end the publisher.
          const run = prepare(new FakeStream(["ok", ...behaviours]), { lanes });
          const { stream, trail, reader, parts } = run;
          const early: string[] = [];
          const acknowledge = reader.source.acknowledged.bind(reader.source);
          reader.source.acknowledged = (watermark: Cursor) => {
            acknowledge(watermark);
            const there = new Set(stream.statements());
            for (const { statement } of trail.slice(0, Number(watermark.slice(1))))
              if (!there.has(statement)) early.push(statement);
          };
          const done = publish(run);
          for (const count of counts) {
            trail.appendMany(count);
            for (let turns = 0; turns < count; turns += 1) await nextTurn();
          }
          const expected = trail.slice(0, trail.length).map(({ statement }) => statement);
          await until(() => new Set(stream.statements()).size === expected.length);
          run.stopping.abort();
          await done;

          expect(early).toEqual([]);
          expect(reader.source.acknowledgements.at(-1)).toBe(`r${trail.length}`);
          const published = stream.statements();
          expect(new Set(published)).toEqual(new Set(expected));
          if (!behaviours.includes("answer-lost")) expect(published).toHaveLength(expected.length);
          if (!behaviours.some((each) => each === "some-fail" || each === "answer-lost") && lanes === 1) {
            expect(published).toEqual(expected);
          }
          expect(parts.counters.events).toBe(expected.length);
          // One at the start and one at the end.
          expect(parts.counters.heartbeats).toBe(2);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("of a call that partly failed, sends again only what failed, before anything newer", async () => {
    const run = prepare(new FakeStream(["ok", "some-fail"]), { maxEvents: 1 });
    const done = publish(run);
    await until(() => run.stream.heartbeats === 1);
    run.trail.appendMany(3);
    await until(() => run.stream.calls.length >= 2);
    run.trail.appendMany(1);
    await until(() => run.stream.statements().length === 4);
    run.stopping.abort();
    await done;
    const [first = "", second = "", third = "", fourth = ""] = run.trail.slice(0, 4).map(({ statement }) => statement);
    const calls = run.stream.calls.filter((call) => call.some((statements) => statements !== ""));
    // However the three fell into calls: what failed comes next and alone, and the fourth comes last.
    const failedCall = calls[0] ?? [];
    expect(calls[1]).toEqual(failedCall.filter((_, index) => index % 2 === 0));
    expect(calls.at(-1)?.at(-1)).toBe(fourth);
    expect(new Set(run.stream.statements())).toEqual(new Set([first, second, third, fourth]));
  });

  test("keeps all events of a session in one lane, in order", async () => {
    const run = prepare(new FakeStream(), { lanes: 3 });
    run.trail.appendMany(300);
    const done = publish(run);
    await until(() => run.stream.statements().length === 300);
    run.stopping.abort();
    await done;
    const keys = new Set(run.stream.records.map(({ partitionKey }) => partitionKey));
    expect(keys.size).toBe(3);
    for (const sessionId of new Set(run.trail.slice(0, 300).map((row) => row.sessionId))) {
      const expected = run.trail
        .slice(0, 300)
        .filter((row) => row.sessionId === sessionId)
        .map((row) => row.statement);
      const lanes = [...keys].filter((lane) => run.stream.statements(lane).includes(expected[0] ?? ""));
      expect(lanes).toHaveLength(1);
      expect(run.stream.statements(lanes[0]).filter((statement) => expected.includes(statement))).toEqual(expected);
    }
  });

  test("stops reading while the stream takes nothing, and goes on after it", async () => {
    const run = prepare(new FakeStream(["ok", ...new Array<Behaviour>(60).fill("all-fail")]), { maxUnderWay: 5_000 });
    const done = publish(run);
    await until(() => run.stream.heartbeats === 1);
    run.trail.appendMany(2_000);
    let read = 0;
    const { toEvent } = run.reader;
    run.reader.toEvent = (row, context) => {
      read += 1;
      return toEvent.call(run.reader, row, context);
    };
    await until(() => run.stream.calls.length > 30);
    // The batch that filled the budget, and no other.
    expect(read).toBe(50);
    await until(() => run.stream.statements().length === 2_000);
    run.stopping.abort();
    await done;
  });

  test("tells a loss window in its place in the order", async () => {
    const run = prepare(new FakeStream());
    run.trail.appendMany(10);
    run.trail.purgeBefore(4);
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (fields: object) => void errors.push(fields) };
    const done = publish({ ...run, parts: { ...run.parts, logger } });
    await until(() => run.stream.statements().length === 7);
    run.stopping.abort();
    await done;
    const events = run.stream.records.flatMap(
      ({ json }) =>
        (JSON.parse(json) as { databaseActivityEventList: { class?: string; command?: string }[] })
          .databaseActivityEventList,
    );
    const kinds = events.filter((event) => event.class).map((event) => event.command);
    expect(kinds).toEqual(["LOSS WINDOW", ...new Array<string>(6).fill("SELECT")]);
    expect(run.parts.counters.lossWindows).toBe(1);
    expect(errors).toEqual([
      expect.objectContaining({ source: "reference:a:trail", cause: "purged before it was read" }),
    ]);
  });

  test("ends when it is refused at the start, with the reason", async () => {
    const refusedStream = prepare(new FakeStream(["refused"]));
    await expect(publish(refusedStream)).rejects.toMatchObject({ name: "RefusedError", code: "AccessDeniedException" });
    const refusal = new RefusedError({ who: "envelope", what: "w", remedy: "r", code: "kms-key-disabled" });
    const refusedKey = prepare(new FakeStream(), {}, () => Promise.reject(refusal));
    await expect(publish(refusedKey)).rejects.toBe(refusal);
  });

  test("waits when it is refused later, and loses nothing", async () => {
    const refusal = new RefusedError({ who: "envelope", what: "w", remedy: "r", code: "kms-key-disabled" });
    const outage = new UnavailableError({ who: "envelope", what: "w", remedy: "r", code: "kms-unavailable" });
    let lent = 0;
    const lend = async () => {
      lent += 1;
      if (lent > 3 && lent < 20) throw lent % 2 === 0 ? refusal : outage;
      return key;
    };
    const run = prepare(new FakeStream(["ok", "refused", "refused", "ok", "refused"]), {}, lend);
    const done = publish(run);
    await until(() => run.stream.heartbeats === 1);
    run.trail.appendMany(100);
    await until(() => run.stream.statements().length === 100);
    run.stopping.abort();
    await done;
    expect(run.stream.statements()).toEqual(run.trail.slice(0, 100).map(({ statement }) => statement));
  });

  test("gives up, without an error, when it may not wait any longer", async () => {
    const run = prepare(new FakeStream(["ok", ...new Array<Behaviour>(100_000).fill("call-fails")]));
    const done = publish(run);
    await until(() => run.stream.heartbeats === 1);
    run.trail.appendMany(10);
    await nextTurn();
    run.stopping.abort();
    await nextTurn();
    run.giveUp.abort();
    await done;
    expect(run.reader.source.acknowledgements.at(-1) ?? "r0").toBe("r0");
  });
});
