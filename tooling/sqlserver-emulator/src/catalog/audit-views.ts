/** The views of audits, their specifications, their state and the code tables. */
import { type ActionCode, actionCodes, type ClassTypeCode, classTypeCodes } from "../code-tables.ts";
import { type AuditSpecification, findFile, type ServerAudit, type SpecificationDetail } from "../model/audit-trail.ts";
import { findDatabase, holdsDatabasePermission } from "../principals.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import {
  bigint,
  bit,
  datetime,
  datetime2,
  int,
  nvarchar,
  smallint,
  sysname,
  tinyint,
  uniqueidentifier,
  varchar,
} from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { definitionView, seesDefinitions, stateView, view } from "./table.ts";

const STATUS_NUMBERS = { NOT_STARTED: 0, STARTED: 1, RUNTIME_FAIL: 2, TARGET_CREATION_FAILED: 3, SHUTTING_DOWN: 4 };
const ON_FAILURE = {
  CONTINUE: { number: 0, description: "CONTINUE" },
  SHUTDOWN: { number: 1, description: "SHUTDOWN SERVER INSTANCE" },
  FAIL_OPERATION: { number: 2, description: "FAIL_OPERATION" },
};
const TARGET_TYPES = { FILE: "FL", "APPLICATION LOG": "AL", "SECURITY LOG": "SL" };
const UNLIMITED_MEGABYTES = 0;
const MEGABYTE = 1024 * 1024;

const AUDIT_COLUMNS = [
  ["audit_id", int, (audit: ServerAudit) => audit.id],
  ["name", sysname, (audit: ServerAudit) => audit.name],
  ["audit_guid", uniqueidentifier, (audit: ServerAudit) => audit.guid],
  ["create_date", datetime, (audit: ServerAudit) => timeText(audit.createdAt, 3)],
  ["modify_date", datetime, (audit: ServerAudit) => timeText(audit.modifiedAt, 3)],
  ["principal_id", int, () => 1],
  ["type", varchar(2), (audit: ServerAudit) => TARGET_TYPES[audit.target]],
  ["type_desc", nvarchar(60), (audit: ServerAudit) => audit.target],
  ["on_failure", tinyint, (audit: ServerAudit) => ON_FAILURE[audit.onFailure].number],
  ["on_failure_desc", nvarchar(60), (audit: ServerAudit) => ON_FAILURE[audit.onFailure].description],
  ["is_state_enabled", tinyint, (audit: ServerAudit) => (audit.enabled ? 1 : 0)],
  ["queue_delay", int, (audit: ServerAudit) => audit.queueDelay],
  ["predicate", nvarchar(3000), (audit: ServerAudit) => audit.predicate],
] as const;

const FILE_COLUMNS = [
  [
    "max_file_size",
    bigint,
    (audit: ServerAudit) => (audit.maxFileSize === null ? UNLIMITED_MEGABYTES : audit.maxFileSize / MEGABYTE),
  ],
  ["max_rollover_files", int, (audit: ServerAudit) => (audit.maxFiles > 0 ? 0 : audit.maxRolloverFiles)],
  ["max_files", int, (audit: ServerAudit) => audit.maxFiles],
  ["reserve_disk_space", bit, (audit: ServerAudit) => audit.reserveDiskSpace],
  ["log_file_path", nvarchar(260), (audit: ServerAudit) => audit.directory],
  ["log_file_name", nvarchar(260), (audit: ServerAudit) => `${audit.name}_${audit.guid}.sqlaudit`],
] as const;

const audits = ({ engine }: SqlContext) => engine.trail.audits;
const fileAudits = ({ engine }: SqlContext) => engine.trail.audits.filter(({ target }) => target === "FILE");

/** The path in the spelling that the test asked for: the engine's own differs in case and separators. */
function currentPath({ engine }: SqlContext, audit: ServerAudit): string | null {
  const path = audit.currentFile;
  switch (path === null ? "null" : engine.instance.pathSpelling) {
    case "null":
      return null;
    case "other case":
      return path === path?.toUpperCase() ? (path?.toLowerCase() ?? null) : (path?.toUpperCase() ?? null);
    case "other separators":
      return path?.includes("\\") ? path.replaceAll("\\", "/") : (path?.replaceAll("/", "\\") ?? null);
    default:
      return path;
  }
}

interface AuditState {
  readonly audit: ServerAudit;
  readonly path: string | null;
  readonly size: number | null;
}

function* auditStates(context: SqlContext): Generator<AuditState> {
  const { trail } = context.engine;
  for (const audit of trail.audits) {
    const file = audit.currentFile === null ? undefined : findFile(trail, audit.currentFile);
    yield { audit, path: currentPath(context, audit), size: file?.size ?? null };
  }
}

interface OpenSession {
  readonly audit: ServerAudit;
  readonly session: NonNullable<ServerAudit["session"]>;
}

function* openSessions({ engine }: SqlContext): Generator<OpenSession> {
  for (const audit of engine.trail.audits) if (audit.session) yield { audit, session: audit.session };
}

const SPECIFICATION_COLUMNS = (idColumn: string) =>
  [
    [idColumn, int, (specification: AuditSpecification) => specification.id],
    ["name", sysname, (specification: AuditSpecification) => specification.name],
    ["create_date", datetime, (specification: AuditSpecification) => timeText(specification.createdAt, 3)],
    ["modify_date", datetime, (specification: AuditSpecification) => timeText(specification.modifiedAt, 3)],
    ["audit_guid", uniqueidentifier, (specification: AuditSpecification) => specification.auditGuid],
    ["is_state_enabled", bit, (specification: AuditSpecification) => specification.enabled],
  ] as const;

