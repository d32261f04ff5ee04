import { readPredicate } from "../check/predicate-terms.ts";
import { ON_FAILURE, type ServerAudit, UNLIMITED } from "../check/server-audits.ts";
import { quoteName, quoteText } from "../check/statement.ts";
import { BLUEPRINTS, sameName } from "./audit-blueprint.ts";
import { protectedPolicy } from "./fingerprint.ts";
import { HEAL, LOCK_TRIGGER, STATE_TABLE } from "./names.ts";
import type { PolicyFacts, PolicySpecification } from "./policy-facts.ts";
import { CREATE_TRIGGER } from "./programs.ts";

/** The error with which it ends when it could not put something back. */
const NOT_PUT_BACK = 51_001;

/**
 * The procedure that puts the policy back as it is here, as T-SQL: no parameters, and no text from anywhere but this. What
 * it sends is literal, so whoever reads it has read all that it can do. It is made anew whenever the policy is locked.
 *
 * It switches on and makes again; what is there besides it leaves alone, and it never switches off for good. An audit of
 * another AUDIT_GUID cannot be changed back, and what a specification records of objects, by people, is known by numbers of
 * the catalog that may mean something else by now: both are told, and left to people.
 */
export function healProgram(facts: PolicyFacts): string {
  const { audits, specifications, databases } = protectedPolicy(facts);
  const nameOf = new Map(audits.map(({ guid, name }) => [guid, name]));
  const attached = (specification: PolicySpecification) => nameOf.get(specification.auditGuid);
  const parts = [
    ...audits.map(healAudit),
    ...specifications.flatMap((specification) => healServerSpecification(specification, attached(specification))),
    ...[...databases].flatMap(([database, own]) =>
      own.flatMap((specification) => healDatabaseSpecification(database, specification, attached(specification))),
    ),
  ];
  return `CREATE PROCEDURE ${HEAL.name}
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @isLocked bit = 1, @failed nvarchar(400), @lock nvarchar(max) = ${quoteText(CREATE_TRIGGER)};
  IF EXISTS (SELECT 1 FROM ${STATE_TABLE} WHERE id = 1 AND policy = 'unlocked') SET @isLocked = 0;
  IF NOT EXISTS (SELECT 1 FROM ${STATE_TABLE} WHERE id = 1)
    INSERT INTO ${STATE_TABLE} (id, policy, changed_utc) VALUES (1, 'locked', SYSUTCDATETIME());
${[HEAL_TRIGGER, ...parts].map(attempt).join("\n")}
  IF EXISTS (SELECT 1 FROM sys.server_triggers WHERE name = ${quoteText(LOCK_TRIGGER)} AND is_disabled = 1)
  BEGIN
    SET NOCOUNT ON;
    ENABLE TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;
  END;
  IF @failed IS NOT NULL THROW ${NOT_PUT_BACK}, @failed, 1;
END`;
}

/** Something that is put back by itself: that one fails keeps no other from being put back. */
interface Part {
  readonly what: string;
  readonly sql: string;
}

function attempt({ what, sql }: Part): string {
  return `
  -- ${what.replaceAll(/\s+/g, " ")}
  BEGIN TRY
${indented(sql, 2)}
  END TRY
  BEGIN CATCH
    SET @failed = ${quoteText(`could not be put back: ${what}`.slice(0, 400))};
  END CATCH;`;
}

const HEAL_TRIGGER: Part = {
  what: `trigger ${LOCK_TRIGGER}`,
  sql: `IF NOT EXISTS (SELECT 1 FROM sys.server_triggers AS t JOIN sys.server_sql_modules AS m ON m.object_id = t.object_id
  WHERE t.name = ${quoteText(LOCK_TRIGGER)} AND m.definition = @lock)
BEGIN
  IF EXISTS (SELECT 1 FROM sys.server_triggers WHERE name = ${quoteText(LOCK_TRIGGER)})
    DROP TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;
  EXEC (@lock);
END;`,
};

/** The lock refuses everybody who changes what it protects, this procedure too: it is off for as long as that takes. */
function unlocked(condition: string, ...statements: readonly string[]): string {
  return `IF ${condition}
BEGIN
  SET NOCOUNT ON;
  DISABLE TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;
${indented(statements.join("\n"), 1)}
  ENABLE TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;
END;`;
}

