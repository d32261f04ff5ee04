import { type Answer, answered, type Inquiry, mapAnswer, notKnown, type Rows } from "../check/answer.ts";
import { lookAtLockTrigger, type TriggerState } from "../check/lock.ts";
import { lookAtAudits, type ServerAudit } from "../check/server-audits.ts";
import { quoteName, quoteText } from "../check/statement.ts";
import { textOf } from "../instance.ts";
import { LOCK_TRIGGER } from "./names.ts";

/** A specification with everything that it records: more than its actions, because their objects count, too. */
export interface PolicySpecification {
  readonly name: string;
  /** Of the audit that it is attached to; upper case. */
  readonly auditGuid: string;
  readonly enabled: boolean;
  readonly details: readonly PolicyDetail[];
}

interface PolicyDetail {
  /** `FAILED_LOGIN_GROUP`, `SELECT`, … */
  readonly action: string;
  /** On what, by whom, and with which result, by the catalog's own numbers; empty for a group. */
  readonly scope: string;
}

/** What is to stay as it was while the policy is locked. */
export interface PolicyFacts {
  readonly audits: readonly ServerAudit[];
  readonly specifications: readonly PolicySpecification[];
  /** Specifications of each database whose catalog is this instance's own to judge. */
  readonly databases: ReadonlyMap<string, readonly PolicySpecification[]>;
  /** Databases that are there, and are not judged here: secondary replicas, offline, not to be entered. */
  readonly unjudged: ReadonlySet<string>;
  readonly trigger: TriggerState;
  /** Its T-SQL; empty when it is not there, or cannot be seen. */
  readonly triggerText: string;
}

const TRIGGER_TEXT = `SELECT m.definition FROM sys.server_triggers AS t
JOIN sys.server_sql_modules AS m ON m.object_id = t.object_id WHERE t.name = ${quoteText(LOCK_TRIGGER)}`;

/** @param demand what becomes of a question that the server refuses */
export async function lookAtPolicy(
  inquiry: Inquiry,
  demand: <Value>(answer: Answer<Value>) => Value,
): Promise<PolicyFacts> {
  const audits = demand(await lookAtAudits(inquiry));
  const specifications = demand(mapAnswer(await inquiry.ask(specificationsOf("server")), readSpecifications));
  const trigger = demand(await lookAtLockTrigger(inquiry));
  const [text] = demand(await inquiry.ask(TRIGGER_TEXT));
  return {
    audits,
    specifications,
    ...demand(await lookAtDatabases(inquiry)),
    trigger,
    triggerText: textOf(text?.[0]),
  };
}

/** @param place `[Sales].sys`; absent: the server's own catalog */
function specificationsOf(kind: "server" | "database", place = "sys"): string {
  return `SELECT s.name, CONVERT(char(36), s.audit_guid) AS audit_guid, s.is_state_enabled, d.audit_action_name,
       d.is_group, d.class_desc, d.major_id, d.minor_id, d.audited_principal_id, d.audited_result
FROM ${place}.${kind}_audit_specifications AS s
LEFT JOIN ${place}.${kind}_audit_specification_details AS d ON d.${kind}_specification_id = s.${kind}_specification_id`;
}

const DATABASES = `SELECT name, state_desc, HAS_DBACCESS(name) AS is_open, sys.fn_hadr_is_primary_replica(name) AS is_primary
FROM sys.databases ORDER BY database_id`;

/**
 * A database that is a secondary replica here follows its primary, and is judged there; so is one that cannot be entered.
 */
async function lookAtDatabases(inquiry: Inquiry): Promise<Answer<Pick<PolicyFacts, "databases" | "unjudged">>> {
  const rows = await inquiry.ask(DATABASES);
  if (!rows.known) return rows;
  const databases = new Map<string, readonly PolicySpecification[]>();
  const unjudged = new Set<string>();
  for (const [name, state, isOpen, isPrimary] of rows.value) {
    if (textOf(state) !== "ONLINE" || Number(isOpen) !== 1 || isPrimary === false || isPrimary === 0) {
      unjudged.add(textOf(name));
      continue;
    }
    const statement = specificationsOf("database", `${quoteName(textOf(name))}.sys`);
    const found = mapAnswer(await inquiry.ask(statement), readSpecifications);
    if (found.known) databases.set(textOf(name), found.value);
    else if (found.refused) return notKnown(found.reason);
    // It was dropped, or went offline, since the databases were listed: the next look tells.
    else unjudged.add(textOf(name));
  }
  return answered({ databases, unjudged });
}

/** A row for each detail, the specification's own columns repeated. */
function readSpecifications(rows: Rows): readonly PolicySpecification[] {
  const byName = new Map<string, Omit<PolicySpecification, "details"> & { details: PolicyDetail[] }>();
  for (const [name, guid, enabled, action, isGroup, className, major, minor, principal, result] of rows) {
    const found = byName.get(textOf(name)) ?? {
      name: textOf(name),
      auditGuid: textOf(guid).toUpperCase(),
      enabled: Number(enabled) === 1,
      details: [],
    };
    byName.set(found.name, found);
    if (textOf(action) === "") continue;
    const scope = Number(isGroup) === 1 ? "" : ` ON ${className} ${major}/${minor} BY ${principal} (${result})`;
    found.details.push({ action: textOf(action), scope });
  }
  return [...byName.values()];
}
