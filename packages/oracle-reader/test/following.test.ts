import type { AuditBatch, AuditSource, Cursor, EventIdentity, Logger, LossWindow, Resume } from "@das/core";
import { silentLogger } from "@das/core";
import {
  audit,
  closePluggable,
  deleteRows,
  markersOf,
  openPluggable,
  rowsOf,
  setLastArchiveTimestamp,
  siteNamed,
  startOracleEmulator,
  switchover,
  timestampText,
} from "@das/oracle-emulator";
import { fromTheStart, resumeAt } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import type { OracleAuditSource, OracleReader, OracleReaderOptions, OracleRow } from "../src/index.ts";
import {
  connectionTo,
  type EmulatedTrail,
  inTrailOrder,
  openEmulatedTrail,
  PRIMARY,
  STANDBY,
  selectRow,
} from "./emulated-trail.ts";
import { fastClock } from "./fast-clock.ts";
import { identitiesOf, readUntil } from "./read-until.ts";
import { Administrator } from "./real-database/administrator.ts";

type Batch = AuditBatch<OracleRow>;

interface Following {
  readonly markers: readonly string[];
  readonly rows: readonly OracleRow[];
  readonly lossWindows: readonly LossWindow[];
  readonly cursor: Cursor | undefined;
  readonly published: ReadonlySet<EventIdentity>;
}

/** Reads the first source until the condition does not hold; what the callback does to the trail happens between two pulls. */
async function readWhile(
  trail: EmulatedTrail,
  from: Pick<Following, "cursor" | "published"> | undefined,
  goOn: (batch: Batch, seen: readonly string[], source: AuditSource<OracleRow>) => boolean | Promise<boolean>,
  options: Partial<OracleReaderOptions> = {},
): Promise<Following> {
  await using reader = trail.openReader(options);
  const controller = new AbortController();
  const rows: OracleRow[] = [];
  const markers: string[] = [];
  const lossWindows: LossWindow[] = [];
  const published = new Set(from?.published);
  let cursor = from?.cursor;
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) continue;
    const resume: Resume = (signal) => resumeAt(source, cursor && { cursor, published: new Set(published) })(signal);
    for await (const batch of source.read(resume, controller.signal)) {
      rows.push(...batch.rows);
      markers.push(...batch.rows.map((row) => source.marker(row)));
      lossWindows.push(...batch.lossWindows);
      for (const identity of identitiesOf(reader, source, batch)) published.add(identity);
      cursor = batch.cursor;
      source.acknowledged?.(batch.cursor);
      if (!(await goOn(batch, markers, source))) controller.abort();
    }
  }
  return { markers, rows, lossWindows, cursor, published };
}

const ago = (trail: EmulatedTrail, milliseconds: number) => timestampText(trail.emulator.now() - milliseconds);
/** Time passes twenty times as fast for what the reader measures, so its sweeps come twenty times as often. */
const hasty = () => ({ clock: fastClock(20) });

