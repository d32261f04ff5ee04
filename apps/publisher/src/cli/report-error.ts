import { ConfigurationError, DasError } from "@das/core";

/** 2 for what is wrong with the configuration, 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof ConfigurationError ? 2 : 1;
}

/** Codes of RDS's API, by which programs that drive it know what went wrong (wire format §8). */
const RDS_CODES = new Set([
  "InvalidDBInstanceState",
  "KMSKeyNotAccessibleFault",
  "DBInstanceNotFound",
  "ResourceNotFoundFault",
]);

/** One line for what is expected to fail, after its code where RDS has one; the stack only of what is a fault of ours. */
export function reportError(error: unknown): void {
  const text =
    error instanceof DasError
      ? `${RDS_CODES.has(error.code) ? `${error.code}: ` : ""}${error.message}`
      : `das: this should not happen: ${(error as Error)?.stack ?? error}`;
  process.stderr.write(`${text}\n`);
}
