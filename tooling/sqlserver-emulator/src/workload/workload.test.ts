import { describe, expect, test } from "vitest";
import { actionCodes, classTypeCodes } from "../code-tables.ts";
import { DEFAULT_AUDITS, defaultTrail, STREAM_AUDIT } from "../default-instance.ts";
import { auditNamed } from "../model/audit-trail.ts";
import { PIECE_LENGTH, splitRecord } from "../model/split-record.ts";
import { VERSION_PROFILES } from "../version-profiles.ts";
import { preloadWorkload, runWorkload } from "./run-workload.ts";
import { createWorkload, type WorkloadRow } from "./workload.ts";

const FROM = Date.UTC(2026, 10, 22, 12);

function generate(
  seed: number,
  count: number,
  version: keyof typeof VERSION_PROFILES = "2022",
): readonly WorkloadRow[] {
  const workload = createWorkload({ seed, profile: VERSION_PROFILES[version], serverInstanceName: "SRV\\A" });
  return workload.generate(count, FROM, FROM + 60_000);
}

describe("the workload", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(generate(1, 2000)).toEqual(generate(1, 2000));
    expect(generate(1, 200)).not.toEqual(generate(2, 200));
  });

  test("rises in time within its span, in units of 100 ns", () => {
    const times = generate(3, 5000).map(({ row }) => row.event_time);
    expect(times.toSorted()).toEqual(times);
    expect(times.every((time) => /^2026-11-22 12:00:\d\d\.\d{7}$/.test(time))).toBe(true);
    expect(new Set(times.map((time) => time.slice(-4))).size).toBeGreaterThan(1000);
  });

  test("has what a server has: logins good and bad, reads and writes, changes, long and strange statements", () => {
    const rows = generate(4, 30_000);
    const count = (actionId: string) => rows.filter(({ row }) => row.action_id === actionId).length;
    for (const actionId of [
      "SL  ",
      "IN  ",
      "UP  ",
      "DL  ",
      "EX  ",
      "LGIS",
      "LGIF",
      "LGO ",
      "BCM ",
      "TXBG",
      "CR  ",
      "AL  ",
      "DR  ",
      "G   ",
      "R   ",
      "D   ",
      "APRL",
      "DPRL",
      "BA  ",
      "BAL ",
      "DBCC",
      "IMP ",
      "PWR ",
      "VSST",
    ]) {
      expect(count(actionId), actionId).toBeGreaterThan(0);
    }
    expect(rows.some(({ audit }) => audit === "changes")).toBe(true);
    expect(rows.some(({ row }) => row.succeeded === false && row.action_id === "SL  ")).toBe(true);
    const statements = rows.map(({ row }) => String(row.statement ?? ""));
    expect(statements.some((statement) => /[\u0100-\uffff]/.test(statement))).toBe(true);
    const mean = statements.reduce((sum, { length }) => sum + length, 0) / statements.length;
    expect(mean).toBeGreaterThan(120);
    expect(mean).toBeLessThan(260);
    const distinct = (column: string) => new Set(rows.map(({ row }) => row[column])).size;
    expect(distinct("database_name")).toBeGreaterThan(3);
    expect(distinct("server_principal_name")).toBeGreaterThan(6);
    expect(distinct("client_ip")).toBeGreaterThan(6);
    expect(distinct("session_id")).toBeGreaterThan(20);
  });

  test("every code is in the code tables, and newer actions are not in older versions", () => {
    for (const version of ["2012", "2014", "2016", "2017", "2019", "2022"] as const) {
      const actions = new Set(actionCodes(2022).map(({ actionId }) => actionId.padEnd(4)));
      const classes = new Set(classTypeCodes(2022).map(({ classType }) => classType.padEnd(2)));
      const rows = generate(5, 3000, version).map(({ row }) => row);
      expect(rows.filter(({ action_id: actionId }) => !actions.has(actionId))).toEqual([]);
      expect(rows.filter(({ class_type: classType }) => !classes.has(String(classType)))).toEqual([]);
      expect(new Set(rows.map(({ server_instance_name: name }) => name))).toEqual(new Set(["SRV\\A"]));
    }
    const before = new Set(generate(6, 20_000, "2014").map(({ row }) => row.action_id));
    expect(before.has("BCM ") || before.has("TXBG")).toBe(false);
  });

  test("a group of pieces is one record: same group, numbered, cut at 4000, also through a surrogate pair", () => {
    const rows = generate(7, 60_000).map(({ row }) => row);
    const pieces = rows.filter(({ sequence_number: number }) => Number(number) > 1);
    expect(pieces.length).toBeGreaterThan(20);
    let cutPairs = 0;
    for (const [index, row] of rows.entries()) {
      if (Number(row.sequence_number ?? 1) < 2) continue;
      const before = rows[index - 1];
      expect(before).toMatchObject({
        sequence_group_id: row.sequence_group_id,
        sequence_number: Number(row.sequence_number) - 1,
      });
      expect(String(before?.statement)).toHaveLength(PIECE_LENGTH);
      if (/[\ud800-\udbff]$/.test(String(before?.statement))) cutPairs += 1;
    }
    expect(cutPairs).toBeGreaterThan(0);
    // As real rows have them: version-4 GUIDs with their first groups swapped. Rows of 2012 have none.
    const groups = rows.flatMap(({ sequence_group_id: id }) => (id === undefined ? [] : [String(id)]));
    expect(groups.filter((id) => !/^0x[0-9a-f]{14}4[0-9a-f][89ab][0-9a-f]{15}$/.test(id))).toEqual([]);
  });

  test("no statement, no split", () => {
    const row = { event_time: "", action_id: "LGO " };
    expect(splitRecord(row)).toEqual([row]);
    expect(splitRecord({ ...row, statement: "x".repeat(4000) })).toHaveLength(1);
    expect(splitRecord({ ...row, statement: "x".repeat(8001) }).map(({ sequence_number: number }) => number)).toEqual([
      1, 2, 3,
    ]);
  });
});

