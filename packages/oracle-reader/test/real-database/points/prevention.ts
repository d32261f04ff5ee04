/** Oracle notes §10.3 to §10.5: what can keep people from changing what is audited. The reader lives with either. */
import { Administrator, identifier } from "../administrator.ts";
import type { RealDatabase } from "../real-database.ts";
import { either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

export const PREVENTION_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 3,
    question: "a BEFORE DDL trigger sees of the statements of a policy",
    settle: async (database) => either(await eventsOfPolicyStatements(database)),
  },
  {
    section: 4,
    question: "Database Vault's names of the commands that concern audit policies",
    settle: async ({ administrator }) => {
      const { rows, error } = await administrator.attempt(
        "SELECT c.code AS code FROM dvsys.dba_dv_code c WHERE c.code_group = 'SQL_CMDS' AND c.code LIKE '%AUDIT%'",
      );
      return either(error === undefined ? rows.map(({ CODE }) => CODE).join(", ") || "none" : resultText(error));
    },
  },
  {
    section: 5,
    question: "AUDIT_ADMIN granted to a procedure lets it set the archive timestamp",
    settle: async (database) => either(await setThroughProcedure(database)),
  },
  {
    section: 4,
    question: "Database Vault is enabled, as V$OPTION and DBA_DV_STATUS say it",
    settle: async ({ administrator }) => {
      const option = await administrator.attempt(
        "SELECT o.value AS value FROM sys.v_$option o WHERE o.parameter = 'Oracle Database Vault'",
      );
      const status = await administrator.attempt(
        "SELECT s.status AS value FROM sys.dba_dv_status s WHERE s.name = 'DV_ENABLE_STATUS'",
      );
      const said = ({ rows, error }: typeof option) =>
        error === undefined ? rows.map(({ VALUE }) => VALUE).join() || "nothing" : resultText(error);
      return either(`${said(option)}, ${said(status)}`);
    },
  },
  {
    section: 5,
    question: "AUDIT_ADMIN granted to a procedure lets it enable a policy, and change its level, as das_heal does it",
    settle: async (database) => either(await enableThroughProcedure(database)),
  },
];

