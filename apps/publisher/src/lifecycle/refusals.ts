import { RefusedError } from "@das/core";

/** Errors of the commands that change a stream's life, under the codes of RDS's API (wire format §8). */

/** The state that the stream or the database is in does not allow it. */
export function invalidState(what: string, remedy: string, details: readonly string[] = []): RefusedError {
  return new RefusedError({ who: "das", what, remedy, details, code: "InvalidDBInstanceState" });
}

export function keyNotAccessible(what: string, remedy: string): RefusedError {
  return new RefusedError({ who: "das", what, remedy, code: "KMSKeyNotAccessibleFault" });
}

export function streamNotFound(streamName: string): RefusedError {
  return new RefusedError({
    who: "das",
    what: `there is no stream ${streamName}`,
    remedy: "Check resource.id, stream.region and the AWS credentials, or create it with das start",
    code: "ResourceNotFoundFault",
  });
}