describe("following a trail", () => {
  test("rows that come late are found by the next sweep, and told in the log", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(5);
    const told: string[] = [];
    const logger: Logger = { ...silentLogger, info: (_, message) => void told.push(message) };
    let appended = false;
    const { markers, lossWindows } = await readWhile(
      trail,
      undefined,
      (_, seen) => {
        if (seen.length === 5 && !appended) {
          appended = true;
          trail.appendRows([20_000, 40_000].map((by, n) => ({ ...selectRow(n), EVENT_TIMESTAMP_UTC: ago(trail, by) })));
        }
        return seen.length < 7;
      },
      { ...hasty(), logger },
    );
    expect(markers.toSorted()).toEqual(trail.expectedMarkers().toSorted());
    expect(told).toContain("rows of the audit trail came late");
    expect(lossWindows).toEqual([]);
  });

  test("a row that is committed later than its stamp says comes with the next polls", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(5);
    let delayed = 0;
    const { markers } = await readWhile(trail, undefined, (_, seen) => {
      if (delayed < 5) {
        delayed += 1;
        trail.appendRows([selectRow(100 + delayed)], { commitDelay: 300 });
        trail.appendRows([selectRow(200 + delayed)]);
      }
      return seen.length < 15;
    });
    expect(markers.toSorted()).toEqual(trail.expectedMarkers().toSorted());
  });

  test("whoever resumes gives nothing again that is said to be on the stream, and everything that is not", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(50);
    const first = await readWhile(trail, undefined, (_, seen) => seen.length < 50);
    await trail.append(7);
    trail.appendRows([{ ...selectRow(3), EVENT_TIMESTAMP_UTC: ago(trail, 30_000) }]);
    const second = await readUntil(trail, { cursor: first.cursor as Cursor, published: first.published }, 8);
    expect(second.rows).toHaveLength(8);
    expect(second.published.size).toBe(58);
    expect([...first.markers, ...second.markers].toSorted()).toEqual(trail.expectedMarkers().toSorted());
  });

  test("connections that are cut, idle or in the middle of a result, are made again; nothing is lost or repeated", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    await trail.append(1_500);
    const { emulator } = trail;
    emulator.faults.arm({ at: "rows", after: 700, matching: /aud\$unified t\s+LEFT JOIN/i, ending: "kill" }, 2);
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
    let cuts = 0;
    const { markers, published } = await readWhile(
      trail,
      undefined,
      async ({ rows }, seen) => {
        if (rows.length === 0 && cuts < 3) {
          cuts += 1;
          emulator.killConnections();
          await trail.append(20);
        }
        return seen.length < 1_560;
      },
      { logger },
    );
    expect(markers).toEqual(trail.expectedMarkers());
    expect(published.size).toBe(1_560);
    expect(warnings.length).toBeGreaterThanOrEqual(4);
  });

  test.each([
    [8103, "object no longer exists"],
    [1555, "snapshot too old"],
    [22924, "snapshot too old"],
    [1109, "database not open"],
  ])("ORA-%d in the middle of a result costs no row", async (number, text) => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    await trail.append(300);
    trail.emulator.faults.arm({ at: "rows", after: 150, matching: /sql_text/i, ending: { error: { number, text } } });
    const { markers } = await readUntil(trail, undefined, 300);
    expect(markers).toEqual(trail.expectedMarkers());
  });

  test("beginning now leaves out what was there, and nothing that comes", async () => {
    await using trail = await openEmulatedTrail();
    trail.appendRows([1, 2, 3].map((n) => ({ ...selectRow(n), EVENT_TIMESTAMP_UTC: ago(trail, 600_000) })));
    let appended = false;
    const { markers } = await readWhile(
      trail,
      undefined,
      async (_, seen) => {
        if (!appended) await trail.append(5);
        appended = true;
        return seen.length < 5;
      },
      { startAt: "now" },
    );
    expect(markers).toEqual(trail.expectedMarkers().slice(3));
  });
});

