import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { type Logger, silentLogger, systemClock } from "@das/core";
import {
  type AuditPolicy,
  type AuditRow,
  audit,
  closePluggable,
  createPolicy,
  createWorld,
  enablePolicy,
  historyText,
  keyValuesOf,
  type NewAuditRow,
  type OracleEmulator,
  type OracleEmulatorOptions,
  openPluggable,
  type ReleaseName,
  rowsOf,
  setLastArchiveTimestamp,
  siteNamed,
  startOracleEmulator,
  summarizeRows,
  switchover,
  VERSION_PROFILES,
  valuesOf,
  workContainer,
} from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import type { Branch, TimeSlice } from "../src/audit-server.ts";
import { ServerError } from "../src/classify-error.ts";
import { ConnectedServer, lockId } from "../src/connected-server.ts";
import type { ConnectionOptions } from "../src/connection-options.ts";
import type { OracleValue } from "../src/row.ts";

const signal = new AbortController().signal;
const ALWAYS: TimeSlice = { from: "2000-01-01 00:00:00.000000+00", to: "2100-01-01 00:00:00.000000+00" };
const RELEASES = Object.keys(VERSION_PROFILES) as ReleaseName[];
const DIRECT = ["AUDSYS.AUD$UNIFIED", "SYS.GV_$UNIFIED_AUDIT_TRAIL"];

