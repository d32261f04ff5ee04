/** SQL Server notes §10.9: what a login without a right is told, and what the reader's rights suffice for. */

import { readUntil } from "../../read-until.ts";
import { Administrator, identifier, literal, type Outcome } from "../administrator.ts";
import type { RealServer, TestLogin } from "../real-server.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

async function attemptAs(login: TestLogin, batch: string): Promise<Outcome> {
  await using session = await Administrator.connect(login.address);
  return await session.attempt(batch);
}

function outcomeText({ errors, rows, hasColumns }: Outcome): string {
  if (errors.length === 0) return `${rows.length} rows`;
  return `error ${errors.join(", ")}, ${hasColumns ? "after" : "before"} the columns`;
}

/** Does the reader, with its own login, follow a rollover? That takes whatever way of listing files it has. */
async function followsRollover(server: RealServer): Promise<boolean> {
  await using audit = await server.createAudit();
  await audit.append(3);
  const first = await readUntil(audit, undefined, audit.expectedMarkers().length);
  await audit.append(3);
  await audit.toggle();
  await audit.append(3);
  const expected = audit.expectedMarkers();
  const second = await readUntil(audit, first.cursor, expected.length - first.markers.length);
  return [...first.markers, ...second.markers].join() === expected.join();
}

export const RIGHTS_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 9,
    question: "reading audit files without the right gives",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const stranger = await server.createLogin("none");
      const path = (await audit.look())[0]?.path ?? "";
      const outcome = await attemptAs(stranger, `SELECT * FROM sys.fn_get_audit_file(${literal(path)}, NULL, NULL)`);
      // The reader must say that a person is needed, and not try again and again.
      const refusal = await readUntil({ openReader: () => audit.openReaderAs(stranger) }, undefined, 1).then(
        () => "none",
        (error: Error) => error.name,
      );
      return { says: `${outcomeText(outcome)}; the reader's error: ${refusal}`, copes: refusal === "RefusedError" };
    },
  },
  {
    section: 9,
    question: "with the reader's rights, sys.dm_os_enumerate_filesystem gives",
    cannot: ({ description }) => (description.majorVersion < 14 ? "SQL Server 2016 does not have it" : undefined),
    settle: async (server) => {
      const outcome = await attemptAs(
        await server.reader(),
        `SELECT file_or_directory_name FROM sys.dm_os_enumerate_filesystem(${literal(server.directory)}, N'*.sqlaudit') WHERE level = 0`,
      );
      return { says: outcomeText(outcome), copes: await followsRollover(server) };
    },
  },
  {
    section: 9,
    question: "with the reader's rights, xp_dirtree gives",
    settle: async (server) => {
      const outcome = await attemptAs(
        await server.reader(),
        `EXEC master.sys.xp_dirtree ${literal(server.directory)}, 1, 1`,
      );
      return { says: outcomeText(outcome), copes: await followsRollover(server) };
    },
  },
  {
    section: 9,
    question: "sys.dm_exec_describe_first_result_set describes the function in",
    settle: async (server) => {
      const outcome = await attemptAs(
        await server.reader(),
        "SELECT name FROM sys.dm_exec_describe_first_result_set(N'SELECT * FROM sys.fn_get_audit_file(NULL,NULL,NULL)',NULL,0)",
      );
      return { says: outcomeText(outcome), copes: await followsRollover(server) };
    },
  },
  {
    section: 9,
    question: "a procedure signed by a certificate whose login has CONTROL SERVER reads audit files",
    cannot: ({ description }) =>
      description.majorVersion >= 16 ? "VIEW SERVER SECURITY AUDIT makes it unnecessary since 2022" : undefined,
    settle: async (server) => either(await readThroughSignature(server)),
  },
  {
    section: 4,
    question: "a procedure signed likewise puts an audit and a server trigger back",
    settle: async (server) => either(await healThroughSignature(server)),
  },
];

