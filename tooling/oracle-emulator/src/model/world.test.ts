import { describe, expect, test } from "vitest";
import type { AuditPolicy } from "./audit-policy.ts";
import { type AuditRow, keyOf, timestampMilliseconds, timestampText } from "./audit-row.ts";
import { emptyTable, type IntervalUnit, insertRows, rowsBetween, setInterval } from "./audit-table.ts";
import { createWorld, type WorldOptions } from "./create-world.ts";
import {
  alterPartitionInterval,
  cleanAuditTrail,
  lastArchiveTimestampOf,
  loadFiles,
  setLastArchiveTimestamp,
} from "./housekeeping.ts";
import { markersOf } from "./markers.ts";
import {
  deleteRows,
  setFilesWritable,
  setParameter,
  setTableWritable,
  setUnifiedAuditing,
  shiftClock,
} from "./mishaps.ts";
import {
  clonePluggable,
  closeDatabase,
  closePluggable,
  dropPluggable,
  openDatabase,
  openPluggable,
  renamePluggable,
} from "./open-modes.ts";
import { alterPolicy, createPolicy, disablePolicy, dropPolicy, enablePolicy } from "./policy-changes.ts";
import { clockText, keyValuesOf, numberedKeysOf, rowsOf, summarizeRows } from "./read-rows.ts";
import {
  convertToLogicalStandby,
  convertToPhysicalStandby,
  convertToSnapshotStandby,
  failover,
  reinstate,
  setReplicationLag,
  switchover,
} from "./role-changes.ts";
import { endSession, releaseLock, requestLock } from "./session-locks.ts";
import {
  type Branch,
  containerMode,
  containerOf,
  historyText,
  primaryOf,
  rootOf,
  siteNamed,
  type World,
} from "./world.ts";
import { advance, audit, auditAction, destinationOf } from "./write-rows.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const NOW_TEXT = "2026-11-22 12:00:00.000000";
const SECOND = 1000;

function begin(options: Partial<WorldOptions> = {}): World {
  const standbys = [{ uniqueName: "B" }];
  return createWorld({ release: "19c", primary: { uniqueName: "A" }, standbys, pluggables: ["PDB1"], ...options }, NOW);
}

const WORLD = begin();
const PDB = primaryOf(WORLD).containers[1]?.guid ?? "";
const ROOT = rootOf(primaryOf(WORLD)).guid;

function write(world: World, names: readonly string[], now = NOW, options = {}, site = "A"): World {
  return audit(
    world,
    site,
    PDB,
    names.map((OBJECT_NAME) => ({ OBJECT_NAME, ACTION_NAME: "SELECT", SESSIONID: "7" })),
    now,
    options,
  );
}

function read(world: World, site: string, branch: Branch = "table", options = {}): readonly AuditRow[] {
  return [...rowsOf(siteNamed(world, site), PDB, branch, options)];
}

function names(world: World, site: string, branch: Branch = "table"): readonly (string | null | undefined)[] {
  return read(world, site, branch)
    .filter((row) => row.OBJECT_NAME !== "DBMS_AUDIT_MGMT")
    .map((row) => row.OBJECT_NAME);
}

describe("times", () => {
  test("keep their microseconds", () => {
    for (const text of ["2026-11-22 12:00:00.000001", "1999-12-31 23:59:59.999999", "2026-02-28 00:00:00.123456"]) {
      expect(timestampText(timestampMilliseconds(text))).toBe(text);
    }
    expect(timestampText(NOW + 0.9999)).toBe("2026-11-22 12:00:00.001000");
  });
});

