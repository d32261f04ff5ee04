import {
  type AuditBatch,
  type AuditReader,
  type AuditSource,
  type Cursor,
  type EventIdentity,
  eventIdentity,
  type LossWindow,
  type ResumePoint,
} from "@das/core";
import { resumeAt } from "@das/reader-conformance";
import type { OracleRow } from "../src/index.ts";

export interface WhatWasRead {
  readonly rows: readonly OracleRow[];
  readonly markers: readonly string[];
  readonly lossWindows: readonly LossWindow[];
  readonly batches: readonly AuditBatch<OracleRow>[];
  readonly cursor: Cursor;
  /** What whoever goes on there is told to be on the stream. */
  readonly published: ReadonlySet<EventIdentity>;
}

/** Batches without a row after which nothing more is expected: a second for what should not come to come. */
const QUIET_BATCHES = 3;
/** Batches without a row after which rows that are missing count as not coming. */
const PATIENCE = 60;

export function identitiesOf(
  reader: AuditReader<OracleRow>,
  source: AuditSource<OracleRow>,
  { rows, instance }: AuditBatch<OracleRow>,
): readonly EventIdentity[] {
  const context = { ...instance, nativeAuditFields: "omit" } as const;
  return rows.map((row) => eventIdentity(source.id, source.marker(row), reader.toEvent(row, context)));
}

/** Reads the trail's first source from a place on until `count` rows came, and a little longer for what is too many. */
export async function readUntil(
  trail: { openReader(): AuditReader<OracleRow> },
  from: Pick<ResumePoint, "cursor" | "published"> | undefined,
  count: number,
): Promise<WhatWasRead> {
  await using reader = trail.openReader();
  const controller = new AbortController();
  const rows: OracleRow[] = [];
  const markers: string[] = [];
  const batches: AuditBatch<OracleRow>[] = [];
  const published = new Set(from?.published);
  let quiet = 0;
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) throw new Error("the reader has no source");
    for await (const batch of source.read(resumeAt(source, from), controller.signal)) {
      batches.push(batch);
      rows.push(...batch.rows);
      markers.push(...batch.rows.map((row) => source.marker(row)));
      for (const identity of identitiesOf(reader, source, batch)) published.add(identity);
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      if (quiet >= (rows.length >= count ? QUIET_BATCHES : PATIENCE)) controller.abort();
    }
  }
  const cursor = batches.at(-1)?.cursor;
  if (!cursor) throw new Error("the reader gave no batch");
  return { rows, markers, lossWindows: batches.flatMap(({ lossWindows }) => lossWindows), batches, cursor, published };
}
