import type { AuditBatch, AuditReader, AuditSource, Cursor, Resume, ResumePoint } from "@das/core";
import { describe, expect, test } from "vitest";
import { CONFORMANCE_CASES, type OpenTrail } from "./conformance-cases.ts";
import { describeReaderConformance } from "./describe-reader.ts";
import { ReferenceReader, type ReferenceSource } from "./reference-reader.ts";
import { type ReferenceRow, ReferenceTrail } from "./reference-trail.ts";

type Reading = AsyncIterable<AuditBatch<ReferenceRow>>;
/** What the reader gives when it is asked to resume so, and how it was asked to. */
type Breakage = (read: (resume: Resume) => Reading, resume: Resume, signal: AbortSignal) => Reading;

/** A trail whose readers pass what they read through a breakage. */
function openTrail(breakage: Breakage = (read, resume) => read(resume)): OpenTrail<ReferenceRow> {
  return async () => {
    const trail = new ReferenceTrail();
    return {
      openReader: () => broken(new ReferenceReader(trail, { pollInterval: 1 }), breakage),
      append: async (count) => trail.appendMany(count),
      expectedMarkers: () => Array.from({ length: trail.length }, (_, position) => String(position)),
      lend: async () => trail.lend(SOURCE),
      [Symbol.asyncDispose]: async () => undefined,
    };
  };
}

const SOURCE = "reference:a:trail";

function broken(reader: ReferenceReader, breakage: Breakage): AuditReader<ReferenceRow> {
  const source: ReferenceSource = reader.source;
  const read = source.read.bind(source);
  const wrapped: AuditSource<ReferenceRow> = Object.assign(Object.create(source) as ReferenceSource, {
    compare: source.compare.bind(source),
    marker: source.marker.bind(source),
    read: (resume: Resume, signal: AbortSignal) => breakage((asked) => read(asked, signal), resume, signal),
  });
  return Object.assign(Object.create(reader) as ReferenceReader, {
    sources: async function* () {
      yield [wrapped];
    },
    toEvent: reader.toEvent.bind(reader),
    [Symbol.asyncDispose]: async () => undefined,
  });
}

describeReaderConformance("the reference reader", openTrail());

const BREAKAGES: Readonly<Record<string, Breakage>> = {
  "drops the last row of a full batch": async function* (read, resume) {
    for await (const batch of read(resume))
      yield batch.rows.length > 900 ? { ...batch, rows: batch.rows.slice(0, -1) } : batch;
  },
  "gives the first row twice": async function* (read, resume) {
    for await (const batch of read(resume)) yield { ...batch, rows: [...batch.rows.slice(0, 1), ...batch.rows] };
  },
  "reverses a batch": async function* (read, resume) {
    for await (const batch of read(resume)) yield { ...batch, rows: batch.rows.toReversed() };
  },
  "gives cursors that lie one row ahead": async function* (read, resume) {
    for await (const batch of read(resume)) {
      yield { ...batch, cursor: `r${Number(batch.cursor.slice(1)) + 1}` as Cursor };
    }
  },
  "gives a cursor that repeats the last row": async function* (read, resume) {
    for await (const batch of read(resume)) {
      yield { ...batch, cursor: `r${Math.max(0, Number(batch.cursor.slice(1)) - 1)}` as Cursor };
    }
  },
  "says nothing while the trail is quiet": async function* (read, resume) {
    let quiet = 0;
    for await (const batch of read(resume)) {
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      if (batch.rows.length > 0) yield batch;
      else if (quiet > 50) return;
    }
  },
  "gives out what was published": async function* (read, resume) {
    let from: ResumePoint | undefined;
    const asked: Resume = async (signal) => {
      from = await resume(signal);
      return from;
    };
    for await (const batch of read(asked)) {
      if (from?.published.size) {
        const first = Number(from.cursor.slice(1));
        const all = Array.from({ length: 10 }, (_, n) => ({ position: first + n, sessionId: 51, statement: "" }));
        yield { ...batch, rows: batch.rows.length > 0 ? all : [] };
      } else yield batch;
    }
  },
  "begins with rows where there is nothing to resume from": async function* (read, resume) {
    let isFirst = true;
    for await (const batch of read(resume)) {
      if (!isFirst || batch.rows.length > 0) yield batch;
      isFirst = false;
    }
  },
  "asks before the source is its own": async function* (read, resume, signal) {
    const point = await resume(signal);
    yield* read(async () => point);
  },
  "asks again when the stream does not answer": async function* (read, resume) {
    yield* read((signal) => resume(signal).catch(() => resume(signal).catch(() => undefined)));
  },
  "does not ask again": async function* (read, resume) {
    let answer: Promise<ResumePoint | undefined> | undefined;
    yield* read((signal) => {
      answer ??= resume(signal);
      return answer;
    });
  },
  "says that it has met everything at once": async function* (read, resume) {
    for await (const batch of read(resume)) yield { ...batch, resuming: false };
  },
  "never says that it has met everything": async function* (read, resume) {
    for await (const batch of read(resume)) yield { ...batch, resuming: true };
  },
};

describe("the suite fails a reader that", () => {
  test.each(Object.entries(BREAKAGES))("%s", async (_, breakage) => {
    const results = await Promise.allSettled(CONFORMANCE_CASES.map(({ run }) => run(openTrail(breakage))));
    expect(results.filter(({ status }) => status === "rejected")).not.toHaveLength(0);
  });
});