describe("auditing", () => {
  test("completes what a row leaves out, and numbers the entries of a session", () => {
    const [first, second] = read(write(WORLD, ["one", "two"], NOW + 0.25), "A");
    expect(first).toMatchObject({
      EVENT_TIMESTAMP_UTC: "2026-11-22 12:00:00.000250",
      AUDIT_TYPE: "Standard",
      DBID: containerOf(primaryOf(WORLD), PDB).dbid,
      INSTANCE_ID: "1",
      ENTRY_ID: "1",
      RETURN_CODE: "0",
    });
    expect(second).toMatchObject({ ENTRY_ID: "2", EVENT_TIMESTAMP_UTC: "2026-11-22 12:00:00.000250" });
    const later = write(write(WORLD, ["one"]), ["two"], NOW, { entryHole: 3 });
    expect(read(later, "A").map((row) => row.ENTRY_ID)).toEqual(["1", "5"]);
    const again = audit(later, "A", PDB, [{ ACTION_NAME: "LOGOFF", SESSIONID: "7" }], NOW);
    expect(read(write(again, ["three"]), "A").map((row) => row.ENTRY_ID)).toEqual(["1", "5", "6", "1"]);
  });

  test("from 21c on a row bears the name of the site that writes it", () => {
    const world = begin({ release: "21c" });
    const { guid } = rootOf(primaryOf(world));
    const written = audit(audit(world, "A", guid, [{}], NOW), "B", guid, [{}, { DB_UNIQUE_NAME: null }], NOW);
    const name = (site: string, branch: Branch) =>
      [...rowsOf(siteNamed(written, site), guid, branch)].map((row) => row.DB_UNIQUE_NAME);
    expect(name("A", "table")).toEqual(["A"]);
    expect(name("B", "table")).toEqual(["A"]);
    expect(name("B", "files")).toEqual(["B", null]);
    expect(read(write(WORLD, ["x"]), "A")[0]).not.toHaveProperty("DB_UNIQUE_NAME");
  });

  test("shows a row when it is committed, under the time at which it was stamped", () => {
    let world = write(WORLD, ["late"], NOW, { commitDelay: 5 * SECOND });
    world = write(world, ["early"], NOW + SECOND);
    expect(names(world, "A")).toEqual(["early"]);
    expect(names(advance(world, NOW + 4999), "A")).toEqual(["early"]);
    const shown = advance(world, NOW + 5 * SECOND);
    expect(names(shown, "A")).toEqual(["early", "late"]);
    expect(read(shown, "A")[1]?.EVENT_TIMESTAMP_UTC).toBe(NOW_TEXT);
  });

  test("several rows due at once come in the order in which they were stamped", () => {
    let world = write(WORLD, ["a"], NOW, { commitDelay: 900 });
    world = write(world, ["b"], NOW + 100, { commitDelay: 800 });
    world = write(world, ["c"], NOW + 200, { commitDelay: 300 });
    expect(names(advance(world, NOW + SECOND), "A")).toEqual(["c", "a", "b"]);
  });

  test("spills into a file where the table does not take the row", () => {
    const cases: readonly [string, World, object?, string?][] = [
      ["table not writable", setTableWritable(WORLD, "A", false, NOW)],
      ["refused by the table", WORLD, { refusedByTable: true }],
      ["read-only standby", WORLD, {}, "B"],
      ["mounted", openDatabase(WORLD, "B", "MOUNTED", NOW), {}, "B"],
      ["closed PDB", closePluggable(WORLD, "A", PDB, NOW)],
    ];
    for (const [name, world, options, site = "A"] of cases) {
      const written = write(world, ["x"], NOW, options, site);
      expect(
        siteNamed(written, site).files.flatMap(({ rows }) => rows),
        name,
      ).toHaveLength(1);
      const opened = openPluggable(openDatabase(written, site, "READ ONLY", NOW), site, PDB, "READ ONLY", NOW);
      expect(names(opened, site, "table"), name).toEqual([]);
      expect(names(opened, site, "files"), name).toEqual(["x"]);
    }
  });

  test("PMON's rows go into a file of its own, which is not loaded before a restart", () => {
    const rows = ["LOGOFF BY CLEANUP", "LOGOFF"].map((ACTION_NAME) => ({ ACTION_NAME, SESSIONID: "9" }));
    let world = audit(WORLD, "A", PDB, rows, NOW);
    expect(read(world, "A").map((row) => row.ACTION_NAME)).toEqual(["LOGOFF"]);
    world = loadFiles(write(world, ["refused"], NOW, { refusedByTable: true }), "A", PDB, NOW);
    expect(read(world, "A", "files").map((row) => row.ACTION_NAME)).toEqual(["LOGOFF BY CLEANUP"]);
    world = openDatabase(closeDatabase(world, "A", "immediate", NOW), "A", "READ WRITE", NOW);
    world = loadFiles(world, "A", PDB, NOW);
    expect(read(world, "A", "files")).toEqual([]);
    expect(read(world, "A").map((row) => row.ACTION_NAME)).toContain("LOGOFF BY CLEANUP");
  });

  test("goes nowhere where nothing can be written, nothing runs, or nothing is audited", () => {
    const full = setFilesWritable(setTableWritable(WORLD, "A", false, NOW), "A", false, NOW);
    for (const world of [full, setUnifiedAuditing(WORLD, "A", "off", NOW), closeDatabase(WORLD, "A", "abort", NOW)]) {
      expect(destinationOf(primaryOf(world), PDB, {})).toBe("nowhere");
      const site = primaryOf(write(world, ["x"]));
      expect(site.files).toEqual([]);
      expect([...rowsBetween(containerOf(site, PDB).table)]).toEqual([]);
    }
    expect(names(write(setUnifiedAuditing(WORLD, "A", "mixed", NOW), ["x"]), "A")).toEqual(["x"]);
  });

  test("leaves out the columns that the database excludes", () => {
    const world = setParameter(WORLD, "A", "unified_audit_trail_exclude_columns", "sql_text, rls_info", NOW);
    const row = { ACTION_NAME: "SELECT", SQL_TEXT: "select 1", SQL_BINDS: " #1(1):7", RLS_INFO: "((…))" };
    expect(read(audit(world, "A", PDB, [row], NOW), "A")[0]).toMatchObject({
      SQL_TEXT: null,
      SQL_BINDS: " #1(1):7",
      RLS_INFO: null,
    });
  });

  test("stamps by the site's clock, and by that of a RAC instance", () => {
    let world = shiftClock(WORLD, "A", -90 * SECOND);
    expect(clockText(primaryOf(world), NOW)).toBe("2026-11-22 11:58:30.000000");
    world = write(world, ["slow"], NOW, { instance: 2, instanceClockShift: 2 * SECOND });
    expect(read(world, "A")[0]).toMatchObject({
      INSTANCE_ID: "2",
      EVENT_TIMESTAMP_UTC: "2026-11-22 11:58:32.000000",
    });
  });

  test("files are those of one instance and container", () => {
    let world = write(WORLD, ["one"], NOW, { refusedByTable: true });
    world = write(world, ["two"], NOW, { refusedByTable: true, instance: 2 });
    world = audit(world, "A", ROOT, [{ ACTION_NAME: "SELECT" }], NOW, { refusedByTable: true });
    expect(read(world, "A", "files", { instance: 2 }).map((row) => row.OBJECT_NAME)).toEqual(["two"]);
    expect(read(world, "A", "files")).toHaveLength(2);
    expect(primaryOf(world).files).toHaveLength(3);
    const many = write(
      WORLD,
      Array.from({ length: 600 }, (_, index) => `${index}`),
      NOW,
      { refusedByTable: true },
    );
    expect(primaryOf(many).files.map(({ name }) => name)).toEqual([
      "ora_audit_001.bin",
      "ora_audit_002.bin",
      "ora_audit_003.bin",
    ]);
    expect(names(many, "A", "files")).toHaveLength(600);
  });
});

