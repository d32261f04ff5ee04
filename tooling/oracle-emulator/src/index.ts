export { type Announcement, announce, instanceYaml } from "./announcement.ts";
export { type AuditColumn, auditColumns, UNKNOWN_COLUMN } from "./audit-columns.ts";
export { makeServerCertificate } from "./certificates.ts";
export { type PolicySettings, provisionedPolicies } from "./default-policies.ts";
export type { Engine, QueryResult } from "./engine-session.ts";
export type { Fault, FaultPlan } from "./faults.ts";
export * from "./model/audit-policy.ts";
export * from "./model/audit-row.ts";
export type { AuditTable, IntervalUnit, Partition, PartitionInterval, TimeBounds } from "./model/audit-table.ts";
export { createWorld, type SiteOptions, type WorldOptions } from "./model/create-world.ts";
export * from "./model/housekeeping.ts";
export { markersOf } from "./model/markers.ts";
export * from "./model/mishaps.ts";
export * from "./model/open-modes.ts";
export * from "./model/policy-changes.ts";
export * from "./model/read-rows.ts";
export * from "./model/role-changes.ts";
export * from "./model/session-locks.ts";
export type { SpilloverFile } from "./model/spillover-file.ts";
export * from "./model/world.ts";
export { type AuditOptions, advance, audit, auditAction, commitPending, destinationOf } from "./model/write-rows.ts";
export { OracleError } from "./oracle-error.ts";
export { OracleWorld } from "./oracle-world.ts";
export { type OracleEmulator, type OracleEmulatorOptions, startOracleEmulator } from "./server.ts";
export type { StatementLog, StatementRecord } from "./statement-log.ts";
export { isReleaseName, type ReleaseName, VERSION_PROFILES, type VersionProfile } from "./version-profiles.ts";
export { startWireServer, type TlsMode, type WireServer, type WireServerOptions } from "./wire-server.ts";
export { documentedCreateTable, type RealRow, realRows } from "./workload/real-rows.ts";
export {
  appendWorkload,
  preloadWorkload,
  type RunningWorkload,
  runWorkload,
  type WorkloadPlace,
  type WorkloadTarget,
  workContainer,
} from "./workload/run-workload.ts";
export { createWorkload, type Workload, type WorkloadOptions } from "./workload/workload.ts";