function healAudit(audit: ServerAudit): Part {
  const name = quoteName(audit.name);
  const named = `a.name = ${quoteText(audit.name)}`;
  const isThere = `EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE ${named})`;
  const isSwitched = (state: 0 | 1) =>
    `EXISTS (SELECT 1 FROM sys.server_audits AS a WHERE ${named} AND a.is_state_enabled = ${state})`;
  const isOther = `EXISTS (SELECT 1 FROM sys.server_audits AS a LEFT JOIN sys.server_file_audits AS f ON f.audit_id = a.audit_id
  WHERE ${named} AND a.audit_guid = '${audit.guid}' AND (
    ${differences(audit).join("\n    OR ")}))`;
  const off = `IF ${isSwitched(1)}\n  ALTER SERVER AUDIT ${name} WITH (STATE = OFF);`;
  const { target, condition } = settingsOf(audit);
  const options = `QUEUE_DELAY = ${audit.queueDelay}, ON_FAILURE = ${audit.onFailure}`;
  const create = `CREATE SERVER AUDIT ${name} ${target}
  WITH (${options}, AUDIT_GUID = '${audit.guid}')${condition === "" ? "" : `\n  WHERE ${condition}`};`;
  const alter = [
    `ALTER SERVER AUDIT ${name} ${target}\n  WITH (${options})${condition === "" ? "" : `\n  WHERE ${condition}`};`,
    ...(condition === "" ? [`ALTER SERVER AUDIT ${name} REMOVE WHERE;`] : []),
  ];
  // What writes elsewhere than to files das did not make, and does not read.
  const isOurKind = audit.target === "FILE" && ON_FAILURE.includes(audit.onFailure);
  const rebuilds = isOurKind ? [unlocked(`NOT ${isThere}`, create), unlocked(isOther, off, ...alter)] : [];
  const on = `IF ${isSwitched(0)}\n  ALTER SERVER AUDIT ${name} WITH (STATE = ON);`;
  return { what: `audit ${audit.name}`, sql: [...rebuilds, on].join("\n") };
}

/** What the catalog has otherwise. */
function differences(audit: ServerAudit): readonly string[] {
  const { directory, maxSize, maxRolloverFiles, maxFiles, queueDelay, onFailure } = audit;
  const limit = (column: string, value: number | undefined) =>
    value === undefined ? `ISNULL(f.${column}, 0) NOT IN (0, ${UNLIMITED})` : `ISNULL(f.${column}, 0) <> ${value}`;
  return [
    `ISNULL(f.log_file_path, N'') <> ${quoteText(directory)}`,
    limit("max_file_size", maxSize),
    limit("max_rollover_files", maxRolloverFiles),
    limit("max_files", maxFiles),
    `a.queue_delay <> ${queueDelay}`,
    `a.on_failure <> ${ON_FAILURE.indexOf(onFailure)}`,
    `${stripped("ISNULL(a.predicate, N'')")} <> ${quoteText(strip(conditionOf(audit)))}`,
  ];
}

function settingsOf(audit: ServerAudit): { readonly target: string; readonly condition: string } {
  const { directory, maxSize, maxRolloverFiles, maxFiles, reservesDiskSpace } = audit;
  const files =
    maxFiles === undefined ? `MAX_ROLLOVER_FILES = ${maxRolloverFiles ?? "UNLIMITED"}` : `MAX_FILES = ${maxFiles}`;
  const size = maxSize === undefined ? "UNLIMITED" : `${maxSize} MB`;
  const reserve = maxSize === undefined ? "" : `, RESERVE_DISK_SPACE = ${reservesDiskSpace ? "ON" : "OFF"}`;
  return {
    target: `TO FILE (FILEPATH = ${quoteText(directory)}, MAXSIZE = ${size}, ${files}${reserve})`,
    condition: conditionOf(audit),
  };
}

/** The predicate in one spelling, whoever wrote it: start, a person or the catalog. */
function conditionOf({ predicate }: ServerAudit): string {
  const terms = readPredicate(predicate);
  if (!terms) return predicate;
  return terms
    .map(({ field, operator, literal }) => `${quoteName(field)} ${operator} ${quoteText(literal)}`)
    .join(" AND ");
}

/** The catalog has blanks, parentheses, brackets and N where it likes them; none of them tells two predicates apart. */
const NOISE = [" ", "(", ")", "[", "]"] as const;