describe("who reads a source", () => {
  test("a second reader waits as a spare, and takes over when the session of the first ends", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    await trail.append(10);
    const waiting = Promise.withResolvers<void>();
    const logger: Logger = {
      ...silentLogger,
      info: (_, message) => void (message.startsWith("waiting") && waiting.resolve()),
    };
    let spare: Promise<Following> | undefined;
    let isSpareReading = false;
    let quiet = 0;
    const first = await readWhile(trail, undefined, async (batch, seen) => {
      if (seen.length < 10) return true;
      spare ??= readWhile(
        trail,
        undefined,
        (_, markers) => {
          isSpareReading = true;
          return markers.length < 15;
        },
        { logger },
      );
      await waiting.promise;
      expect(isSpareReading).toBe(false);
      if (batch.rows.length === 0) quiet += 1;
      return quiet < 5;
    });
    await trail.append(5);
    const second = await spare;
    expect(second?.markers).toEqual(trail.expectedMarkers());
    expect(first.markers).toEqual(trail.expectedMarkers().slice(0, 10));
  });

  test("when the roles change, the table goes over to the new primary's reader, and each keeps its own files", async () => {
    await using trail = await openEmulatedTrail({ hasStandby: true, nativeAuditFields: false });
    const { emulator, container } = trail;
    await using other = await startOracleEmulator({ shared: emulator.shared, site: STANDBY, tls: "off" });
    const { user, password } = emulator;
    const toOther = { connection: { ...connectionTo(other), user, password, instanceId: "b" } };
    await trail.append(20);
    const before = await readUntil(trail, undefined, 20);

    await using old = trail.openReader();
    await using promoted = trail.openReader(toOther);
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const lists = Promise.all([twoLists(old, begun[0].resolve), twoLists(promoted, begun[1].resolve)]);
    await Promise.all(begun.map(({ promise }) => promise));
    await using unaware = trail.openReader();
    const stillReading = await readInBackground(unaware, 20);
    emulator.change((world, now) => switchover(world, STANDBY, now));
    const [ofOld, ofPromoted] = await lists;
    const table = `oracle:${emulator.world.dbid}:${container}`;
    const ids = (of: typeof ofOld) => of.map((sources) => sources.map(({ id }) => id));
    expect(ids(ofOld)).toEqual([[table, `${table}#a`], [`${table}#a`]]);
    expect(ids(ofPromoted)).toEqual([[`${table}#b`], [table, `${table}#b`]]);
    expect(ofPromoted[1]?.[0]?.history).not.toBe(ofOld[0]?.[0]?.history);

    emulator.change((world, now) => audit(world, STANDBY, container, [1, 2, 3].map(selectRow), now));
    const after = await readUntil({ openReader: () => trail.openReader(toOther) }, before, 3);
    const rows = inTrailOrder(rowsOf(siteNamed(emulator.world, STANDBY), container, "table"));
    expect([...before.markers, ...after.markers]).toEqual([...markersOf(rows)]);
    // The new rows are in the old primary's table as well, which is not its own any more.
    expect(rowsOf(siteNamed(emulator.world, PRIMARY), container, "table").toArray()).toHaveLength(23);
    expect(await stillReading.end()).toEqual(before.markers);
  });

  test("a PDB that is closed is waited for, and read on when it is open again", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const { emulator, container } = trail;
    await trail.append(5);
    let isReopened = false;
    const opened = Promise.withResolvers<void>();
    const logger: Logger = {
      ...silentLogger,
      warn: () => {
        if (isReopened) return;
        isReopened = true;
        emulator.change((world, now) => openPluggable(world, PRIMARY, container, "READ WRITE", now));
        void trail.append(5).then(opened.resolve);
      },
    };
    let isClosed = false;
    const { markers, lossWindows } = await readWhile(
      trail,
      undefined,
      (_, seen) => {
        if (seen.length === 5 && !isClosed) {
          isClosed = true;
          emulator.change((world, now) => closePluggable(world, PRIMARY, container, now));
          emulator.killConnections();
        }
        return seen.length < 10;
      },
      { logger },
    );
    await opened.promise;
    expect(markers).toEqual(trail.expectedMarkers());
    expect(lossWindows).toEqual([]);
  });

  test("a database that is down when reading begins is waited for, too", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const { emulator, container } = trail;
    await trail.append(5);
    emulator.change((world, now) => closePluggable(world, PRIMARY, container, now));
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (fields) => {
        warnings.push((fields as { readonly error: string }).error);
        if (warnings.length < 3) emulator.faults.arm({ at: "listener", number: 12514 });
        else emulator.change((world, now) => openPluggable(world, PRIMARY, container, "READ WRITE", now));
      },
    };
    emulator.faults.arm({ at: "listener", number: 12514 });
    const { markers } = await readWhile(trail, undefined, (_, seen) => seen.length < 5, { logger });
    expect(markers).toEqual(trail.expectedMarkers());
    expect(warnings[0]).toMatch(/is down, or has not registered yet, or the name is misspelled/);
  });

  test("a server that says nothing any more is given up, and read on when it speaks again", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const { blackHole } = trail.emulator;
    const clock = fastClock();
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (_, message) => {
        warnings.push(message);
        clock.speedUp(1);
        blackHole.turnOff();
      },
    };
    await trail.append(5);
    let isSilent = false;
    const { markers } = await readWhile(
      trail,
      undefined,
      async (_, seen) => {
        if (seen.length === 5 && !isSilent) {
          isSilent = true;
          blackHole.turnOn();
          await trail.append(5);
          clock.speedUp(500);
        }
        return seen.length < 10;
      },
      { clock, logger },
    );
    expect(markers).toEqual(trail.expectedMarkers());
    expect(warnings.length).toBeGreaterThan(0);
  });
});

