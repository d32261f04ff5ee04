import type { PlannedStatement } from "@das/core";
import {
  containerOf,
  createWorld,
  type OracleEmulator,
  type ReleaseName,
  siteNamed,
  VERSION_PROFILES,
  workContainer,
} from "@das/oracle-emulator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GRANT_VERSIONS, grantsOf } from "../src/index.ts";
import { sentText } from "../src/provision/planned.ts";
import { OTHER_DBA, startTarget } from "./provisioned-target.ts";

const signal = new AbortController().signal;
const RELEASES = (Object.keys(VERSION_PROFILES) as ReleaseName[]).filter((release) => release !== "future");

/** Everything that provisioning could touch; the publisher's account stays at stop. */
function everythingOf({ shared, site, world, user }: OracleEmulator): unknown {
  const { users, roles, routines, triggers, tables } = shared.database;
  const { parameters, containers } = siteNamed(world, site);
  const { guid } = workContainer(siteNamed(world, site));
  const { policies, enabledPolicies, table } = containerOf(siteNamed(world, site), guid);
  return {
    users: users.filter(({ name }) => name !== user),
    roles,
    routines,
    triggers,
    tables,
    parameters,
    containers: containers.length,
    policies,
    enabledPolicies,
    interval: table.interval,
  };
}

/** A database that never heard of das. */
const BARE = ["DROP USER das_reader CASCADE", "DROP USER das_owner CASCADE"];

const OWN_POLICY = ["CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app"];

describe.each(RELEASES)("on Oracle %s", (release) => {
  test("a start is the statements that are written down, and a stop takes them back", async () => {
    await using target = await startTarget({ release, user: "DAS_READER" });
    await target.run([...BARE, ...OWN_POLICY]);
    const before = everythingOf(target.emulator);
    await using provisioner = target.open();
    await provisioner.demandPrimary(signal);
    const start = await provisioner.planStart(signal);
    await expect(script(start)).toMatchFileSnapshot(`golden/start.oracle.${release}.sql`);
    await provisioner.run(start, signal);
    expect(await provisioner.planStart(signal)).toEqual([]);
    expect(await provisioner.state(signal)).toEqual({
      policy: "locked",
      drift: [],
      parameters: expect.arrayContaining([]),
      protection: ["Database Vault is not enabled: a trigger is what locks the audit policies"],
    });
    // The publisher's own account may see the same.
    await using own = target.open(target.emulator.user, target.emulator.password);
    expect(await own.state(signal)).toEqual(await provisioner.state(signal));
    const stop = await provisioner.planStop(signal);
    await expect(script(stop)).toMatchFileSnapshot(`golden/stop.oracle.${release}.sql`);
    await provisioner.run(stop, signal);
    expect(everythingOf(target.emulator)).toEqual(before);
    expect(await provisioner.planStop(signal)).toEqual([]);
    expect(await provisioner.state(signal)).toMatchObject({ policy: undefined, drift: [], parameters: [] });
  });
});

function script(plan: readonly { readonly what: string; readonly sql: string }[]): string {
  return plan.map(({ what, sql }) => `-- ${what}\n${sql}\n`).join("\n");
}

test("a start or a stop that died goes on from where it was", async () => {
  await using target = await startTarget();
  await target.run([...BARE, ...OWN_POLICY]);
  const before = everythingOf(target.emulator);
  await using provisioner = target.open();
  const length = (await provisioner.planStart(signal)).length;
  const places = fc.array(fc.nat({ max: length }), { minLength: 2, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(places, fc.nat({ max: 12 }), async (started, stopped) => {
      for (const count of started) await provisioner.run((await provisioner.planStart(signal)).slice(0, count), signal);
      await provisioner.run(await provisioner.planStart(signal), signal);
      expect(await provisioner.planStart(signal)).toEqual([]);
      expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });
      await provisioner.run((await provisioner.planStop(signal)).slice(0, stopped), signal);
      await provisioner.run(await provisioner.planStop(signal), signal);
      expect(everythingOf(target.emulator)).toEqual(before);
    }),
    { numRuns: 15 },
  );
});

