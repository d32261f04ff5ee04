import { type Provisioner, silentLogger } from "@das/core";
import {
  type SqlServerEmulator,
  type SqlServerEmulatorOptions,
  type SqlServerVersion,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import { openProvisioner } from "../src/index.ts";
import { SqlServerReader } from "../src/sqlserver-reader.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const never = new AbortController().signal;

function startEmulator(options: SqlServerEmulatorOptions = {}): Promise<SqlServerEmulator> {
  return startSqlServerEmulator({ provisioned: false, tls: "off", user: "das_reader", password: "it's1", ...options });
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

async function setPolicy(provisioner: Provisioner, policy: "locked" | "unlocked"): Promise<void> {
  await provisioner.run(await provisioner.planPolicy(policy, never), never);
}

async function stop(provisioner: Provisioner): Promise<void> {
  await provisioner.run(await provisioner.planStop(never), never);
}

/** Somebody at work on the server. */
async function as(emulator: SqlServerEmulator, user: string, database = "master") {
  const { host: server, port, password } = emulator;
  const pool = await new mssql.ConnectionPool({
    server,
    port,
    user,
    password,
    database,
    pool: { min: 1, max: 1 },
    options: { encrypt: false },
  }).connect();
  return {
    run: (sql: string) => pool.request().batch(sql),
    /** The number of the error that it ends with. */
    refused: (sql: string) =>
      pool
        .request()
        .batch(sql)
        .then(
          () => undefined,
          (error: { number?: number }) => error.number,
        ),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

const VERSIONS: readonly SqlServerVersion[] = ["2016", "2017", "2019", "2022", "2025"];

describe.each(VERSIONS)("a life on %s", (version) => {
  test("start makes all that check asks for, and a second one nothing; stop leaves no trace but the reader", async () => {
    await using emulator = await startEmulator({ version });
    await using provisioner = open(emulator);
    await provisioner.demandPrimary(never);
    expect(await provisioner.state(never)).toEqual({ policy: undefined, drift: [], parameters: [] });
    const before = emulator.instance;

    await start(provisioner);

    expect(await provisioner.planStart(never)).toEqual([]);
    expect(await provisioner.state(never)).toEqual({ policy: "locked", drift: [], parameters: [] });
    await using reader = new SqlServerReader({ connection: connectionTo(emulator), resourceId: RESOURCE });
    const { findings } = await reader.check(never);
    expect(findings.filter(({ status }) => status === "failure")).toEqual([]);

    await stop(provisioner);
    expect(await provisioner.planStop(never)).toEqual([]);
    expect(emulator.trail.audits).toEqual([]);
    expect(emulator.trail.specifications).toEqual([]);
    expect(emulator.instance).toEqual({
      ...before,
      logins: [...before.logins, expect.objectContaining({ name: "das_reader" })],
      databases: before.databases.map((database) =>
        database.name === "master" ? { ...database, principals: expect.anything() } : database,
      ),
    });

    await start(provisioner);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
  });
});

describe("the lock", () => {
  test("a DBA's attempts in each state, and what the users' policy is then", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    await start(provisioner);
    await using dba = await as(emulator, "sa");
    const SPECIFICATION = "SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC]";
    const DATABASE_SPECIFICATION = `USE Sales; CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_sales]
      FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (SELECT ON DATABASE::Sales BY public) WITH (STATE = ON);`;

    expect(await dba.refused(`ALTER ${SPECIFICATION} WITH (STATE = OFF);`)).toBe(51_000);
    expect(await dba.refused(DATABASE_SPECIFICATION)).toBe(51_000);

    await setPolicy(provisioner, "unlocked");
    expect(await provisioner.planPolicy("unlocked", never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "unlocked", drift: [] });
    await dba.run(`USE master; ALTER ${SPECIFICATION} WITH (STATE = OFF);`);
    await dba.run(`ALTER ${SPECIFICATION} ADD (LOGOUT_GROUP) WITH (STATE = ON);`);
    await dba.run(DATABASE_SPECIFICATION);
    for (const managed of [
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = OFF);",
    ])
      expect(await dba.refused(`USE master; ${managed}`)).toBe(51_000);
    expect(await provisioner.state(never)).toMatchObject({ policy: "unlocked", drift: [] });

    await setPolicy(provisioner, "locked");
    expect(await provisioner.planPolicy("locked", never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    expect(await dba.refused("USE master; DROP DATABASE Sales;")).toBe(51_000);
    expect(await dba.refused(`USE master; ALTER ${SPECIFICATION} WITH (STATE = OFF);`)).toBe(51_000);

    // The users' own specifications survive a stop and record again after the next start.
    await stop(provisioner);
    expect(emulator.trail.specifications.map(({ name }) => name).sort()).toEqual([
      "RDS_DAS_DB_sales",
      "RDS_DAS_SERVER_AUDIT_SPEC",
    ]);
    await start(provisioner);
    const [audit] = emulator.trail.audits;
    expect(emulator.trail.specifications.every(({ enabled }) => enabled)).toBe(true);
    expect(emulator.trail.specifications.filter(({ auditGuid }) => auditGuid === audit?.guid)).toHaveLength(2);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    expect(await dba.refused("USE master; DROP DATABASE Sales;")).toBe(51_000);
  });

  test("DBAs that are no sysadmin are denied the audits while the policy is locked", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    await start(provisioner);
    await using sa = await as(emulator, "sa");
    await sa.run("CREATE LOGIN [dba] WITH PASSWORD = N'it''s1'; ALTER SERVER ROLE [rds_das_dba] ADD MEMBER [dba];");
    await using dba = await as(emulator, "dba");
    const change = "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);";
    expect(await dba.refused(change)).toBe(15_247);
    await setPolicy(provisioner, "unlocked");
    expect(await dba.refused(change)).toBeUndefined();
    await setPolicy(provisioner, "locked");
    expect(await dba.refused(change)).toBe(15_247);
    // The role has a member, so it stays; but denied it is no more.
    await stop(provisioner);
    expect(emulator.instance.serverRoles).toMatchObject([{ name: "rds_das_dba", permissions: [], denied: [] }]);
  });

  test("every way past it that leaves a mark is drift, and switching on again heals what may be healed", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    await start(provisioner);
    await using sa = await as(emulator, "sa");
    await sa.run("DISABLE TRIGGER ALL ON ALL SERVER;");
    await sa.run("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);");
    await sa.run("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WHERE ([server_principal_name] <> N'sa');");
    await sa.run("ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] WITH (STATE = OFF);");
    await sa.run("ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC] DROP (AUDIT_CHANGE_GROUP);");
    await sa.run(
      `USE Clinic; CREATE DATABASE AUDIT SPECIFICATION [mine] FOR SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);`,
    );
    expect((await provisioner.state(never)).drift).toEqual([
      "audit RDS_DAS_AUDIT, predicate: was session_server_principal_name <> 'das_reader', is server_principal_name <> 'sa'",
      "audit RDS_DAS_AUDIT, state: was ON, is OFF",
      expect.stringMatching(/^database Clinic, specification mine, audit: is new/),
      "database Clinic, specification mine, state: is new (ON)",
      "specification RDS_DAS_CHANGES_AUDIT_SPEC, AUDIT_CHANGE_GROUP: is gone",
      "specification RDS_DAS_CHANGES_AUDIT_SPEC, state: was ON, is OFF",
      "trigger rds_das_lock: was enabled, is disabled",
    ]);

    await using reader = await as(emulator, "das_reader");
    expect(await reader.refused("ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;")).toBeDefined();
    await reader.run("EXEC dbo.rds_das_heal;");
    expect((await provisioner.state(never)).drift).toEqual([
      expect.stringMatching(/^audit RDS_DAS_AUDIT, predicate: was/),
      expect.stringMatching(/^database Clinic, specification mine, audit/),
      expect.stringMatching(/^database Clinic, specification mine, state/),
      "specification RDS_DAS_CHANGES_AUDIT_SPEC, AUDIT_CHANGE_GROUP: is gone",
    ]);
  });
});
