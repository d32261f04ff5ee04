import { type Provisioner, silentLogger } from "@das/core";
import {
  EmulatedGroup,
  type SqlServerEmulator,
  type SqlServerEmulatorOptions,
  type SqlServerVersion,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import { grantsOf, openProvisioner } from "../src/index.ts";
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
    expect(findings.find(({ id }) => id === "sqlserver.least-privilege")).toMatchObject({ status: "ok" });
    const reading = findings.find(({ id }) => id === "sqlserver.read-procedure");
    expect(reading?.status).toBe(["2016", "2017", "2019"].includes(version) ? "ok" : undefined);
    expect(findings.find(({ id }) => id === "sqlserver.policy-lock")).toMatchObject({
      what: "the audit policy is locked, and as it was recorded",
    });

    expect(findings.find(({ id }) => id === "sqlserver.heal-procedure")).toMatchObject({ status: "ok" });

    await stop(provisioner);
    expect(await provisioner.planStop(never)).toEqual([]);
    expect(emulator.trail.audits).toEqual([]);
    expect(emulator.trail.specifications).toEqual([]);
    // What the reader reads through is part of the rights that it keeps, like its login.
    const readsByProcedure = ["2016", "2017", "2019"].includes(version);
    const named = (name: string) => expect.objectContaining({ name });
    expect(emulator.instance).toEqual({
      ...before,
      procedures: readsByProcedure ? [named("dbo.rds_das_read")] : [],
      certificates: readsByProcedure ? [{ name: "rds_das_read_signer", password: undefined }] : [],
      logins: [...before.logins, named("das_reader"), ...(readsByProcedure ? [named("rds_das_read_signer")] : [])],
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
    // A name that looks like the place of a secret is a name.
    const LURING = `USE Clinic; CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_ PASSWORD = :reader_password]
      FOR SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);`;

    expect(await dba.refused(`ALTER ${SPECIFICATION} WITH (STATE = OFF);`)).toBe(51_000);
    expect(await dba.refused(DATABASE_SPECIFICATION)).toBe(51_000);

    await setPolicy(provisioner, "unlocked");
    expect(await provisioner.planPolicy("unlocked", never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "unlocked", drift: [] });
    await dba.run(`USE master; ALTER ${SPECIFICATION} WITH (STATE = OFF);`);
    await dba.run(`ALTER ${SPECIFICATION} ADD (LOGOUT_GROUP) WITH (STATE = ON);`);
    await dba.run(DATABASE_SPECIFICATION);
    await dba.run(LURING);
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
      "RDS_DAS_DB_ PASSWORD = :reader_password",
      "RDS_DAS_DB_sales",
      "RDS_DAS_SERVER_AUDIT_SPEC",
    ]);
    await start(provisioner);
    const [audit] = emulator.trail.audits;
    expect(emulator.trail.specifications.every(({ enabled }) => enabled)).toBe(true);
    expect(emulator.trail.specifications.filter(({ auditGuid }) => auditGuid === audit?.guid)).toHaveLength(3);
    expect(JSON.stringify(emulator.instance.tables)).not.toContain("it's1");
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    expect(await dba.refused("USE master; DROP DATABASE Sales;")).toBe(51_000);
  });

  test("is made anew where a trigger of its name does something else, or nothing", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    await using sa = await as(emulator, "sa");
    const idle = "TRIGGER [rds_das_lock] ON ALL SERVER FOR DDL_SERVER_AUDIT_EVENTS AS RETURN;";
    const attempt = "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);";
    await sa.run(`CREATE ${idle}`);
    await start(provisioner);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    expect(await sa.refused(attempt)).toBe(51_000);

    await setPolicy(provisioner, "unlocked");
    await sa.run("DROP TRIGGER [rds_das_lock] ON ALL SERVER;");
    await sa.run(`CREATE ${idle}`);
    await sa.run("DISABLE TRIGGER [rds_das_lock] ON ALL SERVER;");
    await setPolicy(provisioner, "locked");
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    expect(await sa.refused(attempt)).toBe(51_000);
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

  test("where a rollback only looks as if it undid STATE = OFF, the refusal is drift, and is healed", async () => {
    await using emulator = await startEmulator();
    emulator.changeInstance({ lock: { ...emulator.instance.lock, rollback: "looks undone" } });
    await using provisioner = open(emulator);
    await start(provisioner);
    await using sa = await as(emulator, "sa");
    expect(await sa.refused("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);")).toBe(51_000);
    expect((await provisioner.state(never)).drift).toEqual(["audit RDS_DAS_AUDIT, state: was ON, is OFF"]);
    await using reader = await as(emulator, "das_reader");
    await reader.run("EXEC dbo.rds_das_heal;");
    expect((await provisioner.state(never)).drift).toEqual([]);
  });

  test("nothing that is recorded vanishes unseen: a dropped database is drift, and no word counts as locked", async () => {
    await using emulator = await startEmulator();
    await using sa = await as(emulator, "sa");
    await using provisioner = open(emulator);
    await start(provisioner);
    await setPolicy(provisioner, "unlocked");
    for (const database of ["Sales", "Clinic"]) {
      await sa.run(`USE ${database}; CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_one] FOR SERVER AUDIT [RDS_DAS_AUDIT]
        ADD (SELECT ON DATABASE::${database} BY public) WITH (STATE = ON); USE master;`);
    }
    await setPolicy(provisioner, "locked");
    emulator.changeInstance({
      databases: emulator.instance.databases.map((known) =>
        known.name === "Clinic" ? { ...known, state: "OFFLINE" } : known,
      ),
    });
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });

    await sa.run("DISABLE TRIGGER ALL ON ALL SERVER; DROP DATABASE Sales; ENABLE TRIGGER ALL ON ALL SERVER;");
    expect((await provisioner.state(never)).drift).toEqual([
      expect.stringMatching(/^database Sales, specification RDS_DAS_DB_one, SELECT ON DATABASE .*: is gone$/),
      "database Sales, specification RDS_DAS_DB_one, audit: is gone",
      "database Sales, specification RDS_DAS_DB_one, state: is gone",
    ]);

    await sa.run("DELETE FROM dbo.rds_das_state;");
    expect((await provisioner.state(never)).drift).toContain(
      "the word that says whether the policy is locked: is gone",
    );
    expect(await sa.refused("ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);")).toBe(
      51_000,
    );
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

    await using check = new SqlServerReader({ connection: connectionTo(emulator), resourceId: RESOURCE });
    const { findings } = await check.check(never);
    expect(findings.find(({ id }) => id === "sqlserver.policy-lock")).toMatchObject({
      status: "failure",
      what: expect.stringMatching(/^7 things that the record protects changed: audit RDS_DAS_AUDIT, predicate: was /),
    });

    await using reader = await as(emulator, "das_reader");
    expect(await reader.refused("ENABLE TRIGGER [rds_das_lock] ON ALL SERVER;")).toBeDefined();
    await reader.run("EXEC dbo.rds_das_heal;");
    // What somebody added records more, not less, and is theirs to take away.
    expect((await provisioner.state(never)).drift).toEqual([
      expect.stringMatching(/^database Clinic, specification mine, audit/),
      expect.stringMatching(/^database Clinic, specification mine, state/),
    ]);
  });
});

