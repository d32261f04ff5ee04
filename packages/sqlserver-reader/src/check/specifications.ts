import { textOf } from "../instance.ts";
import { type Answer, answered, type Inquiry, mapAnswer, notKnown, type Rows, type Unknown } from "./answer.ts";
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
  /** ONLINE, OFFLINE, RESTORING, … */
  readonly state: string;
  readonly specifications: Answer<readonly Specification[]>;
}

const SERVER_SPECIFICATIONS = `SELECT s.name, CONVERT(char(36), s.audit_guid) AS audit_guid, s.is_state_enabled, d.audit_action_name
FROM sys.server_audit_specifications AS s
LEFT JOIN sys.server_audit_specification_details AS d ON d.server_specification_id = s.server_specification_id
ORDER BY s.name, d.audit_action_name`;

export async function lookAtServerSpecifications(inquiry: Inquiry): Promise<Answer<readonly Specification[]>> {
  return mapAnswer(await inquiry.ask(SERVER_SPECIFICATIONS), specificationsOf);
}

const DATABASES = "SELECT name, state_desc, HAS_DBACCESS(name) AS is_open FROM sys.databases ORDER BY database_id";

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
  for (const [name, state, isOpen] of databases.value) {
    const database = textOf(name);
    const specifications: Answer<readonly Specification[]> =
      Number(isOpen) === 1
        ? mapAnswer(await inquiry.ask(databaseSpecificationsOf(database)), specificationsOf)
        : notEntered(textOf(state));
    facts.push({ name: database, state: textOf(state), specifications });
  }
  return answered(facts);
}

function notEntered(state: string): Unknown {
  return state === "ONLINE" ? { known: false, reason: "no access", refused: true } : notKnown(state.toLowerCase());
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
