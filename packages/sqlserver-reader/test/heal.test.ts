import { silentLogger, systemClock } from "@das/core";
import { type SqlServerEmulator, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { openProvisioner } from "../src/index.ts";

const never = new AbortController().signal;

const OFF = "WITH (STATE = OFF);";
const SERVER_SPECIFICATION = "SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC]";
const CHANGES_SPECIFICATION = "SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC]";
const DATABASE_SPECIFICATION = "DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_it's]";

/** A locked policy with a specification of a database, and somebody with every right. */
async function openLocked() {
  const emulator = await startSqlServerEmulator({
    provisioned: false,
    tls: "off",
    user: "das_reader",
    version: "2019",
  });
  const { host, port, user, password } = emulator;
  const connection = { instanceId: "a", host, port, user, password, tls: "off" } as const;
  const provisioner = openProvisioner({
    resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    instances: [connection],
    administrator: { user: "sa", password },
    logger: silentLogger,
  });
  const open = (name: string) => Connection.open({ ...connection, user: name }, systemClock, silentLogger);
  const sa = await open("sa");
  const run = async (...sql: readonly string[]) => {
    for (const one of sql) await sa.select(one);
  };
  const setPolicy = async (policy: "locked" | "unlocked") =>
    provisioner.run(await provisioner.planPolicy(policy, never), never);
  await provisioner.run(await provisioner.planStart(never), never);
  const reader = await open(user);
  await setPolicy("unlocked");
  await run(
    "EXEC (N'USE Sales; CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_it''s] FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (DATABASE_OBJECT_CHANGE_GROUP), ADD (SCHEMA_OBJECT_ACCESS_GROUP) WITH (STATE = ON); USE master;');",
  );
  await setPolicy("locked");
  return {
    emulator,
    provisioner,
    run,
    setPolicy,
    heal: () => reader.select("EXEC dbo.rds_das_heal;"),
    drift: async () => (await provisioner.state(never)).drift,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([sa, reader, provisioner].map((each: AsyncDisposable) => each[Symbol.asyncDispose]()));
      await emulator[Symbol.asyncDispose]();
    },
  };
}

const inSales = (sql: string) => `EXEC (N'USE Sales; ${sql.replaceAll("'", "''")} USE master;');`;

