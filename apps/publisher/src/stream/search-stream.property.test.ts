import fc from "fast-check";
import { expect, test } from "vitest";
import { cursorAt, identityOf, ModelLife, ModelStream, modelSource, rowAt } from "../../test/stream-model.ts";
import { StreamSearch } from "./search-stream.ts";

const INTERVAL = 10_000;
const SECOND = 1_000;
/** The stream holds a week. */
const RETENTION = 7 * 86_400 * SECOND;
const START = 1_800_000_000_000;
const LANES = 3;

type Step =
  /** Rows that are read, in batches; the trail grows as it is read. */
  | { readonly kind: "read"; readonly rows: number }
  | { readonly kind: "close"; readonly lane: number }
  | { readonly kind: "call"; readonly lane: number }
  | { readonly kind: "answer"; readonly lane: number }
  | { readonly kind: "wait"; readonly milliseconds: number };

interface Life {
  readonly steps: readonly Step[];
  /** How long nobody publishes after it. */
  readonly pause: number;
  /** Of the calls under way at its end: `lost`, or after how many milliseconds they arrive all the same. */
  readonly lateness: number | "lost";
  /** The role changes before it. */
  readonly newHistory: boolean;
  /** Batches at its beginning whose places are no watermarks yet. */
  readonly provisional: number;
}

interface Story {
  readonly lives: readonly Life[];
  readonly lanes: number;
  readonly overlap: number;
  readonly bytesPerSecond: number;
}

const lane = fc.nat(LANES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("read" as const), rows: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("close" as const), lane }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("call" as const), lane }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("answer" as const), lane }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 4_000 }) }),
  },
);
/** From no time at all to days, each size as often as the others. */
const pause = fc.double({ min: 0, max: 8.5, noNaN: true }).map((exponent) => Math.round(10 ** exponent));
const life: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(step, { maxLength: 60 }),
  pause,
  lateness: fc.oneof(fc.constant("lost" as const), fc.integer({ min: 0, max: 3_000 })),
  newHistory: fc.boolean().map((is) => is && Math.random() < 2),
  provisional: fc.nat(3),
});

interface Told {
  readonly doubles: number;
  /** Rows in calls that were not answered when their publisher died. */
  readonly unanswered: number;
}

/** Publishers live one after the other, each asking the stream first; what they find is compared with all that there is. */
async function tell({ lives, lanes, overlap, bytesPerSecond }: Story, isExact: boolean): Promise<Told> {
  const stream = new ModelStream(bytesPerSecond);
  let now = START;
  let trail = 0;
  let history = 0;
  let unanswered = 0;
  const createdAt = now - SECOND;
  for (const [index, { steps, lateness, newHistory, provisional, ...told }] of lives.entries()) {
    if (newHistory) history += 1;
    const source = modelSource(`history ${history}`, overlap);
    const horizon = Math.max(createdAt, now - RETENTION);
    const search = { source, stretches: stream.stretches(now), heartbeatInterval: INTERVAL, now, horizon };
    const found = await new StreamSearch(search).run(new AbortController().signal);
    const best = bruteForce(stream, now, horizon, source.history);
    if (isExact) expect(found?.place).toEqual(best);
    if (best && found?.place.history === best.history) {
      expect(rowAt(found.place.cursor)).toBeLessThanOrEqual(rowAt(best.cursor));
    }
    // In a new history the reader begins where the old one was; where there is none, at the oldest row.
    let place = found ? Math.max(0, rowAt(found.place.cursor) - overlap) : 0;
    if (found && isExact) expectAllFound(stream, now, horizon, place, found.published);
    const published = new Set(found?.published);
    const self = new ModelLife({
      ...{ stream, name: `epoch ${index}`, history: source.history, lanes },
      found: found?.place,
      since: found?.since,
    });
    if (!found) self.read([], 0, { resuming: false, provisional: false });
    let batches = 0;
    let heartbeatAt = now;
    const tick = (milliseconds: number) => {
      now += milliseconds;
      if (now < heartbeatAt) return;
      heartbeatAt = now + INTERVAL;
      self.heartbeat();
      self.call(0);
      self.arrive(0, now);
      self.answer(0);
    };
    for (const each of steps) {
      tick(1);
      switch (each.kind) {
        case "read": {
          const rows = Array.from({ length: each.rows }, (_, n) => place + n);
          place += each.rows;
          trail = Math.max(trail, place);
          const fresh = rows.filter((row) => !published.delete(identityOf(row)));
          batches += 1;
          const marks = { resuming: published.size > 0 && place < trail, provisional: batches <= provisional && found !== undefined && found.place.history !== source.history };
          self.read(fresh, place, marks);
          break;
        }
        case "close":
          self.close(each.lane % lanes);
          break;
        case "call":
          self.call(each.lane % lanes);
          self.arrive(each.lane % lanes, now);
          break;
        case "answer":
          self.answer(each.lane % lanes);
          break;
        case "wait":
          tick(each.milliseconds);
      }
    }
    unanswered += self.calledRows;
    if (lateness !== "lost") for (let each = 0; each < lanes; each += 1) self.arrive(each, now + lateness);
    now += told.pause;
  }
  const rows = stream.records.flatMap(({ identities }) => identities);
  return { doubles: rows.length - new Set(rows).size, unanswered };
}
