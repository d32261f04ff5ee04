import { epochMillisecondsOf, type NativeAuditFields, type StartPosition } from "@das/core";
import type { Configuration } from "../configuration/schema.ts";
import type { StreamState } from "./stream-state.ts";

/** What a publisher goes by. When it changes, publishing is flushed and begun anew inside the process. */
export interface StreamLife {
  readonly generation: number;
  readonly nativeAuditFields: NativeAuditFields;
  readonly kmsKeyId: string;
  /** Where a source begins that was not published in this generation. */
  readonly startAt: StartPosition;
  /** Milliseconds since 1970, by the database's clock: the stream holds nothing of the generation from before. */
  readonly startedAt: number;
}

/** What `das start` wrote counts; on a stream that nothing was started on (`das run --create-stream`) the configuration. */
export function lifeOf(state: StreamState | undefined, { stream, publisher }: Configuration): StreamLife {
  if (!state) {
    return {
      generation: 0,
      nativeAuditFields: nativeAuditFieldsOf(String(stream.nativeAuditFields) as "true" | "false" | "empty"),
      kmsKeyId: stream.kmsKeyId,
      startAt: publisher.startAt,
      startedAt: 0,
    };
  }
  return {
    generation: state.generation,
    nativeAuditFields: nativeAuditFieldsOf(state["native-audit-fields"]),
    kmsKeyId: state["kms-key-id"],
    startAt: state["start-at"] === "oldest" ? "oldest" : { time: state["start-at"] },
    startedAt: epochMillisecondsOf(state["started-at"]),
  };
}

export function isSameLife(one: StreamLife, other: StreamLife): boolean {
  return (
    one.generation === other.generation &&
    one.nativeAuditFields === other.nativeAuditFields &&
    one.kmsKeyId === other.kmsKeyId
  );
}

/** ActivityStreamStatus of which events reach the stream: while it stops, what is under way still does. */
export function isPublished(state: StreamState | undefined): boolean {
  return state?.status !== "stopped";
}

const NATIVE_AUDIT_FIELDS = { true: "include", false: "omit", empty: "empty" } as const;

function nativeAuditFieldsOf(setting: "true" | "false" | "empty"): NativeAuditFields {
  return NATIVE_AUDIT_FIELDS[setting];
}
