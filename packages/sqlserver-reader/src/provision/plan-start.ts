import { withSeparator } from "../check/audit-directory.ts";
import { hasSplitRights } from "../check/instance-facts.ts";
import { auditNamed, type ServerAudit } from "../check/server-audits.ts";
import { createAudit, quoteName, quoteText } from "../check/statement.ts";
import { type AuditBlueprint, BLUEPRINTS } from "./audit-blueprint.ts";
import { driftOf, fingerprint } from "./fingerprint.ts";
import { healProgram } from "./heal-program.ts";
import { planTrigger, SOUND_TRIGGER, switchTrigger } from "./lock-trigger.ts";
import { DBA_ROLE, HEAL, KEPT_DATABASES_TABLE, READ, RECORD_TABLE, STATE_TABLE } from "./names.ts";
import { dbaPermission } from "./plan-policy.ts";
import type { PolicyFacts, PolicySpecification } from "./policy-facts.ts";
import { lockPolicy } from "./policy-record.ts";
import { CREATE_KEPT_DATABASES, CREATE_READ, CREATE_RECORD, CREATE_STATE } from "./programs.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import { planReader } from "./reader-rights.ts";
import { isSound, replaceSigned } from "./signed-procedure.ts";
import type { Step } from "./step.ts";

export interface StartRequest {
  /** The reader's login, as configured. */
  readonly reader: string;
  /** Of the reader's login, if start has to make it. */
  readonly readerSid: string;
  /** FILEPATH of audits that start makes; undefined: the one of an audit that exists, else the usual one. */
  readonly directory: string | undefined;
  /** AUDIT_GUID by audit. */
  readonly guids: ReadonlyMap<string, string>;
  /** Specifications of databases whose primary is another instance of the resource. */
  readonly elsewhere: PolicyFacts["databases"];
}

/** What is missing on one instance, in the order in which it can be made. The lock comes last. */
export function planStart(found: ProvisionFacts, request: StartRequest): readonly Step[] {
  const audits = BLUEPRINTS.map((blueprint) => planAudit(found, blueprint, request));
  const after: PolicyFacts = {
    ...found.policy,
    audits: audits.map(({ audit }) => audit),
    specifications: audits.flatMap(({ specification }) => specification ?? []),
    databases: new Map([...request.elsewhere, ...found.policy.databases]),
    ...SOUND_TRIGGER,
  };
  const changes = audits.flatMap(({ steps }) => steps);
  return [
    ...planReader(found.reader, found.instance, request.reader, request.readerSid),
    ...planRead(found),
    ...(isRefusedByLock(found, changes) ? [switchTrigger("DISABLE"), ...changes] : changes),
    ...planInstalled(found, healProgram(withoutDrift(after, found))),
    ...planLock(found, after, isRefusedByLock(found, changes)),
  ];
}

/** What reads audit files for the reader, where it would take CONTROL SERVER. */
function planRead({ instance, installed: { read } }: ProvisionFacts): readonly Step[] {
  if (hasSplitRights(instance) || isSound(read, CREATE_READ)) return [];
  return replaceSigned(READ, read, CREATE_READ);
}

interface AuditPlan {
  readonly steps: readonly Step[];
  /** As they will be. */
  readonly audit: ServerAudit;
  /** undefined: users dropped it, and may. */
  readonly specification: PolicySpecification | undefined;
}

/** A rerun must change nothing: a second STATE = ON is itself an audited change (SQL Server notes §6.1). */
function planAudit(
  { policy: { audits, specifications }, instance: { platform }, record }: ProvisionFacts,
  blueprint: AuditBlueprint,
  request: StartRequest,
): AuditPlan {
  const existing = auditNamed(audits, blueprint.audit);
  const audit = existing ?? newAudit(blueprint, request, request.directory ?? usualDirectory(platform, audits));
  const written = specifications.find(({ name }) => name.toLowerCase() === blueprint.specification.toLowerCase());
  const made = blueprint.isUsers && record?.policy === "unlocked" ? undefined : newSpecification(blueprint, audit.guid);
  const specification = written ?? made;
  const isOn = written === undefined || written.enabled || !blueprint.isUsers || isLockedOn(record, written.name);
  return {
    steps: [
      ...(existing ? [] : [createStreamAudit(audit)]),
      ...(written || !made ? [] : [createSpecification(made, audit.name)]),
      ...(isOn && written && !written.enabled ? [switchSpecification(written.name, "ON")] : []),
      ...(existing?.enabled ? [] : [switchAudit(audit.name, "ON")]),
    ],
    audit: { ...audit, enabled: true },
    specification: specification && { ...specification, enabled: isOn },
  };
}

/** What users switched off is theirs to switch on, unless it is off in spite of the lock. */
export function isLockedOn(record: ProvisionFacts["record"], specification: string): boolean {
  if (!record || record.policy === "unlocked") return false;
  return record.items.some(({ item, value }) => item === `specification ${specification}, state` && value === "ON");
}