test("a stream that was stopped and started again begins without a loss window for the time between", async () => {
  await using emulator = await startEmulator();
  await using provisioner = open(emulator);
  await start(provisioner);
  await stop(provisioner);
  await start(provisioner);
  const startAt = { time: await provisioner.now(never) };
  await using sa = await as(emulator, "sa");
  expect(await sa.refused("ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = OFF);")).toBe(51_000);
  await using reader = new SqlServerReader({ connection: connectionTo(emulator), resourceId: RESOURCE, startAt });
  const { value: sources = [] } = await reader.sources(never).next();
  for (const source of sources) {
    const stopped = new AbortController();
    const windows: unknown[] = [];
    let batches = 0;
    for await (const { lossWindows } of source.read(() => Promise.resolve(undefined), stopped.signal)) {
      windows.push(...lossWindows);
      batches += 1;
      if (batches === 3) stopped.abort();
    }
    expect(windows).toEqual([]);
  }
});

describe("an availability group", () => {
  test("is provisioned on every replica under one GUID, and its databases are judged where they are primary", async () => {
    await using group = await EmulatedGroup.start({
      provisioned: false,
      tls: "off",
      user: "das_reader",
      password: "it's1",
    });
    const [first, second] = group.replicas;
    if (!first || !second) throw new Error("a group of two");
    await using provisioner = open(first, second);
    await using standby = open(second, first);
    await provisioner.demandPrimary(never);
    await expect(standby.demandPrimary(never)).rejects.toMatchObject({
      code: "InvalidDBInstanceState",
      what: expect.stringContaining("its role in availability group AG1 is SECONDARY"),
    });

    await start(provisioner);
    const guids = group.replicas.map(({ trail }) => trail.audits.map(({ name, guid }) => [name, guid]));
    expect(guids[0]).toEqual(guids[1]);
    const sids = group.replicas.map(({ instance }) => instance.logins.find(({ name }) => name === "das_reader")?.sid);
    expect(sids[0]).toBe(sids[1]);

    await setPolicy(provisioner, "unlocked");
    await using sa = await as(first, "sa", "Sales");
    await sa.run(`CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_sales] FOR SERVER AUDIT [RDS_DAS_AUDIT]
      ADD (SELECT ON DATABASE::Sales BY public) WITH (STATE = ON);`);
    // It travels with its database, and so does every later change of it.
    const travels = first.trail.specifications.filter(({ database }) => database === "Sales");
    second.change((trail) => ({ ...trail, specifications: [...trail.specifications, ...travels] }));
    await setPolicy(provisioner, "locked");
    for (const one of [provisioner, standby]) {
      expect(await one.state(never)).toEqual({ policy: "locked", drift: [], parameters: [] });
    }

    // What is recorded of the group's databases is recorded on both, so it counts after the roles swap.
    expect(second.instance.tables.find(({ name }) => name === "dbo.rds_das_db_spec")?.rows).toEqual([["Sales"]]);
    group.failOver(second);
    await standby.demandPrimary(never);
    expect(await standby.state(never)).toEqual({ policy: "locked", drift: [], parameters: [] });
    second.change((trail) => ({ ...trail, specifications: trail.specifications.filter(({ database }) => !database) }));
    expect((await standby.state(never)).drift).toHaveLength(3);
  });

  test("an audit with another GUID on a replica is refused, because it cannot be changed", async () => {
    await using one = await startEmulator();
    await using other = await startEmulator({ instanceName: "SQLEMU02" });
    for (const emulator of [one, other]) {
      await using sa = await as(emulator, "sa");
      await sa.run(`CREATE SERVER AUDIT [RDS_DAS_AUDIT] TO FILE (FILEPATH = N'D:\\das\\');`);
    }
    await using provisioner = open(one, other);
    await expect(provisioner.planStart(never)).rejects.toMatchObject({ code: "InvalidDBInstanceState" });
  });
});