function strip(predicate: string): string {
  return NOISE.reduce((text, noise) => text.replaceAll(noise, ""), predicate).replaceAll("N'", "'");
}

function stripped(expression: string): string {
  const plain = NOISE.reduce((text, noise) => `REPLACE(${text}, N'${noise}', N'')`, expression);
  return `REPLACE(${plain}, N'N''', N'''')`;
}

function healServerSpecification(specification: PolicySpecification, audit: string | undefined): readonly Part[] {
  if (audit === undefined) return [];
  const { name } = specification;
  const isUsers = BLUEPRINTS.some((known) => known.isUsers && sameName(known.specification, name));
  const sql = healSpecification("SERVER", specification, audit, isUsers ? "@isLocked = 1 AND " : "");
  return [{ what: `specification ${name}`, sql }];
}

/** It is looked at in the database itself, and only where that is open and its primary. */
function healDatabaseSpecification(
  database: string,
  specification: PolicySpecification,
  audit: string | undefined,
): readonly Part[] {
  if (audit === undefined) return [];
  const { name } = specification;
  const inDatabase = healSpecification("DATABASE", specification, audit, "");
  const sql = `IF @isLocked = 1 AND EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteText(database)} AND state_desc = N'ONLINE')
  AND ISNULL(sys.fn_hadr_is_primary_replica(${quoteText(database)}), 1) = 1
  EXEC ${quoteName(database)}.sys.sp_executesql ${quoteText(inDatabase)};`;
  return [{ what: `specification ${name} of database ${database}`, sql }];
}

/** @param when what has to hold besides that its audit is there, with the AND behind it */
function healSpecification(
  scope: "SERVER" | "DATABASE",
  { name, auditGuid, enabled, details }: PolicySpecification,
  audit: string,
  when: string,
): string {
  const kind = scope.toLowerCase();
  const object = `${scope} AUDIT SPECIFICATION ${quoteName(name)}`;
  const condition = `${when}EXISTS (SELECT 1 FROM sys.server_audits WHERE name = ${quoteText(audit)} AND audit_guid = '${auditGuid}')`;
  const view = `sys.${kind}_audit_specifications AS s`;
  const named = `s.name = ${quoteText(name)}`;
  const isThere = `EXISTS (SELECT 1 FROM ${view} WHERE ${named})`;
  const isSwitched = (state: 0 | 1) =>
    `EXISTS (SELECT 1 FROM ${view} WHERE ${named} AND s.is_state_enabled = ${state})`;
  const groups = details.filter(({ scope: of }) => of === "").map(({ action }) => action);
  const count = (which: string) =>
    `(SELECT COUNT(*) FROM ${view} JOIN sys.${kind}_audit_specification_details AS d
    ON d.${kind}_specification_id = s.${kind}_specification_id WHERE ${named}${which}) <> ${groups.length}`;
  const isOther = [
    `NOT EXISTS (SELECT 1 FROM ${view} WHERE ${named} AND s.audit_guid = '${auditGuid}')`,
    count(""),
    ...(groups.length === 0 ? [] : [count(` AND d.audit_action_name IN (${groups.map(quoteText).join(", ")})`)]),
  ].join("\n  OR ");
  const create = [
    `CREATE ${object} FOR SERVER AUDIT ${quoteName(audit)}`,
    ...(groups.length === 0 ? [] : [groups.map((group) => `ADD (${group})`).join(", ")]),
    `WITH (STATE = ${enabled ? "ON" : "OFF"});`,
  ].join(" ");
  const rebuild = unlocked(
    `${condition} AND (\n  ${isOther})`,
    `IF ${isSwitched(1)}\n  ALTER ${object} WITH (STATE = OFF);`,
    `IF ${isThere}\n  DROP ${object};`,
    create,
  );
  const isOff = `${condition}\n  AND ${isSwitched(0)}`;
  const switchOn = `ALTER ${object} WITH (STATE = ON);`;
  // The lock lets pass what switches on again in the server.
  const on = scope === "SERVER" ? `IF ${isOff}\n  ${switchOn}` : unlocked(isOff, switchOn);
  const isKnownByName = groups.length === details.length;
  return [...(isKnownByName ? [rebuild] : []), ...(enabled ? [on] : [])].join("\n");
}

function indented(sql: string, depth: number): string {
  const indent = "  ".repeat(depth);
  return sql
    .split("\n")
    .map((line) => `${indent}${line}`)
    .join("\n");
}
