import { auditNamed, type ServerAudit } from "../check/server-audits.ts";
import { createAudit, quoteName, quoteText } from "../check/statement.ts";
import { type AuditBlueprint, BLUEPRINTS } from "./audit-blueprint.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import {
  createLockRole,
  createReader,
  createReaderUser,
  grantRight,
  joinLockRole,
  readerRights,
} from "./reader-rights.ts";
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
}

/** What is missing on one instance, in the order in which it can be made. The lock comes last. */
export function planStart(facts: ProvisionFacts, request: StartRequest): readonly Step[] {
  return [...planReader(facts, request), ...BLUEPRINTS.flatMap((blueprint) => planAudit(facts, blueprint, request))];
}

function planReader({ reader, instance }: ProvisionFacts, request: StartRequest): readonly Step[] {
  const login = request.reader;
  const missing = readerRights(instance).filter((right) => !reader.granted.has(right));
  return [
    ...(reader.hasLogin ? [] : [createReader(login, request.readerSid)]),
    ...missing.map((right) => grantRight(right, login)),
    ...(reader.user === undefined ? [createReaderUser(login)] : []),
    ...(reader.lockRoleExists ? [] : [createLockRole()]),
    ...(reader.isInLockRole ? [] : [joinLockRole(reader.user ?? login)]),
  ];
}

/** A rerun must change nothing: a second STATE = ON is itself an audited change (SQL Server notes §6.1). */
function planAudit(facts: ProvisionFacts, blueprint: AuditBlueprint, request: StartRequest): readonly Step[] {
  const existing = auditNamed(facts.audits, blueprint.audit);
  const name = existing?.name ?? blueprint.audit;
  return [
    ...(existing ? [] : [createStreamAudit(facts, blueprint, request)]),
    ...planSpecification(facts, blueprint, name),
    ...(existing?.enabled ? [] : [switchAudit(name, "ON")]),
  ];
}

function createStreamAudit(facts: ProvisionFacts, blueprint: AuditBlueprint, request: StartRequest): Step {
  const { audit, maxSize, maxRolloverFiles, isUsers } = blueprint;
  const sql = createAudit({
    name: audit,
    directory: request.directory ?? usualDirectory(facts),
    maxSize,
    maxRolloverFiles,
    guid: request.guids.get(audit),
    predicate: isUsers ? `[session_server_principal_name] <> ${quoteText(request.reader)}` : undefined,
  });
  return { what: `create the server audit ${audit}`, sql };
}

function planSpecification(
  { specifications }: ProvisionFacts,
  blueprint: AuditBlueprint,
  audit: string,
): readonly Step[] {
  const { specification, groups } = blueprint;
  const existing = specifications.find(({ name }) => name.toLowerCase() === specification.toLowerCase());
  if (existing?.enabled) return [];
  if (existing) return [switchServerSpecification(existing.name, "ON")];
  const added = groups.map((group) => `ADD (${group})`).join(", ");
  return [
    {
      what: `create the server audit specification ${specification}`,
      sql: [
        `CREATE SERVER AUDIT SPECIFICATION ${quoteName(specification)}`,
        `  FOR SERVER AUDIT ${quoteName(audit)} ${added} WITH (STATE = ON);`,
      ].join("\n"),
    },
  ];
}

export function switchAudit(name: string, state: "ON" | "OFF"): Step {
  return {
    what: `switch the server audit ${name} ${state.toLowerCase()}`,
    sql: `ALTER SERVER AUDIT ${quoteName(name)} WITH (STATE = ${state});`,
  };
}

export function switchServerSpecification(name: string, state: "ON" | "OFF"): Step {
  return {
    what: `switch the server audit specification ${name} ${state.toLowerCase()}`,
    sql: `ALTER SERVER AUDIT SPECIFICATION ${quoteName(name)} WITH (STATE = ${state});`,
  };
}

/** The folder must exist, and the service account must be able to write to it. */
function usualDirectory({ instance, audits }: ProvisionFacts): string {
  const other = audits.find((audit: ServerAudit) => audit.directory !== "");
  return other?.directory ?? (instance.platform === "Linux" ? "/var/opt/mssql/das/" : "D:\\das\\");
}
