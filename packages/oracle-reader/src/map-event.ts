import {
  ENGINE_TRAITS,
  type EngineNativeAuditFields,
  exactInteger,
  type InstanceContext,
  type NativeValue,
  type OracleEvent,
  utcTime,
} from "@das/core";
import { isUnlisted, MAPPED_COLUMNS, NATIVE_COLUMNS, SHARED_COLUMNS } from "./columns.ts";
import { parseAuthenticationType } from "./parse-authentication-type.ts";
import { parseOsProcess } from "./parse-os-process.ts";
import { parseSqlBinds } from "./parse-sql-binds.ts";
import type { OracleRow, OracleValue, TrailColumn, TrailDescription } from "./row.ts";

/**
 * One audit row as an event of record version 1.3 (wire format §5). Pure and total: any row gives an event, an unknown
 * column travels in `engineNativeAuditFields`.
 *
 * A column that is NULL, or that this release does not have, is `null`.
 */
export function toEvent(row: OracleRow, context: InstanceContext): OracleEvent {
  const plan = planOf(row.trail);
  const { values } = row;
  const address = parseAuthenticationType(text(values, plan.authenticationType));
  const pid = parseOsProcess(text(values, plan.osProcess));
  const event: OracleEvent = {
    clientApplication: text(values, plan.clientProgramName),
    command: text(values, plan.actionName),
    commandText: text(values, plan.sqlText),
    ...(context.nativeAuditFields === "include" && { dbid: text(values, plan.dbid) }),
    databaseName: context.databaseName,
    dbProtocol: ENGINE_TRAITS.oracle.dbProtocol,
    dbUserName: text(values, plan.dbUserName),
    endTime: null,
    errorMessage: null,
    exitCode: integer(text(values, plan.returnCode)),
    logTime: row.time,
    netProtocol: address.protocol,
    objectName: text(values, plan.objectName),
    objectType: text(values, plan.objectSchema),
    paramList: parseSqlBinds(text(values, plan.sqlBinds)),
    pid,
    remoteHost: address.host ?? text(values, plan.userHost),
    remotePort: address.port,
    rowCount: null,
    serverHost: context.serverHost,
    serverType: ENGINE_TRAITS.oracle.serverType,
    serverVersion: context.serverVersion,
    serviceName: context.serviceName,
    sessionId: integer(text(values, plan.sessionId)),
    startTime: null,
    statementId: integer(text(values, plan.statementId)),
    substatementId: null,
    transactionId: text(values, plan.transactionId),
    class: text(values, plan.auditType),
    type: "record",
  };
  if (context.nativeAuditFields === "include") event.engineNativeAuditFields = nativeFields(values, plan, pid);
  else if (context.nativeAuditFields === "empty") event.engineNativeAuditFields = {};
  return event;
}

const INTEGER = /^-?\d+$/;

type NativeColumn = { readonly index: number } & TrailColumn;

/** Where each field's column stands in the values; -1 when this release does not have it. */
type MappingPlan = Readonly<Record<keyof typeof MAPPED_COLUMNS | keyof typeof SHARED_COLUMNS, number>> & {
  /** The documented ones that this release has. */
  readonly native: readonly NativeColumn[];
  /** Those that the documentation does not list, in the order of the view. */
  readonly unlisted: readonly NativeColumn[];
};

const plans = new WeakMap<TrailDescription, MappingPlan>();

function planOf(trail: TrailDescription): MappingPlan {
  let plan = plans.get(trail);
  if (!plan) {
    const names = trail.columns.map((column) => column.name);
    const fields = Object.entries({ ...MAPPED_COLUMNS, ...SHARED_COLUMNS });
    const indexes = Object.fromEntries(fields.map(([field, column]) => [field, names.indexOf(column)]));
    const native = NATIVE_COLUMNS.map((column) => ({ ...column, index: names.indexOf(column.name) }));
    plan = {
      ...(indexes as Record<keyof typeof MAPPED_COLUMNS | keyof typeof SHARED_COLUMNS, number>),
      native: native.filter(({ index }) => index >= 0),
      unlisted: trail.columns.map((column, index) => ({ ...column, index })).filter(({ name }) => isUnlisted(name)),
    };
    plans.set(trail, plan);
  }
  return plan;
}

/** What every event has that carries native fields: each documented one, null until a column says otherwise. */
const NO_NATIVE_VALUES: EngineNativeAuditFields = Object.fromEntries(NATIVE_COLUMNS.map(({ name }) => [name, null]));

function nativeFields(values: readonly OracleValue[], plan: MappingPlan, pid: number | null): EngineNativeAuditFields {
  const fields = { ...NO_NATIVE_VALUES };
  for (const { name, kind, index } of plan.native) {
    const value = text(values, index);
    if (value !== null) fields[name] = nativeValue(kind, value);
  }
  for (const { name, kind, index } of plan.unlisted) {
    const value = text(values, index);
    if (value !== null) fields[name] = nativeValue(kind, value);
  }
  const osProcess = text(values, plan.osProcess);
  if (pid === null && osProcess !== null) fields[MAPPED_COLUMNS.osProcess] = osProcess;
  return fields;
}

function nativeValue(kind: TrailColumn["kind"], value: string): NativeValue {
  if (kind === "number") return integer(value) ?? value;
  return kind === "time" ? utcTime(value) : value;
}

/** Oracle has no empty text: what a driver gives as one, such as an empty CLOB, is NULL. */
function text(values: readonly OracleValue[], index: number): string | null {
  return values[index] || null;
}

function integer(value: string | null): number | bigint | null {
  return value !== null && INTEGER.test(value) ? exactInteger(value) : null;
}
