import fc from "fast-check";
import { expect, test } from "vitest";
import { identityOf, ModelLife, ModelStream, modelSource, rowAt } from "../../test/stream-model.ts";
import type { Place } from "./resume-rule.ts";
import { type FoundPlace, StreamSearch } from "./search-stream.ts";
import type { SourceRecord } from "./source-record.ts";

const SECOND = 1_000;
const INTERVAL = 10 * SECOND;
/** The stream holds a week. */
const RETENTION = 7 * 86_400 * SECOND;
const START = 1_800_000_000_000;
const LANES = 3;
/** What a shard gives to its readers. */
const SHARD_BYTES_PER_SECOND = 2_000_000;
const KB = 1_000;

type Step =
  | { readonly kind: "read"; readonly rows: number }
  | { readonly kind: "close" | "call" | "arrive" | "answer"; readonly lane: number }
  | { readonly kind: "wait"; readonly milliseconds: number };

interface Life {
  readonly steps: readonly Step[];
  /** How long nobody publishes after it. */
  readonly pause: number;
  /** Of the calls under way at its end: `lost`, or after how many milliseconds they arrive all the same. */
  readonly lateness: number | "lost";
  /** The role changes before it. */
  readonly newHistory: boolean;
  /** Batches at its beginning whose places are no watermarks yet, if the history is new. */
  readonly provisional: number;
}

interface Story {
  readonly lives: readonly Life[];
  readonly lanes: number;
  readonly skews: readonly number[];
  readonly overlap: number;
  readonly bytesPerSecond: number;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("read" as const), rows: fc.nat(12) }) },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constantFrom("close", "call", "arrive", "answer"), lane: fc.nat(LANES - 1) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.nat(1_500) }) },
  // Kinesis cannot be reached.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.nat(90_000) }) },
);
/** From no time at all to days, each size as often as the others. */
const pause = fc.double({ min: 0, max: 8.5, noNaN: true }).map((exponent) => Math.round(10 ** exponent));
const life: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(step, { maxLength: 80 }),
  pause,
  lateness: fc.oneof(fc.constant("lost" as const), fc.nat(3_000)),
  newHistory: fc.nat(3).map((chance) => chance === 0),
  provisional: fc.nat(3),
});

function stories(bytesPerSecond: fc.Arbitrary<number>): fc.Arbitrary<Story> {
  return fc.record({
    lives: fc.array(life, { minLength: 1, maxLength: 6 }),
    lanes: fc.integer({ min: 1, max: LANES }),
    skews: fc.array(fc.nat(300), { minLength: LANES, maxLength: LANES }),
    overlap: fc.constantFrom(0, 0, 5, 20),
    bytesPerSecond,
  });
}

/** Publishers that live one after the other, each asking the stream first. */
class Telling {
  readonly stream: ModelStream;
  readonly #story: Story;
  readonly #createdAt = START - SECOND;
  #now = START;
  #histories = 0;
  #trail = 0;
  /** Records that arrived when the next publisher had already asked: what they hold is put twice. */
  readonly #late = new Set<string>();
  #forgot = false;

  constructor(story: Story) {
    this.#story = story;
    this.stream = new ModelStream(story.bytesPerSecond);
  }