describe("keys", () => {
  test("tell NULL from text and shifted values apart", () => {
    const row = { EVENT_TIMESTAMP_UTC: NOW_TEXT, AUDIT_TYPE: "Standard", OBJECT_SCHEMA: "A", OBJECT_NAME: null };
    expect(keyOf(row)).not.toBe(keyOf({ ...row, OBJECT_SCHEMA: null, OBJECT_NAME: "A" }));
    expect(keyOf(row)).not.toBe(keyOf({ ...row, OBJECT_NAME: "null" }));
    expect(keyOf(row)).toBe(keyOf({ ...row, SCN: "1", SOURCE: "FILE", DB_UNIQUE_NAME: "B" }));
    expect(keyValuesOf(row)).toHaveLength(13);
  });

  test("equal ones are numbered; markers, too", () => {
    const row = { ACTION_NAME: "SELECT", SESSIONID: "1", ENTRY_ID: "4", OS_PROCESS: "12", FGA_POLICY_NAME: "P Q" };
    const rows = read(audit(WORLD, "A", PDB, [row, row, { ...row, OS_PROCESS: "x-1" }], NOW), "A");
    expect(new Set(numberedKeysOf(rows)).size).toBe(3);
    expect([...markersOf(rows)]).toEqual(["1:4::P%0020Q", "1:4::P%0020Q:1", "1:4:x-1:P%0020Q"]);
    const { FGA_POLICY_NAME: _, ...plain } = row;
    expect([...markersOf(read(audit(WORLD, "A", PDB, [plain], NOW), "A"))]).toEqual(["1:4"]);
  });

  test("sums of a minute are those that the reconcile asks for", () => {
    let world = audit(WORLD, "A", PDB, [{ SESSIONID: "18446744073709551615", ENTRY_ID: "3" }], NOW + 1.5);
    world = audit(world, "A", PDB, [{ SESSIONID: null, ENTRY_ID: "40" }], NOW + 59_000);
    world = audit(world, "A", PDB, [{ SESSIONID: "2000007", ENTRY_ID: "1" }], NOW + 60_000);
    expect(summarizeRows(read(world, "A"), "minute")).toEqual([
      {
        period: "2026-11-22 12:00",
        count: 2n,
        entries: 43n,
        sessions: 18_446_744_073_709_551_615n % 1_000_003n,
        times: 1500n + 59_000_000n,
      },
      { period: "2026-11-22 12:01", count: 1n, entries: 1n, sessions: 1n, times: 0n },
    ]);
    expect(summarizeRows(read(world, "A"), "hour")).toMatchObject([{ period: "2026-11-22 12", count: 3n }]);
    expect(summarizeRows(read(world, "A"), "day")).toMatchObject([{ period: "2026-11-22", count: 3n }]);
  });
});