test("a run that died between NOAUDIT and AUDIT leaves no policy of the site switched off", async () => {
  await using target = await startTarget();
  await target.run([...BARE, ...OWN_POLICY]);
  const before = everythingOf(target.emulator);
  await using provisioner = target.open();
  const untilNoaudit = (plan: readonly PlannedStatement[]) =>
    plan.slice(0, plan.findIndex(({ sql }) => sql === "NOAUDIT POLICY APP;") + 1);
  const dying = untilNoaudit(await provisioner.planStart(signal));
  expect(dying.length).toBeGreaterThan(1);
  await provisioner.run(dying, signal);
  expect((await provisioner.planStart(signal)).map(({ sql }) => sql)).toContain("AUDIT POLICY APP EXCEPT DAS_READER;");
  await provisioner.run(await provisioner.planStart(signal), signal);
  const stopping = untilNoaudit(await provisioner.planStop(signal));
  expect(stopping.length).toBeGreaterThan(1);
  await provisioner.run(stopping, signal);
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(everythingOf(target.emulator)).toEqual(before);
});

test("the rights that das grants prints for an administrator are enough", async () => {
  await using target = await startTarget();
  await target.run([...BARE, ...OWN_POLICY, 'CREATE USER boss IDENTIFIED BY "boss"']);
  const before = everythingOf(target.emulator);
  const request = { version: "19c", containers: [], canary: true, purge: true } as const;
  await target.run(grantsOf({ ...request, user: "boss", account: "administrator" }).map(sentText));
  const granted = everythingOf(target.emulator);
  await using provisioner = target.open("boss", "boss");
  await provisioner.run(await provisioner.planStart(signal), signal);
  expect(await provisioner.state(signal)).toMatchObject({ policy: "locked" });
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(everythingOf(target.emulator)).toEqual(granted);
  expect(granted).not.toEqual(before);
});

test.each(GRANT_VERSIONS)(
  "a publisher's account on Oracle %s that was made by hand needs nothing more",
  async (version) => {
    const request = { user: "das_reader", version, containers: [], canary: true, purge: true } as const;
    const grants = grantsOf(request);
    expect(grants.every(({ what, place }) => what.length > 10 && place !== undefined)).toBe(true);
    await using target = await startTarget({ release: version as ReleaseName });
    await target.run(BARE);
    const isInstalled = (sql: string) => sql.includes(" ON DAS_OWNER.");
    const byHand = grants.map(sentText).filter((sql) => !isInstalled(sql));
    await target.run(byHand.map((sql) => sql.replace(":reader_password", '"secret"')));
    await using provisioner = target.open();
    const plan = await provisioner.planStart(signal);
    const forReader = plan.filter(({ sql }) => /^GRANT|^CREATE USER/.test(sql) && sql.includes("DAS_READER"));
    expect(forReader.map(({ sql }) => sql)).toEqual(grants.map(({ sql }) => sql).filter(isInstalled));
  },
);

test("without the canary and the purge an account needs less; a common user has its rights everywhere", () => {
  const request = { user: "c##das", version: "19c", containers: ["sales"], canary: false, purge: false } as const;
  const texts = grantsOf(request).map(({ sql }) => sql);
  expect(texts[0]).toBe("CREATE USER C##DAS IDENTIFIED BY :reader_password CONTAINER=ALL;");
  expect(texts.at(-1)).toBe("GRANT EXECUTE ON C##DAS_OWNER.DAS_HEAL TO C##DAS;");
  expect(texts.join()).not.toMatch(/DAS_CANARY|DAS_ADVANCE/);
});

test("the rules of Database Vault stand in each container, and ask the lock of that container", () => {
  const request = { user: "c##das", version: "19c", containers: ["sales"], canary: false, purge: false } as const;
  const rules = grantsOf({ ...request, account: "vault owner" }).filter(({ sql }) => sql.includes("das_is_locked"));
  expect(rules.map(({ place, sql }) => [place, /(\S+)\.das_is_locked/.exec(sql)?.[1]])).toEqual([
    ["the root", "'C##DAS_OWNER"],
    ["the root", "'C##DAS_OWNER"],
    ["sales", "'DAS_OWNER"],
    ["sales", "'DAS_OWNER"],
  ]);
});

const ATTEMPTS = [
  "CREATE AUDIT POLICY mine ACTIONS LOGON",
  "CREATE /* x */ AUDIT -- y\n POLICY mine ACTIONS LOGON",
  "ALTER AUDIT POLICY app DROP ACTIONS ALL",
  "DROP AUDIT POLICY das_lock",
  "NOAUDIT POLICY app",
  "NOAUDIT POLICY das_lock",
  "AUDIT POLICY app EXCEPT mallory",
  "DROP TRIGGER das_owner.das_lock_trg",
  "ALTER TRIGGER das_owner.das_lock_trg DISABLE",
  "CREATE OR REPLACE FUNCTION das_owner.das_is_locked RETURN NUMBER AS BEGIN RETURN 0; END;",
  "DROP FUNCTION das_owner.das_guard",
  "DROP TABLE das_owner.das_state",
  "GRANT EXECUTE ON das_owner.das_set_policy TO mallory",
  "DROP USER das_owner CASCADE",
];

