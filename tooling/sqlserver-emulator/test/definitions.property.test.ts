/** Whatever is defined in whatever order: rules that always hold. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ServerState } from "../src/server-state.ts";
import { ServerError } from "../src/sql/server-error.ts";
import { evaluator } from "./evaluate.ts";

const name = fc.constantFrom("A", "B", "RDS_DAS_AUDIT");
const state = fc.constantFrom("ON", "OFF");
const scope = fc.constantFrom("SERVER", "DATABASE");
const group = fc.constantFrom("AUDIT_CHANGE_GROUP", "DBCC_GROUP", "SCHEMA_OBJECT_ACCESS_GROUP");

const statement = fc.oneof(
  fc
    .tuple(name)
    .map(
      ([audit]) =>
        `CREATE SERVER AUDIT [${audit}] TO FILE (FILEPATH = N'D:\\x\\', MAX_ROLLOVER_FILES = 1) WITH (QUEUE_DELAY = 0)`,
    ),
  fc.tuple(name, state).map(([audit, on]) => `ALTER SERVER AUDIT [${audit}] WITH (STATE = ${on})`),
  fc.tuple(name, name).map(([audit, other]) => `ALTER SERVER AUDIT [${audit}] MODIFY NAME = [${other}]`),
  fc.tuple(name).map(([audit]) => `ALTER SERVER AUDIT [${audit}] WHERE object_name = 'x'`),
  fc.tuple(name).map(([audit]) => `DROP SERVER AUDIT [${audit}]`),
  fc
    .tuple(scope, name, name, group, state)
    .map(
      ([where, own, audit, heard, on]) =>
        `CREATE ${where} AUDIT SPECIFICATION [${own}] FOR SERVER AUDIT [${audit}] ADD (${heard}) WITH (STATE = ${on})`,
    ),
  fc
    .tuple(scope, name, state)
    .map(([where, own, on]) => `ALTER ${where} AUDIT SPECIFICATION [${own}] WITH (STATE = ${on})`),
  fc
    .tuple(scope, name, group)
    .map(([where, own, heard]) => `ALTER ${where} AUDIT SPECIFICATION [${own}] ADD (${heard})`),
  fc.tuple(scope, name).map(([where, own]) => `DROP ${where} AUDIT SPECIFICATION [${own}]`),
  fc.tuple(fc.constantFrom("l", "m")).map(([login]) => `CREATE LOGIN ${login} WITH PASSWORD = 'x'`),
  fc.constantFrom(
    "DROP LOGIN l",
    "CREATE USER l",
    "DROP USER l",
    "CREATE ROLE r",
    "DROP ROLE r",
    "ALTER ROLE r ADD MEMBER l",
  ),
  fc.constantFrom(
    "GRANT VIEW SERVER STATE TO l",
    "DENY ALTER ANY SERVER AUDIT TO l",
    "DISABLE TRIGGER ALL ON ALL SERVER",
  ),
  fc.constantFrom("USE Sales", "USE master", "CREATE DATABASE d", "DROP DATABASE d", "DROP DATABASE Sales"),
  fc.constantFrom("BEGIN TRAN", "COMMIT", "ROLLBACK"),
);

/** What ROLLBACK gives back. */
function definitionsOf({ trail, instance }: ServerState) {
  const { logins, serverRoles, serverTriggers, databases } = instance;
  const audits = trail.audits.map(({ id, name: audit, guid }) => ({ id, audit, guid }));
  return { audits, specifications: trail.specifications, logins, serverRoles, serverTriggers, databases };
}

test("refusals are the engine's, rules hold after each statement, ROLLBACK gives back what was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { maxLength: 40 }), async (statements) => {
      const { engine, session, run, logInAs } = evaluator();
      logInAs("sa");
      engine.changeInstance({ serverTriggers: [] });
      for (const sql of statements) {
        const { transaction } = session;
        try {
          await run(sql);
        } catch (error) {
          expect(error, sql).toBeInstanceOf(ServerError);
          if (error instanceof ServerError) expect(error.report.number, sql).not.toBe(102);
        }
        if (sql === "ROLLBACK" && transaction) {
          expect(definitionsOf(engine.state)).toEqual(definitionsOf(transaction.before));
        }
        const { audits, specifications } = engine.trail;
        expect(new Set(audits.map((audit) => audit.name.toLowerCase())).size).toBe(audits.length);
        expect(new Set([...audits, ...specifications].map(({ id }) => id)).size).toBe(
          audits.length + specifications.length,
        );
        const places = specifications.map((known) => `${known.database} ${known.auditGuid}`);
        expect(new Set(places).size).toBe(places.length);
        for (const audit of audits) {
          expect(audit.enabled).toBe(audit.status === "STARTED");
          expect(audit.currentFile !== null).toBe(audit.enabled);
          expect(audit.session !== null).toBe(audit.enabled);
        }
      }
    }),
    { numRuns: 300 },
  );
});
