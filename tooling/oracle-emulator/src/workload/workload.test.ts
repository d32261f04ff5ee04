import { describe, expect, test } from "vitest";
import { auditActionCodes, auditOptionCodes, rawCodesOf, systemPrivilegeCodes } from "../code-tables.ts";
import type { AuditRow } from "../model/audit-row.ts";
import { createWorld } from "../model/create-world.ts";
import { numberedKeysOf, rowsOf } from "../model/read-rows.ts";
import { failover, reinstate } from "../model/role-changes.ts";
import { primaryOf, siteNamed, type World } from "../model/world.ts";
import { type ReleaseName, VERSION_PROFILES } from "../version-profiles.ts";
import { documentedCreateTable, realRows } from "./real-rows.ts";
import { preloadWorkload, runWorkload, workContainer } from "./run-workload.ts";
import { createWorkload } from "./workload.ts";

const FROM = Date.UTC(2026, 10, 22, 12);
const RELEASES = Object.keys(VERSION_PROFILES) as readonly ReleaseName[];

function workloadOf(seed: number, release: ReleaseName = "19c") {
  return createWorkload({ seed, profile: VERSION_PROFILES[release], dbUniqueName: "ORCL_A", dbid: "1559204751" });
}

function generate(seed: number, count: number, release: ReleaseName = "19c"): readonly AuditRow[] {
  return workloadOf(seed, release).generate(count, FROM, FROM + 60_000);
}

function some(rows: readonly AuditRow[], column: string, pattern: RegExp): boolean {
  return rows.some((row) => pattern.test(row[column] ?? ""));
}