describe("what goes wrong", () => {
  test("a start that failed half-way goes on from there", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    const plan = await provisioner.planStart(never);
    for (let ran = 1; ran < plan.length; ran += 3) {
      const rest = await provisioner.planStart(never);
      await provisioner.run(rest.slice(0, 3), never);
    }
    await start(provisioner);
    expect(await provisioner.planStart(never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
  });

  test("what was dropped past the lock is made again, and the lock is back afterwards", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    await start(provisioner);
    await using sa = await as(emulator, "sa");
    await sa.run("DISABLE TRIGGER ALL ON ALL SERVER;");
    await sa.run("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF); DROP SERVER AUDIT [RDS_DAS_AUDIT];");
    await sa.run("ENABLE TRIGGER ALL ON ALL SERVER; DROP PROCEDURE dbo.rds_das_heal;");
    await using checked = new SqlServerReader({ connection: connectionTo(emulator), resourceId: RESOURCE });
    expect((await checked.check(never)).findings).toContainEqual(
      expect.objectContaining({
        id: "sqlserver.heal-procedure",
        status: "warning",
        what: "there is no procedure dbo.rds_das_heal",
      }),
    );
    const plan = await provisioner.planStart(never);
    expect(plan.map(({ what }) => what)).toEqual([
      "disable the server trigger rds_das_lock",
      "create the server audit RDS_DAS_AUDIT",
      "switch the server audit RDS_DAS_AUDIT on",
      "drop the login rds_das_heal_signer",
      "drop the certificate rds_das_heal_signer",
      "create the procedure dbo.rds_das_heal",
      "sign dbo.rds_das_heal, so that it may do what its caller may not",
      "enable the server trigger rds_das_lock",
    ]);
    await provisioner.run(plan, never);
    expect(await provisioner.planStart(never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
  });

  test("audits are written to where the configuration says, on each instance; check says whether they are", async () => {
    await using emulator = await startEmulator();
    const connection = connectionTo(emulator);
    const check = async (auditDirectory: string) => {
      await using reader = new SqlServerReader({ connection, resourceId: RESOURCE, auditDirectory });
      const { findings } = await reader.check(never);
      return findings.find(({ id }) => id === "sqlserver.audit-directory");
    };
    emulator.changeInstance({ missingFolders: ["F:\\nowhere\\"] });
    await using provisioner = openProvisioner({
      resourceId: RESOURCE,
      instances: [{ ...connection, auditDirectory: "F:\\das a" }],
      administrator: { user: "sa", password: emulator.password },
      logger: silentLogger,
    });
    await start(provisioner);
    expect(emulator.trail.audits.map(({ directory }) => directory)).toEqual(["F:\\das a\\", "F:\\das a\\"]);
    expect(await check("F:\\das a")).toMatchObject({ status: "ok", what: "the audits write to F:\\das a" });
    expect(await check("F:\\nowhere")).toMatchObject({
      status: "warning",
      what: "auditDirectory is F:\\nowhere, and elsewhere writes RDS_DAS_AUDIT (F:\\das a\\), RDS_DAS_AUDIT_CHANGES (F:\\das a\\)",
    });
    await stop(provisioner);
    expect(await check("F:\\nowhere")).toMatchObject({
      status: "warning",
      what: "the server shows no folder F:\\nowhere",
    });
    expect((await check("F:\\das a"))?.what).toContain("F:\\das a is there; whether the service may write");
  });

  test("an administrator without rights is told so, and nothing is changed", async () => {
    await using emulator = await startEmulator();
    await using sa = await as(emulator, "sa");
    await sa.run("CREATE LOGIN [clerk] WITH PASSWORD = N'it''s1';");
    const before = emulator.instance;
    await using provisioner = openProvisioner({
      resourceId: RESOURCE,
      instances: [connectionTo(emulator)],
      administrator: { user: "clerk", password: "it's1" },
      logger: silentLogger,
    });
    await expect(start(provisioner)).rejects.toMatchObject({ code: "right-missing" });
    expect(emulator.instance).toEqual(before);
    await using nobody = openProvisioner({
      resourceId: RESOURCE,
      instances: [connectionTo(emulator)],
      administrator: { user: "sa", password: "wrong" },
      logger: silentLogger,
    });
    await expect(nobody.now(never)).rejects.toMatchObject({ code: "login-refused" });
  });

  test("a refused statement says which it was, and shows no secret", async () => {
    await using emulator = await startEmulator();
    await using provisioner = open(emulator);
    const plan = await provisioner.planStart(never);
    await using sa = await as(emulator, "sa");
    await sa.run("CREATE LOGIN [das_reader] WITH PASSWORD = N'it''s1';");
    const ran: string[] = [];
    const failure = await provisioner
      .run(plan, never, ({ what }) => ran.push(what))
      .catch((error: { message: string; code: string }) => error);
    expect(failure).toMatchObject({ code: "statement-refused" });
    expect(failure?.message).toContain("create the reader's login das_reader (error 15025)");
    expect(failure?.message).not.toContain("it's1");
    expect(ran).toEqual([]);
    await expect(provisioner.run([{ what: "another's", sql: "SELECT 1" }], never)).rejects.toThrow(TypeError);
  });

  test("an alias of the second audit, and one that is there already, are taken as they are", async () => {
    await using emulator = await startEmulator();
    await using sa = await as(emulator, "sa");
    await sa.run("CREATE SERVER AUDIT [RDS_DAS_CHANGES] TO FILE (FILEPATH = N'E:\\audits\\');");
    await using provisioner = open(emulator);
    await start(provisioner);
    expect(emulator.trail.audits.map(({ name, directory }) => [name, directory])).toEqual([
      ["RDS_DAS_CHANGES", "E:\\audits\\"],
      ["RDS_DAS_AUDIT", "E:\\audits\\"],
    ]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
  });
});

describe("an administrator who is no sysadmin", () => {
  test("starts, modifies and stops with what das grants prints for one, and nothing else", async () => {
    await using emulator = await startEmulator({ version: "2019" });
    await using sa = await as(emulator, "sa");
    await sa.run("CREATE LOGIN [das admin] WITH PASSWORD = N'it''s1';");
    for (const { sql } of grantsOf({
      resourceId: RESOURCE,
      user: "das admin",
      version: "2019",
      account: "administrator",
    }))
      await sa.run(sql);
    await using provisioner = openProvisioner({
      resourceId: RESOURCE,
      instances: [connectionTo(emulator)],
      administrator: { user: "das admin", password: "it's1" },
      logger: silentLogger,
    });
    await start(provisioner);
    expect(await provisioner.planStart(never)).toEqual([]);
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    await setPolicy(provisioner, "unlocked");
    await using dba = await as(emulator, "sa", "Sales");
    await dba.run(`CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_sales] FOR SERVER AUDIT [RDS_DAS_AUDIT]
      ADD (SELECT ON DATABASE::Sales BY public) WITH (STATE = ON);`);
    await setPolicy(provisioner, "locked");
    expect(await provisioner.state(never)).toMatchObject({ policy: "locked", drift: [] });
    await stop(provisioner);
    expect(emulator.trail.audits).toEqual([]);
  });
});
