/** Database Vault as the emulator plays it: nothing of it was seen on a real one (Oracle notes §10). */
import { type Logger, systemClock } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grantsOf } from "../src/index.ts";
import { sentText } from "../src/provision/planned.ts";
import { OTHER_DBA, startTarget } from "./provisioned-target.ts";

const signal = new AbortController().signal;

const SITE = ["CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app EXCEPT das_reader", ...OTHER_DBA];

/** Nothing of das is there, Database Vault is on, and SYSTEM may configure it, or not. */
async function startVault({ release = "19c", mayConfigure = true, logger }: VaultOptions = {}) {
  const target = await startTarget({ release }, {}, logger);
  await target.run([...SITE, "DROP USER das_owner CASCADE"]);
  if (mayConfigure) await target.run(["GRANT DV_ADMIN TO SYSTEM"]);
  const { shared } = target.emulator;
  shared.changeDatabase({ vault: { ...shared.database.vault, isEnabled: true } });
  // On a release whose DDL triggers do not see policies, the rules stand alone.
  shared.changeDatabase({ triggersSeePolicies: false });
  return target;
}

interface VaultOptions {
  readonly release?: "12.2" | "19c" | "23ai";
  readonly mayConfigure?: boolean;
  readonly logger?: Logger;
}

type Vaulted = Awaited<ReturnType<typeof startVault>>;

function rulesOf({ emulator }: Vaulted) {
  const { rules, ruleSets, commandRules } = emulator.shared.database.vault;
  return { rules: rules.length, ruleSets: ruleSets.length, commandRules: commandRules.map(({ command }) => command) };
}

const NO_RULES = { rules: 0, ruleSets: 0, commandRules: [] };

function vaultText(plan: readonly { readonly what: string; readonly sql: string }[]): string {
  const concerned = plan.filter(({ sql }) => /DVSYS|das_set_policy/.test(sql));
  return concerned.map(({ what, sql }) => `-- ${what}\n${sql}\n`).join("\n");
}

async function vaultFinding({ openReader }: Vaulted) {
  await using reader = openReader(systemClock);
  const { findings } = await reader.check(signal);
  // What is asked for here is not blamed there.
  expect(findings.find(({ id }) => id === "oracle.least-privilege")).toMatchObject({ status: "ok" });
  return findings.find(({ id }) => id === "oracle.database-vault");
}

const ATTEMPTS = [
  "CREATE AUDIT POLICY mine ACTIONS LOGON",
  "ALTER AUDIT POLICY app DROP ACTIONS ALL",
  "DROP AUDIT POLICY app",
  "NOAUDIT POLICY app",
  "AUDIT POLICY app EXCEPT mallory",
];

describe.each(["12.2", "19c", "23ai"] as const)("on Oracle %s", (release) => {
  test("start makes the rules, which refuse SYS as well; a stop removes them", async () => {
    await using target = await startVault({ release });
    await using provisioner = target.open();
    const start = await provisioner.planStart(signal);
    await expect(vaultText(start)).toMatchFileSnapshot(`golden/vault-start.oracle.${release}.sql`);
    await provisioner.run(start, signal);
    expect(rulesOf(target)).toMatchObject({ rules: 2, ruleSets: 2, commandRules: { length: 6 } });
    expect(await provisioner.planStart(signal)).toEqual([]);
    expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });
    for (const user of ["mallory", "SYSTEM"]) {
      const password = user === "mallory" ? "mallory" : undefined;
      for (const attempt of ATTEMPTS)
        await expect(target.run([attempt], user, password), attempt).rejects.toMatchObject({ number: 47_400 });
      const purge = "BEGIN DBMS_AUDIT_MGMT.CLEAN_AUDIT_TRAIL(51, TRUE); END;";
      await expect(target.run([purge], user, password)).rejects.toMatchObject({ number: 47_409 });
    }
    // The hand-over of the purge goes through, and so does what puts a policy back.
    const { user, password, shared } = target.emulator;
    await target.run(["BEGIN das_owner.das_advance('2020-01-01 00:00:00.000000'); END;"], user, password);
    const { vault } = shared.database;
    shared.changeDatabase({ vault: { ...vault, isEnabled: false } });
    await target.run(["NOAUDIT POLICY app"]);
    shared.changeDatabase({ vault });
    expect((await provisioner.state(signal)).drift).toHaveLength(1);
    await target.run(["BEGIN das_owner.das_heal('audit policy APP'); END;"], user, password);
    expect((await provisioner.state(signal)).drift).toEqual([]);

    await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
    await target.run(["CREATE AUDIT POLICY mine ACTIONS LOGON", "AUDIT POLICY mine"]);
    await provisioner.run(await provisioner.planPolicy("locked", signal), signal);
    await expect(target.run(["NOAUDIT POLICY mine"])).rejects.toMatchObject({ number: 47_400 });

    const stop = await provisioner.planStop(signal);
    await expect(vaultText(stop)).toMatchFileSnapshot(`golden/vault-stop.oracle.${release}.sql`);
    await provisioner.run(stop, signal);
    expect(rulesOf(target)).toEqual(NO_RULES);
    expect(await provisioner.planStop(signal)).toEqual([]);
  });
});