test("while it is locked no DBA changes an audit policy or the lock; only who started it unlocks", async () => {
  await using target = await startTarget();
  await target.run([...OWN_POLICY, ...OTHER_DBA]);
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  const mallory = (statement: string) => target.run([statement], "mallory", "mallory");
  for (const attempt of ATTEMPTS) await expect(mallory(attempt), attempt).rejects.toMatchObject({ number: 20_990 });
  const unlock = "BEGIN das_owner.das_set_policy(0, NULL); END;";
  await expect(mallory(unlock)).rejects.toMatchObject({ number: 20_992 });
  await expect(mallory("BEGIN das_owner.das_record('{}'); END;")).rejects.toMatchObject({ number: 20_992 });
  await using other = target.open("mallory", "mallory");
  const stop = await other.planStop(signal);
  await expect(other.run(stop, signal)).rejects.toMatchObject({
    name: "RefusedError",
    message: expect.stringMatching(/instance a, SALESPDB refused to unlock .*only the administrator who started/),
  });
  // What has nothing to do with the audit goes on.
  await mallory("CREATE TABLE mallory.own (a NUMBER)");
  expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });

  await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
  expect(await provisioner.planPolicy("unlocked", signal)).toEqual([]);
  expect(await provisioner.state(signal)).toMatchObject({ policy: "unlocked", drift: [] });
  await mallory("CREATE AUDIT POLICY mine ACTIONS LOGON");
  await mallory("AUDIT POLICY mine");
  await mallory("ALTER TRIGGER das_owner.das_lock_trg DISABLE");
  await mallory("DROP FUNCTION das_owner.das_guard");
  await provisioner.run(await provisioner.planPolicy("locked", signal), signal);
  expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });
  await expect(mallory("NOAUDIT POLICY mine")).rejects.toMatchObject({ number: 20_990 });
});

test("what is not started is neither locked nor stopped, and a wrong login says whose it is", async () => {
  await using target = await startTarget();
  await using provisioner = target.open();
  expect(await provisioner.planStop(signal)).toEqual([]);
  await expect(provisioner.planPolicy("locked", signal)).rejects.toMatchObject({ code: "InvalidDBInstanceState" });
  await using wrong = target.open("SYSTEM", "wrong");
  await expect(wrong.demandPrimary(signal)).rejects.toMatchObject({
    code: "login-refused",
    remedy: expect.stringContaining("--admin-user"),
  });
  await using reader = target.open(target.emulator.user, target.emulator.password);
  await expect(reader.planStart(signal)).rejects.toMatchObject({ code: "right-missing" });
});

test("the root and its PDBs each have a lock; one of them that is open is a way around", async () => {
  const containers = ["SALESPDB"];
  await using target = await startTarget(
    { pluggables: containers, user: "C##DAS" },
    { service: "ORCL", user: "c##das", containers },
  );
  await target.run(["DROP USER c##das CASCADE", "DROP USER das_owner CASCADE"]);
  const before = everythingOf(target.emulator);
  await using provisioner = target.open();
  await provisioner.demandPrimary(signal);
  const start = await provisioner.planStart(signal);
  await expect(start.map((each) => `-- ${each.place}\n${script([each])}`).join("\n")).toMatchFileSnapshot(
    "golden/start.oracle.19c.root-and-pdb.sql",
  );
  await provisioner.run(start, signal);
  expect(await provisioner.planStart(signal)).toEqual([]);
  expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });
  await target.run(["BEGIN das_owner.das_set_policy(0, NULL); END;"], undefined, undefined, "SALESPDB");
  expect(await provisioner.state(signal)).toMatchObject({ policy: "unlocked" });
  const lock = await provisioner.planPolicy("locked", signal);
  expect(lock.map(({ place }) => place)).toEqual(["instance a, SALESPDB"]);
  await provisioner.run(lock, signal);
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(everythingOf(target.emulator)).toEqual(before);
});

