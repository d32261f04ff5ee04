import assert from "node:assert/strict";
import {
  type AuditBatch,
  type AuditReader,
  type AuditSource,
  BATCH_MAX_ROWS,
  type Cursor,
  databaseActivityEventSchema,
  type EventIdentity,
  eventIdentity,
  isMarker,
  MarkerList,
  parseMarkers,
  type Resume,
  UnavailableError,
} from "@das/core";
import { fromTheStart, resumeAt } from "./resume.ts";

/** One engine behind the suite: a trail that can be written to, and readers of it. */
export interface ConformanceTrail<Row> extends AsyncDisposable {
  /** A new reader of the same trail, as after a restart. */
  openReader(): AuditReader<Row>;
  /** Has the engine audit so many statements; resolves when they are in the trail. */
  append(count: number): Promise<void>;
  /** The markers of all rows that the trail ever held, in its order: those of `append`, and what the engine itself adds. */
  expectedMarkers(): readonly string[];
  /**
   * A cursor is a moment and not a row: whoever resumes reads the time before it again, and is told what is on the
   * stream already. Default false: a cursor alone is exact.
   */
  readonly overlaps?: boolean;
  /**
   * Cuts off whoever reads, and gives the first source to somebody else until it is disposed, which waits until whoever
   * reads has noticed.
   */
  lend(): Promise<AsyncDisposable>;
}

export type OpenTrail<Row> = () => Promise<ConformanceTrail<Row>>;

/** One promise of the reader contract. Rejects when the reader breaks it. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: <Row>(open: OpenTrail<Row>) => Promise<void>;
}

/** Pulls until the rows are there: the suite waits for progress, never for time. */
const PULLS_WITHOUT_PROGRESS = 100;
/** Rows, each written when the one before was read, for which a spare has to wait. */
const WAITS = 6;
/** Places that a reader is resumed from, however small its batches are: each time it may read everything again. */
const MOST_PLACES = 5;

