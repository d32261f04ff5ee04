export { type Announcement, announce, instanceYaml } from "./announcement.ts";
export { AUDIT_COLUMNS, type AuditColumn } from "./audit-columns.ts";
export { EmulatedGroup, type EmulatedGroupOptions, type ReplicaRole } from "./availability-group.ts";
export { makeServerCertificate } from "./certificates.ts";
export {
  CHANGES_AUDIT,
  DEFAULT_AUDITS,
  type DefaultAuditOptions,
  defaultTrail,
  STREAM_AUDIT,
} from "./default-instance.ts";
export { type DriverRows, type DriverValue, driverRows } from "./driver-rows.ts";
export { type FailedLogin, failedLoginRow } from "./failed-login.ts";
export type { Fault, FaultPlan } from "./faults.ts";
export type {
  AvailabilityGroup,
  Database,
  DatabasePrincipal,
  Instance,
  PolicyLock,
  ServerLogin,
  ServerRole,
  ServerTrigger,
  StoredProcedure,
} from "./instance.ts";
export {
  type AuditBlock,
  type AuditFile,
  auditFileName,
  FIRST_BLOCK_OFFSET,
  fileTimeOf,
  pathOf,
  rowCount,
} from "./model/audit-file.ts";
export { type AuditRow, type ColumnValue, eventTime } from "./model/audit-row.ts";
export * from "./model/audit-state.ts";
export {
  type AuditSpecification,
  type AuditStatus,
  type AuditTrail,
  auditNamed,
  DEFAULT_BEHAVIOUR,
  type ErrorLogEntry,
  type EventSession,
  emptyTrail,
  filesOfAudit,
  findAudit,
  findFile,
  type OtherEntry,
  type ServerAudit,
  type SpecificationDetail,
  type TrailBehaviour,
} from "./model/audit-trail.ts";
export { auditsFedBy, recordAction } from "./model/audited-action.ts";
export { logError } from "./model/error-log.ts";
export { interleave } from "./model/interleave.ts";
export { markersOf } from "./model/markers.ts";
export * from "./model/mishaps.ts";
export { passesPredicate } from "./model/predicate.ts";
export * from "./model/read-rows.ts";
export { PIECE_LENGTH, splitRecord } from "./model/split-record.ts";
export { advance, appendRows, evictOne, flushAudit, rollOver } from "./model/write-rows.ts";
export { ENCRYPTION, type Encryption } from "./protocol/prelogin.ts";
export type { ServerMessage } from "./protocol/tokens.ts";
export {
  type SqlServerEmulator,
  type SqlServerEmulatorOptions,
  startSqlServerEmulator,
  type TlsMode,
} from "./server.ts";
export { ServerError } from "./sql/server-error.ts";
export type { StatementLog, StatementRecord } from "./statement-log.ts";
export {
  isSqlServerVersion,
  type SqlServerVersion,
  VERSION_PROFILES,
  type VersionProfile,
} from "./version-profiles.ts";
export { type GroupWorkloadOptions, runGroupWorkload } from "./workload/group-workload.ts";
export { documentedFailedLogin, type RealRow, realRows } from "./workload/real-rows.ts";
export {
  appendWorkload,
  preloadWorkload,
  type RunningWorkload,
  runWorkload,
  type WorkloadTarget,
} from "./workload/run-workload.ts";
export { createWorkload, type Workload, type WorkloadOptions, type WorkloadRow } from "./workload/workload.ts";
