import { z } from "zod";
import { provenanceSchema } from "./provenance.ts";

/**
 * The events and records of a database activity stream: zod schemas, from which the TypeScript types and the
 * published JSON Schema (`schema/`) are derived, so that the three cannot disagree.
 *
 * Source: AWS, "Monitoring Amazon RDS with Database Activity Streams", as our documentation of the wire format
 * (`docs/wire-format.md`) completes it. Every event carries all 29 common fields; what is unused is `null`.
 * Unknown members are kept: the format announces that fields may be added.
 */

/** An integer, exact at any size: a number where it is safe, a bigint beyond 2^53. */
export const exactIntegerSchema = z.union([z.int(), z.bigint()]).meta({ id: "ExactInteger", type: "integer" });
export type ExactInteger = z.infer<typeof exactIntegerSchema>;

const utcTime = (fractionDigits: number) =>
  z.string().regex(new RegExp(`^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}\\.\\d{${fractionDigits}}\\+00$`));

const nullableText = z.string().nullable();
const nullableInteger = exactIntegerSchema.nullable();

/** A column of the engine's own audit trail as it travels in `engineNativeAuditFields`. */
const nativeValue = z.union([z.string(), exactIntegerSchema, z.boolean(), z.null()]);
export type NativeValue = z.infer<typeof nativeValue>;

export const engineNativeAuditFieldsSchema = z.record(z.string(), nativeValue);
export type EngineNativeAuditFields = z.infer<typeof engineNativeAuditFieldsSchema>;

/** One row of `UNIFIED_AUDIT_TRAIL` as an event (record version 1.3). `exitCode` 0 is success. */
export const oracleEventSchema = z
  .looseObject({
    clientApplication: nullableText,
    command: nullableText,
    commandText: nullableText,
    /** DBID as decimal text; only with native fields. */
    dbid: nullableText.optional(),
    databaseName: nullableText,
    dbProtocol: z.literal("oracle"),
    dbUserName: nullableText,
    endTime: utcTime(6).nullable(),
    errorMessage: nullableText,
    exitCode: nullableInteger,
    logTime: utcTime(6),
    netProtocol: nullableText,
    objectName: nullableText,
    /** The schema of the object, despite the name. */
    objectType: nullableText,
    paramList: z.array(z.string()),
    pid: nullableInteger,
    remoteHost: nullableText,
    remotePort: nullableText,
    rowCount: z.null(),
    serverHost: z.string(),
    serverType: z.literal("ORACLE"),
    serverVersion: z.string(),
    serviceName: z.string(),
    sessionId: nullableInteger,
    startTime: utcTime(6).nullable(),
    statementId: nullableInteger,
    substatementId: z.null(),
    transactionId: nullableText,
    class: nullableText,
    type: z.literal("record"),
    engineNativeAuditFields: engineNativeAuditFieldsSchema.optional(),
  })
  .meta({ id: "OracleEvent" });
export type OracleEvent = z.infer<typeof oracleEventSchema>;

/** One row of `sys.fn_get_audit_file` as an event (record version 1.4). `exitCode` 1 is success. */
export const sqlServerEventSchema = z
  .looseObject({
    class: z.string(),
    clientApplication: nullableText,
    command: z.string(),
    commandText: z.string(),
    databaseName: z.string(),
    dbProtocol: z.literal("SQLSERVER"),
    dbUserName: z.string(),
    endTime: utcTime(7).nullable(),
    errorMessage: nullableText,
    exitCode: exactIntegerSchema,
    logTime: utcTime(7),
    netProtocol: z.null(),
    objectName: z.string(),
    objectType: z.string(),
    paramList: z.null(),
    pid: z.null(),
    remoteHost: nullableText,
    remotePort: z.null(),
    rowCount: nullableInteger,
    serverHost: z.string(),
    serverType: z.literal("SQLSERVER"),
    serverVersion: z.string(),
    serviceName: z.string(),
    sessionId: exactIntegerSchema,
    startTime: utcTime(7).nullable(),
    statementId: nullableText,
    substatementId: exactIntegerSchema,
    transactionId: nullableText,
    type: z.literal("record"),
    engineNativeAuditFields: engineNativeAuditFieldsSchema.optional(),
  })
  .meta({ id: "SqlServerEvent" });
export type SqlServerEvent = z.infer<typeof sqlServerEventSchema>;

export const databaseActivityEventSchema = z
  .discriminatedUnion("serverType", [oracleEventSchema, sqlServerEventSchema])
  .meta({ id: "DatabaseActivityEvent" });
/** One element of `databaseActivityEventList` that is not a heartbeat. */
export type DatabaseActivityEvent = z.infer<typeof databaseActivityEventSchema>;

/** Stands alone in its record (wire format §4). */
export const heartbeatSchema = z.looseObject({ type: z.literal("heartbeat") }).meta({ id: "Heartbeat" });
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** What is sealed: the decrypted, decompressed content of one record. */
export const innerRecordSchema = z
  .looseObject({
    type: z.literal("DatabaseActivityMonitoringRecord"),
    clusterId: z.string(),
    instanceId: z.string(),
    databaseActivityEventList: z.array(z.union([databaseActivityEventSchema, heartbeatSchema])).min(1),
    /** Ours only; AWS's records do not have it. */
    provenance: provenanceSchema.optional(),
  })
  .meta({ id: "InnerRecord" });
export type InnerRecord = z.infer<typeof innerRecordSchema>;

/** The data of one Kinesis record. No further members, ever: consumers split concatenated records on `}{`. */
export const outerRecordSchema = z
  .strictObject({
    type: z.literal("DatabaseActivityMonitoringRecords"),
    version: z.string().regex(/^\d+\.\d+$/),
    databaseActivityEvents: z.base64(),
    key: z.base64(),
  })
  .meta({ id: "OuterRecord" });
export type OuterRecord = z.infer<typeof outerRecordSchema>;
