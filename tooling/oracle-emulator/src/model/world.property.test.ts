/** Whatever happens to a world, in whatever order: what a careful reader may rely on. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuditRow, keyOf, timestampText } from "./audit-row.ts";
import { rowsBetween, setInterval } from "./audit-table.ts";
import { createWorld } from "./create-world.ts";
import { cleanAuditTrail, lastArchiveTimestampOf, loadFiles, setLastArchiveTimestamp } from "./housekeeping.ts";
import { markersOf } from "./markers.ts";
import { deleteRows, setTableWritable, shiftClock } from "./mishaps.ts";
import { closeDatabase, openDatabase } from "./open-modes.ts";
import { numberedKeysOf, summarizeRows, valuesOf } from "./read-rows.ts";
import { follows } from "./replicate.ts";
import {
  convertToPhysicalStandby,
  convertToSnapshotStandby,
  failover,
  reinstate,
  setReplicationLag,
  switchover,
} from "./role-changes.ts";
import {
  containerOf,
  historyText,
  primaryOf,
  rootOf,
  type Site,
  siteNamed,
  type World,
  withContainer,
  withSite,
} from "./world.ts";
import { advance, audit } from "./write-rows.ts";

const NOW = Date.UTC(2026, 0, 31, 23, 59, 50);

type Move =
  | {
      readonly do: "audit";
      readonly site: number;
      readonly rows: number;
      readonly delay: number;
      readonly refused: boolean;
    }
  | { readonly do: "audit at"; readonly earlier: number }
  | { readonly do: "wait"; readonly milliseconds: number }
  | { readonly do: "clock"; readonly by: number }
  | { readonly do: "lag"; readonly milliseconds: number }
  | { readonly do: "clean"; readonly before: number; readonly all: boolean }
  | { readonly do: "fail over"; readonly losesRedo: boolean; readonly open: boolean }
  | {
      readonly do:
        | "load"
        | "delete"
        | "switch over"
        | "reinstate"
        | "snapshot"
        | "restart"
        | "abort"
        | "full"
        | "by the second";
    };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("audit" as const),
      site: fc.nat(2),
      rows: fc.integer({ min: 1, max: 9 }),
      delay: fc.constantFrom(0, 0, 3, 1500, 9000),
      refused: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("audit at" as const), earlier: fc.integer({ min: 0, max: 1e10 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 4000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("clock" as const), by: fc.integer({ min: -9000, max: 9000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("lag" as const),
      milliseconds: fc.constantFrom(0, 700, 5000, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("clean" as const),
      before: fc.integer({ min: 0, max: 9000 }),
      all: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("fail over" as const), losesRedo: fc.boolean(), open: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        "load" as const,
        "delete" as const,
        "switch over" as const,
        "reinstate" as const,
        "snapshot" as const,
        "restart" as const,
        "abort" as const,
        "full" as const,
        "by the second" as const,
      )
      .map((what) => ({ do: what })),
  },
);

const SITES = ["A", "B", "C"];

interface Played {
  world: World;
  now: number;
  /** What each move was, for the reports. */
  serial: number;
}

