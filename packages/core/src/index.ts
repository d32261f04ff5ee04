export { type CheckTopic, checkTopic } from "./check-topic.ts";
export { type Clock, systemClock } from "./clock.ts";
export { ENGINE_TRAITS, type Engine, type EngineTraits } from "./engine.ts";
export {
  ConfigurationError,
  CursorError,
  DasError,
  type ErrorParts,
  RecordError,
  RefusedError,
  UnavailableError,
} from "./errors.ts";
export {
  type DatabaseActivityEvent,
  databaseActivityEventSchema,
  type EngineNativeAuditFields,
  type ExactInteger,
  engineNativeAuditFieldsSchema,
  exactIntegerSchema,
  type Heartbeat,
  heartbeatSchema,
  type InnerRecord,
  innerRecordSchema,
  type NativeValue,
  type OracleEvent,
  type OuterRecord,
  oracleEventSchema,
  outerRecordSchema,
  type SqlServerEvent,
  sqlServerEventSchema,
} from "./event.ts";
export { exactInteger, parseExact, stringifyExact } from "./exact-json.ts";
export { type EventIdentity, eventIdentity, trailOf } from "./identity.ts";
export type { InstanceContext, InstanceDescription, NativeAuditFields } from "./instance.ts";
export { jsonSchemas } from "./json-schema.ts";
export * from "./limits.ts";
export { type Logger, silentLogger } from "./log.ts";
export {
  type LossWindow,
  lossNotice,
  STREAM_CLASS,
  type StreamCommand,
  type StreamNotice,
  streamEvent,
} from "./loss-window.ts";
export { isMarker, MarkerList, parseMarkers } from "./markers.ts";
export {
  type HeldSource,
  isPartitionKeyOf,
  type Provenance,
  partitionKeyOf,
  provenanceSchema,
  publisherSourceId,
} from "./provenance.ts";
export type {
  OverriddenParameter,
  PlannedStatement,
  PolicyState,
  ProvisionedState,
  Provisioner,
} from "./provisioner.ts";
export { PublishedRows } from "./published-rows.ts";
export type {
  AuditBatch,
  AuditReader,
  AuditSource,
  CheckedServer,
  CheckFinding,
  CheckReport,
  Cursor,
  Resume,
  ResumePoint,
  StartPosition,
} from "./reader.ts";
export { encryptionContextOf, RESOURCE_ID_PATTERN, type ResourceId, resourceIdOf, streamNameOf } from "./resource.ts";
export { type RetryPolicy, retryDelay } from "./retry.ts";
export { epochMillisecondsOf, type UtcTime, utcTime, utcTimeOf } from "./time.ts";
export { Watchdog } from "./watchdog.ts";
