import {
  ENGINE_TRAITS,
  type EngineNativeAuditFields,
  exactInteger,
  type InstanceContext,
  type NativeValue,
  type SqlServerEvent,
  utcTime,
} from "@das/core";
import { ACTION_NAMES, CLASS_NAMES } from "./code-tables.ts";
import { EVENT_TIME_COLUMN, type SqlServerRow, type SqlValue, type TrailColumn, type TrailDescription } from "./row.ts";

/**
 * One audit row as an event of record version 1.4 (wire format §6). Pure and total: any row gives an event, an unknown
 * code travels as itself, an unknown column in `engineNativeAuditFields`.
 *
 * A column that this version does not have is `null`; a character column that is NULL is `""`.
 */
export function toEvent(row: SqlServerRow, context: InstanceContext): SqlServerEvent {
  const plan = planOf(row.trail);
  const { values } = row;
  const classType = trimmed(values, plan.classType);
  const className = row.trail.classNames.get(classType) ?? CLASS_NAMES.get(classType) ?? classType;
  const actionId = trimmed(values, plan.actionId);
  const event: SqlServerEvent = {
    class: className,
    clientApplication: textOrMissing(values, plan.applicationName),
    command: row.trail.actionNames.get(actionId) ?? ACTION_NAMES.get(actionId) ?? actionId,
    commandText: text(values, plan.statement),
    databaseName: text(values, plan.databaseName),
    dbProtocol: ENGINE_TRAITS.sqlserver.dbProtocol,
    dbUserName: text(values, plan.serverPrincipalName),
    endTime: null,
    errorMessage: null,
    exitCode: value(values, plan.succeeded) === true ? 1 : 0,
    logTime: utcTime(text(values, plan.eventTime)),
    netProtocol: null,
    objectName: text(values, plan.objectName),
    objectType: className,
    paramList: null,
    pid: null,
    remoteHost: textOrMissing(values, plan.clientIp),
    remotePort: null,
    rowCount: integerOrNull(value(values, plan.affectedRows)),
    serverHost: context.serverHost,
    serverType: ENGINE_TRAITS.sqlserver.serverType,
    serverVersion: context.serverVersion,
    serviceName: context.serviceName,
    sessionId: integerOrNull(value(values, plan.sessionId)) ?? 0,
    startTime: null,
    statementId: hexOrNull(value(values, plan.sequenceGroupId)),
    substatementId: integerOrNull(value(values, plan.sequenceNumber)) ?? 1,
    transactionId: textOrNull(value(values, plan.transactionId)),
    type: "record",
  };
  if (context.nativeAuditFields === "include") event.engineNativeAuditFields = nativeFields(values, plan);
  else if (context.nativeAuditFields === "empty") event.engineNativeAuditFields = {};
  return event;
}

const INTEGER = /^-?\d+$/;

/** Columns that stand in a field of their own, or (the last two) only say where the row stood. */
const MAPPED_COLUMNS = {
  eventTime: EVENT_TIME_COLUMN,
  sequenceNumber: "sequence_number",
  actionId: "action_id",
  succeeded: "succeeded",
  sessionId: "session_id",
  classType: "class_type",
  serverPrincipalName: "server_principal_name",
  databaseName: "database_name",
  objectName: "object_name",
  statement: "statement",
  sequenceGroupId: "sequence_group_id",
  transactionId: "transaction_id",
  clientIp: "client_ip",
  applicationName: "application_name",
  affectedRows: "affected_rows",
  fileName: "file_name",
  fileOffset: "audit_file_offset",
} as const;

/** Where each field's column stands in the values; -1 when this version does not have it. */
type MappingPlan = Readonly<Record<keyof typeof MAPPED_COLUMNS, number>> & {
  readonly native: readonly { readonly column: TrailColumn; readonly index: number }[];
};

const plans = new WeakMap<TrailDescription, MappingPlan>();

function planOf(trail: TrailDescription): MappingPlan {
  let plan = plans.get(trail);
  if (!plan) {
    const mapped = new Set<string>(Object.values(MAPPED_COLUMNS));
    const names = trail.columns.map((column) => column.name);
    const indexes = Object.entries(MAPPED_COLUMNS).map(([field, column]) => [field, names.indexOf(column)]);
    const native = trail.columns
      .map((column, index) => ({ column, index }))
      .filter(({ column }) => !mapped.has(column.name));
    plan = { ...(Object.fromEntries(indexes) as Record<keyof typeof MAPPED_COLUMNS, number>), native };
    plans.set(trail, plan);
  }
  return plan;
}

function nativeFields(values: readonly SqlValue[], plan: MappingPlan): EngineNativeAuditFields {
  const fields: EngineNativeAuditFields = {};
  for (const { column, index } of plan.native) fields[column.name] = nativeValue(column, value(values, index));
  return fields;
}

function nativeValue(column: TrailColumn, raw: SqlValue | undefined): NativeValue {
  if (raw === null || raw === undefined) return column.kind === "text" ? "" : null;
  if (raw instanceof Uint8Array) return hex(raw);
  if (column.kind === "bigint" && typeof raw === "string" && INTEGER.test(raw)) return exactInteger(raw);
  return raw;
}

function value(values: readonly SqlValue[], index: number): SqlValue | undefined {
  return index < 0 ? undefined : values[index];
}

/** "" for NULL. */
function text(values: readonly SqlValue[], index: number): string {
  const raw = value(values, index);
  return typeof raw === "string" ? raw : "";
}

/** null for a column that this version lacks, "" for NULL. */
function textOrMissing(values: readonly SqlValue[], index: number): string | null {
  return index < 0 ? null : text(values, index);
}

function textOrNull(raw: SqlValue | undefined): string | null {
  return raw === null || raw === undefined ? null : String(raw);
}

/** action_id and class_type are blank-padded. */
function trimmed(values: readonly SqlValue[], index: number): string {
  return text(values, index).replace(/ +$/, "");
}

function integerOrNull(raw: SqlValue | undefined): number | bigint | null {
  if (typeof raw === "number") return raw;
  return typeof raw === "string" && INTEGER.test(raw) ? exactInteger(raw) : null;
}

function hexOrNull(raw: SqlValue | undefined): string | null {
  return raw instanceof Uint8Array ? hex(raw) : null;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}
