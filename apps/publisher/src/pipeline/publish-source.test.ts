import { type Cursor, RefusedError, silentLogger, UnavailableError } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Behaviour, FakeStream, key, nextTurn, prepare, type Run, until } from "../../test/fake-publishing.ts";
import { SourcePublishing } from "./publish-source.ts";

function publish({ reader, parts, stopping, giveUp }: Run): Promise<void> {
  return new SourcePublishing(reader.source, reader, parts, giveUp.signal).run(stopping.signal);
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

  test("begins a new epoch, and asks the stream again, when somebody else had the source meanwhile", async () => {
    const run = prepare(new FakeStream(), { lanes: 2, heartbeatInterval: 1 });
    const done = publish(run);
    run.trail.appendMany(40);
    await until(() => run.stream.statements().length === 40);
    for (const _ of [1, 2, 3]) {
      const { length } = run.stream.records;
      await using _other = run.trail.lend(run.reader.source.id);
      run.trail.appendMany(10);
      for (let turn = 0; turn < 50; turn += 1) await nextTurn();
      expect(run.stream.records.slice(length).flatMap(({ statements }) => statements)).toEqual([]);
    }
    await until(() => run.stream.statements().length === 70);
    run.stopping.abort();
    await done;
    expect(new Set(run.stream.statements()).size).toBe(70);
    const epochs = Map.groupBy(run.stream.records, ({ inner }) => inner.provenance?.epoch);
    expect(epochs.size).toBeGreaterThan(1);
    for (const records of epochs.values()) {
      for (const lane of [0, 1]) {
        const ofLane = records.map(({ inner }) => inner.provenance).filter((each) => each?.lane === lane);
        expect(ofLane.map((each) => each?.sequence)).toEqual(ofLane.map((_, sequence) => sequence));
      }
    }
    for (const records of [...epochs.values()].slice(1)) {
      expect(records[0]?.inner.provenance?.resumed).toMatch(/^r(40|50|60|70)$/);
    }
  });
});