test("what is made for a PDB stands in that PDB, and for each for itself", async () => {
  const containers = ["SALESPDB", "STOCKPDB"];
  await using target = await startTarget(
    { pluggables: containers, user: "C##DAS" },
    { service: "ORCL", user: "c##das", containers },
  );
  await target.run(["DROP USER das_owner CASCADE"], undefined, undefined, "SALESPDB");
  await using provisioner = target.open();
  const { shared, world, site } = target.emulator;
  const names = new Map(siteNamed(world, site).containers.map(({ guid, name }) => [guid, name]));
  const placesOf = () => {
    const { users, routines, tables, triggers } = shared.database;
    const placed = [...routines, ...tables, ...triggers].map(
      ({ container = "", owner }) => `${names.get(container)}: ${owner}`,
    );
    const local = users.flatMap(({ container, name }) =>
      container === undefined ? [] : [`${names.get(container)}: ${name}`],
    );
    return { placed: Map.groupBy(placed, (place) => place), local };
  };
  await provisioner.run(await provisioner.planStart(signal), signal);
  const owned = ["CDB$ROOT: C##DAS_OWNER", "SALESPDB: DAS_OWNER", "STOCKPDB: DAS_OWNER"];
  const { placed, local } = placesOf();
  expect([...placed.keys()].toSorted()).toEqual(owned);
  expect(new Set([...placed.values()].map(({ length }) => length)).size).toBe(1);
  expect(local.toSorted()).toEqual(owned.slice(1));
  expect(await provisioner.planStart(signal)).toEqual([]);
  // One is unlocked: the others stay as they are.
  await target.run(["BEGIN das_owner.das_set_policy(0, NULL); END;"], undefined, undefined, "STOCKPDB");
  expect((await provisioner.planPolicy("locked", signal)).map(({ place }) => place)).toEqual(["instance a, STOCKPDB"]);
  await target.run(["CREATE AUDIT POLICY mine ACTIONS LOGON"], undefined, undefined, "STOCKPDB");
  await expect(
    target.run(["CREATE AUDIT POLICY mine ACTIONS LOGON"], undefined, undefined, "SALESPDB"),
  ).rejects.toMatchObject({ number: 20_990 });
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(placesOf()).toEqual({ placed: new Map(), local: [] });
});

test("in a root an account that is not common is refused before anything is made", async () => {
  await using target = await startTarget({}, { service: "ORCL" });
  await target.run(BARE);
  const before = everythingOf(target.emulator);
  await using provisioner = target.open();
  await expect(provisioner.planStart(signal)).rejects.toMatchObject({ code: "account-not-common" });
  expect(everythingOf(target.emulator)).toEqual(before);
});

test.each(["while it is unlocked", "while it is unlocked, and locked again"])(
  "what the site switched off %s stays off after a stop",
  async (when) => {
    await using target = await startTarget();
    await target.run(OWN_POLICY);
    await using provisioner = target.open();
    await provisioner.run(await provisioner.planStart(signal), signal);
    await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
    await target.run(["NOAUDIT POLICY app"]);
    if (when.endsWith("again")) await provisioner.run(await provisioner.planPolicy("locked", signal), signal);
    expect((await provisioner.planStart(signal)).map(({ sql }) => sql).join()).not.toContain("AUDIT POLICY APP");
    const stop = await provisioner.planStop(signal);
    // Dies behind the trigger: from then on what is off could be das's own doing.
    await provisioner.run(stop.slice(0, stop.findIndex(({ sql }) => sql.startsWith("DROP TRIGGER")) + 1), signal);
    await provisioner.run(await provisioner.planStop(signal), signal);
    expect(policiesOf(target.emulator)).not.toContain("APP");
  },
);

test("what somebody switched off in spite of the lock comes back at a stop", async () => {
  await using target = await startTarget();
  await target.run(OWN_POLICY);
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  target.emulator.shared.changeDatabase({ triggersSeePolicies: false });
  await target.run(["NOAUDIT POLICY app"]);
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(policiesOf(target.emulator)).toContain("APP");
});

function policiesOf({ site, world }: OracleEmulator): readonly string[] {
  const { guid } = workContainer(siteNamed(world, site));
  return containerOf(siteNamed(world, site), guid).enabledPolicies.map(({ policyName }) => policyName);
}

test.each([
  ["that is open", "READ ONLY", /PHYSICAL STANDBY that is open READ ONLY/],
  ["that is mounted", "MOUNTED", /is not open: a mounted standby/],
] as const)("a standby %s is refused in RDS's words", async (_, openMode, message) => {
  const world = createWorld(
    {
      release: "19c",
      primary: { uniqueName: "ORCL_A" },
      standbys: [{ uniqueName: "ORCL_B", openMode }],
      pluggables: ["SALESPDB"],
    },
    Date.now(),
  );
  await using primary = await startTarget({ world });
  const { shared, user, password } = primary.emulator;
  await using standby = await startTarget({ shared, user, password, site: "ORCL_B" });
  await using provisioner = standby.open("SYSTEM", primary.emulator.administratorPassword);
  await expect(provisioner.demandPrimary(signal)).rejects.toMatchObject({
    name: "RefusedError",
    code: "InvalidDBInstanceState",
    message: expect.stringMatching(message),
  });
});
