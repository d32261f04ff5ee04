import type { AuditBatch, Cursor, Logger, StartPosition } from "@das/core";
import { silentLogger, systemClock } from "@das/core";
import { fromTheStart, resumeAt } from "@das/reader-conformance";
import {
  type AuditTrail,
  appendRows,
  auditNamed,
  createAudit,
  damageBlock,
  deleteFile,
  dropAudit,
  failAudit,
  failWrites,
  filesOfAudit,
  markersOf,
  openEmptyFile,
  pathOf,
  recreateAudit,
  restartInstance,
  rollOver,
  startAudit,
  stopAudit,
} from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { AUDIT_CHANGES_NAME, AUDIT_NAME, type SqlServerRow } from "../src/index.ts";
import { type EmulatedTrail, openEmulatedTrail, selectRow } from "./emulated-trail.ts";

type Batch = AuditBatch<SqlServerRow>;

/** Reads until the condition holds; what the callback does to the trail happens between two pulls. */
async function readWhile(
  trail: EmulatedTrail,
  from: Cursor | undefined,
  goOn: (batch: Batch, seen: readonly string[]) => boolean | Promise<boolean>,
  options: { readonly logger?: Logger; readonly startAt?: StartPosition } = {},
) {
  await using reader = trail.openReader(options);
  const controller = new AbortController();
  const markers: string[] = [];
  const lossWindows: Batch["lossWindows"][number][] = [];
  let cursor = from;
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) continue;
    for await (const batch of source.read(resumeAt(source, from && { cursor: from }), controller.signal)) {
      markers.push(...batch.rows.map((row) => source.marker(row)));
      lossWindows.push(...batch.lossWindows);
      cursor = batch.cursor;
      if (!(await goOn(batch, markers))) controller.abort();
    }
  }
  return { markers, lossWindows, cursor };
}

const roll = (trail: EmulatedTrail) => trail.emulator.change((audits, now) => rollOver(audits, AUDIT_NAME, now));

const filesOf = ({ emulator }: EmulatedTrail) => filesOfAudit(emulator.trail, auditNamed(emulator.trail, AUDIT_NAME));

