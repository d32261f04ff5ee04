import { type PlannedStatement, silentLogger } from "@das/core";
import { type SqlServerVersion, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { expect, test } from "vitest";
import { openProvisioner } from "../src/index.ts";

const never = new AbortController().signal;
const VERSIONS: readonly SqlServerVersion[] = ["2016", "2017", "2019", "2022", "2025"];

/** As das start --dry-run prints it: what each statement is for, where, and the statement. */
function script(plan: readonly PlannedStatement[]): string {
  return plan.map(({ what, place, sql }) => `-- ${what} (${place})\n${sql}\nGO\n`).join("\n");
}

/** Only start depends on the version: the rights of the reader do. */
test.each(VERSIONS)("every statement of a whole start, policy change and stop on %s is on record", async (version) => {
  await using emulator = await startSqlServerEmulator({
    provisioned: false,
    tls: "off",
    version,
    user: "rds_das_reader",
    password: "never printed",
  });
  const { host, port, user, password } = emulator;
  await using provisioner = openProvisioner({
    resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    instances: [{ instanceId: "a", host, port, user, password, tls: "off" }],
    administrator: { user: "sa", password },
    logger: silentLogger,
  });
  const plans = {
    start: () => provisioner.planStart(never),
    unlock: () => provisioner.planPolicy("unlocked", never),
    lock: () => provisioner.planPolicy("locked", never),
    stop: () => provisioner.planStop(never),
  };
  for (const [name, make] of Object.entries(plans)) {
    const plan = await make();
    const text = script(plan);
    expect(text).not.toContain(password);
    const of = name === "start" ? `.${version}` : "";
    await expect(text).toMatchFileSnapshot(`golden/${name}.sqlserver${of}.sql`);
    await provisioner.run(plan, never);
  }
});
