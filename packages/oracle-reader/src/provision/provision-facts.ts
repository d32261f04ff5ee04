import { RefusedError } from "@das/core";
import { type Answer, Inquiry, type Rows, textOf } from "../check/answer.ts";
import type { Parameters } from "../check/excluded-columns.ts";
import { type InstanceFacts, lookAtInstance } from "../check/instance-facts.ts";
import type { Policy } from "../check/policies.ts";
import { quoteName } from "../check/statement.ts";
import type { Connection } from "../connection.ts";
import { type Names, namesIn, OWN_POLICIES, STATE_TABLE } from "./names.ts";
import { driftOf, lookAtProtected, type PolicyRecord, type ProtectedFacts, policyRecord } from "./policy-record.ts";
import { NOTHING_RECORDED, type RecordedChanges, recordedChanges } from "./recorded-changes.ts";

/** What stands in the database of what `das start` makes there; plans are made of this alone. */
export interface ProvisionFacts {
  /** Instance and container, for people. */
  readonly place: string;
  readonly instance: Pick<InstanceFacts, "release" | "containerId">;
  readonly names: Names;
  readonly accounts: ReadonlySet<string>;
  /** What the accounts were granted themselves: `AUDIT_VIEWER`, `CREATE SESSION`, `READ ON SYS.V_$DATABASE`. */
  readonly readerRights: ReadonlySet<string>;
  readonly ownerRights: ReadonlySet<string>;
  /** Database Vault may ask whether the stream is locked: rules of it may do so. */
  readonly mayVaultAsk: boolean;
  /** In the owner's schema, by name; the source of programs, for tables "". */
  readonly objects: ReadonlyMap<string, string>;
  readonly disabledTriggers: ReadonlySet<string>;
  /** undefined: there is no row. */
  readonly state: ProvisionedRow | undefined;
  /** Enabled ones. */
  readonly policies: readonly Policy[];
  /** Of the stream's own and of those that a start changed, enabled or not. */
  readonly presentPolicies: ReadonlySet<string>;
  readonly parameters: Parameters;
  /** `1 HOUR`; "" where it cannot be told. */
  readonly partitionInterval: string;
  readonly looked: ProtectedFacts;
  readonly record: PolicyRecord;
}

interface ProvisionedRow {
  readonly isLocked: boolean;
  /** What was protected when it was locked last; "" when it never was. */
  readonly recorded: string;
  readonly changes: RecordedChanges;
  readonly administrator: string;
}

/** @throws RefusedError `right-missing` when the administrator may not look; UnavailableError */
export async function lookAtProvision(
  connection: Connection,
  place: string,
  reader: string,
  signal: AbortSignal,
): Promise<ProvisionFacts> {
  const inquiry = new Inquiry(connection, signal);
  const ask = async (what: string, text: string, binds: Readonly<Record<string, string>> = {}) =>
    demandAnswer(await inquiry.ask(text, binds), place, what);
  const instance = demandAnswer(await lookAtInstance(inquiry), place, "the instance");
  const names = namesIn(instance, reader);
  const { owner } = names;
  const who = { owner, reader };

  const accounts = await ask(
    "SYS.DBA_USERS",
    "SELECT u.username FROM sys.dba_users u WHERE u.username IN (:owner, :reader)",
    who,
  );
  const roles = await ask("SYS.DBA_ROLE_PRIVS", ROLES, who);
  const privileges = await ask("SYS.DBA_SYS_PRIVS", PRIVILEGES, who);
  const grants = await ask("SYS.DBA_TAB_PRIVS", GRANTS, who);
  const rights = (grantee: string) =>
    new Set([
      ...[...roles, ...privileges].filter(([name]) => name === grantee).map(([, right]) => textOf(right)),
      ...grants
        .filter(([name]) => name === grantee)
        .map(([, right, schema, object]) => `${textOf(right)} ON ${textOf(schema)}.${textOf(object)}`),
    ]);

  const stored = await ask("SYS.DBA_OBJECTS", OBJECTS, { owner });
  const source = await ask("SYS.DBA_SOURCE", SOURCE, { owner });
  const objects = new Map(stored.map(([name]) => [textOf(name), ""]));
  for (const [name, text] of source) objects.set(textOf(name), `${objects.get(textOf(name)) ?? ""}${textOf(text)}`);
  const triggers = await ask("SYS.DBA_TRIGGERS", TRIGGERS, { owner });

  const looked = await lookAtProtected(inquiry, quoteName(owner), true);
  const state = objects.has(STATE_TABLE) ? await lookAtRow(ask, names) : undefined;
  const known = [...OWN_POLICIES, ...(state?.changes.policies ?? []).map(({ name }) => name)];
  const binds = Object.fromEntries(known.map((name, index) => [`p${index}`, name]));
  const present = await ask("SYS.AUDIT_UNIFIED_POLICIES", policiesAmong(known.length), binds);
  const [interval] = await ask("SYS.DBA_PART_TABLES", INTERVAL);

  return {
    place,
    instance,
    names,
    accounts: new Set(accounts.map(([name]) => textOf(name))),
    readerRights: rights(reader),
    ownerRights: rights(owner),
    mayVaultAsk: rights(VAULT_SCHEMA).has(`EXECUTE ON ${owner}.DAS_IS_LOCKED`),
    objects,
    disabledTriggers: new Set(
      triggers.filter(([, status]) => textOf(status) !== "ENABLED").map(([name]) => textOf(name)),
    ),
    state,
    policies: demandAnswer(looked.policies, place, "SYS.AUDIT_UNIFIED_ENABLED_POLICIES"),
    presentPolicies: new Set(present.map(([name]) => textOf(name))),
    parameters: demandAnswer(looked.parameters, place, "SYS.V_$PARAMETER"),
    partitionInterval: intervalText(textOf(interval?.[0])),
    looked,
    record: policyRecord(looked),
  };
}