describe("following an audit's files", () => {
  test("across rollovers while it reads, and across several that it missed", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(10);
    const first = await readWhile(trail, undefined, async (_, seen) => {
      if (seen.length < 200) {
        await trail.append(20);
        roll(trail);
      }
      return seen.length < 200;
    });
    const before = first.markers.length;
    expect(first.markers).toEqual(trail.expectedMarkers().slice(0, before));
    for (let n = 0; n < 5; n += 1) {
      await trail.append(7);
      roll(trail);
    }
    const total = trail.expectedMarkers().length;
    const second = await readWhile(trail, first.cursor, (_, seen) => before + seen.length < total);
    expect([...first.markers, ...second.markers]).toEqual(trail.expectedMarkers());
    expect([...first.lossWindows, ...second.lossWindows]).toEqual([]);
  });

  test("past files that were closed without a row", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(3);
    for (let n = 0; n < 3; n += 1) trail.emulator.change((audits, now) => openEmptyFile(audits, AUDIT_NAME, now));
    await systemClock.sleep(5);
    roll(trail);
    await trail.append(3);
    const total = trail.expectedMarkers().length;
    const { markers, lossWindows } = await readWhile(trail, undefined, (_, seen) => seen.length < total);
    expect(markers).toEqual(trail.expectedMarkers());
    expect(lossWindows).toEqual([]);
  });

  test("a file that was deleted before it was read is one loss window with both ends", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(10);
    const first = await readWhile(trail, undefined, (_, seen) => seen.length < trail.expectedMarkers().length);
    await trail.append(10);
    roll(trail);
    await trail.append(10);
    const [oldest] = filesOf(trail);
    trail.emulator.change((audits) => deleteFile(audits, pathOf(oldest as NonNullable<typeof oldest>)));
    const second = await readWhile(trail, first.cursor, (_, seen) => seen.length < 10);
    expect(second.markers).toEqual(trail.expectedMarkers());
    const [told, ended] = second.lossWindows;
    expect(second.lossWindows).toHaveLength(2);
    expect(told).toMatchObject({ cause: "audit file deleted before it was read", endTime: null });
    expect(ended).toMatchObject({ cause: told?.cause, startTime: told?.startTime });
    expect(Number(ended?.endTime?.localeCompare(ended.startTime))).toBeGreaterThan(0);
  });

  test("a slow caller holds a request back for a moment, a very slow one costs it; neither costs rows", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(40_000);
    const expected = trail.expectedMarkers();
    const cancelled = () => trail.emulator.statements.records.filter(({ outcome }) => outcome === "cancelled").length;
    const pause = async (milliseconds: number) => {
      let pulls = 0;
      const { markers } = await readWhile(trail, undefined, async (_, seen) => {
        pulls += 1;
        await systemClock.sleep(pulls === 4 ? milliseconds : 1);
        return seen.length < expected.length;
      });
      expect(markers).toEqual(expected);
    };
    await pause(100);
    expect(cancelled()).toBe(0);
    await pause(1_500);
    expect(cancelled()).toBe(1);
  });

  test("connections that are cut are made again, and nothing is lost or repeated", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(3_000);
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
    let cuts = 0;
    const { markers } = await readWhile(
      trail,
      undefined,
      async (_, seen) => {
        if (cuts < 4) {
          cuts += 1;
          trail.emulator.killConnections();
          await trail.append(50);
        }
        return seen.length < trail.expectedMarkers().length;
      },
      { logger },
    );
    expect(markers).toEqual(trail.expectedMarkers());
    expect(warnings.length).toBeGreaterThan(0);
  });

  test("a block that the server cannot read is one loss window in its place, and reading goes on behind it", async () => {
    await using trail = await openEmulatedTrail({ behaviour: { lastBlock: "sealed" } });
    for (let n = 0; n < 3; n += 1) await trail.append(10);
    const [file] = filesOf(trail);
    const [, damaged] = file?.blocks ?? [];
    const path = pathOf(file as NonNullable<typeof file>);
    trail.emulator.change((audits) => damageBlock(audits, path, damaged?.offset ?? 0));
    const readable = trail.expectedMarkers().filter((marker) => !marker.includes(`:${damaged?.offset}:`));
    let quiet = 0;
    const seen: string[] = [];
    const { lossWindows } = await readWhile(trail, undefined, ({ rows, lossWindows: windows }) => {
      for (const { cause } of windows) seen.push(cause);
      seen.push(...rows.map((row) => `${row.fileTime}:${row.offset}:${row.ordinal}`));
      quiet += rows.length === 0 ? 1 : 0;
      return quiet < 3;
    });
    const cause = "audit records cannot be read";
    expect(seen).toEqual([...readable.slice(0, 1), cause, ...readable.slice(1)]);
    expect(lossWindows).toHaveLength(1);
    expect(lossWindows[0]?.endTime).not.toBeNull();
  });

  test("beginning now leaves out what was there, and nothing that comes", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(100);
    const before = trail.expectedMarkers().length;
    await using reader = trail.openReader({ startAt: "now" });
    const controller = new AbortController();
    const markers: string[] = [];
    for await (const [source] of reader.sources(controller.signal)) {
      if (!source) continue;
      let appended = false;
      for await (const { rows } of source.read(fromTheStart, controller.signal)) {
        markers.push(...rows.map((row) => source.marker(row)));
        if (!appended) await trail.append(5);
        appended = true;
        if (markers.length >= 5) controller.abort();
      }
    }
    expect(markers).toEqual(trail.expectedMarkers().slice(before));
  });

  test("both audits, each with a place of its own", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(3);
    const expected = [AUDIT_NAME, AUDIT_CHANGES_NAME].map((audit) => [...markersOf(trail.emulator.trail, audit)]);
    await using reader = trail.openReader();
    const controller = new AbortController();
    for await (const sources of reader.sources(controller.signal)) {
      expect(sources.map(({ id }) => id)).toEqual(["sqlserver:a:RDS_DAS_AUDIT", "sqlserver:a:RDS_DAS_AUDIT_CHANGES"]);
      for (const [index, source] of sources.entries()) {
        const reading = new AbortController();
        const markers: string[] = [];
        for await (const { rows } of source.read(fromTheStart, reading.signal)) {
          markers.push(...rows.map((row) => source.marker(row)));
          if (markers.length > 0 && rows.length === 0) reading.abort();
        }
        expect(markers).toEqual(expected[index]);
      }
      controller.abort();
    }
  });

  test("an audit that has no file yet from its first row on, though reading begins now", async () => {
    await using trail = await openEmulatedTrail();
    trail.emulator.change((audits, now) => createAudit(dropAudit(audits, AUDIT_NAME), definitionOf(OTHER_GUID), now));
    const logger: Logger = {
      ...silentLogger,
      debug: (_, message) => {
        if (!message.includes("no file yet") || auditNamed(trail.emulator.trail, AUDIT_NAME).enabled) return;
        trail.emulator.change((audits, now) => startAudit(audits, AUDIT_NAME, now));
      },
    };
    const { markers } = await readWhile(trail, undefined, (_, seen) => seen.length < 1, { logger, startAt: "now" });
    expect(markers).toEqual(trail.expectedMarkers());
  });

  test("an audit that is not there is refused when there is no place to go on from", async () => {
    await using trail = await openEmulatedTrail();
    trail.emulator.change((audits) => dropAudit(audits, AUDIT_NAME));
    await expect(readWhile(trail, undefined, () => true)).rejects.toMatchObject({ code: "audit-missing" });
  });
});

