import type { StreamState } from "./stream-state.ts";

/** What RDS's API answers (wire format §8), under its names. */

export function startAnswer(state: StreamState, streamName: string): object {
  return { ...changedAnswer(state, streamName), ApplyImmediately: true };
}

export function stopAnswer(state: StreamState, streamName: string): object {
  return { KmsKeyId: state["kms-key-id"], KinesisStreamName: streamName, Status: state.status };
}

export function modifyAnswer(state: StreamState, streamName: string): object {
  return { ...changedAnswer(state, streamName), PolicyStatus: state.policy };
}

function changedAnswer(state: StreamState, streamName: string): object {
  return {
    ...stopAnswer(state, streamName),
    Mode: state.mode,
    EngineNativeAuditFieldsIncluded: isIncluded(state),
  };
}

/** As DescribeDBInstances has it. */
export function describeAnswer(state: StreamState | undefined, streamName: string) {
  return {
    ActivityStreamStatus: state?.status ?? "stopped",
    ActivityStreamKinesisStreamName: streamName,
    ActivityStreamKmsKeyId: state?.["kms-key-id"] ?? null,
    ActivityStreamMode: state?.mode ?? null,
    ActivityStreamEngineNativeAuditFieldsIncluded: state ? isIncluded(state) : null,
    ActivityStreamPolicyStatus: state && state.status !== "stopped" ? state.policy : null,
  };
}

function isIncluded(state: StreamState): boolean {
  return state["native-audit-fields"] === "true";
}