async function readThroughSignature(server: RealServer): Promise<string> {
  await using audit = await server.createAudit();
  await audit.append(1);
  const path = (await audit.look())[0]?.path ?? "";
  const outcome = await throughSignature(
    server,
    "@pattern nvarchar(260), @file nvarchar(260), @offset bigint AS SELECT * FROM sys.fn_get_audit_file(@pattern, @file, @offset)",
    `${literal(path)}, NULL, NULL`,
  );
  return outcome.errors.length === 0 && outcome.rows.length > 0 ? "yes" : `no: ${outcomeText(outcome)}`;
}

/** What `dbo.rds_das_heal` does, with an audit and a trigger of the test's own. */
async function healThroughSignature(server: RealServer): Promise<string> {
  await using audit = await server.createAudit();
  const name = identifier(audit.name);
  const lock = identifier(server.name());
  const { administrator } = server;
  await administrator.run(`CREATE TRIGGER ${lock} ON ALL SERVER FOR CREATE_SERVER_AUDIT AS RETURN`);
  try {
    const { errors } = await throughSignature(
      server,
      `AS BEGIN
  SET NOCOUNT ON;
  DISABLE TRIGGER ${lock} ON ALL SERVER;
  ALTER SERVER AUDIT ${name} WITH (STATE = OFF);
  ALTER SERVER AUDIT ${name} WITH (QUEUE_DELAY = 2000);
  ALTER SERVER AUDIT ${name} WITH (STATE = ON);
  DROP TRIGGER ${lock} ON ALL SERVER;
  EXEC (N'CREATE TRIGGER ${lock} ON ALL SERVER FOR CREATE_SERVER_AUDIT AS RETURN');
  EXEC [tempdb].sys.sp_executesql N'DISABLE TRIGGER ${lock} ON ALL SERVER; ENABLE TRIGGER ${lock} ON ALL SERVER;';
END`,
      "",
    );
    const [row = {}] = await administrator.run(
      `SELECT queue_delay FROM sys.server_audits WHERE name = ${literal(audit.name)} AND is_state_enabled = 1`,
    );
    return errors.length === 0 && Number(row.queue_delay) === 2000 ? "yes" : `no: error ${errors.join(", ")}`;
  } finally {
    await administrator.attempt(`DROP TRIGGER ${lock} ON ALL SERVER`);
  }
}

/** As a login without rights executes a procedure that a certificate signs, whose login holds CONTROL SERVER. */
async function throughSignature(server: RealServer, program: string, values: string): Promise<Outcome> {
  const { administrator } = server;
  const [procedure, certificate, signer] = [server.name(), server.name(), server.name()].map(identifier);
  const stranger = await server.createLogin("none");
  const user = identifier(stranger.name);
  try {
    await administrator.run(
      `CREATE CERTIFICATE ${certificate} ENCRYPTION BY PASSWORD = N'Only-4-this-test!' WITH SUBJECT = N'das test'`,
    );
    await administrator.run(`CREATE LOGIN ${signer} FROM CERTIFICATE ${certificate}`);
    await administrator.run(`GRANT CONTROL SERVER TO ${signer}`);
    await administrator.run(`CREATE PROCEDURE dbo.${procedure} ${program}`);
    await administrator.run(
      `ADD SIGNATURE TO dbo.${procedure} BY CERTIFICATE ${certificate} WITH PASSWORD = N'Only-4-this-test!'`,
    );
    await administrator.run(`ALTER CERTIFICATE ${certificate} REMOVE PRIVATE KEY`);
    await administrator.run(`CREATE USER ${user} FOR LOGIN ${user}`);
    await administrator.run(`GRANT EXECUTE ON OBJECT::dbo.${procedure} TO ${user}`);
    return await attemptAs(stranger, `EXEC dbo.${procedure} ${values}`);
  } finally {
    for (const statement of [
      `DROP PROCEDURE dbo.${procedure}`,
      `DROP USER ${user}`,
      `DROP LOGIN ${signer}`,
      `DROP CERTIFICATE ${certificate}`,
    ]) {
      await administrator.attempt(statement);
    }
  }
}
