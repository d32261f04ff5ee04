import { InvalidArgumentError } from "commander";

/** A time on the command line. @throws InvalidArgumentError */
export function parseTime(text: string): Date {
  // A time without an offset would be taken for local time, and a place in an audit trail is no matter for guesses.
  const time = /(Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined;
  if (!time || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError("Not an ISO 8601 time with its offset, such as 2026-11-22T10:00:00Z.");
  }
  return time;
}