describe("partitions", () => {
  const at = (time: string): AuditRow => ({ EVENT_TIMESTAMP_UTC: time, AUDIT_TYPE: "Standard" });

  test("are made by the interval, in whatever order rows come", () => {
    const table = insertRows(emptyTable({ number: 1, unit: "MONTH" }), [
      at("2026-12-01 00:00:00.000000"),
      at("2026-11-30 23:59:59.999999"),
      at("2013-01-01 00:00:00.000000"),
      at("2026-11-01 00:00:00.000000"),
    ]);
    expect(table.partitions.map(({ lowValue, highValue, rowCount }) => [lowValue, highValue, rowCount])).toEqual([
      ["", "2014-07-01 00:00:00.000000", 1],
      ["2026-11-01 00:00:00.000000", "2026-12-01 00:00:00.000000", 2],
      ["2026-12-01 00:00:00.000000", "2027-01-01 00:00:00.000000", 1],
    ]);
    expect(table.partitions.map(({ name }) => name)).toEqual(["AUD_UNIFIED_P0", "SYS_P182", "SYS_P181"]);
  });

  test.for([
    ["YEAR", 1, "2026-07-01 00:00:00.000000", "2027-07-01 00:00:00.000000"],
    ["DAY", 1, "2026-11-22 00:00:00.000000", "2026-11-23 00:00:00.000000"],
    ["HOUR", 6, "2026-11-22 12:00:00.000000", "2026-11-22 18:00:00.000000"],
    ["MINUTE", 5, "2026-11-22 12:00:00.000000", "2026-11-22 12:05:00.000000"],
    ["SECOND", 30, "2026-11-22 12:03:30.000000", "2026-11-22 12:04:00.000000"],
  ] as const)("of %s", ([unit, number, lowValue, highValue]: readonly [IntervalUnit, number, string, string]) => {
    const table = insertRows(emptyTable({ number, unit }), [at("2026-11-22 12:03:30.000000")]);
    expect(table.partitions.at(-1)).toMatchObject({ lowValue, highValue, rowCount: 1, isInterval: true });
  });

  test("a new interval counts from the end of the last partition", () => {
    let world = write(WORLD, ["before"]);
    world = alterPartitionInterval(world, "A", PDB, { number: 1, unit: "HOUR" }, NOW);
    world = write(world, ["still in the month"], NOW + SECOND);
    world = write(world, ["by the hour"], Date.UTC(2026, 11, 1, 5, 30));
    const { partitions } = containerOf(primaryOf(world), PDB).table;
    expect(partitions.map(({ highValue, isInterval }) => [highValue, isInterval])).toEqual([
      ["2014-07-01 00:00:00.000000", false],
      ["2026-12-01 00:00:00.000000", false],
      ["2026-12-01 06:00:00.000000", true],
    ]);
    expect(names(world, "A")).toEqual(["before", "still in the month", "by the hour"]);
    const gap = setInterval(insertRows(emptyTable({ number: 1, unit: "DAY" }), [at("2026-11-22 12:00:00.000000")]), {
      number: 1,
      unit: "HOUR",
    });
    const filled = insertRows(gap, [at("2020-01-01 00:00:00.000000"), at("2026-11-22 13:00:00.000000")]);
    expect(filled.partitions.map(({ rowCount }) => rowCount)).toEqual([0, 3]);
  });
});

