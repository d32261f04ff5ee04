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
];

async function readThroughSignature(server: RealServer): Promise<string> {
  const { administrator } = server;
  const [procedure, certificate, signer] = [server.name(), server.name(), server.name()].map(identifier);
  await using audit = await server.createAudit();
  await audit.append(1);
  const path = (await audit.look())[0]?.path ?? "";
  const stranger = await server.createLogin("none");
  const user = identifier(stranger.name);
  try {
    await administrator.run(
      `CREATE CERTIFICATE ${certificate} ENCRYPTION BY PASSWORD = N'Only-4-this-test!' WITH SUBJECT = N'das test'`,
    );
    await administrator.run(`CREATE LOGIN ${signer} FROM CERTIFICATE ${certificate}`);
    await administrator.run(`GRANT CONTROL SERVER TO ${signer}`);
    await administrator.run(`CREATE PROCEDURE dbo.${procedure} @pattern nvarchar(260), @file nvarchar(260), @offset bigint AS
SELECT * FROM sys.fn_get_audit_file(@pattern, @file, @offset)`);
    await administrator.run(
      `ADD SIGNATURE TO OBJECT::dbo.${procedure} BY CERTIFICATE ${certificate} WITH PASSWORD = N'Only-4-this-test!'`,
    );
    await administrator.run(`CREATE USER ${user} FOR LOGIN ${user}`);
    await administrator.run(`GRANT EXECUTE ON OBJECT::dbo.${procedure} TO ${user}`);
    const outcome = await attemptAs(stranger, `EXEC dbo.${procedure} ${literal(path)}, NULL, NULL`);
    return outcome.errors.length === 0 && outcome.rows.length > 0 ? "yes" : `no: ${outcomeText(outcome)}`;
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
