import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SourceReport } from "../src/account-report.ts";
import { unexplainedHoles } from "../src/account-report.ts";
import { StreamAccount } from "../src/stream-account.ts";
import { type Arrival, PublishingModel, step } from "./publishing-model.ts";

const steps = fc.array(step, { maxLength: 60 });
const lanes = fc.constantFrom(1, 1, 2, 3);

function reportOn(model: PublishingModel, arrivals: readonly Arrival[]) {
  const account = new StreamAccount();
  for (const item of model.items(arrivals)) account.add(item);
  const report = account.report();
  return { report, source: report.generations[0]?.sources[0] };
}

/** What the report has to say, found by looking at everything at once. */
function holesByHand(arrivals: readonly Arrival[]): string[] {
  const firstOfLane = new Map<number, number>();
  for (const { provenance, time } of arrivals) {
    if (!firstOfLane.has(provenance.lane)) firstOfLane.set(provenance.lane, time.getTime());
  }
  const epochs = [...new Set(arrivals.map(({ provenance }) => provenance.epoch))];
  return epochs.flatMap((epoch, index) => {
    const ofEpoch = arrivals.filter(({ provenance }) => provenance.epoch === epoch);
    const laneCount = ofEpoch[0]?.provenance.behind.length ?? 0;
    return Array.from({ length: laneCount }, (_, lane) => lane).flatMap((lane) => {
      const seen = ofEpoch.map(({ provenance }) => provenance).filter((provenance) => provenance.lane === lane);
      const sequences = new Set(seen.map(({ sequence }) => sequence));
      const acked = Math.max(
        -1,
        ...ofEpoch.map((each) => each.provenance.lanes?.[lane] ?? -1),
        ...seen.map((each) => each.acked),
      );
      const beganWhileRead = ofEpoch.some(({ provenance: { since } }) => {
        return since !== undefined && (firstOfLane.get(lane) ?? Number.POSITIVE_INFINITY) <= since;
      });
      const first = beganWhileRead ? 0 : Math.min(...sequences);
      const last = Math.max(...sequences, ...(beganWhileRead || sequences.size > 0 ? [acked] : []));
      const missing: string[] = [];
      for (let sequence = first; sequence <= last; sequence += 1) {
        if (sequences.has(sequence)) continue;
        const isClosed = sequence > acked && index < epochs.length - 1;
        missing.push(`${epoch} ${lane} ${sequence} ${isClosed ? "closed" : "open"} ${sequence <= acked}`);
      }
      return missing;
    });
  });
}