describe("purge and load", () => {
  const OLD = Date.UTC(2026, 8, 30, 23, 59);
  const filled = [OLD, OLD + 60 * SECOND, NOW - 2 * SECOND, NOW].reduce(
    (world, now, index) => write(world, [`row ${index}`], now),
    begin(),
  );

  test("drops what is wholly older and deletes the older rest", () => {
    let world = write(filled, ["file"], NOW - 3 * SECOND, { refusedByTable: true });
    world = write(world, ["file, too"], NOW - 3 * SECOND, { refusedByTable: true, instance: 2 });
    world = write(world, ["newer file"], NOW, { refusedByTable: true, instance: 3 });
    world = setLastArchiveTimestamp(world, "A", PDB, timestampText(NOW - SECOND), NOW);
    world = cleanAuditTrail(world, "A", PDB, NOW, { useLastArchiveTimestamp: true });
    expect(names(world, "A")).toEqual(["row 3"]);
    expect(names(world, "A", "files")).toEqual(["newer file"]);
    const { partitions } = containerOf(primaryOf(world), PDB).table;
    expect(partitions.map(({ highValue }) => highValue)).toEqual([
      "2014-07-01 00:00:00.000000",
      "2026-12-01 00:00:00.000000",
    ]);
    expect(read(world, "A").filter((row) => row.UNIFIED_AUDIT_POLICIES === "ORA$MANDATORY")).toHaveLength(2);
  });

  test("does nothing without an archive timestamp, and everything when told not to use it", () => {
    expect(names(cleanAuditTrail(filled, "A", PDB, NOW, { useLastArchiveTimestamp: true }), "A")).toHaveLength(4);
    const emptied = cleanAuditTrail(filled, "A", PDB, NOW, { useLastArchiveTimestamp: false });
    expect(names(emptied, "A")).toEqual([]);
    expect(read(emptied, "A")[0]?.SQL_TEXT).toMatch(/CLEAN_AUDIT_TRAIL.*FALSE/);
    expect(names(emptied, "B")).toEqual([]);
  });

  test("takes the rows of one database only, and no timestamp of another trail", () => {
    let world = audit(filled, "A", PDB, [{ OBJECT_NAME: "of a clone", DBID: "42" }], OLD);
    world = setLastArchiveTimestamp(world, "A", PDB, "2030-01-01 00:00:00.000000", NOW, {
      auditTrail: "STANDARD AUDIT TRAIL",
    });
    expect(lastArchiveTimestampOf(primaryOf(world), PDB)).toBeUndefined();
    world = setLastArchiveTimestamp(world, "A", PDB, "2030-01-01 00:00:00.000000", NOW, { databaseId: "42" });
    expect(lastArchiveTimestampOf(primaryOf(world), PDB)).toBeUndefined();
    world = setLastArchiveTimestamp(world, "A", PDB, timestampText(NOW - SECOND), NOW);
    world = setLastArchiveTimestamp(world, "A", PDB, timestampText(NOW - 10 * SECOND), NOW, { databaseId: "0" });
    expect(lastArchiveTimestampOf(primaryOf(world), PDB)).toBe(timestampText(NOW - SECOND));
    world = cleanAuditTrail(world, "A", PDB, NOW, { useLastArchiveTimestamp: true, branches: ["table"] });
    expect(names(world, "A")).toEqual(["of a clone", "row 3"]);
    world = cleanAuditTrail(world, "A", PDB, NOW, { useLastArchiveTimestamp: true, databaseId: "42" });
    expect(names(world, "A")).toEqual(["row 3"]);
  });

  test("cleans the files of a standby, not the table that it cannot write", () => {
    let world = write(filled, ["standby file"], NOW - 3 * SECOND, {}, "B");
    world = setLastArchiveTimestamp(world, "A", PDB, timestampText(NOW), NOW);
    world = cleanAuditTrail(world, "B", PDB, NOW, { useLastArchiveTimestamp: true });
    expect(names(world, "B")).toHaveLength(4);
    expect(names(world, "B", "files")).toEqual([]);
  });

  test("a load makes old rows appear in the table: the same rows, under the same keys", () => {
    const spilled = write(filled, ["spilled"], OLD, { refusedByTable: true });
    const [before] = read(spilled, "A", "files");
    const loaded = loadFiles(spilled, "A", PDB, NOW);
    expect(read(loaded, "A", "files")).toEqual([]);
    const [after] = read(loaded, "A").filter((row) => row.OBJECT_NAME === "spilled");
    expect(after).toBe(before);
    expect(read(loaded, "B")).toEqual(read(loaded, "A"));
    const standby = loadFiles(write(filled, ["b"], NOW, {}, "B"), "B", PDB, NOW);
    expect(names(standby, "B", "files")).toEqual(["b"]);
    expect(
      names(loadFiles(write(filled, ["c"], NOW, { refusedByTable: true, instance: 2 }), "A", PDB, NOW), "A", "files"),
    ).toEqual(["c"]);
  });

  test("a transfer may load rows twice: equal keys, told apart by their numbers", () => {
    const world = loadFiles(write(WORLD, ["x"], NOW, { refusedByTable: true }), "A", PDB, NOW, {
      twice: true,
      procedure: "TRANSFER_UNIFIED_AUDIT_RECORDS",
    });
    const [one, two] = read(world, "A");
    expect(one).toEqual(two);
    expect(one).not.toBe(two);
    expect([...markersOf(read(world, "A"))].slice(0, 2)).toEqual(["1:1", "1:1:::1"]);
  });

  test("rows vanish", () => {
    const world = deleteRows(
      write(filled, ["row 9"], NOW, { refusedByTable: true }),
      "A",
      PDB,
      (row) => /[13-9]$/.test(row.OBJECT_NAME ?? ""),
      NOW,
      { from: timestampText(NOW - SECOND) },
    );
    expect(names(world, "A")).toEqual(["row 0", "row 1", "row 2"]);
    expect(names(world, "A", "files")).toEqual([]);
  });
});

