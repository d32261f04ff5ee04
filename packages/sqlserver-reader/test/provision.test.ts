import { type Provisioner, silentLogger } from "@das/core";
import { type SqlServerEmulator, type SqlServerEmulatorOptions, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { openProvisioner } from "../src/index.ts";
import { SqlServerReader } from "../src/sqlserver-reader.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const never = new AbortController().signal;

function startEmulator(options: SqlServerEmulatorOptions = {}): Promise<SqlServerEmulator> {
  return startSqlServerEmulator({ provisioned: false, tls: "off", ...options });
}

function connectionTo(emulator: SqlServerEmulator, instanceId = "a") {
  const { host, port, user, password } = emulator;
  return { instanceId, host, port, user, password, tls: "off" } as const;
}

function open(...emulators: readonly SqlServerEmulator[]): Provisioner {
  const [first] = emulators;
  return openProvisioner({
    resourceId: RESOURCE,
    instances: emulators.map((emulator, index) => connectionTo(emulator, "abc"[index])),
    administrator: { user: "sa", password: first?.password ?? "" },
    logger: silentLogger,
  });
}

async function start(provisioner: Provisioner): Promise<void> {
  await provisioner.run(await provisioner.planStart(never), never);
}

async function stop(provisioner: Provisioner): Promise<void> {
  await provisioner.run(await provisioner.planStop(never), never);
}

describe.each(["2016", "2019", "2022"] as const)("a life on %s", (version) => {
  test("start makes all that check asks for, and a second one nothing; stop leaves no audit", async () => {
    await using emulator = await startEmulator({ version });
    await using provisioner = open(emulator);
    await provisioner.demandPrimary(never);

    await start(provisioner);

    expect(await provisioner.planStart(never)).toEqual([]);
    await using reader = new SqlServerReader({ connection: connectionTo(emulator), resourceId: RESOURCE });
    const { findings } = await reader.check(never);
    expect(findings.filter(({ status }) => status === "failure")).toEqual([]);

    await stop(provisioner);
    expect(await provisioner.planStop(never)).toEqual([]);
    expect(emulator.trail.audits).toEqual([]);
  });
});
