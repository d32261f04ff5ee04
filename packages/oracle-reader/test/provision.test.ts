import { type Provisioner, silentLogger, systemClock } from "@das/core";
import {
  containerOf,
  type OracleEmulator,
  type OracleEmulatorOptions,
  type ReleaseName,
  siteNamed,
  startOracleEmulator,
  VERSION_PROFILES,
  workContainer,
} from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { type ConnectionOptions, openProvisioner } from "../src/index.ts";

const signal = new AbortController().signal;
const RELEASES = (Object.keys(VERSION_PROFILES) as ReleaseName[]).filter((release) => release !== "future");

function connectionTo({ host, port, serviceName: service, user, password }: OracleEmulator): ConnectionOptions {
  return { instanceId: "a", host, port, service, user, password, tls: "off" };
}

async function startTarget(options: OracleEmulatorOptions = {}) {
  const emulator = await startOracleEmulator({ tls: "off", ...options });
  const connection = connectionTo(emulator);
  return {
    emulator,
    open: (user = "SYSTEM"): Provisioner =>
      openProvisioner({
        resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        instances: [connection],
        administrator: { user, password: emulator.administratorPassword },
        logger: silentLogger,
      }),
    /** What a DBA does by hand. */
    run: async (...statements: readonly string[]) => {
      const administrator = { user: "SYSTEM", password: emulator.administratorPassword };
      await using session = await Connection.open({ ...connection, ...administrator }, systemClock);
      for (const statement of statements) await session.call(statement, {});
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

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

describe.each(RELEASES)("on Oracle %s", (release) => {
  test("a start is the statements that are written down, and a stop takes them back", async () => {
    await using target = await startTarget({ release, user: "DAS_READER" });
    await target.run(...BARE, "CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app");
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
    });
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