export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  {
    name: "gives every row once, in trail order, in bounded batches",
    run: async (open) => {
      await using trail = await open();
      await trail.append(2_500);
      await using reader = trail.openReader();
      const seen = await readMarkers(reader, fromTheStart, 2_500);
      assert.deepEqual(seen.markers, trail.expectedMarkers());
      assert(seen.largestBatch <= BATCH_MAX_ROWS, `a batch held ${seen.largestBatch} rows`);
    },
  },
  {
    name: "goes on with rows that are written while it reads",
    run: async (open) => {
      await using trail = await open();
      await trail.append(3);
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const markers: string[] = [];
      await pull(source, fromTheStart, async ({ rows }) => {
        markers.push(...rows.map((row) => source.marker(row)));
        if (markers.length < 30) await trail.append(1);
        return markers.length >= 30;
      });
      assert.deepEqual(markers, trail.expectedMarkers().slice(0, markers.length));
    },
  },
  {
    name: "resumes from the cursor of any batch with exactly the rows after it",
    run: async (open) => {
      await using trail = await open();
      for (const count of [1, 1, 5, 40, 1_100]) await trail.append(count);
      const expected = trail.expectedMarkers();
      const cursors: { readonly cursor: Cursor; readonly read: number }[] = [];
      const identities: EventIdentity[] = [];
      await using first = trail.openReader();
      const source = await firstSource(first);
      await pull(source, fromTheStart, async (batch) => {
        identities.push(...identitiesOf(first, source, batch));
        cursors.push({ cursor: batch.cursor, read: identities.length });
        return identities.length >= expected.length;
      });
      await trail.append(2);
      for (const { cursor, read: before } of spread(cursors, MOST_PLACES)) {
        await using again = trail.openReader();
        const published = new Set(trail.overlaps ? identities.slice(0, before) : []);
        const seen = await readMarkers(again, resumeAt(source, { cursor, published }), expected.length + 2 - before);
        assert.deepEqual(seen.markers, trail.expectedMarkers().slice(before));
      }
    },
  },
  {
    name: "orders its cursors as the trail orders the rows before them",
    run: async (open) => {
      await using trail = await open();
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const cursors: Cursor[] = [];
      await trail.append(1);
      await pull(source, fromTheStart, async ({ rows, cursor }) => {
        if (rows.length > 0) cursors.push(cursor);
        if (cursors.length < 5) await trail.append(1);
        return cursors.length >= 5;
      });
      for (const [i, a] of cursors.entries()) {
        for (const [j, b] of cursors.entries()) assert.equal(Math.sign(source.compare(a, b)), Math.sign(i - j));
      }
    },
  },
  {
    name: "begins with an empty batch where there is nothing to resume from, whose cursor is where reading begins",
    run: async (open) => {
      await using trail = await open();
      await trail.append(7);
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      let first: AuditBatch<unknown> | undefined;
      await pull(source, fromTheStart, async (batch) => {
        first ??= batch;
        return true;
      });
      assert(first !== undefined);
      assert.deepEqual(first.rows, []);
      await using again = trail.openReader();
      const seen = await readMarkers(again, resumeAt(source, { cursor: first.cursor }), 7);
      assert.deepEqual(seen.markers, trail.expectedMarkers());
    },
  },
  {
    name: "yields while the trail is quiet, with a cursor that resumes",
    run: async (open) => {
      await using trail = await open();
      await trail.append(1);
      const before = trail.expectedMarkers().length;
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const identities: EventIdentity[] = [];
      let quiet: Cursor | undefined;
      await pull(source, fromTheStart, async (batch) => {
        identities.push(...identitiesOf(reader, source, batch));
        if (identities.length >= before && batch.rows.length === 0) quiet = batch.cursor;
        return quiet !== undefined;
      });
      assert(quiet !== undefined);
      await trail.append(1);
      await using again = trail.openReader();
      const published = new Set(trail.overlaps ? identities : []);
      const seen = await readMarkers(again, resumeAt(source, { cursor: quiet, published }), 1);
      assert.deepEqual(seen.markers, trail.expectedMarkers().slice(before));
    },
  },
  {
    name: "leaves out what was published already",
    run: async (open) => {
      await using trail = await open();
      await trail.append(1);
      await using first = trail.openReader();
      const source = await firstSource(first);
      const published = new Set<EventIdentity>();
      let start: { readonly cursor: Cursor; readonly read: number } | undefined;
      let read = 0;
      await pull(source, fromTheStart, async (batch) => {
        for (const identity of identitiesOf(first, source, batch)) {
          // What lies before the place that is resumed from is told where it is read again.
          if (read % 3 === 1 || (trail.overlaps && start === undefined)) published.add(identity);
          read += 1;
        }
        if (start === undefined && batch.rows.length > 0) {
          start = { cursor: batch.cursor, read };
          await trail.append(10);
        }
        return read >= trail.expectedMarkers().length;
      });
      assert(start !== undefined);
      const { cursor, read: before } = start;
      const expected = trail.expectedMarkers().filter((_, index) => index >= before && index % 3 !== 1);
      await using again = trail.openReader();
      const seen = await readMarkers(again, resumeAt(source, { cursor, published }), expected.length);
      assert.deepEqual(seen.markers, expected);
    },
  },
  {
    name: "says that it is resuming until everything that was published was met, or the trail has ended",
    run: async (open) => {
      await using trail = await open();
      await trail.append(1_100);
      await using first = trail.openReader();
      const source = await firstSource(first);
      const published = new Set<EventIdentity>(["gone" as EventIdentity]);
      let start: Cursor | undefined;
      const total = trail.expectedMarkers().length;
      await pull(source, fromTheStart, async (batch) => {
        start ??= batch.cursor;
        for (const identity of identitiesOf(first, source, batch)) published.add(identity);
        return published.size > total;
      });
      assert(start !== undefined);
      await trail.append(1);
      await using again = trail.openReader();
      let read = 0;
      let wasResuming = false;
      const resume = resumeAt(source, { cursor: start, published });
      await pull(await firstSource(again), resume, async ({ rows, resuming = false }) => {
        read += rows.length;
        wasResuming ||= resuming;
        // Once it says so it may not take it back.
        if (resuming) return false;
        assert.equal(read, 1, "it has not reached the end, and says that it has");
        return true;
      });
      assert(wasResuming);
    },
  },
  {
    name: "waits while another reads, and asks what to resume from only when the source is its own",
    run: async (open) => {
      await using trail = await open();
      await trail.append(1);
      await using reader = trail.openReader();
      await using spare = trail.openReader();
      const ending = new AbortController();
      const markers: string[] = [];
      const published = new Set<EventIdentity>();
      let place: Cursor | undefined;
      let asked = 0;
      const source = await firstSource(reader);
      const taken: string[] = [];
      const spareSource = await firstSource(spare);
      const takeOver = async () => {
        const resume: Resume = async (signal) => {
          asked += 1;
          return resumeAt(source, place && { cursor: place, published })(signal);
        };
        await pull(spareSource, resume, async ({ rows }) => {
          taken.push(...rows.map((row) => spareSource.marker(row)));
          return taken.length > 0;
        });
      };
      let spareReading: Promise<void> | undefined;
      for await (const batch of source.read(fromTheStart, ending.signal)) {
        markers.push(...batch.rows.map((row) => source.marker(row)));
        for (const identity of identitiesOf(reader, source, batch)) published.add(identity);
        place = batch.cursor;
        spareReading ??= takeOver();
        // As long as that takes: time enough for a spare that does not wait.
        if (markers.length < WAITS) await trail.append(1);
        else ending.abort();
        assert.equal(asked, 0, "it asks while another reads");
      }
      await trail.append(1);
      await spareReading;
      assert.equal(asked, 1);
      assert.deepEqual([...markers, ...taken], trail.expectedMarkers());
    },
  },
  {
    name: "asks again, and begins anew from the answer, after the source was somebody else's",
    run: async (open) => {
      await using trail = await open();
      await trail.append(5);
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const markers: string[] = [];
      let asked = 0;
      let start: Cursor | undefined;
      const resume: Resume = async (signal) => {
        asked += 1;
        return resumeAt(source, start && { cursor: start })(signal);
      };
      let before: number | undefined;
      let givenBack: PromiseLike<void> | undefined;
      await pull(source, resume, async ({ rows, cursor }) => {
        start ??= cursor;
        markers.push(...rows.map((row) => source.marker(row)));
        if (before === undefined && markers.length >= trail.expectedMarkers().length) {
          before = markers.length;
          const lent = await trail.lend();
          await trail.append(2);
          givenBack = lent[Symbol.asyncDispose]();
        }
        return before !== undefined && markers.length >= before + trail.expectedMarkers().length;
      });
      await givenBack;
      const all = trail.expectedMarkers();
      assert.deepEqual(markers, [...all.slice(0, before), ...all]);
      assert.equal(asked, 2);
    },
  },
  {
    name: "gives markers that fit into provenance",
    run: async (open) => {
      await using trail = await open();
      await trail.append(300);
      await using reader = trail.openReader();
      const total = trail.expectedMarkers().length;
      const { markers } = await readMarkers(reader, fromTheStart, total);
      assert.deepEqual(
        markers.filter((marker) => !isMarker(marker)),
        [],
      );
      const list = new MarkerList();
      for (const marker of markers) list.add(marker);
      assert.deepEqual(parseMarkers(list.take(), markers.length), markers);
    },
  },
  {
    name: "ends without an error when it is aborted, and can be read again",
    run: async (open) => {
      await using trail = await open();
      await trail.append(5);
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const controller = new AbortController();
      let read = 0;
      for await (const { rows } of source.read(fromTheStart, controller.signal)) {
        read += rows.length;
        if (read >= 5) controller.abort();
      }
      const seen = await readMarkers(reader, fromTheStart, 5);
      assert.deepEqual(seen.markers, trail.expectedMarkers());
    },
  },
  {
    name: "maps every row to a valid event, the same each time",
    run: async (open) => {
      await using trail = await open();
      await trail.append(200);
      await using reader = trail.openReader();
      const total = trail.expectedMarkers().length;
      const identities = new Set<string>();
      const source = await firstSource(reader);
      let read = 0;
      await pull(source, fromTheStart, async ({ rows, instance }) => {
        for (const row of rows) {
          const context = { ...instance, nativeAuditFields: "include" } as const;
          const event = reader.toEvent(row, context);
          assert.deepEqual(databaseActivityEventSchema.parse(event), event);
          assert.deepEqual(reader.toEvent(row, context), event);
          const plain = reader.toEvent(row, { ...instance, nativeAuditFields: "omit" });
          assert.equal("engineNativeAuditFields" in plain, false);
          const identity = eventIdentity(source.id, source.marker(row), event);
          assert.equal(eventIdentity(source.id, source.marker(row), plain), identity);
          identities.add(identity);
        }
        read += rows.length;
        return read >= total;
      });
      assert.equal(identities.size, total);
    },
  },
  {
    name: "throws what resume throws, and does not take it for the database's",
    run: async (open) => {
      await using trail = await open();
      await using reader = trail.openReader();
      // One that a reader tries again by itself when it comes from the database.
      const error = new UnavailableError({ who: "suite", what: "no stream", remedy: "none", code: "stream-missing" });
      const resume: Resume = async () => {
        throw error;
      };
      await assert.rejects(readMarkers(reader, resume, 1), (thrown) => thrown === error);
      await trail.append(1);
      const { markers } = await readMarkers(reader, fromTheStart, trail.expectedMarkers().length);
      assert.deepEqual(markers, trail.expectedMarkers());
    },
  },
  {
    name: "refuses a cursor that it did not write",
    run: async (open) => {
      await using trail = await open();
      await using reader = trail.openReader();
      const source = await firstSource(reader);
      const resume = resumeAt(source, { cursor: "not a cursor" as Cursor });
      await assert.rejects(readMarkers(reader, resume, 1), { name: "CursorError" });
      assert.throws(() => source.compare("not a cursor" as Cursor, "x" as Cursor), { name: "CursorError" });
    },
  },
];