/** What is not as it was when the policy was locked; nothing while it is not. */
export function driftIn({ state, record, looked }: ProvisionFacts): readonly string[] {
  return state?.isLocked ? driftOf(state.recorded, record, looked).map(({ text }) => text) : [];
}

type Ask = (what: string, text: string) => Promise<Rows>;

async function lookAtRow(ask: Ask, { owner }: Names): Promise<ProvisionedRow | undefined> {
  const table = `${quoteName(owner)}.${STATE_TABLE}`;
  const [row] = await ask(table, `SELECT s.locked, s.administrator, s.recorded, s.changes FROM ${table} s`);
  if (!row) return undefined;
  const [locked, administrator, recorded, changes] = row.map(textOf);
  return {
    isLocked: locked !== "0",
    administrator: administrator ?? "",
    recorded: recorded ?? "",
    changes: changes ? recordedChanges(changes) : NOTHING_RECORDED,
  };
}

/** @throws RefusedError */
export function demandAnswer<Value>(answer: Answer<Value>, place: string, what: string): Value {
  if (answer.known) return answer.value;
  throw new RefusedError({
    who: "oracle-reader",
    what: `${place}: the login may not look at ${what} (${answer.reason})`,
    remedy: "Log in as a user with the role DBA, or have the statements that --dry-run prints run by one",
    code: "right-missing",
  });
}

/** `NUMTODSINTERVAL(1, 'HOUR')`, `NUMTOYMINTERVAL(1,'MONTH')`, `INTERVAL '1' MONTH`. */
function intervalText(text: string): string {
  const found = /(\d+)'?,?\s*'?(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)/i.exec(text);
  return found ? `${found[1]} ${found[2]?.toUpperCase()}` : "";
}

/** With whose rights Database Vault evaluates its rules. */
const VAULT_SCHEMA = "DVSYS";

const ROLES = `SELECT r.grantee, r.granted_role FROM sys.dba_role_privs r
WHERE  r.grantee IN (:owner, :reader) ORDER BY r.grantee, r.granted_role`;
const PRIVILEGES = `SELECT p.grantee, p.privilege FROM sys.dba_sys_privs p
WHERE  p.grantee IN (:owner, :reader) ORDER BY p.grantee, p.privilege`;
const GRANTS = `SELECT g.grantee, g.privilege, g.owner, g.table_name FROM sys.dba_tab_privs g
WHERE  g.grantee IN (:owner, :reader, '${VAULT_SCHEMA}') ORDER BY g.grantee, g.owner, g.table_name, g.privilege`;
const OBJECTS = "SELECT o.object_name FROM sys.dba_objects o WHERE o.owner = :owner ORDER BY o.object_name";
const SOURCE = "SELECT s.name, s.text FROM sys.dba_source s WHERE s.owner = :owner ORDER BY s.name, s.line";
const TRIGGERS =
  "SELECT t.trigger_name, t.status FROM sys.dba_triggers t WHERE t.owner = :owner ORDER BY t.trigger_name";
function policiesAmong(count: number): string {
  const names = Array.from({ length: count }, (_, index) => `:p${index}`);
  return `SELECT DISTINCT p.policy_name FROM sys.audit_unified_policies p WHERE p.policy_name IN (${names.join(", ")})`;
}

const INTERVAL =
  "SELECT p.interval FROM sys.dba_part_tables p WHERE p.owner = 'AUDSYS' AND p.table_name = 'AUD$UNIFIED'";