test("a command that has no rule is told, and neither ends the start nor is tried at every one after it", async () => {
  const warnings: string[] = [];
  const logger = { ...quiet(), warn: (_: object, message: string) => warnings.push(message) };
  await using target = await startVault({ logger });
  const { shared } = target.emulator;
  const commands = ["AUDIT POLICY", "NOAUDIT POLICY", "EXECUTE"];
  shared.changeDatabase({ vault: { ...shared.database.vault, commands } });
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  expect(rulesOf(target).commandRules.toSorted()).toEqual(commands.toSorted());
  expect(warnings).toEqual(
    ["CREATE", "ALTER", "DROP"].map((verb) =>
      expect.stringMatching(new RegExp(`refused to create the Database Vault command rule ${verb} AUDIT POLICY`)),
    ),
  );
  expect(await provisioner.planStart(signal)).toEqual([]);
  await target.run(["GRANT DV_SECANALYST TO das_reader"]);
  expect(await vaultFinding(target)).toMatchObject({
    status: "warning",
    what: expect.stringMatching(/in force for CREATE AUDIT POLICY, ALTER AUDIT POLICY, DROP AUDIT POLICY$/),
  });
});

test("a rule that somebody removes is drift, and a start makes it again", async () => {
  await using target = await startVault();
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  const place = "object_owner => '%', object_name => '%'";
  await target.run([`BEGIN DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'NOAUDIT POLICY', ${place}); END;`]);
  expect((await provisioner.state(signal)).drift).toEqual([
    "Database Vault command rule NOAUDIT POLICY is gone: it was DAS lock, Y",
  ]);
  await provisioner.run(await provisioner.planStart(signal), signal);
  expect((await provisioner.state(signal)).drift).toEqual([]);
  expect(rulesOf(target).commandRules).toHaveLength(6);
});