/** An emulator, and a way to connect to it as the reader does. */
async function startTarget(options: OracleEmulatorOptions = {}) {
  const emulator = await startOracleEmulator({ tls: "off", ...options });
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
  const open = (change: Partial<ConnectionOptions> = {}, nativeAuditFields = true) =>
    ConnectedServer.open(
      {
        connection: { ...connectionTo(emulator), ...change },
        serverHost: undefined,
        resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        nativeAuditFields,
        clock: systemClock,
        logger,
      },
      signal,
    );
  const site = () => siteNamed(emulator.world, emulator.site);
  const guid = workContainer(site()).guid;
  return {
    emulator,
    warnings,
    open,
    guid,
    site,
    rows: (branch: Branch) => [...rowsOf(site(), guid, branch)],
    append: (rows: readonly NewAuditRow[], more: Parameters<typeof audit>[5] = {}) =>
      emulator.change((world, now) => audit(world, emulator.site, guid, rows, now, more)),
    /** Takes direct grants from the reader. */
    revoke: (...objects: readonly string[]) => {
      const { database } = emulator.shared;
      emulator.shared.changeDatabase({
        users: database.users.map((user) =>
          user.name === emulator.user
            ? { ...user, objectGrants: user.objectGrants.filter(({ object }) => !objects.includes(object)) }
            : user,
        ),
      });
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

/** Another site of the same database has the same accounts. */
const accountOf = ({ shared, user, password }: OracleEmulator) => ({ shared, user, password });

function connectionTo({ host, port, serviceName, user, password }: OracleEmulator): ConnectionOptions {
  return { instanceId: "a", host, port, service: serviceName, user, password, tls: "off" };
}

async function collect(
  read: (batch: (rows: readonly (readonly OracleValue[])[]) => void) => Promise<boolean>,
): Promise<OracleValue[][]> {
  const all: OracleValue[][] = [];
  const complete = await read((rows) => {
    for (const row of rows) all.push([...row]);
  });
  expect(complete).toBe(true);
  return all;
}

const readRows = (server: ConnectedServer, branch: Branch, slice = ALWAYS) =>
  collect((batch) => server.readRows(branch, slice, batch, signal));
const readKeys = (server: ConnectedServer, branch: Branch, slice = ALWAYS) =>
  collect((batch) => server.readKeys(branch, slice, batch, signal));

const inOrder = (rows: readonly (readonly OracleValue[])[]) => rows.map((row) => JSON.stringify(row)).toSorted();

/** What rows may hold that is easily lost on the way. */
const EDGE_ROWS: readonly NewAuditRow[] = [
  { ACTION_NAME: "SELECT", SESSIONID: "866957642826845769", SCN: "9007199254740993", OS_PROCESS: "22396" },
  { ACTION_NAME: "INSERT", SESSIONID: "77", SQL_TEXT: "x".repeat(70_000), SQL_BINDS: " #1(3):a\u0000b" },
  { ACTION_NAME: "UPDATE", SESSIONID: "77", SQL_TEXT: "SELECT '😀 𝄞 é'\nFROM dual", OBJECT_NAME: "ÄRGER" },
  { ACTION_NAME: "LOGON", SESSIONID: "78", RETURN_CODE: "1017", TRANSACTION_ID: "0000000000000000" },
  { ACTION_NAME: "SELECT", SESSIONID: "78", AUDIT_TYPE: "FineGrainedAudit", FGA_POLICY_NAME: "P" },
  { ACTION_NAME: "SELECT", SESSIONID: "79", TRANSACTION_ID: "02000800D5030000", SYSTEM_PRIVILEGE: "SELECT ANY TABLE" },
  { ACTION_NAME: "SELECT", SESSIONID: "80" },
];

describe.each(RELEASES)("%s", (release) => {
  test("is described as the wire format wants it", async () => {
    await using target = await startTarget({ release });
    await using server = await target.open();
    const { major, versionFull, columns } = VERSION_PROFILES[release];
    const { instance } = server;
    expect(instance).toMatchObject({
      dbid: target.emulator.world.dbid,
      containerGuid: target.guid,
      containerName: "SALESPDB",
      release: major,
      branches: ["table", "files"],
      description: { serverVersion: `${versionFull}.EE`, serviceName: "oracle-ee", databaseName: "SALESPDB" },
    });
    expect(instance.description.serverHost).toBe(target.site().instances[0]?.host);
    const expected = columns
      .filter(({ rawName }) => rawName !== null)
      .map(({ name }) => name)
      .filter((name) => name !== "EVENT_TIMESTAMP");
    const names = instance.trail.columns.map(({ name }) => name);
    if (!columns.some(({ name }) => name === "EVENT_TIMESTAMP_UTC"))
      expect(names.toSorted()).toEqual([...expected, "EVENT_TIMESTAMP_UTC"].toSorted());
    else expect(names).toEqual(expected);
  });

  test.each(["table", "files"] as const)("every value of the %s comes exactly as it is", async (branch) => {
    await using target = await startTarget({ release });
    target.append(EDGE_ROWS, { refusedByTable: branch === "files" });
    await using server = await target.open();
    const names = server.instance.trail.columns.map(({ name }) => name);
    const expected = target.rows(branch);
    expect(expected.length).toBeGreaterThanOrEqual(EDGE_ROWS.length);
    expect(inOrder(await readRows(server, branch))).toEqual(inOrder(expected.map((row) => valuesOf(row, names))));
    expect(inOrder(await readKeys(server, branch))).toEqual(inOrder(expected.map(keyValuesOf)));
    for (const unit of ["minute", "hour", "day"] as const) {
      const summary = await server.summarize(branch, ALWAYS, unit, signal);
      expect(summary.toSorted((a, b) => (a.period < b.period ? -1 : 1))).toEqual(
        summarizeRows(expected, unit).toSorted((a, b) => (a.period < b.period ? -1 : 1)),
      );
    }
    const oldest = expected.map((row) => row.EVENT_TIMESTAMP_UTC).toSorted()[0];
    expect(await server.oldestTime(branch, signal)).toBe(`${oldest}+00`);
    const other = branch === "table" ? "files" : "table";
    expect(await readRows(server, other)).toHaveLength(target.rows(other).length);
  });
});

test("the root and a database without containers bear the database's name", async () => {
  await using target = await startTarget({ pluggables: ["SALESPDB"] });
  await using root = await target.open({ service: "ORCL" });
  expect(root.instance).toMatchObject({ containerName: "CDB$ROOT", description: { databaseName: "ORCL" } });
  expect(root.instance.containerGuid).not.toBe(target.guid);
  await using plain = await startTarget({ pluggables: [] });
  await using only = await plain.open();
  expect(only.instance).toMatchObject({
    dbid: plain.emulator.world.dbid,
    containerDbid: plain.emulator.world.dbid,
    containerGuid: "0".repeat(32),
    containerName: "ORCL",
    description: { databaseName: "ORCL" },
  });
});

test("without native fields only what events need is read", async () => {
  await using target = await startTarget({ release: "26ai" });
  target.append(EDGE_ROWS);
  await using server = await target.open({}, false);
  const names = server.instance.trail.columns.map(({ name }) => name);
  expect(names.length).toBeLessThan(25);
  expect(names).toContain("EVENT_TIMESTAMP_UTC");
  const expected = target.rows("table").map((row) => valuesOf(row, names));
  expect(inOrder(await readRows(server, "table"))).toEqual(inOrder(expected));
});

test("a row whose action no table knows is there, which the view would hide", async () => {
  await using target = await startTarget();
  target.append([{ ACTION_CODE: "4711", SESSIONID: "81" }]);
  await using server = await target.open();
  const [key] = await readKeys(server, "table");
  expect([key?.[7], key?.[8]]).toEqual(["Standard", "4711"]);
});

test("a slice has its beginning and not its end", async () => {
  await using target = await startTarget();
  const times = ["00.000000", "00.000001", "01.999999", "02.000000"].map((end) => `2026-03-29 01:59:${end}`);
  target.append(times.map((EVENT_TIMESTAMP_UTC) => ({ ACTION_NAME: "SELECT", SESSIONID: "1", EVENT_TIMESTAMP_UTC })));
  await using server = await target.open();
  const slice = { from: "2026-03-29 01:59:00.000001+00", to: "2026-03-29 01:59:02.000000+00" };
  const keys = await readKeys(server, "table", slice);
  expect(keys.map((key) => key[5]).toSorted()).toEqual(times.slice(1, 3));
  expect(await server.summarize("table", slice, "minute", signal)).toMatchObject([
    { period: "2026-03-29 01:59", count: 2n },
  ]);
});

test("an empty branch has no oldest time", async () => {
  await using target = await startTarget();
  await using server = await target.open();
  expect(await server.oldestTime("files", signal)).toBeUndefined();
});

test("the files are those of this instance of a cluster", async () => {
  const primary = { uniqueName: "ORCL_A", instances: 2 };
  const world = createWorld({ release: "19c", pluggables: ["SALESPDB"], primary }, Date.now());
  await using target = await startTarget({ world });
  await using server = await target.open();
  target.append([{ ACTION_NAME: "SELECT", SESSIONID: "1" }], { refusedByTable: true, instance: 1 });
  target.append([{ ACTION_NAME: "SELECT", SESSIONID: "2" }], { refusedByTable: true, instance: 2 });
  expect((await readKeys(server, "files")).map((key) => key[2])).toEqual(["1"]);
});

describe("without the direct grants", () => {
  const append = (target: Awaited<ReturnType<typeof startTarget>>) => {
    target.append([{ ACTION_NAME: "SELECT", SESSIONID: "1" }]);
    target.append([{ ACTION_NAME: "SELECT", SESSIONID: "2" }], { refusedByTable: true });
  };
  const sessions = async (server: ConnectedServer, branch: Branch) =>
    (await readKeys(server, branch)).map((key) => key[2]).toSorted();

  test.each(["19c", "21c"] as const)("%s: a primary's view is one source", async (release) => {
    await using target = await startTarget({ release });
    append(target);
    target.revoke(...DIRECT);
    await using server = await target.open();
    expect(server.instance.branches).toEqual(["table"]);
    expect(await sessions(server, "table")).toEqual(["1", "2"]);
    await expect(readKeys(server, "files")).rejects.toMatchObject({ code: "right-missing" });
  });

  test.each(["DATABASE FILE", "Table Files", "DB FILE"])("23ai: the two by SOURCE, called %s", async (names) => {
    const [table = "", files = ""] = names.split(" ");
    await using target = await startTarget({ release: "23ai" });
    append(target);
    target.emulator.shared.changeDatabase({ sourceNames: { table, files } });
    target.revoke(...DIRECT);
    await using server = await target.open();
    expect(await sessions(server, "table")).toEqual(["1"]);
    expect(await sessions(server, "files")).toEqual(["2"]);
  });

  test.each(["12.2", "18c"] as const)("%s is refused, and says what to grant", async (release) => {
    await using target = await startTarget({ release });
    target.revoke(...DIRECT);
    await expect(target.open()).rejects.toMatchObject({
      name: "RefusedError",
      code: "right-missing",
      remedy: "Grant READ on AUDSYS.AUD$UNIFIED and on SYS.GV_$UNIFIED_AUDIT_TRAIL to DAS_READER",
    });
  });
});

test("without a right to the view it is refused", async () => {
  await using target = await startTarget();
  const { shared } = target.emulator;
  shared.changeDatabase({ users: shared.database.users.map((user) => ({ ...user, roles: [] })) });
  await expect(target.open()).rejects.toMatchObject({ name: "RefusedError", code: "right-missing" });
});

test("a look shows clock, role, mode and history, and a change of role", async () => {
  await using target = await startTarget();
  await using server = await target.open();
  const before = Date.now();
  const first = await server.observe(signal);
  expect(Math.abs(Date.parse(`${first.now.slice(0, 10)}T${first.now.slice(11, 23)}Z`) - before)).toBeLessThan(5_000);
  expect(first.now).toMatch(/\.\d{6}\+00$/);
  expect(first).toMatchObject({ role: "PRIMARY", openMode: "READ WRITE", history: historyText(target.site()) });
});

describe("a lock", () => {
  test("is held by one session, again by the same one, and goes with it", async () => {
    await using target = await startTarget();
    await using spare = await target.open();
    {
      await using holder = await target.open();
      expect(await holder.takeLock("oracle:1:A", signal)).toBe(true);
      expect(await holder.takeLock("oracle:1:A", signal)).toBe(true);
      expect(await spare.takeLock("oracle:1:A", signal)).toBe(false);
      expect(await spare.takeLock("oracle:1:B", signal)).toBe(true);
    }
    await expect.poll(() => spare.takeLock("oracle:1:A", signal)).toBe(true);
  });

  test("has a number of its own, of thirty bits, for each source of each resource", () => {
    const digest = createHash("sha256").update("das:db-A:oracle:1:A").digest("hex");
    expect(lockId("db-A", "oracle:1:A")).toBe(String(BigInt(`0x${digest}`) >> 226n));
    const ids = ["db-A", "db-B"].flatMap((id) => ["oracle:1:A", "oracle:1:A#a"].map((source) => lockId(id, source)));
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(Number(id)).toBeLessThan(2 ** 30);
  });

  test("needs the right to take it", async () => {
    await using target = await startTarget();
    target.revoke("SYS.DBMS_LOCK");
    await using server = await target.open();
    await expect(server.takeLock("oracle:1:A", signal)).rejects.toMatchObject({ code: "right-missing" });
  });
});

describe("the archive timestamp", () => {
  test("is the latest that concerns this trail", async () => {
    await using target = await startTarget();
    await using server = await target.open();
    expect(await server.lastArchiveTime(signal)).toBeUndefined();
    target.emulator.change((world, now) =>
      setLastArchiveTimestamp(world, target.emulator.site, target.guid, "2026-01-02 03:04:05.678901", now),
    );
    expect(await server.lastArchiveTime(signal)).toBe("2026-01-02 03:04:05.678901+00");
  });

  test("is not known where it may not be looked at, which is said once", async () => {
    await using target = await startTarget();
    target.revoke("SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS");
    await using server = await target.open();
    for (let turn = 0; turn < 2; turn += 1) expect(await server.lastArchiveTime(signal)).toBeUndefined();
    expect(target.warnings).toEqual([expect.stringContaining("grant READ on SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS")]);
  });

  test("is advanced through the procedure, which keeps the last day", async () => {
    await using target = await startTarget();
    await using server = await target.open();
    await server.advanceArchiveTime("2026-01-02 03:04:05.678901+00", signal);
    expect(await server.lastArchiveTime(signal)).toBe("2026-01-02 03:04:05.678901+00");
    const tooLate = server.advanceArchiveTime("2090-01-01 00:00:00.000000+00", signal);
    await expect(tooLate).rejects.toBeInstanceOf(ServerError);
    await expect(tooLate).rejects.toMatchObject({ number: 20001 });
  });
});

test("the canary leaves a row with this connection's session id", async () => {
  await using target = await startTarget();
  const option = { name: "EXECUTE", type: "OBJECT ACTION", objectType: "PROCEDURE" } as const;
  const policy: AuditPolicy = {
    name: "DAS_CANARY_POL",
    options: [{ ...option, objectSchema: "DAS_OWNER", objectName: "DAS_CANARY" }],
    condition: null,
    evaluation: null,
    onlyTopLevel: false,
    isPredefined: false,
    common: false,
  };
  target.emulator.change((world, now) => {
    const change = { site: target.emulator.site, container: target.guid, now };
    return enablePolicy(createPolicy(world, policy, change), policy.name, change);
  });
  await using server = await target.open();
  await server.fireCanary(signal);
  const rows: readonly AuditRow[] = target.rows("table");
  expect(rows.find(({ OBJECT_NAME }) => OBJECT_NAME === "DAS_CANARY")).toMatchObject({
    SESSIONID: server.instance.auditSessionId,
    ACTION_NAME: "EXECUTE",
  });
});

test("a PDB that closes and opens again is waited for, not misspelt", async () => {
  await using target = await startTarget();
  await (await target.open())[Symbol.asyncDispose]();
  target.emulator.change((world, now) => closePluggable(world, target.emulator.site, target.guid, now));
  await expect(target.open()).rejects.toMatchObject({ name: "UnavailableError" });
  target.emulator.change((world, now) => openPluggable(world, target.emulator.site, target.guid, "READ WRITE", now));
  await using server = await target.open();
  expect(server.instance.containerGuid).toBe(target.guid);
});

test("values do not depend on the time zone of the process, on the nights when clocks change neither", async () => {
  await using target = await startTarget();
  const times = ["2026-03-08 07:30:00", "2026-03-29 01:30:00", "2026-10-25 00:30:00", "2026-11-01 06:30:00"];
  target.append(
    times.flatMap((time) => [
      { ACTION_NAME: "SELECT", SESSIONID: "1", EVENT_TIMESTAMP_UTC: `${time}.123456` },
      { ACTION_NAME: "SELECT", SESSIONID: "2", EVENT_TIMESTAMP_UTC: `${time}.123457` },
    ]),
  );
  const { host, port, serviceName, user, password } = target.emulator;
  const argument = JSON.stringify({ host, port, service: serviceName, user, password });
  const script = new URL("./print-keys.ts", import.meta.url).pathname;
  const expected = target.rows("table").map((row) => row.EVENT_TIMESTAMP_UTC);
  for (const TZ of ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, argument], { env: { TZ } });
    expect((JSON.parse(stdout) as string[][]).map((key) => key[5]).toSorted()).toEqual(expected.toSorted());
  }
});

describe("a standby", () => {
  const startPair = async (release: ReleaseName) => {
    const world = createWorld(
      { release, pluggables: ["SALESPDB"], standbys: [{ uniqueName: "ORCL_B", openMode: "READ ONLY WITH APPLY" }] },
      Date.now(),
    );
    const primary = await startTarget({ world });
    const standby = await startTarget({ ...accountOf(primary.emulator), site: "ORCL_B" });
    return {
      primary,
      standby,
      [Symbol.asyncDispose]: async () => {
        await standby[Symbol.asyncDispose]();
        await primary[Symbol.asyncDispose]();
      },
    };
  };

  test.each(["19c", "21c", "23ai"] as const)(
    "%s: shows its own files apart from what was replicated",
    async (release) => {
      await using pair = await startPair(release);
      pair.primary.append([{ ACTION_NAME: "SELECT", SESSIONID: "1" }]);
      pair.standby.append([{ ACTION_NAME: "SELECT", SESSIONID: "2" }]);
      const filesOf = async () => {
        await using server = await pair.standby.open();
        expect((await server.observe(signal)).openMode).toBe("READ ONLY WITH APPLY");
        if (!server.instance.branches.includes("files")) return "not to be told apart";
        return (await readKeys(server, "files")).map((key) => key[2]);
      };
      expect(await filesOf()).toEqual(["2"]);
      pair.standby.revoke(...DIRECT);
      // 19c has no column that tells where a row is from.
      expect(await filesOf()).toEqual(release === "19c" ? "not to be told apart" : ["2"]);
    },
  );

  test("becomes the primary of another history", async () => {
    await using pair = await startPair("19c");
    const look = async (target: Awaited<ReturnType<typeof startTarget>>) => {
      await using server = await target.open();
      return await server.observe(signal);
    };
    const before = [await look(pair.primary), await look(pair.standby)];
    expect(before).toMatchObject([{ role: "PRIMARY" }, { role: "PHYSICAL STANDBY" }]);
    pair.primary.emulator.change((world, now) => switchover(world, "ORCL_B", now));
    const after = [await look(pair.primary), await look(pair.standby)];
    expect(after).toMatchObject([{ role: "PHYSICAL STANDBY" }, { role: "PRIMARY" }]);
    expect(after[1]?.history).not.toBe(before[0]?.history);
  });

  test("and knows since when, as long as it knows the times of its changes", async () => {
    await using pair = await startPair("19c");
    await using first = await pair.primary.open();
    expect(await first.becamePrimaryAt(signal)).toBeUndefined();
    const { emulator } = pair.standby;
    const before = Date.now();
    emulator.change((world, now) => switchover(world, "ORCL_B", now));
    await using server = await pair.standby.open();
    const began = (await server.becamePrimaryAt(signal)) ?? "";
    const time = Date.parse(`${began.slice(0, 10)}T${began.slice(11, 23)}Z`);
    expect(Math.abs(time - before)).toBeLessThan(5_000);
    const fail = (number: number) =>
      emulator.faults.arm({ at: "statement", matching: /SCN_TO_TIMESTAMP/, error: { number, text: "it cannot" } });
    fail(8181);
    expect(await server.becamePrimaryAt(signal)).toBeUndefined();
    expect(pair.standby.warnings).toEqual([]);
    fail(1031);
    expect(await server.becamePrimaryAt(signal)).toBeUndefined();
    expect(pair.standby.warnings).toEqual([expect.stringContaining("cannot be seen")]);
  });
});
