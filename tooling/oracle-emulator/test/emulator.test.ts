/** The whole emulator: what startOracleEmulator gives, on every release and site. */
import { describe, expect, test } from "vitest";
import {
  closeDatabase,
  createWorld,
  failover,
  type OracleEmulator,
  openDatabase,
  reinstate,
  siteNamed,
  startOracleEmulator,
  switchover,
  VERSION_PROFILES,
} from "../src/index.ts";
import { type Connected, connect, failure } from "./connect.ts";

async function logOn(emulator: OracleEmulator): Promise<Connected> {
  const { user, password, serviceName } = emulator;
  return connect(emulator, { user, password, service: serviceName });
}

async function value({ connection }: Connected, expression: string): Promise<unknown> {
  const { rows } = await connection.execute<[unknown]>(`SELECT ${expression} FROM dual`);
  return rows?.[0]?.[0];
}

const ROLE = "SYS_CONTEXT('USERENV','DATABASE_ROLE')";

describe("releases", () => {
  for (const profile of Object.values(VERSION_PROFILES)) {
    test(`${profile.release} says what it is, and describes its own columns`, async () => {
      await using emulator = await startOracleEmulator({ release: profile.release, tls: "off" });
      await using connected = await logOn(emulator);
      const { connection } = connected;
      expect(connection.oracleServerVersionString).toBe(profile.versionFull);
      expect(emulator.profile).toBe(profile);
      const { metaData } = await connection.execute("SELECT * FROM audsys.unified_audit_trail WHERE 1=0");
      expect(metaData?.map(({ name }) => name)).toEqual(profile.columns.map(({ name }) => name));
    });
  }
});

test("the accounts: the reader's own, the administrator's, and nobody else", async () => {
  await using emulator = await startOracleEmulator({ user: "somebody", password: "s1", administratorPassword: "s2" });
  const { serviceName: service } = emulator;
  expect([emulator.user, emulator.password, emulator.administratorPassword]).toEqual(["somebody", "s1", "s2"]);
  for (const [user, password] of [
    ["somebody", "s1"],
    ["SOMEBODY", "s1"],
    ["system", "s2"],
  ] as const) {
    await using connected = await connect(emulator, { user, password, service });
    expect(await value(connected, "SYS_CONTEXT('USERENV','SESSION_USER')")).toBe(user.toUpperCase());
  }
  expect(await failure(connect(emulator, { user: "system", password: "s1", service }))).toMatchObject({
    errorNum: 1017,
  });
  expect(await failure(connect(emulator, { user: "das_reader", password: "s1", service }))).toMatchObject({
    errorNum: 1017,
  });
  await expect.poll(() => emulator.sessionCount).toBe(0);
});

test("a standby is another server of the same world; a switchover changes what both say", async () => {
  const world = createWorld(
    { release: "19c", pluggables: ["PDB1"], primary: { uniqueName: "A" }, standbys: [{ uniqueName: "B" }] },
    Date.now(),
  );
  await using one = await startOracleEmulator({ world });
  await using other = await startOracleEmulator({ shared: one.shared, site: "B" });
  expect([one.site, other.site, other.user, other.password]).toEqual(["A", "B", one.user, one.password]);
  for (const [emulator, role] of [
    [one, "PRIMARY"],
    [other, "PHYSICAL STANDBY"],
  ] as const) {
    await using connected = await logOn(emulator);
    expect(await value(connected, ROLE)).toBe(role);
    expect(connected.connection.dbName).toBe(emulator.site);
  }
  one.change((before, now) => switchover(before, "B", now));
  expect(siteNamed(other.world, "B").role).toBe("PRIMARY");
  await using connected = await logOn(other);
  expect(await value(connected, ROLE)).toBe("PRIMARY");
});

test("a failover ends the sessions of both sites; the old primary lets nobody in until it is a standby again", async () => {
  const world = createWorld(
    { release: "19c", pluggables: ["PDB1"], primary: { uniqueName: "A" }, standbys: [{ uniqueName: "B" }] },
    Date.now(),
  );
  await using one = await startOracleEmulator({ world });
  await using other = await startOracleEmulator({ shared: one.shared, site: "B" });
  await using onPrimary = await logOn(one);
  await using onStandby = await logOn(other);
  expect(await Promise.all([value(onPrimary, ROLE), value(onStandby, ROLE)])).toEqual(["PRIMARY", "PHYSICAL STANDBY"]);
  one.change((before, now) => failover(before, "B", now, { losesRedo: false, oldPrimary: "down" }));
  for (const connected of [onPrimary, onStandby]) {
    expect(await failure(value(connected, ROLE))).toMatchObject({ code: "NJS-500" });
  }
  await expect.poll(() => one.sessionCount + other.sessionCount).toBe(0);
  expect(await failure(logOn(one))).toMatchObject({ code: "NJS-518" });
  await using promoted = await logOn(other);
  expect(await value(promoted, ROLE)).toBe("PRIMARY");

  one.change((before, now) => reinstate(before, "A", now));
  await using reinstated = await logOn(one);
  expect(await value(reinstated, ROLE)).toBe("PHYSICAL STANDBY");
  expect(await value(promoted, ROLE)).toBe("PRIMARY");
});

test("an instance that goes down ends its sessions and lets nobody in until it is up again", async () => {
  await using emulator = await startOracleEmulator();
  await using connected = await logOn(emulator);
  emulator.change((world, now) => closeDatabase(world, emulator.site, "immediate", now));
  expect(await failure(value(connected, ROLE))).toMatchObject({ code: "NJS-500" });
  expect(await failure(logOn(emulator))).toMatchObject({ code: "NJS-518" });
  emulator.change((world, now) => openDatabase(world, emulator.site, "READ WRITE", now));
  await using again = await logOn(emulator);
  expect(await value(again, ROLE)).toBe("PRIMARY");
});

test("the clock of the site", async () => {
  await using emulator = await startOracleEmulator();
  await using connected = await logOn(emulator);
  const shown = async () => {
    const text = await value(connected, "TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP),'YYYY-MM-DD\"T\"HH24:MI:SS.FF3')");
    return Date.parse(`${text}Z`) - emulator.now();
  };
  expect(Math.abs(await shown())).toBeLessThan(30_000);
  emulator.shiftClock(-3_600_000);
  expect(Math.abs((await shown()) + 3_600_000)).toBeLessThan(30_000);
});