/** One move; those that are not possible just now do nothing. */
function play(played: Played, { container, each }: { readonly container: string; readonly each: Move }): World {
  const { world, now } = played;
  const standby = world.sites.find((site) => follows(world, site));
  const snapshot = world.sites.find(({ role }) => role === "SNAPSHOT STANDBY");
  const rows = (count: number, more: object = {}) =>
    Array.from({ length: count }, () => {
      played.serial += 1;
      const session = { SESSIONID: String(played.serial % 3), OS_PROCESS: "77" };
      return { ACTION_NAME: "SELECT", OBJECT_NAME: `row ${played.serial}`, ...session, ...more };
    });
  switch (each.do) {
    case "audit":
      return audit(world, SITES[each.site] ?? "A", container, rows(each.rows), now, {
        commitDelay: each.delay,
        refusedByTable: each.refused,
      });
    case "audit at":
      return audit(
        world,
        world.primary,
        container,
        rows(1, { EVENT_TIMESTAMP_UTC: timestampText(now - each.earlier) }),
        now,
      );
    case "wait":
      played.now += each.milliseconds;
      return advance(world, played.now);
    case "clock":
      return shiftClock(world, world.primary, each.by);
    case "lag":
      return standby ? setReplicationLag(world, standby.uniqueName, each.milliseconds, now) : world;
    case "clean": {
      const set = setLastArchiveTimestamp(world, world.primary, container, timestampText(now - each.before), now);
      return cleanAuditTrail(set, world.primary, container, now, { useLastArchiveTimestamp: !each.all });
    }
    case "fail over": {
      const { losesRedo, open } = each;
      if (!standby) return world;
      return failover(world, standby.uniqueName, now, { losesRedo, oldPrimary: open ? "open" : "down" });
    }
    case "load":
      return loadFiles(world, world.primary, container, now);
    case "delete":
      return deleteRows(world, world.primary, container, (row) => row.OBJECT_NAME?.endsWith("3") ?? false, now);
    case "switch over":
      return standby ? switchover(world, standby.uniqueName, now) : world;
    case "reinstate": {
      const diverged = world.sites.find((site) => site.isDiverged);
      return diverged ? reinstate(world, diverged.uniqueName, now) : world;
    }
    case "snapshot":
      if (snapshot) return convertToPhysicalStandby(world, snapshot.uniqueName, now);
      return standby ? convertToSnapshotStandby(world, standby.uniqueName, now) : world;
    case "restart":
    case "abort": {
      const closed = closeDatabase(world, world.primary, each.do === "abort" ? "abort" : "immediate", now);
      return openDatabase(closed, world.primary, "READ WRITE", now);
    }
    case "full":
      return setTableWritable(world, world.primary, !primaryOf(world).tableWritable, now);
    case "by the second": {
      const site = primaryOf(world);
      const found = containerOf(site, container);
      const table = setInterval(found.table, { number: 2, unit: "SECOND" });
      return advance(withSite(world, withContainer(site, { ...found, table })), now);
    }
  }
}

function tableOf(site: Site, container: string): readonly AuditRow[] {
  return [...rowsBetween(containerOf(site, container).table)];
}

function filesOf(site: Site): readonly AuditRow[] {
  return site.files.flatMap(({ rows }) => rows);
}

function begun(): Played & { readonly container: string } {
  const world = createWorld(
    { release: "21c", primary: { uniqueName: "A" }, standbys: [{ uniqueName: "B" }, { uniqueName: "C" }] },
    NOW,
  );
  return { world, now: NOW, serial: 0, container: rootOf(primaryOf(world)).guid };
}

/** @param watch sees every move with what was before it and what came of it */
function playAll(
  moves: readonly Move[],
  watch: (before: World, each: Move, after: World, now: number, container: string) => void,
): World {
  const played = begun();
  for (const each of moves) {
    const before = played.world;
    played.world = play(played, { container: played.container, each });
    watch(before, each, played.world, played.now, played.container);
  }
  return played.world;
}

const moves = fc.array(move, { maxLength: 60, size: "max" });