/** So many of the items, evenly, the first and the last among them. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  const step = (items.length - 1) / (count - 1);
  return items.filter((_, index) => Math.round(Math.round(index / step) * step) === index);
}

function identitiesOf<Row>(
  reader: AuditReader<Row>,
  source: AuditSource<Row>,
  { rows, instance }: AuditBatch<Row>,
): readonly EventIdentity[] {
  const context = { ...instance, nativeAuditFields: "include" } as const;
  return rows.map((row) => eventIdentity(source.id, source.marker(row), reader.toEvent(row, context)));
}

async function firstSource<Row>(reader: AuditReader<Row>): Promise<AuditSource<Row>> {
  const controller = new AbortController();
  for await (const [source] of reader.sources(controller.signal)) {
    assert(source !== undefined, "the instance owns no source");
    return source;
  }
  throw new assert.AssertionError({ message: "sources() ended without yielding" });
}

/** Pulls batches until `done`, then aborts; fails when the source yields on and on without rows. */
async function pull<Row>(
  source: AuditSource<Row>,
  resume: Resume,
  done: (batch: AuditBatch<Row>) => Promise<boolean>,
): Promise<void> {
  const controller = new AbortController();
  let idle = 0;
  for await (const batch of source.read(resume, controller.signal)) {
    idle = batch.rows.length > 0 ? 0 : idle + 1;
    assert(idle < PULLS_WITHOUT_PROGRESS, "rows that are in the trail do not come");
    if (await done(batch)) controller.abort();
  }
}

async function readMarkers<Row>(
  reader: AuditReader<Row>,
  resume: Resume,
  count: number,
): Promise<{ readonly markers: readonly string[]; readonly largestBatch: number }> {
  const source = await firstSource(reader);
  const markers: string[] = [];
  let largestBatch = 0;
  let quiet = 0;
  await pull(source, resume, async ({ rows }) => {
    markers.push(...rows.map((row) => source.marker(row)));
    largestBatch = Math.max(largestBatch, rows.length);
    // Two quiet polls after the last row: what comes twice must have the chance to.
    quiet = rows.length === 0 && markers.length >= count ? quiet + 1 : 0;
    return quiet >= 2;
  });
  return { markers, largestBatch };
}