function holesTold(source: SourceReport | undefined): string[] {
  return (source?.holes ?? []).flatMap(({ epoch, lane, from, to, state, acknowledged }) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${epoch} ${lane} ${from + index} ${state} ${acknowledged}`),
  );
}

const greatest = (source: SourceReport | undefined) =>
  Math.max(0, ...(source?.completeUpTo ?? []).map(({ watermark }) => Number(watermark)));

describe("an account of whatever the publishers of a source did", () => {
  test("finds every hole, and whether it is open or closed", () => {
    fc.assert(
      fc.property(steps, lanes, (given, laneCount) => {
        const model = new PublishingModel(laneCount);
        model.play(given);
        const { source } = reportOn(model, model.arrivals);
        expect(holesTold(source).sort()).toEqual(holesByHand(model.arrivals).sort());
        // Nothing that was acknowledged is ever missing from a stream that is read as a whole.
        expect(source?.holes.filter(({ acknowledged }) => acknowledged) ?? []).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test("finds them also where records were lost and where reading began in the middle", () => {
    fc.assert(
      fc.property(steps, lanes, fc.infiniteStream(fc.nat(9)), fc.nat(20), (given, laneCount, chance, start) => {
        const model = new PublishingModel(laneCount);
        model.play(given);
        const read = model.arrivals.slice(start).filter(() => chance.next().value !== 0);
        const { source } = reportOn(model, read);
        expect(holesTold(source).sort()).toEqual(holesByHand(read).sort());
      }),
      { numRuns: 2_000 },
    );
  });

  test("calls complete only what it saw, as far back as reading began", () => {
    fc.assert(
      fc.property(steps, lanes, fc.infiniteStream(fc.nat(9)), fc.nat(20), (given, laneCount, chance, start) => {
        const model = new PublishingModel(laneCount);
        model.play(given);
        model.stop();
        const read = model.arrivals.slice(start).filter(() => chance.next().value !== 0);
        const { source } = reportOn(model, read);
        const complete = greatest(source);
        const seen = new Set(read.flatMap(({ rows }) => rows));
        const told = holesTold(source);
        for (const { provenance, rows } of model.arrivals) {
          if (rows.every((row) => row >= complete || seen.has(row))) continue;
          const { epoch, lane, sequence } = provenance;
          const ofEpoch = read.map((each) => each.provenance).filter((each) => each.epoch === epoch);
          const sequences = ofEpoch.filter((each) => each.lane === lane).map((each) => each.sequence);
          // It came before the first record that was seen of its lane; or its run had not heard of its arrival when it
          // died: then it counts as never having arrived, as a closed hole or, behind the last record seen, as nothing.
          const isUnknown = sequence < Math.min(...sequences) || sequence > Math.max(-1, ...sequences);
          const isClosed = told.includes(`${epoch} ${lane} ${sequence} closed false`);
          const isOpen = told.some((hole) => hole.startsWith(`${epoch} ${lane} ${sequence} open`));
          expect({ isOpen, isUnknownOrClosed: isUnknown || isClosed }).toEqual({
            isOpen: false,
            isUnknownOrClosed: true,
          });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("calls everything complete in the end when all of it was read, in whatever order the lanes were", () => {
    fc.assert(
      fc.property(steps, lanes, fc.array(fc.nat(2), { maxLength: 200 }), (given, laneCount, turns) => {
        const model = new PublishingModel(laneCount);
        model.play(given);
        model.stop();
        // A shard a lane, each read at its own pace.
        const shards = [0, 1, 2].map((lane) => model.arrivals.filter(({ provenance }) => provenance.lane === lane));
        const read = turns.flatMap((turn) => shards[turn]?.splice(0, 1) ?? []);
        read.push(...shards.flat());
        const { report, source } = reportOn(model, read);
        expect(greatest(source)).toBeGreaterThanOrEqual(model.rows);
        expect(unexplainedHoles(report)).toEqual([]);
        expect(source?.events).toBe(model.arrivals.flatMap(({ rows }) => rows).length);
      }),
      { numRuns: 2_000 },
    );
  });

  test("never calls complete, at any moment, what one lane has and another has not been read for", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(2, 3), fc.array(fc.nat(2), { maxLength: 200 }), (given, laneCount, turns) => {
        const model = new PublishingModel(laneCount);
        model.play(given.filter(({ kind }) => kind === "put"));
        model.stop();
        const shards = [0, 1, 2].map((lane) => model.arrivals.filter(({ provenance }) => provenance.lane === lane));
        const account = new StreamAccount();
        const seen = new Set<number>();
        // What was acknowledged by the first heartbeat that was seen counts as read before, as far as anybody knows.
        let before: readonly number[] | undefined;
        const isBefore = (row: number) =>
          model.arrivals.some(({ rows, provenance: { lane, sequence } }) => {
            return rows.includes(row) && sequence <= (before?.[lane] ?? -1);
          });
        for (const turn of turns) {
          const read = shards[turn]?.splice(0, 1) ?? [];
          for (const item of model.items(read)) account.add(item);
          for (const { rows, provenance } of read) {
            for (const row of rows) seen.add(row);
            before ??= provenance.lanes;
          }
          const complete = greatest(account.report().generations[0]?.sources[0]);
          for (let row = 0; row < complete; row += 1) expect(seen.has(row) || isBefore(row), `row ${row}`).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