/** What the policy is, without what changes with each making. */
function policyOf({ trail, instance }: SqlServerEmulator) {
  const { audits, specifications } = trail;
  return {
    audits: audits
      .map(({ name, guid, predicate, directory, maxFileSize, maxRolloverFiles, onFailure, queueDelay, status }) => ({
        ...{ name, guid, directory, maxFileSize, maxRolloverFiles, onFailure, queueDelay, status },
        predicate: predicate ?? "",
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    specifications: specifications
      .map(({ name, auditGuid, database, enabled, details }) => ({ name, auditGuid, database, enabled, details }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    triggers: instance.serverTriggers,
    state: instance.tables.find(({ name }) => name === "dbo.rds_das_state")?.rows.map(([id, policy]) => [id, policy]),
  };
}

describe("what is put back exactly as it was recorded", () => {
  test.each<[string, readonly string[]]>([
    ["an audit that was switched off", [`ALTER SERVER AUDIT [RDS_DAS_AUDIT] ${OFF}`]],
    [
      "an audit that was dropped",
      [`ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ${OFF} DROP SERVER AUDIT [RDS_DAS_AUDIT_CHANGES];`],
    ],
    [
      "an audit whose predicate was changed",
      [
        `ALTER SERVER AUDIT [RDS_DAS_AUDIT] ${OFF}`,
        "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WHERE [server_principal_name] <> N'sa';",
        "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
      ],
    ],
    [
      "an audit that was given a predicate, and less room",
      [
        `ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ${OFF}`,
        "ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WHERE [server_principal_name] <> N'sa';",
        "ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] TO FILE (FILEPATH = N'E:\\away\\', MAXSIZE = 2 MB, MAX_ROLLOVER_FILES = 1) WITH (QUEUE_DELAY = 5000);",
      ],
    ],
    ["a specification that was switched off", [`ALTER ${CHANGES_SPECIFICATION} ${OFF}`]],
    ["a specification that was dropped", [`ALTER ${SERVER_SPECIFICATION} ${OFF} DROP ${SERVER_SPECIFICATION};`]],
    [
      "a specification that records something else",
      [
        `ALTER ${SERVER_SPECIFICATION} ${OFF}`,
        `ALTER ${SERVER_SPECIFICATION} DROP (FAILED_LOGIN_GROUP), ADD (DBCC_GROUP) WITH (STATE = ON);`,
      ],
    ],
    ["a database's specification that was switched off", [inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF}`)]],
    [
      "a database's specification that was dropped",
      [inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF} DROP ${DATABASE_SPECIFICATION};`)],
    ],
    [
      "a database's specification that records less",
      [
        inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF}`),
        inSales(`ALTER ${DATABASE_SPECIFICATION} DROP (SCHEMA_OBJECT_ACCESS_GROUP) WITH (STATE = ON);`),
      ],
    ],
    ["the trigger, dropped", ["DROP TRIGGER [rds_das_lock] ON ALL SERVER;"]],
    [
      "the trigger, replaced by one that lets everything pass",
      [
        "DROP TRIGGER [rds_das_lock] ON ALL SERVER;",
        "CREATE TRIGGER [rds_das_lock] ON ALL SERVER FOR DROP_DATABASE AS RETURN;",
      ],
    ],
    ["the word that says whether it is locked", ["DELETE FROM dbo.rds_das_state;"]],
    [
      "all of it at once",
      [
        `ALTER SERVER AUDIT [RDS_DAS_AUDIT] ${OFF} DROP SERVER AUDIT [RDS_DAS_AUDIT];`,
        `ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ${OFF} DROP SERVER AUDIT [RDS_DAS_AUDIT_CHANGES];`,
        `ALTER ${SERVER_SPECIFICATION} ${OFF} DROP ${SERVER_SPECIFICATION};`,
        `ALTER ${CHANGES_SPECIFICATION} ${OFF} DROP ${CHANGES_SPECIFICATION};`,
        inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF} DROP ${DATABASE_SPECIFICATION};`),
        "DROP TRIGGER [rds_das_lock] ON ALL SERVER; DELETE FROM dbo.rds_das_state;",
      ],
    ],
  ])("%s", async (_, tampering) => {
    await using target = await openLocked();
    const before = policyOf(target.emulator);
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", ...tampering);
    expect(await target.drift()).not.toEqual([]);
    await target.heal();
    expect(await target.drift()).toEqual([]);
    expect(policyOf(target.emulator)).toEqual(before);
    // A second one finds nothing to do.
    const { trail } = target.emulator;
    await target.heal();
    expect(target.emulator.trail.audits).toEqual(trail.audits);
    expect(target.emulator.trail.specifications).toEqual(trail.specifications);
  });
});

describe("what is told, and left as it is", () => {
  async function healed(...tampering: readonly string[]) {
    await using target = await openLocked();
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", ...tampering);
    const result = await target.heal().then(
      () => undefined,
      (error: { number?: number }) => error.number,
    );
    return { result, drift: await target.drift(), ...policyOf(target.emulator) };
  }

  test("an audit with another AUDIT_GUID, and the specification that has no audit any more", async () => {
    const { drift, triggers } = await healed(
      `ALTER SERVER AUDIT [RDS_DAS_AUDIT] ${OFF} DROP SERVER AUDIT [RDS_DAS_AUDIT];`,
      "CREATE SERVER AUDIT [RDS_DAS_AUDIT] TO FILE (FILEPATH = N'D:\\das\\', MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200) WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE);",
    );
    expect(drift).toContainEqual(expect.stringMatching(/^audit RDS_DAS_AUDIT, AUDIT_GUID: was /));
    expect(triggers).toMatchObject([{ isDisabled: false }]);
  });

  test("what users changed of their own while it is unlocked; what is managed comes back", async () => {
    await using target = await openLocked();
    await target.setPolicy("unlocked");
    await target.run(
      `ALTER ${SERVER_SPECIFICATION} ${OFF}`,
      inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF}`),
      "DISABLE TRIGGER ALL ON ALL SERVER;",
      `ALTER SERVER AUDIT [RDS_DAS_AUDIT] ${OFF}`,
    );
    await target.heal();
    const states = () =>
      Object.fromEntries(target.emulator.trail.specifications.map(({ name, enabled }) => [name, enabled]));
    const isOff = { "RDS_DAS_DB_it's": false, RDS_DAS_SERVER_AUDIT_SPEC: false, RDS_DAS_CHANGES_AUDIT_SPEC: true };
    expect(target.emulator.trail.audits.map(({ status }) => status)).toEqual(["STARTED", "STARTED"]);
    expect(states()).toEqual(isOff);

    // Nor does a start that goes on, the lock, healing under it, or the end switch on what users switched off.
    expect(await target.provisioner.planStart(never)).toEqual([]);
    await target.setPolicy("locked");
    expect(await target.drift()).toEqual([]);
    await target.heal();
    expect(states()).toEqual(isOff);
    await target.provisioner.run(await target.provisioner.planStop(never), never);
    expect(states()).toEqual({ "RDS_DAS_DB_it's": false, RDS_DAS_SERVER_AUDIT_SPEC: false });
    await target.provisioner.run(await target.provisioner.planStart(never), never);
    expect(states()).toEqual(isOff);

    // Nor is it made again while it is theirs.
    await target.setPolicy("unlocked");
    await target.run(`DROP ${SERVER_SPECIFICATION};`);
    expect(await target.provisioner.planStart(never)).toEqual([]);
  });

  test("what was switched off in spite of the lock is nobody's wish: a start switches it on, a stop drops it", async () => {
    await using target = await openLocked();
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", `ALTER ${SERVER_SPECIFICATION} ${OFF}`);
    const plan = (await target.provisioner.planStart(never)).map(({ what }) => what);
    expect(plan).toContain("switch the server audit specification RDS_DAS_SERVER_AUDIT_SPEC on");
    await target.provisioner.run(await target.provisioner.planStop(never), never);
    expect(target.emulator.trail.specifications.map(({ name }) => name)).toEqual(["RDS_DAS_DB_it's"]);
  });

  test("where something stands in the way; everything else is put back all the same, and the lock is on", async () => {
    const { result, drift, triggers, audits } = await healed(
      // One specification for each audit: this one takes the place (33230).
      `ALTER ${SERVER_SPECIFICATION} ${OFF} DROP ${SERVER_SPECIFICATION};`,
      "CREATE SERVER AUDIT SPECIFICATION [mine] FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (DBCC_GROUP);",
      `ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] ${OFF} DROP SERVER AUDIT [RDS_DAS_AUDIT_CHANGES];`,
    );
    expect(result).toBe(51_001);
    expect(drift.map((line) => line.split(",")[0])).toEqual([
      ...Array.from({ length: 3 }, () => "specification RDS_DAS_SERVER_AUDIT_SPEC"),
      ...Array.from({ length: 3 }, () => "specification mine"),
    ]);
    expect(audits.map(({ status }) => status)).toEqual(["STARTED", "STARTED"]);
    expect(triggers).toMatchObject([{ isDisabled: false }]);
  });

  test("what a specification records of objects and people; it is only switched on again", async () => {
    await using target = await openLocked();
    const named = "DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_clinic]";
    const inClinic = (sql: string) => inSales(sql).replace("USE Sales", "USE Clinic");
    await target.setPolicy("unlocked");
    await target.run(
      inClinic(
        `CREATE ${named} FOR SERVER AUDIT [RDS_DAS_AUDIT] ADD (SELECT ON DATABASE::Clinic BY public) WITH (STATE = ON);`,
      ),
    );
    await target.setPolicy("locked");
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", inClinic(`ALTER ${named} ${OFF}`));
    await target.heal();
    expect(await target.drift()).toEqual([]);
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", inClinic(`ALTER ${named} ${OFF} DROP ${named};`));
    await target.heal();
    expect(await target.drift()).toHaveLength(3);
  });

  test("while its database is away; and healing is audited like every other change", async () => {
    await using target = await openLocked();
    const databases = (state: "ONLINE" | "OFFLINE") =>
      target.emulator.instance.databases.map((known) => (known.name === "Sales" ? { ...known, state } : known));
    await target.run("DISABLE TRIGGER ALL ON ALL SERVER;", inSales(`ALTER ${DATABASE_SPECIFICATION} ${OFF}`));
    target.emulator.changeInstance({ databases: databases("OFFLINE") });
    await target.heal();
    target.emulator.changeInstance({ databases: databases("ONLINE") });
    expect(await target.drift()).toEqual(["database Sales, specification RDS_DAS_DB_it's, state: was ON, is OFF"]);
    await target.heal();
    expect(await target.drift()).toEqual([]);
    const audited = target.emulator.trail.audits.flatMap(({ pending }) => pending);
    const rows = [
      ...audited,
      ...target.emulator.trail.files.flatMap(({ blocks }) => blocks.flatMap(({ rows }) => rows)),
    ];
    expect(rows).toContainEqual(
      expect.objectContaining({
        object_name: "RDS_DAS_DB_it's",
        session_server_principal_name: "das_reader",
        statement: "ALTER DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_it's] WITH (STATE = ON)",
      }),
    );
  });
});
