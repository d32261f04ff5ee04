import { textOf } from "../instance.ts";
import { type Answer, answered, type Inquiry, mapAnswer, notKnown, type Rows } from "./answer.ts";
import { quoteName } from "./statement.ts";

/** An audit specification of the server or of a database. */
export interface Specification {
  readonly name: string;
  /** Of the audit that it is attached to; upper case. */
  readonly auditGuid: string;
  readonly enabled: boolean;
  /** `FAILED_LOGIN_GROUP`, `SELECT`, …; each once. */
  readonly actions: readonly string[];
}

export interface DatabaseFacts {
  readonly name: string;
  /** Can nobody work in it here, so that there is nothing to audit: offline, restoring, an unreadable replica? */
  readonly isIdle: boolean;
  readonly specifications: Answer<readonly Specification[]>;
}

const SERVER_SPECIFICATIONS = `SELECT s.name, CONVERT(char(36), s.audit_guid) AS audit_guid, s.is_state_enabled, d.audit_action_name
FROM sys.server_audit_specifications AS s
LEFT JOIN sys.server_audit_specification_details AS d ON d.server_specification_id = s.server_specification_id
ORDER BY s.name, d.audit_action_name`;

export async function lookAtServerSpecifications(inquiry: Inquiry): Promise<Answer<readonly Specification[]>> {
  return mapAnswer(await inquiry.ask(SERVER_SPECIFICATIONS), specificationsOf);
}

const DATABASES = `SELECT name, state_desc, HAS_DBACCESS(name) AS is_open, sys.fn_hadr_is_primary_replica(name) AS is_primary
FROM sys.databases ORDER BY database_id`;

function databaseSpecificationsOf(database: string): string {
  const place = `${quoteName(database)}.sys`;
  return `SELECT s.name, CONVERT(char(36), s.audit_guid) AS audit_guid, s.is_state_enabled, d.audit_action_name
FROM ${place}.database_audit_specifications AS s
LEFT JOIN ${place}.database_audit_specification_details AS d ON d.database_specification_id = s.database_specification_id
ORDER BY s.name, d.audit_action_name`;
}

/** Each database in turn; the catalog of one that cannot be entered stays unknown. */
export async function lookAtDatabases(inquiry: Inquiry): Promise<Answer<readonly DatabaseFacts[]>> {
  const databases = await inquiry.ask(DATABASES);
  if (!databases.known) return databases;
  const facts: DatabaseFacts[] = [];
  for (const [name, state, isOpen, isPrimary] of databases.value) {
    facts.push(await lookAtDatabase(inquiry, textOf(name), textOf(state), Number(isOpen) === 1, isPrimary === false));
  }
  return answered(facts);
}

async function lookAtDatabase(
  inquiry: Inquiry,
  name: string,
  state: string,
  isOpen: boolean,
  isSecondary: boolean,
): Promise<DatabaseFacts> {
  if (state !== "ONLINE") return { name, isIdle: true, specifications: notKnown(state.toLowerCase()) };
  const specifications: Answer<readonly Specification[]> = isOpen
    ? mapAnswer(await inquiry.ask(databaseSpecificationsOf(name)), specificationsOf)
    : { known: false, reason: "no access", refused: true };
  // Only a replica that takes no readers shuts out who may enter every other database.
  const isIdle = isSecondary && !specifications.known;
  return { name, isIdle, specifications: isIdle ? notKnown("a replica that may not be read") : specifications };
}

/** A row for each action, the specification's own columns repeated. */
function specificationsOf(rows: Rows): readonly Specification[] {
  const byName = new Map<string, { specification: Omit<Specification, "actions">; actions: Set<string> }>();
  for (const [name, guid, enabled, action] of rows) {
    const specification = {
      name: textOf(name),
      auditGuid: textOf(guid).toUpperCase(),
      enabled: Number(enabled) === 1,
    };
    const known = byName.get(specification.name) ?? { specification, actions: new Set() };
    byName.set(specification.name, known);
    if (textOf(action) !== "") known.actions.add(textOf(action));
  }
  return Array.from(byName.values(), ({ specification, actions }) => ({ ...specification, actions: [...actions] }));
}
