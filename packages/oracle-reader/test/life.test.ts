/** One life on every release that is supported, with everything that befalls a trail, and a restart before each. */
import type { LossWindow } from "@das/core";
import {
  type AuditRow,
  deleteRows,
  loadFiles,
  markersOf,
  type ReleaseName,
  setLastArchiveTimestamp,
  timestampText,
  VERSION_PROFILES,
} from "@das/oracle-emulator";
import { resumeAt } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { toEvent } from "../src/index.ts";
import { type EmulatedTrail, openEmulatedTrail, selectRow } from "./emulated-trail.ts";
import { fastClock } from "./fast-clock.ts";
import { readUntil, type WhatWasRead } from "./read-until.ts";

const RELEASES = Object.keys(VERSION_PROFILES) as ReleaseName[];

// Most of a life is waiting for the next sweep.
describe.concurrent("on every release", () => {
  test.each(RELEASES)("%s: rows come late, together, out of files, and go", liveThrough);
});

const MINUTE = 60_000;
/** Sweeps come so many times as often as usual. */
const SPEED = 10;

/** Rows of the past, of one microsecond, of files; and the purge of what was never read. */
async function liveThrough(release: ReleaseName): Promise<void> {
  await using trail = await openEmulatedTrail({ release });
  const { emulator } = trail;
  const seen: WhatWasRead[] = [];
  const read = async (count: number) => {
    const last = seen.at(-1);
    const more = await readUntil(
      { openReader: () => trail.openReader({ clock: fastClock(SPEED) }) },
      last && { cursor: last.cursor, published: last.published },
      count,
    );
    expect(more.rows).toHaveLength(count);
    seen.push(more);
    return more;
  };

  // Five rows of one microsecond, two of them with equal keys; another such comes when they are read.
  const together = timestampText(emulator.now() - 5_000);
  const same = { ...selectRow(1), ENTRY_ID: "900", STATEMENT_ID: "1", EVENT_TIMESTAMP_UTC: together };
  trail.appendRows([same, { ...same }, ...[1, 2, 3].map((n) => ({ ...selectRow(n), EVENT_TIMESTAMP_UTC: together }))]);
  await read(5);
  trail.appendRows([{ ...same, SQL_TEXT: "SELECT 'late' FROM dual" }]);
  // Which of the three is the late one nobody knows after a restart: all come again, under names of their own.
  const again = await read(3);
  expect(again.markers.map((marker) => marker.split(":").at(-1))).toEqual(["2", "3", "4"]);

  // Behind the overlap, within the time that is swept.
  trail.appendRows([{ ...selectRow(9), EVENT_TIMESTAMP_UTC: timestampText(emulator.now() - 0.5 * MINUTE) }]);
  await read(1);

  // A row that the table refused goes into a file, and comes when the file is loaded.
  await trail.append(3);
  trail.appendRows([selectRow(10)], { refusedByTable: true });
  await read(3);
  emulator.change((world, now) => loadFiles(world, emulator.site, trail.container, now));
  const loaded = await read(2);
  expect(loaded.rows.map((row) => toEvent(row, { ...contextOf(loaded), nativeAuditFields: "include" }))).toMatchObject([
    { command: "SELECT" },
    { objectName: "DBMS_AUDIT_MGMT" },
  ]);

  const markers = seen.flatMap((each) => each.markers).toSorted();
  expect(markers).toEqual([...markersOf(trail.rows()), ...again.markers.slice(1)].toSorted());
  expect(loaded.published.size).toBe(markers.length);
  expect(seen.flatMap(({ lossWindows }) => lossWindows)).toEqual([]);

  // Somebody deletes what was read a moment ago; somebody allows to purge more than was read.
  const deleted = await watchLosses(trail, loaded, () =>
    emulator.change((world, now) => deleteRows(world, emulator.site, trail.container, hasKey900, now)),
  );
  expect(deleted).toEqual([{ cause: "audit rows deleted", startTime: `${together}+00`, endTime: `${together}+00` }]);
  const until = timestampText(emulator.now() + MINUTE);
  const purged = await watchLosses(trail, loaded, () =>
    emulator.change((world, now) => setLastArchiveTimestamp(world, emulator.site, trail.container, until, now)),
  );
  expect(purged).toMatchObject([{ cause: "audit trail may be purged before it was read", endTime: `${until}+00` }]);
}

const hasKey900 = ({ ENTRY_ID: entry }: AuditRow) => entry === "900";

function contextOf({ batches: [batch] }: WhatWasRead) {
  if (!batch) throw new Error("the reader gave no batch");
  return batch.instance;
}

/** Reads on, does something as soon as nothing is new, and reads until losses are told. */
async function watchLosses(
  trail: EmulatedTrail,
  { cursor, published }: WhatWasRead,
  change: () => void,
): Promise<readonly LossWindow[]> {
  await using reader = trail.openReader({ clock: fastClock(SPEED) });
  const controller = new AbortController();
  const windows: LossWindow[] = [];
  let isChanged = false;
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) throw new Error("the reader has no source");
    for await (const batch of source.read(resumeAt(source, { cursor, published }), controller.signal)) {
      windows.push(...batch.lossWindows);
      if (!isChanged) change();
      isChanged = true;
      if (windows.length > 0) controller.abort();
    }
  }
  return windows;
}