describe("the workload", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(generate(1, 2000)).toEqual(generate(1, 2000));
    expect(generate(1, 200)).not.toEqual(generate(2, 200));
  });

  test("rises in time within its span, in microseconds", () => {
    const times = generate(3, 5000).map((row) => row.EVENT_TIMESTAMP_UTC);
    expect(times.toSorted()).toEqual(times);
    expect(times.every((time) => /^2026-11-22 12:00:\d\d\.\d{6}$/.test(time))).toBe(true);
    expect(new Set(times.map((time) => time.slice(-3))).size).toBeGreaterThan(900);
  });

  test.for(RELEASES)(
    "has only columns that %s has, no longer than they are, and only actions of its tables",
    (release) => {
      const profile = VERSION_PROFILES[release];
      const columns = new Map(profile.columns.map((column) => [column.name, column]));
      const names = new Set(auditActionCodes(profile.major).map(({ component, name }) => `${component}/${name}`));
      const rows = generate(5, 8000, release);
      const fits = (name: string, value: string | null | undefined): boolean => {
        const column = columns.get(name);
        // 12.2 and 18c have no such column in the view; the time is in EVENT_TIMESTAMP there.
        if (name === "EVENT_TIMESTAMP_UTC") return column !== undefined || profile.major < 19;
        if (value == null) return column !== undefined;
        if (column?.type === "VARCHAR2") return value !== "" && value.length <= column.length;
        if (column?.type === "NUMBER") return /^-?\d+$/.test(value);
        if (column?.type === "RAW") return /^([0-9A-F]{2})+$/.test(value);
        return column?.type === "CLOB" && value !== "";
      };
      expect(rows.flatMap((row) => Object.entries(row).filter(([name, value]) => !fits(name, value)))).toEqual([]);
      const unknown = rows.filter((row) => !names.has(`${row.AUDIT_TYPE}/${row.ACTION_NAME}`));
      expect(unknown.filter((row) => row.ACTION_NAME !== profile.unknownAction)).toEqual([]);
      expect(rows.some((row) => row.ACTION_NAME === "ENTANGLE TABLE")).toBe(release === "future");
      expect(some(rows, "AUDIT_TYPE", /^SQL Firewall$/)).toBe(profile.major >= 23);
      expect(some(rows, "DB_UNIQUE_NAME", /./)).toBe(profile.major >= 21);
    },
  );

  test("has what a database has, in every shape", () => {
    const rows = generate(4, 40_000);
    for (const action of [
      "SELECT",
      "INSERT",
      "UPDATE",
      "DELETE",
      "EXECUTE",
      "PL/SQL EXECUTE",
      "LOGON",
      "LOGOFF",
      "LOGOFF BY CLEANUP",
      "PROXY AUTHENTICATION",
      "COMMIT",
      "ROLLBACK",
      "CREATE TABLE",
      "ALTER TABLE",
      "GRANT",
      "REVOKE",
      "SET ROLE",
      "CREATE USER",
      "ALTER USER",
      "AUDIT",
      "ALTER AUDIT POLICY",
      "RMAN ACTION",
      "EXPORT",
      "VALIDATE",
      "HTTP",
    ]) {
      expect(
        rows.some((row) => row.ACTION_NAME === action),
        action,
      ).toBe(true);
    }
    for (const code of ["0", "942", "1017", "28000", "6550"]) {
      expect(
        rows.some((row) => row.RETURN_CODE === code),
        code,
      ).toBe(true);
    }
    expect(some(rows, "AUTHENTICATION_TYPE", /ADDRESS=\(PROTOCOL=tcp\)\(HOST=[^()]+\)\(PORT=\d+\)/)).toBe(true);
    expect(some(rows, "AUTHENTICATION_TYPE", /\(\(PROTOCOL=beq\)\(HOST=[^()]+\)\)/)).toBe(true);
    expect(some(rows, "AUTHENTICATION_TYPE", /PROTOCOL=unknown/)).toBe(true);
    expect(some(rows, "AUTHENTICATION_TYPE", /LOGON_INFO/)).toBe(true);
    expect(some(rows, "AUTHENTICATION_TYPE", /TYPE=\(GLOBAL\)/)).toBe(true);
    expect(rows.some((row) => row.AUTHENTICATION_TYPE === null)).toBe(true);
    expect(some(generate(4, 2000, "21c"), "AUTHENTICATION_TYPE", /ADDRESS=\(\(PROTOCOL=tcp/)).toBe(true);
    expect(some(rows, "SQL_BINDS", /\(0\): #/)).toBe(true);
    expect(some(rows, "SQL_BINDS", /see #2\(3\):abc/)).toBe(true);
    expect(some(rows, "SQL_TEXT", /\n/)).toBe(true);
    expect(some(rows, "SQL_TEXT", /\u{1f9fe}/u)).toBe(true);
    expect(rows.some((row) => row.SQL_TEXT?.endsWith("\u0000"))).toBe(true);
    const lengths = rows.map((row) => row.SQL_TEXT?.length ?? 0);
    expect(lengths.filter((length) => length > 4000).length).toBeGreaterThan(10);
    expect(Math.max(...lengths)).toBeGreaterThan(32_768);
    expect(rows.every((row) => BigInt(row.SCN ?? "9007199254740993") > 2n ** 32n)).toBe(true);
  });

  test("a session's ENTRY_ID goes on without a hole, and its session id is as long as the release's", () => {
    for (const release of ["19c", "26ai"] as const) {
      const last = new Map<string, bigint>();
      const holes = generate(8, 20_000, release).filter(({ SESSIONID: session, ENTRY_ID: entry }) => {
        const expected = (last.get(session ?? "") ?? 0n) + 1n;
        last.set(session ?? "", BigInt(entry ?? 0));
        return BigInt(entry ?? 0) !== expected;
      });
      expect(holes).toEqual([]);
      const longest = [...last.keys()].reduce((most, id) => (BigInt(id) > most ? BigInt(id) : most), 0n);
      expect(longest > 2n ** 53n).toBe(release === "26ai");
      expect(longest < 2n ** 60n).toBe(true);
    }
  });

  test("no two rows have the same key", () => {
    const keys = [...numberedKeysOf(generate(9, 30_000))];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every((key) => key.endsWith("#0"))).toBe(true);
  });
});

test("every code of a row leads back to its name; what no table has leads nowhere", () => {
  const actions = new Map(auditActionCodes(23).map((code) => [`${code.type}/${code.action}`, code]));
  for (const row of generate(6, 5000, "23ai")) {
    const codes = rawCodesOf(row);
    const found = actions.get(`${codes.AUDIT_TYPE}/${codes.ACTION}`);
    expect(found).toMatchObject({ component: row.AUDIT_TYPE, name: row.ACTION_NAME });
    const privilege = systemPrivilegeCodes().find((code) => code.privilege === `-${codes.SYSTEM_PRIVILEGE}`);
    expect(privilege?.name ?? null).toBe(row.SYSTEM_PRIVILEGE ?? null);
  }
  const strange = { ...documentedCreateTable().row, ACTION_NAME: "ENTANGLE TABLE", AUDIT_OPTION: "TABLE" };
  const codes = rawCodesOf(strange);
  expect(actions.has(`${codes.AUDIT_TYPE}/${codes.ACTION}`)).toBe(false);
  expect(auditOptionCodes().find(({ option }) => option === codes.AUDIT_OPTION)?.name).toBe("TABLE");
  expect(rawCodesOf({ ...strange, ACTION_CODE: "47" }).ACTION).toBe("47");
});

test("the tables have each number once", () => {
  const codes = auditActionCodes(30).map(({ type, action }) => `${type}/${action}`);
  expect(new Set(codes).size).toBe(codes.length);
  const privileges = systemPrivilegeCodes().map(({ privilege }) => privilege);
  expect(new Set(privileges).size).toBe(privileges.length);
  expect(privileges.every((privilege) => /^-\d+$/.test(privilege))).toBe(true);
});

test("the releases have the columns that are documented of them", () => {
  const counts = RELEASES.map((release) => [release, VERSION_PROFILES[release].columns.length]);
  expect(Object.fromEntries(counts)).toEqual({
    "12.2": 99,
    "18c": 99,
    "19c": 105,
    "21c": 108,
    "23ai": 113,
    "26ai": 113,
    future: 114,
  });
});

test("real rows are complete, and say where they come from", () => {
  expect(realRows()).toHaveLength(2);
  for (const { row, source, version } of [...realRows(), documentedCreateTable()]) {
    expect(source).toMatch(/^(IBM\/universal-connectors|Amazon RDS User Guide)/);
    expect(VERSION_PROFILES[version]).toBeDefined();
    expect(row.EVENT_TIMESTAMP_UTC).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    expect(Object.values(row).every((value) => value === null || typeof value === "string")).toBe(true);
  }
  expect(realRows()[1]?.row.SQL_TEXT?.endsWith("\u0000")).toBe(true);
  expect(documentedCreateTable().row).toMatchObject({ ACTION_NAME: "CREATE TABLE", PROXY_SESSIONID: "0" });
});

test("a backlog is spread over the span before now", () => {
  const world = createWorld({ release: "19c", pluggables: ["SALESPDB"] }, FROM);
  const site = primaryOf(preloadWorkload(world, workloadOf(1), 10_000, 3_600_000, FROM));
  const { guid, name } = workContainer(site);
  expect(name).toBe("SALESPDB");
  const rows = [...rowsOf(site, guid, "table"), ...rowsOf(site, guid, "files")];
  expect(rows).toHaveLength(10_000);
  const times = rows.map((row) => row.EVENT_TIMESTAMP_UTC).toSorted();
  expect(times[0]?.slice(0, 16)).toBe("2026-11-22 11:00");
  expect(times.at(-1)?.slice(0, 16)).toBe("2026-11-22 11:59");
});

/** A clock that is wound by hand, and the world whose clock it is. */
function windUp(world: World) {
  let now = 0;
  const wakes: (() => void)[] = [];
  const clock = {
    now: () => FROM + now,
    monotonic: () => now,
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        wakes.push(() => {
          now += milliseconds;
          resolve();
        });
      }),
  };
  const target = {
    now: clock.now,
    world,
    change: (transition: (before: World, at: number) => World) => {
      target.world = transition(target.world, clock.now());
    },
  };
  const tick = async (times: number) => {
    for (let count = 0; count < times; count += 1) {
      wakes.shift()?.();
      await new Promise(setImmediate);
    }
  };
  const wakeAll = async () => {
    for (const wake of wakes.splice(0)) wake();
    await new Promise(setImmediate);
  };
  return { clock, target, tick, wakeAll };
}

test("a running workload makes its rate by the clocks that it is given, and ends when it is told", async () => {
  const world = createWorld({ release: "19c", primary: { uniqueName: "A", clockShift: 86_400_000 } }, FROM);
  const { clock, target, tick, wakeAll } = windUp(world);
  const running = runWorkload(target, workloadOf(1), 200, clock);
  await tick(100);
  expect(running.generated).toBeGreaterThanOrEqual(990);
  expect(running.generated).toBeLessThanOrEqual(1010);
  running.rate = 0;
  const before = running.generated;
  await tick(20);
  expect(running.generated - before).toBeLessThanOrEqual(10);
  await running.stop();
  const stopped = running.generated;
  await wakeAll();
  expect(running.generated).toBe(stopped);
  const site = primaryOf(target.world);
  const { guid } = workContainer(site);
  const rows = [...rowsOf(site, guid, "table"), ...rowsOf(site, guid, "files")];
  expect(rows).toHaveLength(stopped);
  expect(rows.every((row) => row.EVENT_TIMESTAMP_UTC.startsWith("2026-11-23 12:00"))).toBe(true);
});

test("who changes works on the primary, who reads on the standby; after a failover all log on where the role is now", async () => {
  const world = createWorld(
    { release: "19c", pluggables: ["PDB1"], primary: { uniqueName: "A" }, standbys: [{ uniqueName: "B" }] },
    FROM,
  );
  const { clock, target, tick, wakeAll } = windUp(world);
  const profile = VERSION_PROFILES["19c"];
  const writers = runWorkload(target, createWorkload({ seed: 1, profile }), 200, clock);
  const readers = runWorkload(target, createWorkload({ seed: 2, profile, readOnly: true }), 50, clock, {
    role: "standby",
  });
  const { guid } = workContainer(primaryOf(world));
  const held = (site: string, branch: "table" | "files") => [...rowsOf(siteNamed(target.world, site), guid, branch)];
  // Four seconds: a tick wakes one of the two.
  await tick(80);
  expect(held("A", "table").length + held("A", "files").length).toBe(writers.generated);
  expect(held("B", "files")).toHaveLength(readers.generated);
  expect(new Set(held("B", "files").map(({ ACTION_NAME }) => ACTION_NAME))).toContain("SELECT");
  const changes = ["INSERT", "UPDATE", "DELETE", "CREATE TABLE", "GRANT", "COMMIT"];
  expect(held("B", "files").filter(({ ACTION_NAME }) => changes.includes(ACTION_NAME ?? ""))).toEqual([]);

  const before = {
    table: held("A", "table").length,
    read: readers.generated,
    sessions: sessionsOf(held("A", "table")),
  };
  target.change((now, at) => failover(now, "B", at, { losesRedo: false, oldPrimary: "down" }));
  await tick(80);
  const table = held("B", "table");
  expect(table.length).toBeGreaterThan(before.table + 300);
  const fresh = table.slice(before.table);
  expect(sessionsOf(fresh).intersection(before.sessions)).toEqual(new Set());
  expect(fresh[0]?.ACTION_NAME).toMatch(/^LOGON|^PROXY/);
  expect(readers.generated).toBe(before.read);

  target.change((now, at) => reinstate(now, "A", at));
  await tick(80);
  expect(readers.generated).toBeGreaterThan(before.read);
  // Nobody makes up for the time without a standby.
  expect(readers.generated - before.read).toBeLessThanOrEqual(205);
  await Promise.all([writers.stop(), readers.stop(), wakeAll()]);
});

function sessionsOf(rows: readonly AuditRow[]): ReadonlySet<string | null | undefined> {
  return new Set(rows.map(({ SESSIONID }) => SESSIONID));
}