test("a backlog fills files over the span before now", () => {
  const begun = defaultTrail("SRV", { ...DEFAULT_AUDITS, maxFileSize: 2 * 1024 * 1024 }, "das", {}, FROM - 3_600_000);
  const workload = createWorkload({ seed: 1, profile: VERSION_PROFILES["2022"], serverInstanceName: "SRV" });
  const trail = preloadWorkload(begun, workload, 10_000, 3_600_000, FROM);
  expect(trail.files.length).toBeGreaterThan(4);
  const { audited } = auditNamed(trail, STREAM_AUDIT);
  expect(audited).toBeGreaterThan(9900);
  const times = trail.files.map(({ createdAt }) => createdAt);
  expect(Math.max(...times)).toBeLessThanOrEqual(FROM);
  expect(Math.min(...times)).toBe(FROM - 3_600_000);
});

test("a running workload makes its rate by the clock that it is given, and ends when it is told", async () => {
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
  let trail = defaultTrail("SRV", DEFAULT_AUDITS, "das", {}, FROM);
  const target = {
    now: clock.now,
    change: (transition: (before: typeof trail, at: number) => typeof trail) => {
      trail = transition(trail, clock.now());
    },
  };
  const workload = createWorkload({ seed: 1, profile: VERSION_PROFILES["2022"], serverInstanceName: "SRV" });
  const running = runWorkload(target, workload, 200, clock);
  for (let tick = 0; tick < 100; tick += 1) {
    wakes.shift()?.();
    await new Promise(setImmediate);
  }
  expect(running.generated).toBeGreaterThanOrEqual(990);
  expect(running.generated).toBeLessThanOrEqual(1010);
  running.rate = 0;
  const before = running.generated;
  for (let tick = 0; tick < 20; tick += 1) {
    wakes.shift()?.();
    await new Promise(setImmediate);
  }
  expect(running.generated - before).toBeLessThanOrEqual(10);
  await running.stop();
  const stopped = running.generated;
  for (const wake of wakes) wake();
  await new Promise(setImmediate);
  expect(running.generated).toBe(stopped);
  expect(trail.audits.reduce((sum, { audited }) => sum + audited, 0)).toBe(stopped + 2);
});