describe("what a trail loses is a loss window with both ends", () => {
  /** Reads until a window of the cause is told with its end. */
  const watch = async (trail: EmulatedTrail, cause: string, change: () => void, options = {}) => {
    let isChanged = false;
    const { lossWindows } = await readWhile(
      trail,
      undefined,
      ({ rows, lossWindows: told }, seen) => {
        if (!isChanged && rows.length === 0 && seen.length >= trail.rows().length) {
          isChanged = true;
          change();
        }
        return !told.some((window) => window.cause === cause && window.endTime !== null);
      },
      { ...hasty(), ...options },
    );
    return lossWindows;
  };

  test("rows that were deleted after they were read", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const times = [40_000, 30_000, 20_000, 0].map((by) => ago(trail, by));
    trail.appendRows(times.map((time, n) => ({ ...selectRow(n), EVENT_TIMESTAMP_UTC: time })));
    const gone = times.slice(1, 3);
    const windows = await watch(trail, "audit rows deleted", () =>
      trail.emulator.change((world, now) =>
        deleteRows(world, PRIMARY, trail.container, (row) => gone.includes(row.EVENT_TIMESTAMP_UTC), now),
      ),
    );
    const [startTime, endTime] = gone.map((time) => `${time}+00`);
    expect(windows).toEqual([{ cause: "audit rows deleted", startTime, endTime }]);
  });

  test("a purge that may pass the reader", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    await trail.append(3);
    const cause = "audit trail may be purged before it was read";
    const until = timestampText(trail.emulator.now() + 3_600_000);
    const windows = await watch(trail, cause, () =>
      trail.emulator.change((world, now) => setLastArchiveTimestamp(world, PRIMARY, trail.container, until, now)),
    );
    expect(windows).toMatchObject([{ cause, endTime: `${until}+00` }]);
    expect(Number(windows[0]?.startTime.localeCompare(`${trail.rows()[0]?.EVENT_TIMESTAMP_UTC}`))).toBeGreaterThan(0);
  });

  test("entries of a session that never came, as a suspicion", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const session = { ...selectRow(1), SESSIONID: "4711" };
    const times = [300_000, 200_000, 190_000, 0].map((by) => ago(trail, by));
    const [first, second, ...others] = times.map((time) => ({ ...session, EVENT_TIMESTAMP_UTC: time }));
    trail.appendRows([first ?? session]);
    trail.appendRows([second ?? session], { entryHole: 2 });
    trail.appendRows(others);
    const cause = "entries of a session missing (suspected)";
    const windows = await watch(trail, cause, () => undefined);
    const [startTime, endTime] = times.map((time) => `${time}+00`);
    expect(windows).toEqual([{ cause, startTime, endTime }]);
  });

  test("the canary's row comes like any other where it is audited; where not, a window stays open until it is", async () => {
    await using trail = await openEmulatedTrail({ nativeAuditFields: false });
    const cause = "canary did not appear in the audit trail";
    const address = { ...trail.connection, port: trail.emulator.port, user: "SYSTEM" };
    await using administrator = await Administrator.connect({
      ...address,
      password: trail.emulator.administratorPassword,
    });
    const clock = fastClock(20);
    let isOpen = false;
    const { rows, lossWindows } = await readWhile(
      trail,
      undefined,
      async ({ lossWindows: told }) => {
        if (!isOpen && told.some((window) => window.cause === cause)) {
          isOpen = true;
          await administrator.run("CREATE AUDIT POLICY das_canary_pol ACTIONS EXECUTE ON das_owner.das_canary");
          await administrator.run("AUDIT POLICY das_canary_pol");
          clock.speedUp(300);
        }
        return !told.some(({ endTime }) => endTime !== null);
      },
      { canary: true, clock },
    );
    expect(lossWindows).toMatchObject([
      { cause, endTime: null },
      { cause, startTime: lossWindows[0]?.startTime },
    ]);
    const last = rows.at(-1);
    const object = last?.trail.columns.findIndex(({ name }) => name === "OBJECT_NAME") ?? -1;
    expect(last?.values[object]).toBe("DAS_CANARY");
  });
});

/** What a reader owns, and what it owns when that has changed. */
async function twoLists(reader: OracleReader, begun: () => void): Promise<readonly (readonly OracleAuditSource[])[]> {
  const controller = new AbortController();
  const lists: (readonly OracleAuditSource[])[] = [];
  for await (const sources of reader.sources(controller.signal)) {
    lists.push(sources);
    begun();
    if (lists.length === 2) controller.abort();
  }
  return lists;
}

/** Reads the first source on and on, from the time on at which so many rows have come. */
async function readInBackground(reader: OracleReader, count: number) {
  const controller = new AbortController();
  const isThere = Promise.withResolvers<void>();
  const markers: string[] = [];
  const read = async () => {
    for await (const [source] of reader.sources(controller.signal)) {
      if (!source) continue;
      for await (const { rows } of source.read(fromTheStart, controller.signal)) {
        markers.push(...rows.map((row) => source.marker(row)));
        if (markers.length >= count) isThere.resolve();
      }
    }
  };
  const reading = read();
  await Promise.race([isThere.promise, reading]);
  const end = async () => {
    controller.abort();
    await reading;
    return markers;
  };
  return { end };
}