test("an administrator who may not configure Database Vault is told whose work it is, before and at the end", async () => {
  const warnings: string[] = [];
  const logger = { ...quiet(), warn: (_: object, message: string) => warnings.push(message) };
  await using target = await startVault({ mayConfigure: false, logger });
  await using provisioner = target.open();
  const start = await provisioner.planStart(signal);
  expect(start.map(({ sql }) => sql)).toContain("GRANT EXECUTE ON DAS_OWNER.DAS_IS_LOCKED TO DVSYS;");
  expect(start.at(-1)?.what).toMatch(/its rules are not this user's to make: its owner runs what das grants/);
  expect(warnings).toEqual([expect.stringMatching(/^Database Vault is enabled, and its rules are not/)]);
  await provisioner.run(start, signal);
  expect(rulesOf(target)).toEqual(NO_RULES);
  expect(await vaultFinding(target)).toMatchObject({
    status: "warning",
    what: expect.stringContaining("cannot be looked at"),
    repair: expect.stringContaining("GRANT DV_SECANALYST TO DAS_READER;"),
  });

  // The owner of Database Vault runs what is printed for him.
  await target.run(['CREATE USER keeper IDENTIFIED BY "keeper"', "GRANT CREATE SESSION, DV_OWNER TO keeper"]);
  const request = { user: "das_reader", version: "19c", containers: [], canary: true, purge: true } as const;
  const rules = grantsOf({ ...request, account: "vault owner" }).map(sentText);
  await target.run(rules, "keeper", "keeper");
  await target.run(["GRANT DV_SECANALYST TO das_reader"]);
  expect(await vaultFinding(target)).toMatchObject({ status: "ok", what: expect.stringContaining("are in force") });
  await expect(target.run(["NOAUDIT POLICY app"])).rejects.toMatchObject({ number: 47_400 });

  // Rules whose function is gone would refuse everything, for ever: something is left for them.
  const stop = await provisioner.planStop(signal);
  expect(stop.map(({ what }) => what).join()).toMatch(/leave DAS_OWNER.DAS_IS_LOCKED, which says unlocked, for rules/);
  await provisioner.run(stop, signal);
  expect(await provisioner.state(signal)).toMatchObject({ policy: undefined });
  expect(await provisioner.planStop(signal)).toEqual([]);
  await target.run(["NOAUDIT POLICY app", "AUDIT POLICY app EXCEPT das_reader"]);

  // Started again, the rules are in force again; whoever may remove them leaves nothing.
  await provisioner.run(await provisioner.planStart(signal), signal);
  await expect(target.run(["NOAUDIT POLICY app"])).rejects.toMatchObject({ number: 47_400 });
  await target.run(["GRANT DV_ADMIN TO SYSTEM"]);
  await using allowed = target.open();
  await allowed.run(await allowed.planStop(signal), signal);
  expect(rulesOf(target)).toEqual(NO_RULES);
  expect(target.emulator.shared.database.users.map(({ name }) => name)).not.toContain("DAS_OWNER");
});

test("a start or a stop that died leaves nothing that refuses for ever, and goes on", async () => {
  await using target = await startVault();
  await using provisioner = target.open();
  const { length } = await provisioner.planStart(signal);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: length }), fc.nat({ max: 30 }), async (started, stopped) => {
      await provisioner.run((await provisioner.planStart(signal)).slice(0, started), signal);
      await provisioner.run(await provisioner.planStart(signal), signal);
      expect(await provisioner.planStart(signal)).toEqual([]);
      await provisioner.run((await provisioner.planStop(signal)).slice(0, stopped), signal);
      await provisioner.run(await provisioner.planStop(signal), signal);
      expect(rulesOf(target)).toEqual(NO_RULES);
      await target.run(["NOAUDIT POLICY app", "AUDIT POLICY app EXCEPT das_reader"]);
    }),
    { numRuns: 5 },
  );
});

test("each container has rules of its own, which ask its own lock", async () => {
  const containers = ["SALESPDB"];
  await using target = await startTarget(
    { pluggables: containers, user: "C##DAS" },
    { service: "ORCL", user: "c##das", containers },
  );
  await target.run(["DROP USER das_owner CASCADE", "GRANT DV_ADMIN TO SYSTEM"]);
  const { shared } = target.emulator;
  shared.changeDatabase({ vault: { ...shared.database.vault, isEnabled: true } });
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  expect(rulesOf(target)).toMatchObject({ rules: 4, ruleSets: 4, commandRules: { length: 12 } });
  const noaudit = "NOAUDIT POLICY ora_logon_failures";
  const unlock = "BEGIN das_owner.das_set_policy(0, NULL); END;";
  await target.run([unlock, noaudit], undefined, undefined, "SALESPDB");
  await expect(target.run([noaudit])).rejects.toMatchObject({ number: 47_400 });
  await provisioner.run(await provisioner.planStop(signal), signal);
  expect(rulesOf(target)).toEqual(NO_RULES);
});

test("rules that were refused a start for want of the role come with the next lock", async () => {
  await using target = await startVault({ mayConfigure: false });
  await using first = target.open();
  await first.run(await first.planStart(signal), signal);
  await target.run(["GRANT DV_ADMIN TO SYSTEM"]);
  await using provisioner = target.open();
  await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
  await provisioner.run(await provisioner.planPolicy("locked", signal), signal);
  expect(rulesOf(target).commandRules).toHaveLength(6);
  expect(await provisioner.state(signal)).toMatchObject({ policy: "locked", drift: [] });
});

function quiet(): Logger {
  const nothing = () => undefined;
  return { debug: nothing, info: nothing, warn: nothing, error: nothing };
}