function newAudit(
  { audit, maxSize, maxRolloverFiles, isUsers }: AuditBlueprint,
  { guids, reader }: StartRequest,
  directory: string,
): ServerAudit {
  return {
    name: audit,
    guid: guids.get(audit) ?? "",
    target: "FILE",
    enabled: false,
    queueDelay: 1000,
    onFailure: "CONTINUE",
    // By the login that connected: whoever takes the reader's part with EXECUTE AS stays visible (notes §4.4).
    predicate: isUsers ? `[session_server_principal_name] <> ${quoteText(reader)}` : "",
    maxSize,
    maxRolloverFiles,
    maxFiles: undefined,
    reservesDiskSpace: false,
    directory: withSeparator(directory),
  };
}

function newSpecification({ specification, groups }: AuditBlueprint, auditGuid: string): PolicySpecification {
  return { name: specification, auditGuid, enabled: true, details: groups.map((action) => ({ action, scope: "" })) };
}

function createStreamAudit({ name, guid, directory, maxSize = 0, maxRolloverFiles = 0, predicate }: ServerAudit): Step {
  const plan = { name, directory, maxSize, maxRolloverFiles, guid, predicate: predicate || undefined };
  return { what: `create the server audit ${name}`, sql: createAudit(plan) };
}

function createSpecification({ name, details }: PolicySpecification, audit: string): Step {
  const added = details.map(({ action }) => `ADD (${action})`).join(", ");
  return {
    what: `create the server audit specification ${name}`,
    sql: [
      `CREATE SERVER AUDIT SPECIFICATION ${quoteName(name)}`,
      `  FOR SERVER AUDIT ${quoteName(audit)} ${added} WITH (STATE = ON);`,
    ].join("\n"),
  };
}

export function switchAudit(name: string, state: "ON" | "OFF"): Step {
  return {
    what: `switch the server audit ${name} ${state.toLowerCase()}`,
    sql: `ALTER SERVER AUDIT ${quoteName(name)} WITH (STATE = ${state});`,
  };
}

export function switchSpecification(name: string, state: "ON" | "OFF"): Step {
  return {
    what: `switch the server audit specification ${name} ${state.toLowerCase()}`,
    sql: `ALTER SERVER AUDIT SPECIFICATION ${quoteName(name)} WITH (STATE = ${state});`,
  };
}

/** The folder must exist, and the service account must be able to write to it. */
function usualDirectory(platform: "Windows" | "Linux", audits: readonly ServerAudit[]): string {
  const other = audits.find(({ directory }) => directory !== "");
  return other?.directory ?? (platform === "Linux" ? "/var/opt/mssql/das/" : "D:\\das\\");
}

/** A lock that stands already refuses everybody who makes an audit, us too; switching on it lets pass. */
function isRefusedByLock({ policy }: ProvisionFacts, changes: readonly Step[]): boolean {
  return policy.trigger === "enabled" && changes.some(({ sql }) => sql.startsWith("CREATE"));
}

/** @param program of the procedure that heals, if it has to be made: one that is signed puts back what was recorded */
function planInstalled({ installed, dbaRole, record }: ProvisionFacts, program: string): readonly Step[] {
  const table = (name: string, sql: string): readonly Step[] =>
    installed.tables.has(name) ? [] : [{ what: `create the table ${name}`, sql }];
  return [
    ...table(STATE_TABLE, CREATE_STATE),
    ...table(RECORD_TABLE, CREATE_RECORD),
    ...table(KEPT_DATABASES_TABLE, CREATE_KEPT_DATABASES),
    ...(isSound(installed.heal, hasRecord(record) ? undefined : program)
      ? []
      : replaceSigned(HEAL, installed.heal, program)),
    ...(dbaRole.exists
      ? []
      : [
          {
            what: `create the server role ${DBA_ROLE} for administrators`,
            sql: `CREATE SERVER ROLE ${quoteName(DBA_ROLE)};`,
          },
        ]),
    ...(dbaRole.permission === undefined ? [dbaPermission(record?.policy ?? "locked")] : []),
  ];
}

function hasRecord(record: ProvisionFacts["record"]): boolean {
  return record?.policy !== undefined && record.items.length > 0;
}

/** What is not as it was recorded is not to be put back as it is now. */
function withoutDrift(policy: PolicyFacts, { record, policy: found }: ProvisionFacts): PolicyFacts {
  const drift = record && hasRecord(record) ? driftOf(record, found) : [];
  const isSound = (subject: string) => !drift.some((line) => line.startsWith(`${subject}, `));
  return {
    ...policy,
    audits: policy.audits.filter(({ name }) => isSound(`audit ${name}`)),
    specifications: policy.specifications.filter(({ name }) => isSound(`specification ${name}`)),
    databases: new Map(
      [...policy.databases].map(([database, own]) => [
        database,
        own.filter(({ name }) => isSound(`database ${database}, specification ${name}`)),
      ]),
    ),
  };
}

function planLock({ policy, record }: ProvisionFacts, after: PolicyFacts, isDisabledByUs: boolean): readonly Step[] {
  return [...(hasRecord(record) ? [] : [lockPolicy(fingerprint(after))]), ...planTrigger(policy, isDisabledByUs)];
}