  /** @param judge is shown each search, and all that it could have found */
  async run(judge: (found: FoundPlace | undefined, all: Everything) => void): Promise<void> {
    for (const [index, life] of this.#story.lives.entries()) {
      if (life.newHistory) this.#histories += 1;
      const source = modelSource(`history ${this.#histories}`, this.#story.overlap);
      const horizon = Math.max(this.#createdAt, this.#now - RETENTION);
      const stretches = this.stream.stretches(this.#now);
      const search = { source, stretches, heartbeatInterval: INTERVAL, now: this.#now, horizon };
      const found = await new StreamSearch(search).run(new AbortController().signal);
      const there = this.stream.records.filter(({ arrival }) => arrival >= horizon && arrival < this.#now);
      this.#forgot ||= this.stream.records.some(({ arrival }) => arrival < horizon);
      judge(found, {
        there,
        seconds: stretches.bytesRead / SHARD_BYTES_PER_SECOND,
        hasForgotten: this.#forgot,
        late: this.#late,
        best: bestPlace(there, source.history),
        overlap: this.#story.overlap,
      });
      this.#live(`epoch ${index}`, life, found, source.history);
    }
  }

  /** Rows that were put twice, those of late records not counted; nothing is counted when the stream has forgotten some. */
  get doubles(): number {
    if (this.#forgot) return 0;
    const records = new Map(this.stream.records.map((record) => [keyOf(record), record]));
    const rows = [...records].filter(([key]) => !this.#late.has(key)).flatMap(([, { identities }]) => identities);
    return rows.length - new Set(rows).size;
  }

  #live(name: string, life: Life, found: FoundPlace | undefined, history: string): void {
    const { lanes, skews, overlap } = this.#story;
    const self = new ModelLife({ stream: this.stream, name, history, lanes, skews, found });
    const published = new Set(found?.published);
    let place = found ? Math.max(0, rowAt(found.place.cursor) - overlap) : 0;
    let provisional = found && found.place.history !== history ? life.provisional : 0;
    if (!found) self.read([], 0, {});
    let heartbeatAt = this.#now;
    const pass = (milliseconds: number) => {
      this.#now += milliseconds;
      if (this.#now < heartbeatAt) return;
      heartbeatAt = this.#now + INTERVAL;
      self.heartbeat();
      // What is under way first, then what waits behind it.
      for (let call = 0; call < 2; call += 1) {
        self.call(0);
        self.arrive(0, this.#now);
        self.answer(0);
      }
    };
    for (const step of life.steps) {
      pass(step.kind === "wait" ? step.milliseconds : 1);
      if (step.kind === "read") {
        const rows = Array.from({ length: step.rows }, (_, n) => place + n);
        place += rows.length;
        this.#trail = Math.max(this.#trail, place);
        const fresh = rows.filter((row) => !published.delete(identityOf(row)));
        if (place === this.#trail) published.clear();
        self.read(fresh, place, { resuming: published.size > 0, provisional: provisional > 0 });
        provisional -= 1;
      } else if (step.kind !== "wait") {
        const lane = step.lane % lanes;
        if (step.kind === "arrive") self.arrive(lane, this.#now);
        else self[step.kind](lane);
      }
    }
    if (life.lateness !== "lost") {
      for (const record of self.arriveLate(this.#now + life.lateness)) {
        if (life.lateness >= life.pause) this.#late.add(keyOf(record));
      }
    }
    this.#now += life.pause;
  }
}

interface Everything {
  readonly there: readonly SourceRecord[];
  readonly late: ReadonlySet<string>;
  readonly best: Place | undefined;
  /** How long a shard took to give what was read. */
  readonly seconds: number;
  /** Some records have left the stream. */
  readonly hasForgotten: boolean;
  readonly overlap: number;
}

const keyOf = ({ epoch, lane, sequence }: SourceRecord) => `${epoch}/${lane}/${sequence}`;

/** The rule, applied to all that is there. */
function bestPlace(there: readonly SourceRecord[], own: string): Place | undefined {
  const places = there.filter(({ watermark }) => watermark !== null);
  const newest = places.toSorted((a, b) => b.arrival - a.arrival)[0];
  const history = places.some((record) => record.history === own) ? own : newest?.history;
  const [best] = places
    .filter((record) => record.history === history)
    .map(({ watermark }) => watermark ?? "")
    .toSorted((a, b) => rowAt(b) - rowAt(a));
  return best === undefined ? undefined : { cursor: best as Place["cursor"], history: history ?? "" };
}

/** The newest ledger, and every event behind the place, unless it arrived when the next publisher had already asked. */
function expectAllFound(found: FoundPlace | undefined, { there, late, overlap }: Everything): void {
  if (!found) return;
  const heartbeats = there.filter(({ ledger, history }) => ledger !== undefined && history === found.place.history);
  const [newest] = heartbeats.toSorted((a, b) => b.arrival - a.arrival);
  const last = Math.max(...there.map(({ arrival }) => arrival));
  if (newest && last - newest.arrival < INTERVAL) expect(found.ledger).toBe(newest.ledger);
  const from = rowAt(found.place.cursor) - overlap;
  const wanted = there
    .filter((record) => !late.has(keyOf(record)))
    .flatMap(({ identities }) => identities)
    .filter((identity) => Number(identity.slice(4)) >= from);
  for (const identity of wanted) expect(found.published).toContain(identity);
}

test("what is found is what reading the whole stream would find", async () => {
  await fc.assert(
    fc.asyncProperty(stories(fc.constant(10)), async (story) => {
      const telling = new Telling(story);
      await telling.run((found, everything) => {
        expect(found?.place).toEqual(everything.best);
        // Those who began when every place had been forgotten knew nothing of what was left.
        if (!everything.hasForgotten) expectAllFound(found, everything);
      });
      expect(telling.doubles).toBe(0);
    }),
    { numRuns: 5_000 },
  );
});

const STEPS_PER_BEAT = 2 + 4 * LANES;

/** After lives of any kind one that put a record each interval, for as long as nobody publishes after it, and a search. */
const longLife: fc.Arbitrary<readonly Life[]> = fc
  .record({ beats: fc.integer({ min: 1, max: 2_000 }), silence: fc.double({ min: 0, max: 1, noNaN: true }), life })
  .map(({ beats, silence, life: last }) => {
    const put = (["close", "call", "arrive", "answer"] as const).flatMap((kind) =>
      Array.from({ length: LANES }, (_, lane): Step => ({ kind, lane })),
    );
    const beat: Step[] = [{ kind: "read", rows: 4 }, ...put, { kind: "wait", milliseconds: INTERVAL - 20 }];
    const steps = Array.from({ length: beats }, () => beat).flat();
    const lived = beats * INTERVAL;
    return [
      { ...last, steps, pause: Math.round(silence * lived), lateness: "lost", newHistory: false },
      { ...last, steps: [], newHistory: false },
    ];
  });

test("a stream that others fill is leapt over, and what is found is the same and found in time", async () => {
  await fc.assert(
    fc.asyncProperty(
      stories(fc.constantFrom(20 * KB, 256 * KB, 1_000 * KB)),
      longLife,
      fc.boolean(),
      async ({ lives: past, ...story }, last, hasPast) => {
        const lives = hasPast ? past : [];
        const telling = new Telling({ ...story, lives: [...lives, ...last] });
        let searches = 0;
        await telling.run((found, everything) => {
          const { best, seconds, hasForgotten } = everything;
          searches += 1;
          expect(seconds).toBeLessThan(300);
          if (searches < lives.length + 2 || hasForgotten) return;
          expect(found?.place).toEqual(best);
          if (!hasPast) expectAllFound(found, everything);
          const [{ steps, pause: silence } = { steps: [], pause: 0 }] = last;
          const isRestart = silence <= 30 * SECOND && steps.length > 10 * STEPS_PER_BEAT;
          if (isRestart) expect(seconds).toBeLessThan(story.bytesPerSecond <= 256 * KB ? 15 : 60);
        });
      },
    ),
    { numRuns: 150 },
  );
});