/** A trigger of a user of its own notes the events of this session, which are nobody else's. */
async function eventsOfPolicyStatements(database: RealDatabase): Promise<string> {
  const { administrator } = database;
  const owner = await database.createUser("none");
  for (const right of ["ADMINISTER DATABASE TRIGGER", "UNLIMITED TABLESPACE"]) await database.grant(right, owner.name);
  const [table, trigger] = ["das_events", "das_trigger"].map((name) => `${identifier(owner.name)}.${name}`);
  const policy = identifier(database.name());
  await administrator.run(`CREATE TABLE ${table} (event VARCHAR2(30))`);
  await administrator.run(`CREATE OR REPLACE TRIGGER ${trigger} BEFORE DDL ON DATABASE
BEGIN
  IF SYS_CONTEXT('USERENV','SID') = ${await ownSid(database)} THEN
    INSERT INTO ${table} (event) VALUES (ora_sysevent);
  END IF;
END;`);
  const answers: string[] = [];
  try {
    for (const statement of [
      `CREATE AUDIT POLICY ${policy} ACTIONS LOGOFF`,
      `ALTER AUDIT POLICY ${policy} ADD ACTIONS LOGON`,
      `AUDIT POLICY ${policy} BY ${identifier(owner.name)}`,
      `NOAUDIT POLICY ${policy} BY ${identifier(owner.name)}`,
      `DROP AUDIT POLICY ${policy}`,
    ]) {
      await administrator.run(`DELETE FROM ${table}`);
      const { error } = await administrator.attempt(statement);
      const events = (await administrator.run(`SELECT e.event AS event FROM ${table} e`)).map(({ EVENT }) => EVENT);
      const what = statement.split(/ (?=")/)[0];
      answers.push(
        `${what}: ${events.join(" + ") || "nothing"}${error === undefined ? "" : ` (${resultText(error)})`}`,
      );
    }
  } finally {
    await administrator.run(`DROP TRIGGER ${trigger}`);
    await administrator.attempt(`NOAUDIT POLICY ${policy} BY ${identifier(owner.name)}`);
    await administrator.attempt(`DROP AUDIT POLICY ${policy}`);
  }
  return answers.join("; ");
}

async function ownSid({ administrator }: RealDatabase): Promise<string> {
  const [row = {}] = await administrator.run("SELECT SYS_CONTEXT('USERENV','SID') AS sid FROM dual");
  return String(row.SID);
}

/**
 * As `das_advance` does it (Oracle notes §4.2). The timestamp is set to what it is; where there is none, to long ago,
 * where a purge finds nothing, and then cleared.
 */
async function setThroughProcedure(database: RealDatabase): Promise<string> {
  const { administrator } = database;
  const owner = await database.createUser("none");
  const caller = await database.createUser("none");
  const procedure = `${identifier(owner.name)}.das_advance`;
  await administrator.run(`GRANT AUDIT_ADMIN TO ${identifier(owner.name)} WITH DELEGATE OPTION`);
  await database.grant("EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT", owner.name);
  await administrator.run(`CREATE OR REPLACE PROCEDURE ${procedure}(p_ts VARCHAR2) AS
  v TIMESTAMP := TO_TIMESTAMP(p_ts,'YYYY-MM-DD HH24:MI:SS.FF6');
BEGIN
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v);
END;`);
  await administrator.run(`GRANT AUDIT_ADMIN TO PROCEDURE ${procedure}`);
  await database.grant(`EXECUTE ON ${procedure}`, caller.name);
  const [set = {}] = await administrator.run(
    `SELECT TO_CHAR(MAX(SYS_EXTRACT_UTC(a.last_archive_ts)),'YYYY-MM-DD HH24:MI:SS.FF6') AS time
FROM sys.dba_audit_mgmt_last_arch_ts a WHERE a.audit_trail LIKE 'UNIFIED AUDIT TRAIL%'`,
  );
  await using session = await Administrator.connect(caller.address);
  const p = set.TIME ?? "2000-01-01 00:00:00.000000";
  const { error } = await session.attempt(`BEGIN ${procedure}(:p); END;`, { p });
  if (set.TIME == null) {
    await administrator.attempt(
      "BEGIN DBMS_AUDIT_MGMT.CLEAR_LAST_ARCHIVE_TIMESTAMP(audit_trail_type => DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED); END;",
    );
  }
  return error === undefined ? "yes" : `no: ${resultText(error)}`;
}

async function enableThroughProcedure(database: RealDatabase): Promise<string> {
  const { administrator } = database;
  const owner = await database.createUser("none");
  const caller = await database.createUser("none");
  const procedure = `${identifier(owner.name)}.das_heal`;
  const policy = identifier(database.name());
  await administrator.run(`GRANT AUDIT_ADMIN TO ${identifier(owner.name)} WITH DELEGATE OPTION`);
  await administrator.run(`CREATE OR REPLACE PROCEDURE ${procedure}(p_step NUMBER) AS
BEGIN
  IF p_step = 1 THEN EXECUTE IMMEDIATE 'AUDIT POLICY ${policy} BY ${identifier(owner.name)}'; END IF;
  IF p_step = 2 THEN EXECUTE IMMEDIATE 'ALTER AUDIT POLICY ${policy} ADD ONLY TOPLEVEL'; END IF;
END;`);
  await administrator.run(`GRANT AUDIT_ADMIN TO PROCEDURE ${procedure}`);
  await database.grant(`EXECUTE ON ${procedure}`, caller.name);
  await administrator.run(`CREATE AUDIT POLICY ${policy} ACTIONS LOGOFF`);
  try {
    await using session = await Administrator.connect(caller.address);
    const answers: string[] = [];
    for (const step of ["1", "2"]) {
      const { error } = await session.attempt(`BEGIN ${procedure}(TO_NUMBER(:p)); END;`, { p: step });
      answers.push(error === undefined ? "yes" : `no: ${resultText(error)}`);
    }
    return answers.join(", ");
  } finally {
    await administrator.attempt(`NOAUDIT POLICY ${policy} BY ${identifier(owner.name)}`);
    await administrator.attempt(`DROP AUDIT POLICY ${policy}`);
  }
}
