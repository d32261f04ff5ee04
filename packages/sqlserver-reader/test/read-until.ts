import type { AuditBatch, Cursor, LossWindow } from "@das/core";
import { type ConformanceTrail, resumeAt } from "@das/reader-conformance";
import type { SqlServerRow } from "../src/index.ts";

export interface WhatWasRead {
  readonly rows: readonly SqlServerRow[];
  readonly markers: readonly string[];
  readonly lossWindows: readonly LossWindow[];
  readonly batches: readonly AuditBatch<SqlServerRow>[];
  readonly cursor: Cursor;
}

/** Batches without a row after which nothing more is expected: a second for what should not come to come. */
const QUIET_BATCHES = 3;
/** Batches without a row after which rows that are missing count as not coming. */
const PATIENCE = 60;

/** Reads the trail's first source from a cursor on until `count` rows came, and a little longer for what is too many. */
export async function readUntil(
  trail: Pick<ConformanceTrail<SqlServerRow>, "openReader">,
  from: Cursor | undefined,
  count: number,
): Promise<WhatWasRead> {
  await using reader = trail.openReader();
  const controller = new AbortController();
  const rows: SqlServerRow[] = [];
  const markers: string[] = [];
  const batches: AuditBatch<SqlServerRow>[] = [];
  let quiet = 0;
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) throw new Error("the reader has no source");
    for await (const batch of source.read(resumeAt(source, from && { cursor: from }), controller.signal)) {
      batches.push(batch);
      rows.push(...batch.rows);
      markers.push(...batch.rows.map((row) => source.marker(row)));
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      if (quiet >= (rows.length >= count ? QUIET_BATCHES : PATIENCE)) controller.abort();
    }
  }
  const cursor = batches.at(-1)?.cursor;
  if (!cursor) throw new Error("the reader gave no batch");
  return { rows, markers, lossWindows: batches.flatMap(({ lossWindows }) => lossWindows), batches, cursor };
}