const GUID = "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40";
const OTHER_GUID = "11111111-2222-3333-4444-555555555555";
const definitionOf = (guid: string) => ({ name: AUDIT_NAME, guid, directory: "D:\\das\\", queueDelay: 0 });

type Change = (audits: AuditTrail, now: number) => AuditTrail;

describe("what an audit loses is a loss window with both ends, told where it belongs", () => {
  /** What happens after the reader has read everything, and what makes the audit go on. */
  const LOSSES: readonly (readonly [cause: string, loss: Change, recovery: Change])[] = [
    [
      "audit stopped",
      (audits, now) => stopAudit(audits, AUDIT_NAME, now),
      (audits, now) => startAudit(audits, AUDIT_NAME, now),
    ],
    [
      "audit failed",
      (audits, now) => failAudit(audits, AUDIT_NAME, "RUNTIME_FAIL", now),
      (audits, now) => startAudit(audits, AUDIT_NAME, now),
    ],
    [
      "audit missing",
      (audits) => dropAudit(audits, AUDIT_NAME),
      (audits, now) => startAudit(createAudit(audits, definitionOf(GUID), now), AUDIT_NAME, now),
    ],
    [
      "instance restarted without a record of its shutdown",
      (audits, now) => restartInstance(audits, "crash", now),
      (audits) => audits,
    ],
    [
      "audit records dropped before they were written",
      (audits, now) => {
        const lost = appendRows(failWrites(audits, AUDIT_NAME, true), AUDIT_NAME, [selectRow(0, now)], now);
        return failWrites(lost, AUDIT_NAME, false);
      },
      (audits) => audits,
    ],
    [
      "audit recreated",
      (audits, now) => stopAudit(audits, AUDIT_NAME, now),
      (audits, now) => recreateAudit(audits, AUDIT_NAME, OTHER_GUID, now),
    ],
  ];

  test.each(LOSSES)("%s", async (cause, loss, recovery) => {
    await using trail = await openEmulatedTrail({ tls: "off" });
    await trail.append(3);
    const total = trail.expectedMarkers().length;
    let polls = 0;
    // The reader that finds it is not the one that sees its end.
    const found = await readWhile(trail, undefined, async ({ rows }, seen) => {
      if (seen.length >= total && rows.length === 0) polls += 1;
      if (polls === 2) {
        await systemClock.sleep(2);
        trail.emulator.change(loss);
      }
      return polls < 4;
    });
    trail.emulator.change(recovery);
    await trail.append(3);
    const after = await readWhile(trail, found.cursor, (_, seen) => seen.length === 0);
    const windows = [...found.lossWindows, ...after.lossWindows].filter((window) => window.cause === cause);
    expect(new Set(windows.map(({ startTime }) => startTime)).size).toBe(1);
    const last = windows.at(-1);
    expect(last?.endTime?.localeCompare(last.startTime)).toBe(1);
  });
});
