export type { Denial, DenialOptions, Principal, PrincipalOptions } from "./access.ts";
export type { Clock } from "./clock.ts";
export type { Counters, OperationCounters } from "./counters.ts";
export type { BusEvent } from "./events/event-bus-store.ts";
export type { EventsModel } from "./events/events-model.ts";
export type {
  CallFailure,
  CallPattern,
  Fault,
  Faults,
  Moment,
  ObservedCall,
  ObservedRecord,
  RecordFailure,
} from "./faults.ts";
export type { PolicyDocument, PolicyStatement } from "./identity-policy.ts";
export type { KinesisModel, KinesisRecord, ShardSummary, StreamSummary } from "./kinesis/kinesis-model.ts";
export type { Durations } from "./kinesis/kinesis-parts.ts";
export { AWS_LIMITS, type Limits } from "./kinesis/limits.ts";
export type { StreamMode, StreamStatus } from "./kinesis/stream-state.ts";
export type { KeySpec, KeyUsage } from "./kms/key-spec.ts";
export type { KeyOptions } from "./kms/key-store.ts";
export type { KeyNames, KmsModel } from "./kms/kms-model.ts";
export { type Credentials, type LocalAws, type LocalAwsOptions, startLocalAws } from "./local-aws.ts";
export type { ServiceName } from "./operation.ts";
