/** SQL Server notes §10.4: what a DDL trigger can and cannot hold back. The reader only has to live with either. */
import { identifier, literal, type Row } from "../administrator.ts";
import type { RealServer } from "../real-server.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

/** Error numbers, or that there was none. */
function result(errors: readonly number[]): string {
  return errors.length === 0 ? "no error" : `error ${errors.join(", ")}`;
}

/** A server trigger that refuses DDL on the objects of one name, for as long as the work takes. */
async function withLock<Result>(
  server: RealServer,
  locked: string,
  body: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { administrator } = server;
  const trigger = identifier(server.name());
  await administrator.run(`CREATE TRIGGER ${trigger} ON ALL SERVER
FOR DDL_SERVER_AUDIT_EVENTS, DDL_SERVER_AUDIT_SPECIFICATION_EVENTS AS
BEGIN
  SET NOCOUNT ON;
  ${body}
  IF EVENTDATA().value('(/EVENT_INSTANCE/ObjectName)[1]', 'sysname') = ${literal(locked)}
  BEGIN
    ROLLBACK;
    THROW 51000, N'The audit policy is locked by the database activity stream.', 1;
  END
END`);
  try {
    return await work();
  } finally {
    await administrator.run(`DROP TRIGGER ${trigger} ON ALL SERVER`);
  }
}

async function stateOf({ administrator }: RealServer, name: string): Promise<Row> {
  const [row = {}] = await administrator.run(`SELECT a.is_state_enabled AS audit, s.is_state_enabled AS specification,
  (SELECT status_desc FROM sys.dm_server_audit_status AS t WHERE t.name = a.name) AS status
FROM sys.server_audits AS a JOIN sys.server_audit_specifications AS s ON s.audit_guid = a.audit_guid
WHERE a.name = ${literal(name)}`);
  return row;
}

async function underLock(server: RealServer, statement: (name: string) => string, body = "") {
  await using audit = await server.createAudit();
  return await withLock(server, audit.name, body, async () => {
    const { errors } = await server.administrator.attempt(statement(identifier(audit.name)));
    const { audit: isOn, specification, status } = await stateOf(server, audit.name);
    const state = `the audit is ${isOn ? "on" : "off"} (${status}), the specification ${specification ? "on" : "off"}`;
    // Whichever: SQL Server notes §7.2 forbids to rely on the trigger, and the reader follows an audit that stops.
    return either(`${result(errors)}; ${state}`);
  });
}

export const LOCK_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 4,
    question: "a trigger that rolls back ALTER SERVER AUDIT … STATE = OFF",
    settle: (server) => underLock(server, (name) => `ALTER SERVER AUDIT ${name} WITH (STATE = OFF)`),
  },
  {
    section: 4,
    question: "a trigger that rolls back ALTER SERVER AUDIT SPECIFICATION … STATE = OFF",
    settle: (server) => underLock(server, (name) => `ALTER SERVER AUDIT SPECIFICATION ${name} WITH (STATE = OFF)`),
  },
  {
    section: 4,
    question: "the same from a session with its ANSI options off, as FreeTDS has them",
    settle: (server) =>
      underLock(
        server,
        (name) => `SET ANSI_NULLS, QUOTED_IDENTIFIER, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL OFF;
ALTER SERVER AUDIT SPECIFICATION ${name} WITH (STATE = OFF);
SET ANSI_NULLS, QUOTED_IDENTIFIER, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL ON;`,
      ),
  },
  {
    section: 4,
    question: "the same where the trigger sets the options itself",
    settle: (server) =>
      underLock(
        server,
        (name) => `SET ANSI_NULLS, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL OFF;
ALTER SERVER AUDIT SPECIFICATION ${name} WITH (STATE = OFF);
SET ANSI_NULLS, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL ON;`,
        "SET ANSI_NULLS, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL ON;",
      ),
  },
  {
    section: 4,
    question: "the events that these statements raise",
    settle: async (server) => either(await raisedEvents(server)),
  },
];

/** A database and a trigger of their own; each statement is followed by the events that it raised. */
async function raisedEvents(server: RealServer): Promise<string> {
  const { administrator, directory } = server;
  const name = server.name();
  const database = identifier(name);
  const table = identifier(`##${name}`);
  const trigger = identifier(server.name());
  const inert = identifier(server.name());
  const raised = async (statement: string) => {
    await administrator.run(`DELETE FROM ${table}`);
    const { errors } = await administrator.attempt(statement);
    const events = (await administrator.run(`SELECT type FROM ${table}`)).map(({ type }) => String(type));
    return `${events.join(" + ") || "none"}${errors.length > 0 ? ` (${result(errors)})` : ""}`;
  };
  const [session = {}] = await administrator.run("SELECT @@SPID AS id");
  await administrator.run(`CREATE TABLE ${table} (type nvarchar(128))`);
  await administrator.run(`CREATE DATABASE ${database}`);
  await administrator.run(`CREATE TRIGGER ${trigger} ON ALL SERVER FOR DDL_EVENTS AS
BEGIN
  SET NOCOUNT ON;
  IF @@SPID = ${session.id}
    INSERT INTO ${table} SELECT EVENTDATA().value('(/EVENT_INSTANCE/EventType)[1]', 'nvarchar(128)');
END`);
  try {
    const answers: string[] = [];
    const backup = literal(`${directory}${name}.bak`);
    const files = await administrator.run(
      `SELECT physical_name FROM sys.master_files WHERE database_id = DB_ID(${literal(name)}) AND type = 0`,
    );
    const file = literal(String(files[0]?.physical_name));
    for (const [what, statement] of [
      ["SET OFFLINE", `ALTER DATABASE ${database} SET OFFLINE WITH ROLLBACK IMMEDIATE`],
      ["SET ONLINE", `ALTER DATABASE ${database} SET ONLINE`],
      ["BACKUP", `BACKUP DATABASE ${database} TO DISK = ${backup} WITH INIT`],
      ["RESTORE WITH REPLACE", `RESTORE DATABASE ${database} FROM DISK = ${backup} WITH REPLACE`],
      ["sp_detach_db", `EXEC sys.sp_detach_db @dbname = ${literal(name)}`],
      ["FOR ATTACH", `CREATE DATABASE ${database} ON (FILENAME = ${file}) FOR ATTACH`],
    ] as const) {
      answers.push(`${what}: ${await raised(statement)}`);
    }
    await administrator.run(`CREATE TRIGGER ${inert} ON ALL SERVER FOR CREATE_LOGIN AS RETURN`);
    answers.push(`DISABLE TRIGGER: ${await raised(`DISABLE TRIGGER ${inert} ON ALL SERVER`)}`);
    answers.push(`ENABLE TRIGGER: ${await raised(`ENABLE TRIGGER ${inert} ON ALL SERVER`)}`);
    return answers.join("; ");
  } finally {
    for (const statement of [
      `DROP TRIGGER ${trigger} ON ALL SERVER`,
      `DROP TRIGGER ${inert} ON ALL SERVER`,
      `DROP DATABASE ${database}`,
      `DROP TABLE ${table}`,
    ]) {
      await administrator.attempt(statement);
    }
  }
}