describe("standbys", () => {
  test("show what the primary was", () => {
    let world = setReplicationLag(write(WORLD, ["one"]), "B", 5 * SECOND, NOW);
    world = write(world, ["two"], NOW + SECOND);
    expect(names(world, "B")).toEqual(["one"]);
    expect(names(advance(world, NOW + 5999), "B")).toEqual(["one"]);
    expect(names(advance(world, NOW + 6000), "B")).toEqual(["one", "two"]);
    world = setReplicationLag(advance(world, NOW + 6000), "B", 60 * SECOND, NOW + 6000);
    expect(names(write(world, ["three"], NOW + 7000), "B")).toEqual(["one", "two"]);
    world = setReplicationLag(world, "B", Number.POSITIVE_INFINITY, NOW + 7000);
    world = write(world, ["four"], NOW + 8000);
    expect(names(advance(world, NOW + 1e9), "B")).toEqual(["one", "two"]);
    expect(names(setReplicationLag(world, "B", 0, NOW + 1e9), "B")).toContain("four");
  });

  test("apply nothing while they are open without it, or down", () => {
    for (const stopped of [openDatabase(WORLD, "B", "READ ONLY", NOW), closeDatabase(WORLD, "B", "abort", NOW)]) {
      const world = write(stopped, ["one"]);
      expect([...rowsBetween(containerOf(siteNamed(world, "B"), PDB).table)]).toEqual([]);
      expect(names(openDatabase(world, "B", "READ ONLY WITH APPLY", NOW), "B")).toEqual(["one"]);
    }
  });

  test("take over by agreement without loss; files stay where they are", () => {
    let world = write(WORLD, ["spilled"], NOW, { refusedByTable: true });
    world = write(setReplicationLag(world, "B", 5 * SECOND, NOW), ["late"], NOW, { commitDelay: 60 * SECOND });
    const before = historyText(primaryOf(world));
    world = switchover(world, "B", NOW + SECOND);
    expect(world.primary).toBe("B");
    expect(names(world, "B")).toEqual(["late"]);
    expect(names(world, "A", "files")).toEqual(["spilled"]);
    expect(siteNamed(world, "A")).toMatchObject({ role: "PHYSICAL STANDBY", openMode: "READ ONLY WITH APPLY" });
    const history = historyText(primaryOf(world));
    expect(history).not.toBe(before);
    expect(historyText(siteNamed(world, "A"))).toBe(history);
    world = write(world, ["new"], NOW + 2 * SECOND, {}, "B");
    expect(names(world, "A")).toEqual(["late", "new"]);
    expect(names(switchover(world, "A", NOW + 3 * SECOND), "B")).toEqual(["late", "new"]);
    expect(switchover(world, "B", NOW + 2 * SECOND)).toBe(world);
  });

  test("take over alone, losing what did not reach them, until the old primary is reinstated", () => {
    let world = write(WORLD, ["kept"]);
    world = write(setReplicationLag(world, "B", 10 * SECOND, NOW), ["lost"], NOW + SECOND);
    const before = historyText(primaryOf(world));
    world = failover(world, "B", NOW + 2 * SECOND, { losesRedo: true, oldPrimary: "open" });
    expect(names(world, "B")).toEqual(["kept"]);
    expect(names(world, "A")).toEqual(["kept", "lost"]);
    expect(world.sites.map(({ role }) => role)).toEqual(["PRIMARY", "PRIMARY"]);
    expect(historyText(siteNamed(world, "A"))).toBe(before);
    expect(historyText(primaryOf(world))).not.toBe(before);
    world = write(write(world, ["old side"], NOW + 3 * SECOND), ["new side"], NOW + 3 * SECOND, {}, "B");
    expect(names(world, "A")).toEqual(["kept", "lost", "old side"]);
    expect(names(world, "B")).toEqual(["kept", "new side"]);
    world = write(world, ["never committed"], NOW + 4 * SECOND, { commitDelay: 9 * SECOND });
    world = reinstate(world, "A", NOW + 5 * SECOND);
    expect(names(world, "A")).toEqual(["kept", "new side"]);
    expect(historyText(siteNamed(world, "A"))).toBe(historyText(primaryOf(world)));
    expect(names(advance(world, NOW + 60 * SECOND), "A")).toEqual(["kept", "new side"]);
    expect(reinstate(world, "B", NOW + 60 * SECOND).primary).toBe("B");
  });

  test("take over alone without loss; another standby that is ahead of a lossy one follows no more", () => {
    let world = begin({ standbys: [{ uniqueName: "B", replicationLag: 10 * SECOND }, { uniqueName: "C" }] });
    world = write(world, ["one"], NOW + SECOND);
    const kept = failover(world, "B", NOW + 2 * SECOND, { losesRedo: false });
    expect(names(kept, "B")).toEqual(["one"]);
    expect(siteNamed(kept, "A").openMode).toBe("DOWN");
    expect(siteNamed(kept, "C").isDiverged).toBe(false);
    const lost = failover(world, "B", NOW + 2 * SECOND, { losesRedo: true });
    expect(names(lost, "B")).toEqual([]);
    expect(names(lost, "C")).toEqual(["one"]);
    expect(siteNamed(lost, "C").isDiverged).toBe(true);
    expect(() => switchover(lost, "C", NOW)).toThrow("no standby");
    expect(names(reinstate(lost, "C", NOW + 3 * SECOND), "C")).toEqual([]);
  });

  test("a snapshot standby writes its own table, and forgets it", () => {
    let world = convertToSnapshotStandby(write(WORLD, ["one"]), "B", NOW);
    expect(historyText(siteNamed(world, "B"))).not.toBe(historyText(primaryOf(world)));
    world = write(write(world, ["test"], NOW, {}, "B"), ["two"], NOW + SECOND);
    expect(names(world, "B")).toEqual(["one", "test"]);
    world = convertToPhysicalStandby(
      write(world, ["pending"], NOW, { commitDelay: 5 * SECOND }, "B"),
      "B",
      NOW + SECOND,
    );
    expect(names(advance(world, NOW + 60 * SECOND), "B")).toEqual(["one", "two"]);
    expect(historyText(siteNamed(world, "B"))).toBe(historyText(primaryOf(world)));
    expect(() => convertToPhysicalStandby(world, "B", NOW)).toThrow("PHYSICAL STANDBY");
    const logical = write(convertToLogicalStandby(world, "B", NOW), ["own"], NOW, {}, "B");
    expect(names(write(logical, ["three"]), "B")).toEqual(["one", "two", "own"]);
    expect(names(convertToPhysicalStandby(logical, "B", NOW), "B")).toEqual(["one", "two"]);
  });
});

