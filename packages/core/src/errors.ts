/**
 * Errors say who, what, why and what to do, and carry neither audited text nor secrets, so that a message may be
 * logged as it is. The class decides what happens next:
 *
 * | class | meaning | what the publisher does |
 * |---|---|---|
 * | ConfigurationError | a setting is wrong | ends with exit code 2 |
 * | UnavailableError | not now; trying again may help | tries again, without end |
 * | RefusedError | a right, key or object is missing: a person must act | ends with exit code 1 at the start, waits later |
 * | CursorError | a cursor that this reader did not write | as RefusedError |
 * | RecordError | one record cannot be opened | reports it and goes on |
 */
export interface ErrorParts {
  /** The part of the product that speaks: `sqlserver-reader`, `envelope`, … */
  readonly who: string;
  /** What failed, and why as far as known. One sentence without a full stop. */
  readonly what: string;
  /** What to do about it. One sentence without a full stop. */
  readonly remedy: string;
  /** What else to list, a line each, when one sentence is not enough. */
  readonly details?: readonly string[];
  /** A word for programs, stable across releases. */
  readonly code: string;
  readonly cause?: unknown;
}

export abstract class DasError extends Error {
  readonly who: string;
  readonly what: string;
  readonly remedy: string;
  readonly code: string;
  /** May the same attempt succeed later without anybody doing anything? */
  abstract readonly retryable: boolean;

  constructor(parts: ErrorParts) {
    const details = parts.details?.map((line) => `\n  ${line}`).join("");
    super(`${parts.who}: ${parts.what}${details ? `:${details}\n` : ". "}${parts.remedy}.`, { cause: parts.cause });
    this.name = new.target.name;
    this.who = parts.who;
    this.what = parts.what;
    this.remedy = parts.remedy;
    this.code = parts.code;
  }
}

export class ConfigurationError extends DasError {
  readonly retryable = false;
}

export class UnavailableError extends DasError {
  readonly retryable = true;
}

export class RefusedError extends DasError {
  readonly retryable = false;
}

export class CursorError extends DasError {
  readonly retryable = false;
}

export class RecordError extends DasError {
  readonly retryable = false;
}
