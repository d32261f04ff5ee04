import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordOrder } from "../src/record-order.ts";
import { type Arrival, PublishingModel, step } from "./publishing-model.ts";

const steps = fc.array(step, { maxLength: 60 });
const lanes = fc.constantFrom(1, 1, 2, 3);
const SHARD = "shardId-000000000000";

/** What a lane gave, in the order in which it did. */
interface Given {
  readonly lane: string;
  readonly sequence: number;
  readonly what: "record" | "late" | "repeated" | "missing" | "lost";
}

function pushAll(order: RecordOrder<ReturnType<typeof recordOf>>, arrivals: readonly Arrival[]): Given[] {
  const given: Given[] = [];
  const take = (released: ReturnType<typeof order.push>) => {
    for (const one of released) {
      const lane = `${one.place.epoch} ${one.place.lane}`;
      if ("record" in one) {
        const what = one.late ? "late" : one.repeated ? "repeated" : "record";
        given.push({ lane, sequence: one.record.provenance.sequence, what });
      } else {
        const what = one.missing.acknowledged ? "lost" : "missing";
        for (let { from } = one.missing; from <= one.missing.to; from += 1) given.push({ lane, sequence: from, what });
      }
    }
  };
  for (const arrival of arrivals) {
    const record = recordOf(arrival);
    take(order.arrived(SHARD, record.approximateArrivalTime));
    take(order.push(record));
  }
  take(order.flush());
  expect(order.waiting).toBe(0);
  return given;
}

function recordOf({ provenance, time }: Arrival) {
  return { provenance, shardId: SHARD, approximateArrivalTime: time };
}

const placeOf = ({ provenance: { epoch, lane, sequence } }: Arrival) => `${epoch} ${lane} ${sequence}`;
const placeGiven = ({ lane, sequence }: Given) => `${lane} ${sequence}`;

function played(
  given: readonly Parameters<PublishingModel["play"]>[0][number][],
  laneCount: number,
): readonly Arrival[] {
  const model = new PublishingModel(laneCount);
  model.play(given);
  return model.arrivals;
}

describe("records in the order in which they were published", () => {
  test("each once, each lane of each epoch in its sequence, nothing given up that still comes from a living publisher", () => {
    fc.assert(
      fc.property(steps, lanes, (given, laneCount) => {
        const alive = given.map((each) => (each.kind === "crash" ? { ...each, late: false } : each));
        const arrivals = played(alive, laneCount);
        const got = pushAll(new RecordOrder({ maxWait: 1e9, mostWaiting: 1_000 }), arrivals);
        const told = got.filter(({ what }) => what === "record").map(placeGiven);
        expect(told.toSorted()).toEqual([...new Set(arrivals.map(placeOf))].sort());
        expect(got.filter(({ what }) => what === "repeated")).toHaveLength(arrivals.length - told.length);
        // What never arrived had not been acknowledged.
        expect(got.filter(({ what }) => what === "late" || what === "lost")).toEqual([]);
        const next = new Map<string, number>();
        for (const { lane, sequence, what } of got) {
          if (what === "repeated") continue;
          expect(sequence, lane).toBeGreaterThanOrEqual(next.get(lane) ?? 0);
          next.set(lane, sequence + 1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("an epoch's before those of the next one in the same lane", () => {
    fc.assert(
      fc.property(steps, lanes, (given, laneCount) => {
        const alive = given.map((each) => (each.kind === "crash" ? { ...each, late: false } : each));
        const got = pushAll(new RecordOrder({ maxWait: 1e9 }), played(alive, laneCount));
        const epochs = new Map<string, number>();
        for (const given of got) {
          const [epoch = "", lane = ""] = given.lane.split(" ");
          const number = Number(epoch.slice("epoch-".length));
          expect(number).toBeGreaterThanOrEqual(epochs.get(lane) ?? 0);
          epochs.set(lane, number);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("each once even where records were lost, reading began in the middle, came very late, or none may wait", () => {
    const options = fc.record({ maxWait: fc.constantFrom(0, 20, 1e9), mostWaiting: fc.constantFrom(0, 1, 2, 1_000) });
    fc.assert(
      fc.property(
        steps,
        lanes,
        options,
        fc.infiniteStream(fc.nat(9)),
        fc.nat(20),
        (given, laneCount, limits, chance, start) => {
          const arrivals = played(given, laneCount)
            .slice(start)
            .filter(() => chance.next().value !== 0);
          const got = pushAll(new RecordOrder(limits), arrivals);
          const told = got.filter(({ what }) => what === "record" || what === "late").map(placeGiven);
          expect(told.toSorted()).toEqual([...new Set(arrivals.map(placeOf))].sort());
          // Nothing is told to be missing twice, and nothing that was given by then.
          const gone = new Set<string>();
          for (const each of got) {
            if (each.what === "repeated") continue;
            expect(gone.has(placeGiven(each)) && each.what !== "late").toBe(false);
            gone.add(placeGiven(each));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("a record waits as long as it may, and not longer", () => {
    const order = new RecordOrder<ReturnType<typeof recordOf>>({ maxWait: 1_000 });
    const at = (sequence: number, acked: number, seconds: number) =>
      recordOf({
        rows: [],
        time: new Date(seconds * 1_000),
        provenance: {
          generation: 1,
          source: "s",
          history: "h",
          epoch: "e",
          lane: 0,
          sequence,
          acked,
          watermark: null,
          behind: [0],
          markers: "",
        },
      });
    expect(order.push(at(0, -1, 0))).toHaveLength(1);
    expect(order.push(at(2, 0, 10))).toEqual([]);
    expect(order.patience).toBe(1_000);
    order.idled(400);
    expect(order.overdue()).toEqual([]);
    expect(order.patience).toBe(600);
    // By the clock of the stream: another record of the shard came 1.001 s later. One of another shard says nothing.
    expect(order.arrived("another", new Date(60_000))).toEqual([]);
    expect(order.arrived(SHARD, new Date(11_000))).toEqual([]);
    expect(order.arrived(SHARD, new Date(11_001))).toMatchObject([
      { missing: { from: 1, to: 1, acknowledged: false }, place: { source: "s", epoch: "e", lane: 0 }, shardId: SHARD },
      { record: { provenance: { sequence: 2 } }, late: false },
    ]);
    expect(order.patience).toBeUndefined();
    expect(order.push(at(1, 0, 12))).toMatchObject([{ late: true, repeated: false }]);
    // By this machine's clock: there was nothing to read.
    expect(order.push(at(4, 2, 13))).toEqual([]);
    order.idled(1_000);
    expect(order.overdue()).toMatchObject([
      { missing: { from: 3, to: 3 } },
      { record: { provenance: { sequence: 4 } } },
    ]);
    // What was acknowledged when the next one was sealed is not waited for.
    expect(order.push(at(7, 6, 14))).toMatchObject([
      { missing: { from: 5, to: 6, acknowledged: true } },
      { record: { provenance: { sequence: 7 } } },
    ]);
  });

  test.each([{ maxWait: -1 }, { maxWait: Number.NaN }, { mostWaiting: 0.5 }, { mostWaiting: -1 }])(
    "refuses what makes no sense: %o",
    (options) => {
      expect(() => new RecordOrder(options)).toThrow(/Give /);
    },
  );
});