describe("open modes", () => {
  test("a closed database or container shows nothing, and what is renamed stays what it is", () => {
    let world = renamePluggable(write(WORLD, ["one"]), "A", PDB, "SALES2", NOW);
    expect(containerOf(siteNamed(world, "B"), PDB).name).toBe("SALES2");
    world = closePluggable(world, "A", PDB, NOW);
    expect(read(world, "A")).toEqual([]);
    expect(read(world, "B")).toHaveLength(1);
    world = openPluggable(world, "A", PDB, "READ ONLY", NOW);
    expect(containerMode(primaryOf(world), PDB)).toBe("READ ONLY");
    expect(containerMode(siteNamed(world, "B"), ROOT)).toBe("READ ONLY");
    expect(names(openDatabase(world, "A", "MOUNTED", NOW), "A")).toEqual([]);
  });

  test("an abort loses what was not committed", () => {
    const world = write(WORLD, ["pending"], NOW, { commitDelay: 5 * SECOND });
    const reopened = (how: "immediate" | "abort") =>
      openDatabase(closeDatabase(world, "A", how, NOW), "A", "READ WRITE", NOW + SECOND);
    expect(names(reopened("immediate"), "A")).toEqual(["pending"]);
    expect(names(advance(reopened("abort"), NOW + 60 * SECOND), "A")).toEqual([]);
  });

  test("a clone has the trail of what it was copied from, under another DBID", () => {
    const guid = "F".repeat(32);
    let world = clonePluggable(write(WORLD, ["one"]), "A", PDB, { guid, name: "CLONE", dbid: "4242" }, NOW);
    expect(containerMode(primaryOf(world), guid)).toBe("MOUNTED");
    world = audit(openPluggable(world, "A", guid, "READ WRITE", NOW), "A", guid, [{ OBJECT_NAME: "two" }], NOW);
    const rows = [...rowsOf(primaryOf(world), guid, "table")];
    expect(rows.map(({ OBJECT_NAME, DBID }) => [OBJECT_NAME, DBID])).toEqual([
      ["one", containerOf(primaryOf(world), PDB).dbid],
      ["two", "4242"],
    ]);
    expect(containerOf(siteNamed(world, "B"), guid).conId).toBe(4);
    expect(() => containerOf(primaryOf(dropPluggable(world, "A", guid, NOW)), guid)).toThrow("no container");
  });

  test("a non-CDB is one container", () => {
    const site = primaryOf(begin({ pluggables: [] }));
    expect(site.containers).toMatchObject([{ name: "ORCL", conId: 0, guid: "0".repeat(32), dbid: "1559204751" }]);
    expect(() => siteNamed(WORLD, "C")).toThrow("no database");
  });
});