interface Detail {
  readonly specification: AuditSpecification;
  readonly detail: SpecificationDetail;
}

const DETAIL_COLUMNS = (idColumn: string) =>
  [
    [idColumn, int, ({ specification }: Detail) => specification.id],
    ["audit_action_name", nvarchar(128), ({ detail }: Detail) => detail.action],
    ["class_desc", nvarchar(60), ({ detail }: Detail) => detail.classDescription ?? "SERVER"],
    ["major_id", int, ({ detail }: Detail) => detail.majorId ?? 0],
    ["minor_id", int, () => 0],
    ["audited_principal_id", int, ({ detail }: Detail) => detail.principalId ?? 0],
    ["audited_result", nvarchar(60), () => "SUCCESS AND FAILURE"],
    ["is_group", bit, ({ detail }: Detail) => detail.isGroup],
  ] as const;

/** Server specifications are seen everywhere, a database's own from within it; by whoever may see them. */
function specifications(context: SqlContext, ofDatabase: boolean): readonly AuditSpecification[] {
  const { engine, session } = context;
  if (!(ofDatabase ? seesDatabaseAudits(context) : seesDefinitions(context))) return [];
  const database = ofDatabase ? session.database.toLowerCase() : null;
  return engine.trail.specifications.filter(
    (specification) => (specification.database?.toLowerCase() ?? null) === database,
  );
}

function seesDatabaseAudits(context: SqlContext): boolean {
  const { engine, session } = context;
  const database = findDatabase(engine.instance, session.database);
  if (seesDefinitions(context) || !database) return true;
  return ["ALTER ANY DATABASE AUDIT", "VIEW DEFINITION"].some((permission) =>
    holdsDatabasePermission(engine.instance, database, session.login, permission),
  );
}

function* details(context: SqlContext, ofDatabase: boolean): Generator<Detail> {
  for (const specification of specifications(context, ofDatabase)) {
    for (const detail of specification.details) yield { specification, detail };
  }
}

export const AUDIT_VIEWS: readonly (readonly [string, CatalogTable])[] = [
  ["sys.server_audits", definitionView<ServerAudit>(AUDIT_COLUMNS, audits)],
  ["sys.server_file_audits", definitionView<ServerAudit>([...AUDIT_COLUMNS, ...FILE_COLUMNS], fileAudits)],
  [
    "sys.dm_server_audit_status",
    stateView<AuditState>(
      [
        ["audit_id", int, ({ audit }) => audit.id],
        ["name", sysname, ({ audit }) => audit.name],
        ["status", smallint, ({ audit }) => STATUS_NUMBERS[audit.status]],
        ["status_desc", nvarchar(256), ({ audit }) => audit.status],
        ["status_time", datetime2, ({ audit }) => timeText(audit.statusSince)],
        ["audit_file_path", nvarchar(260), ({ path }) => path],
        ["audit_file_size", bigint, ({ size }) => size],
      ],
      auditStates,
      "SECURITY",
    ),
  ],
  [
    "sys.dm_xe_sessions",
    stateView<OpenSession>(
      [
        ["name", nvarchar(256), ({ audit }) => `${audit.name}$A`],
        ["dropped_event_count", int, ({ session }) => session.droppedEvents],
        ["dropped_buffer_count", int, ({ session }) => session.droppedBuffers],
        ["blocked_event_fire_time", int, ({ session }) => session.blockedTime],
        ["create_time", datetime, ({ session }) => timeText(session.createdAt, 3)],
      ],
      openSessions,
    ),
  ],
  [
    "sys.server_audit_specifications",
    view<AuditSpecification>(SPECIFICATION_COLUMNS("server_specification_id"), (context) =>
      specifications(context, false),
    ),
  ],
  [
    "sys.server_audit_specification_details",
    view<Detail>(DETAIL_COLUMNS("server_specification_id"), (context) => details(context, false)),
  ],
  [
    "sys.database_audit_specifications",
    view<AuditSpecification>(SPECIFICATION_COLUMNS("database_specification_id"), (context) =>
      specifications(context, true),
    ),
  ],
  [
    "sys.database_audit_specification_details",
    view<Detail>(DETAIL_COLUMNS("database_specification_id"), (context) => details(context, true)),
  ],
  [
    "sys.dm_audit_actions",
    view<ActionCode>(
      [
        ["action_id", varchar(4), (code) => code.actionId.padEnd(4)],
        ["name", sysname, (code) => code.name],
        ["configuration_level", nvarchar(10), configurationLevel],
      ],
      ({ engine }) => actionCodes(engine.profile.year),
    ),
  ],
  [
    "sys.dm_audit_class_type_map",
    view<ClassTypeCode>(
      [
        ["class_type", varchar(2), (code) => code.classType.padEnd(2)],
        ["class_type_desc", nvarchar(120), (code) => code.description],
        ["securable_class_desc", nvarchar(120), (code) => code.securable],
      ],
      ({ engine }) => classTypeCodes(engine.profile.year),
    ),
  ],
];

const DATABASE_ACTIONS: ReadonlySet<string> = new Set(["SL", "UP", "IN", "DL", "EX", "RC", "RF"]);

function configurationLevel(code: ActionCode): string | null {
  if (code.isGroup) return "Group";
  return DATABASE_ACTIONS.has(code.actionId) ? "Action" : null;
}
