/** `db-` and 26 of A-Z2-7: the id of one logical database. It never changes; renaming changes nothing. */
export type ResourceId = string;

export const RESOURCE_ID_PATTERN = /^db-[A-Z2-7]{26}$/;

const STREAM_PREFIX = "aws-rds-das-";

/** The name of a resource's stream. Consumers derive the resource id from it, so the scheme never changes. */
export function streamNameOf(resourceId: ResourceId): string {
  return `${STREAM_PREFIX}${resourceId}`;
}

/** The resource id in a stream's name, or undefined when the name does not follow the scheme. */
export function resourceIdOf(streamName: string): ResourceId | undefined {
  return streamName.startsWith(STREAM_PREFIX) ? streamName.slice(STREAM_PREFIX.length) : undefined;
}

/**
 * The KMS encryption context that binds a data key to its resource: exactly one pair, chosen by the id's prefix
 * (wire format §3.1; `cluster-` occurs on AWS's own Aurora streams only).
 */
export function encryptionContextOf(resourceId: ResourceId): Record<string, string> {
  return { [resourceId.startsWith("cluster-") ? "aws:rds:dbc-id" : "aws:rds:db-id"]: resourceId };
}