describe("a world, whatever happens to it", () => {
  test("a standby that follows shows what its primary was, in the primary's history", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const shown = new Set([rowsText(tableOf(primaryOf(begun().world), begun().container))]);
        playAll(all, (before, each, after, now, container) => {
          const lossless = each.do === "switch over" || (each.do === "fail over" && !each.losesRedo);
          if (lossless && after.primary !== before.primary) {
            const finished =
              each.do === "switch over" ? closeDatabase(before, before.primary, "immediate", now) : before;
            expect(tableOf(primaryOf(after), container)).toEqual(tableOf(primaryOf(advance(finished, now)), container));
          }
          shown.add(rowsText(tableOf(primaryOf(after), container)));
          for (const site of after.sites.filter((other) => follows(after, other))) {
            expect(shown.has(rowsText(tableOf(site, container)))).toBe(true);
            expect(historyText(site)).toBe(historyText(primaryOf(after)));
            const earlier = siteNamed(before, site.uniqueName);
            if (follows(before, earlier)) expect(site.appliedTo).toBeGreaterThanOrEqual(earlier.appliedTo);
            if (site.replicationLag === 0) {
              expect(tableOf(site, container)).toEqual(tableOf(primaryOf(after), container));
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  test("nothing is invented, and nothing is lost but by what loses", () => {
    const losing = new Set(["clean", "delete", "fail over", "reinstate", "snapshot", "abort"]);
    fc.assert(
      fc.property(moves, (all) => {
        const known = new Set<AuditRow>();
        playAll(all, (before, each, after, _now, container) => {
          const held = (world: World) =>
            world.sites.flatMap((site) => [
              // What a standby drops, its primary dropped before.
              ...(follows(world, site) ? [] : tableOf(site, container)),
              ...filesOf(site),
              ...site.pending.map(({ row }) => row),
            ]);
          const now = new Set(held(after));
          for (const row of now) {
            // The moves number the rows that they write; the others tell of calls of the package.
            if (!known.has(row)) expect(writes(each, row)).toBe(true);
            known.add(row);
          }
          if (!losing.has(each.do)) expect(held(before).filter((row) => !now.has(row))).toEqual([]);
        });
      }),
      { numRuns: 300 },
    );
  });

  test("a purge takes what is older, a load moves rows under their keys, and both leave the rest alone", () => {
    fc.assert(
      fc.property(moves, (all) => {
        playAll(all, (before, each, after, now, container) => {
          const old = siteNamed(advance(before, now), before.primary);
          const site = siteNamed(after, before.primary);
          const isTold = (row: AuditRow) => row.OBJECT_NAME === "DBMS_AUDIT_MGMT";
          const both = (of: Site) => [...tableOf(of, container), ...filesOf(of)].filter((row) => !isTold(row));
          if (each.do === "load") {
            expect(both(site).map(keyOf).toSorted()).toEqual(both(old).map(keyOf).toSorted());
          }
          if (each.do === "clean") {
            const until = each.all ? "9" : (lastArchiveTimestampOf(site, container) ?? "");
            const kept = both(old).filter((row) => row.EVENT_TIMESTAMP_UTC >= until);
            const left = new Set(both(site));
            expect(kept.filter((row) => !left.has(row))).toEqual([]);
            const table = tableOf(site, container).filter((row) => row.EVENT_TIMESTAMP_UTC < until && !isTold(row));
            expect(site.tableWritable ? table : []).toEqual([]);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  test("keys are numbered so that no two rows have the same, and markers with the fields beside them, too", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const world = playAll(all, () => undefined);
        for (const site of world.sites) {
          const rows = [...tableOf(site, begun().container), ...filesOf(site)];
          expect(new Set(numberedKeysOf(rows)).size).toBe(rows.length);
          const fields = [
            "SESSIONID",
            "STATEMENT_ID",
            "EVENT_TIMESTAMP_UTC",
            "ACTION_NAME",
            "OBJECT_NAME",
            "OS_PROCESS",
          ];
          const texts = rows.map((row) => valuesOf(row, fields).join());
          const markers = [...markersOf(rows)].map((marker, index) => `${marker} ${texts[index]}`);
          expect(new Set(markers).size).toBe(rows.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("partitions hold the rows of their time, and reading a slice gives those of the slice", () => {
    const slice = fc.tuple(fc.integer({ min: -20_000, max: 60_000 }), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(moves, slice, (all, [start, length]) => {
        const world = playAll(all, () => undefined);
        const bounds = { from: timestampText(NOW + start), to: timestampText(NOW + start + length) };
        for (const site of world.sites) {
          const { table } = containerOf(site, begun().container);
          let end = "";
          for (const { lowValue, highValue, chunks, rowCount } of table.partitions) {
            expect(lowValue >= end && lowValue < highValue).toBe(true);
            end = highValue;
            const rows = chunks.flatMap((chunk) => chunk.rows);
            expect(rows.length).toBe(rowCount);
            const times = rows.map((row) => row.EVENT_TIMESTAMP_UTC);
            expect(times.every((time) => time >= lowValue && time < highValue)).toBe(true);
          }
          const rows = tableOf(site, begun().container);
          const within = rows.filter(({ EVENT_TIMESTAMP_UTC: time }) => time >= bounds.from && time < bounds.to);
          expect([...rowsBetween(table, bounds)]).toEqual(within);
          const days = summarizeRows(rows, "day").reduce((sum, { count }) => sum + count, 0n);
          expect(days).toBe(BigInt(rows.length));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("a world that was is not changed by what comes after it", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const kept: [World, string][] = [];
        playAll(all, (before, _each, _after, _now, container) => {
          kept.push([before, before.sites.map((site) => rowsText(tableOf(site, container))).join("/")]);
        });
        for (const [world, text] of kept) {
          expect(world.sites.map((site) => rowsText(tableOf(site, begun().container))).join("/")).toBe(text);
        }
      }),
      { numRuns: 100 },
    );
  });
});

function rowsText(rows: readonly AuditRow[]): string {
  return rows.map(keyOf).join("\n");
}

/** May this move write this row? */
function writes({ do: what }: Move, row: AuditRow): boolean {
  if (row.OBJECT_NAME === "DBMS_AUDIT_MGMT") return what === "clean" || what === "load";
  return what === "audit" || what === "audit at";
}
