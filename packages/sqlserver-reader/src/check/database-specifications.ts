import type { CheckFinding } from "@das/core";
import type { Answer } from "./answer.ts";
import { about, count, nameSome } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import type { ServerAudit } from "./server-audits.ts";
import type { DatabaseFacts, Specification } from "./specifications.ts";
import { changeSpecification, grant, quoteName } from "./statement.ts";

const LOOKED_AT = "What is audited in a database stands in that database; one that nobody may enter may record nothing";

/** Which databases could not be looked into. */
export function judgeDatabases(databases: Answer<readonly DatabaseFacts[]>, { login }: InstanceFacts): CheckFinding {
  const { ok, warning } = about("databases", LOOKED_AT);
  if (!databases.known) return warning(`the databases cannot be looked at (${databases.reason})`);
  const closed = databases.value.flatMap(({ name, isIdle, specifications }) =>
    specifications.known
      ? []
      : [{ isIdle, refused: specifications.refused, text: `${name} (${specifications.reason})` }],
  );
  const namesOf = (some: typeof closed) => nameSome(some.map(({ text }) => text));
  const unseen = closed.filter(({ isIdle }) => !isIdle);
  if (unseen.length > 0) {
    return warning(
      `${count(unseen.length, "database")} could not be looked into: ${namesOf(unseen)}`,
      unseen.some(({ refused }) => refused) ? grant("CONNECT ANY DATABASE", login) : undefined,
    );
  }
  const idle = closed.length > 0 ? `, but for those that nobody can work in: ${namesOf(closed)}` : "";
  return ok(`all ${count(databases.value.length, "database")} could be looked into${idle}`);
}

/** The stream's own specifications are named so (SQL Server notes §1). */
const STREAM_PREFIX = "RDS_DAS_DB_";

/**
 * One finding for each database specification that is the stream's, by its name or by its audit.
 * @param main the audit that database specifications are meant for; undefined when it is not there
 * @param published the audits whose rows reach the stream
 * @param audits every audit of the server
 */
export function judgeDatabaseSpecifications(
  databases: Answer<readonly DatabaseFacts[]>,
  main: ServerAudit | undefined,
  published: readonly ServerAudit[],
  audits: readonly ServerAudit[],
): readonly CheckFinding[] {
  if (!databases.known) return [];
  return databases.value.flatMap(({ name: database, specifications }) =>
    specifications.known
      ? specifications.value.flatMap((specification) => {
          const home = audits.find(({ guid }) => guid === specification.auditGuid);
          const isPublished = home !== undefined && published.includes(home);
          if (!isPublished && !specification.name.startsWith(STREAM_PREFIX)) return [];
          return [judgeSpecification(database, specification, main, home, isPublished)];
        })
      : [],
  );
}

function judgeSpecification(
  database: string,
  { name, auditGuid, enabled, actions }: Specification,
  main: ServerAudit | undefined,
  home: ServerAudit | undefined,
  isPublished: boolean,
): CheckFinding {
  const { ok, warning, failure } = about(
    `database-specification.${database}.${name}`,
    "A database specification finds its audit by AUDIT_GUID; without one of that GUID it records nothing, without a word",
  );
  const where = `${name} of database ${database}`;
  const enter = `USE ${quoteName(database)}; -- in an availability group on the primary`;
  const attach =
    main && `${enter}\n${changeSpecification("DATABASE", name, `FOR SERVER AUDIT ${quoteName(main.name)}`)}`;
  if (!home) return failure(`${where} is attached to the GUID ${auditGuid}, which no audit here has`, attach);
  if (!isPublished) return warning(`${where} is attached to the audit ${home.name}, which is not published`, attach);
  if (!enabled) {
    const statement = `ALTER DATABASE AUDIT SPECIFICATION ${quoteName(name)} WITH (STATE = ON);`;
    return warning(`${where} is switched off: it records nothing`, `${enter}\n${statement}`);
  }
  return ok(`${where} is on: ${nameSome(actions) || "nothing"}`);
}

/** Is anything audited at all beyond what is there by default? */
export function judgeCoverage(
  audit: ServerAudit,
  serverSpecifications: Answer<readonly Specification[]>,
  databases: Answer<readonly DatabaseFacts[]>,
): readonly CheckFinding[] {
  if (!serverSpecifications.known || !databases.known) return [];
  const { ok, warning } = about(
    `coverage.${audit.name}`,
    "Only what the specifications name is audited; the rest of the activity never reaches the stream",
  );
  const audited = databases.value.filter(
    ({ specifications }) => attachedActions(audit.guid, specifications).length > 0,
  );
  const actions = [
    ...attachedActions(audit.guid, serverSpecifications),
    ...audited.flatMap(({ specifications }) => attachedActions(audit.guid, specifications)),
  ];
  const beyond = [...new Set(actions)].filter((action) => action !== "FAILED_LOGIN_GROUP");
  if (beyond.length > 0) {
    const share = `${count(audited.length, "database")} with a specification`;
    return [ok(`${audit.name} records ${nameSome(beyond)} (${share})`)];
  }
  return [
    warning(
      `${audit.name} records failed logins at most: no other activity is audited`,
      suggestion(audit, databases.value),
    ),
  ];
}

/** The first four are the system's own. */
const SYSTEM_DATABASES = new Set(["master", "tempdb", "model", "msdb"]);

function suggestion(audit: ServerAudit, databases: readonly DatabaseFacts[]): string | undefined {
  const database = databases.find(({ name, specifications }) => specifications.known && !SYSTEM_DATABASES.has(name));
  if (!database) return undefined;
  return [
    `USE ${quoteName(database.name)}; -- for example; choose what must be seen`,
    `CREATE DATABASE AUDIT SPECIFICATION ${quoteName(`${STREAM_PREFIX}${database.name}`)}`,
    `  FOR SERVER AUDIT ${quoteName(audit.name)}`,
    "  ADD (SELECT, INSERT, UPDATE, DELETE, EXECUTE",
    `    ON DATABASE::${quoteName(database.name)} BY public)`,
    "  WITH (STATE = ON);",
  ].join("\n");
}

/** What the enabled specifications among these let an audit record. */
export function attachedActions(
  auditGuid: string,
  specifications: Answer<readonly Specification[]>,
): readonly string[] {
  if (!specifications.known) return [];
  return specifications.value
    .filter((specification) => specification.enabled && specification.auditGuid === auditGuid)
    .flatMap(({ actions }) => actions);
}
