import { ConfigurationError, DasError } from "@das/core";

/** 2 for what is wrong with the configuration, 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof ConfigurationError ? 2 : 1;
}

/** One line for what is expected to fail; the stack only of what is a fault of ours. */
export function reportError(error: unknown): void {
  const text =
    error instanceof DasError ? error.message : `das: this should not happen: ${(error as Error)?.stack ?? error}`;
  process.stderr.write(`${text}\n`);
}