describe("policies", () => {
  const change = { site: "A", container: PDB, now: NOW };
  const policy: AuditPolicy = {
    name: "P",
    options: [
      { name: "SELECT", type: "OBJECT ACTION", objectSchema: "HR", objectName: "EMPLOYEES", objectType: "TABLE" },
      { name: "DROP TABLE", type: "STANDARD ACTION", objectSchema: null, objectName: null, objectType: null },
      { name: "SELECT ANY TABLE", type: "SYSTEM PRIVILEGE", objectSchema: null, objectName: null, objectType: null },
    ],
    condition: null,
    evaluation: null,
    onlyTopLevel: false,
    isPredefined: false,
    common: false,
  };
  const created = createPolicy(WORLD, policy, change);
  const select = { ACTION_NAME: "SELECT", OBJECT_SCHEMA: "HR", OBJECT_NAME: "EMPLOYEES", DBUSERNAME: "U" };
  const audited = (world: World, row: object, options = {}) =>
    read(auditAction(world, "A", PDB, { SESSIONID: "5", ...row }, NOW, options), "A").filter(
      (each) => each.SESSIONID === "5",
    );

  test("every change of them is audited, whatever is enabled", () => {
    let world = alterPolicy(created, { ...policy, options: [] }, change);
    world = enablePolicy(world, "P", { ...change, actor: { DBUSERNAME: "SEC_ADMIN", SQL_TEXT: "audit  policy p" } });
    world = dropPolicy(disablePolicy(world, "P", change), "P", change);
    expect(
      read(world, "A").map(({ ACTION_NAME, DBUSERNAME, SQL_TEXT }) => [ACTION_NAME, DBUSERNAME, SQL_TEXT]),
    ).toEqual([
      ["CREATE AUDIT POLICY", "SYS", "CREATE AUDIT POLICY P"],
      ["ALTER AUDIT POLICY", "SYS", "ALTER AUDIT POLICY P"],
      ["AUDIT", "SEC_ADMIN", "audit  policy p"],
      ["NOAUDIT", "SYS", "NOAUDIT POLICY P"],
      ["DROP AUDIT POLICY", "SYS", "DROP AUDIT POLICY P"],
    ]);
    expect(read(world, "A").every((row) => row.UNIFIED_AUDIT_POLICIES === "ORA$MANDATORY")).toBe(true);
    expect(containerOf(primaryOf(world), PDB).enabledPolicies).toEqual([]);
    expect(audited(WORLD, { ACTION_NAME: "EXECUTE", OBJECT_NAME: "DBMS_FGA" })).toHaveLength(1);
    expect(audited(WORLD, { ACTION_NAME: "UPDATE", OBJECT_SCHEMA: "AUDSYS", OBJECT_NAME: "AUD$UNIFIED" })).toHaveLength(
      1,
    );
    expect(audited(WORLD, { ACTION_NAME: "EXECUTE", OBJECT_NAME: "ORDER_API" })).toEqual([]);
  });

  test("cover actions, objects and privileges, for whom they are enabled", () => {
    expect(audited(created, select)).toEqual([]);
    const enabled = enablePolicy(created, "P", change);
    expect(audited(enabled, select)).toMatchObject([{ UNIFIED_AUDIT_POLICIES: "P" }]);
    expect(audited(enabled, { ...select, OBJECT_NAME: "JOBS" })).toEqual([]);
    expect(
      audited(enabled, { ...select, OBJECT_NAME: "JOBS", SYSTEM_PRIVILEGE_USED: "SYSDBA, SELECT ANY TABLE" }),
    ).toHaveLength(1);
    expect(audited(enabled, { ACTION_NAME: "DROP TABLE" })).toHaveLength(1);
    const but = enablePolicy(created, "P", change, [{ option: "EXCEPT USER", entityName: "U" }]);
    expect(audited(but, select)).toEqual([]);
    expect(audited(but, { ...select, DBUSERNAME: "V" })).toHaveLength(1);
    const failures = enablePolicy(created, "P", change, [{ entityName: "U", success: false }]);
    expect(audited(failures, select)).toEqual([]);
    expect(audited(failures, { ...select, RETURN_CODE: "1031" })).toHaveLength(1);
    const role = enablePolicy(created, "P", change, [
      { option: "BY GRANTED ROLE", entityName: "CLERK", entityType: "ROLE" },
    ]);
    expect(audited(role, select)).toEqual([]);
    expect(audited(role, select, { roles: ["CLERK"] })).toHaveLength(1);
  });

  test("are evaluated where they ask for the role, and are replicated", () => {
    const condition = "SYS_CONTEXT('USERENV','DATABASE_ROLE')='PHYSICAL STANDBY'";
    const world = enablePolicy(
      createPolicy(WORLD, { ...policy, condition, evaluation: "INSTANCE" }, change),
      "P",
      change,
    );
    expect(audited(world, select)).toEqual([]);
    const standby = auditAction(world, "B", PDB, { SESSIONID: "5", ...select }, NOW);
    expect(read(standby, "B", "files")).toMatchObject([{ UNIFIED_AUDIT_POLICIES: "P" }]);
  });

  test("BY and EXCEPT do not mix; one of several users can be taken out", () => {
    let world = enablePolicy(created, "P", change, [{ entityName: "U" }, { entityName: "V" }]);
    world = disablePolicy(world, "P", change, ["U"]);
    expect(containerOf(primaryOf(world), PDB).enabledPolicies).toMatchObject([{ entityName: "V", option: "BY USER" }]);
    world = enablePolicy(world, "P", change, [{ option: "EXCEPT USER", entityName: "W" }]);
    expect(containerOf(primaryOf(world), PDB).enabledPolicies).toMatchObject([
      { entityName: "W", option: "EXCEPT USER" },
    ]);
  });
});

test("a lock is one session's until it ends or gives it back", () => {
  const first = requestLock(WORLD, "A", 17, "s1");
  expect(first.result).toBe(0);
  expect(requestLock(first.world, "A", 17, "s1").result).toBe(4);
  expect(requestLock(first.world, "A", 17, "s2").result).toBe(1);
  expect(requestLock(first.world, "B", 17, "s2").result).toBe(0);
  expect(releaseLock(first.world, "A", 17, "s2").result).toBe(4);
  expect(requestLock(releaseLock(first.world, "A", 17, "s1").world, "A", 17, "s2").result).toBe(0);
  expect(requestLock(endSession(first.world, "A", "s1"), "A", 17, "s2").result).toBe(0);
  expect(endSession(first.world, "A", "s2")).toBe(first.world);
  expect(requestLock(switchover(first.world, "B", NOW), "A", 17, "s2").result).toBe(0);
});
