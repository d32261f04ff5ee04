import { createHash } from "node:crypto";
import type { PolicyState } from "@das/core";
import { readPredicate } from "../check/predicate-terms.ts";
import { auditNamed, type ServerAudit } from "../check/server-audits.ts";
import { BLUEPRINTS, sameName } from "./audit-blueprint.ts";
import { LOCK_TRIGGER } from "./names.ts";
import type { PolicyFacts, PolicySpecification } from "./policy-facts.ts";

/** One thing that stays as it is while the policy is locked, and what it is. */
export interface PolicyItem {
  readonly item: string;
  readonly value: string;
  /** Is it the users' to change while the policy is unlocked? */
  readonly isUsers: boolean;
  /** Of a database's own specification. */
  readonly database?: string;
}

/** What of the server and its databases belongs to the policy. */
export function protectedPolicy(facts: PolicyFacts): Pick<PolicyFacts, "audits" | "specifications" | "databases"> {
  const audits = streamAudits(facts);
  const guids = new Set(audits.map(({ guid }) => guid));
  const isOurs = ({ name, auditGuid }: PolicySpecification) =>
    guids.has(auditGuid) || BLUEPRINTS.some(({ specification }) => sameName(specification, name));
  const isDatabases = ({ name, auditGuid }: PolicySpecification) => guids.has(auditGuid) || /^RDS_DAS_DB_/i.test(name);
  return {
    audits,
    specifications: facts.specifications.filter(isOurs),
    databases: new Map([...facts.databases].map(([database, own]) => [database, own.filter(isDatabases)])),
  };
}

/** The policy as items, in a stable order; pure. */
export function fingerprint(facts: PolicyFacts): readonly PolicyItem[] {
  const { audits, specifications, databases } = protectedPolicy(facts);
  const items = [
    ...audits.flatMap(itemsOfAudit),
    ...specifications.flatMap((specification) => itemsOfSpecification(specification)),
    ...[...databases].flatMap(([database, own]) =>
      own.flatMap((specification) => itemsOfSpecification(specification, database)),
    ),
    managed(`trigger ${LOCK_TRIGGER}`, facts.trigger),
    managed(`trigger ${LOCK_TRIGGER}, text`, digest(facts.triggerText)),
  ];
  return items.sort((a, b) => (a.item < b.item ? -1 : 1));
}

function streamAudits({ audits }: PolicyFacts): readonly ServerAudit[] {
  return BLUEPRINTS.flatMap(({ audit }) => auditNamed(audits, audit) ?? []);
}

function itemsOfAudit(audit: ServerAudit): readonly PolicyItem[] {
  const of = (aspect: string, value: string) => managed(`audit ${audit.name}, ${aspect}`, value);
  return [
    of("state", onOrOff(audit.enabled)),
    of("AUDIT_GUID", audit.guid),
    of("target", audit.target),
    of("folder", audit.directory.toLowerCase()),
    of("MAXSIZE", String(audit.maxSize ?? "UNLIMITED")),
    of("MAX_ROLLOVER_FILES", String(audit.maxRolloverFiles ?? "UNLIMITED")),
    of("MAX_FILES", String(audit.maxFiles ?? "none")),
    of("QUEUE_DELAY", String(audit.queueDelay)),
    of("ON_FAILURE", audit.onFailure),
    of("predicate", predicateOf(audit.predicate)),
  ];
}

/** The server writes a predicate its own way: what counts is what it compares. */
function predicateOf(predicate: string): string {
  const terms = readPredicate(predicate);
  if (!terms) return predicate;
  return terms.map(({ field, operator, literal }) => `${field} ${operator} '${literal}'`).join(" AND ");
}

function itemsOfSpecification(
  { name, enabled, auditGuid, details }: PolicySpecification,
  database?: string,
): readonly PolicyItem[] {
  const place = database === undefined ? "" : `database ${database}, `;
  const isUsers =
    database !== undefined || !BLUEPRINTS.some((known) => !known.isUsers && sameName(known.specification, name));
  const of = (aspect: string, value: string): PolicyItem => ({
    item: `${place}specification ${name}, ${aspect}`.slice(0, LONGEST_ITEM),
    value,
    isUsers,
    ...(database !== undefined && { database }),
  });
  return [
    of("state", onOrOff(enabled)),
    of("audit", auditGuid),
    ...details.map(({ action, scope }) => of(`${action}${scope}`, "recorded")),
  ];
}

/** Of the key of the table that items are kept in. */
const LONGEST_ITEM = 450;

function managed(item: string, value: string): PolicyItem {
  return { item, value, isUsers: false };
}

function onOrOff(isOn: boolean): string {
  return isOn ? "ON" : "OFF";
}

/** Blanks at the ends are the client's, not the program's. */
function digest(text: string): string {
  return text === "" ? "absent" : createHash("sha256").update(text.trim()).digest("hex");
}

/** Recorded rows of the table, as they are compared. */
interface RecordedItem {
  readonly item: string;
  readonly isUsers: boolean;
  readonly value: string;
}

/** What the tables that start made say. */
export interface PolicyRecord {
  /** undefined: somebody took the word away; the lock counts that as locked. */
  readonly policy: PolicyState | undefined;
  readonly items: readonly RecordedItem[];
}

const DATABASE_ITEM = /^database (.+?), specification /;

/** What is not as it was recorded, a line each; what users may change counts while the policy is locked. Pure. */
export function driftOf({ policy, items }: PolicyRecord, facts: PolicyFacts): readonly string[] {
  const isLocked = policy !== "unlocked";
  const present = fingerprint(facts);
  const counts = ({ item, isUsers }: RecordedItem) => {
    const database = DATABASE_ITEM.exec(item)?.[1];
    return (isLocked || !isUsers) && (database === undefined || !facts.unjudged.has(database));
  };
  const before = new Map(items.filter(counts).map(({ item, value }) => [item, value]));
  const now = new Map(present.filter(counts).map(({ item, value }) => [item, value]));
  const lines = policy === undefined ? ["the word that says whether the policy is locked: is gone"] : [];
  for (const item of [...new Set([...before.keys(), ...now.keys()])].sort()) {
    const [was, is] = [before.get(item), now.get(item)];
    if (was === is) continue;
    if (was === undefined) lines.push(`${item}: is new (${is})`);
    else lines.push(is === undefined ? `${item}: is gone` : `${item}: was ${was}, is ${is}`);
  }
  return lines;
}
