import { DasError, RefusedError, UnavailableError } from "@das/core";
import type { ConnectionOptions } from "./connection-options.ts";

/** The server accepted the login without TLS although TLS was asked for: the driver does not mind, we do. */
export class PlainTextError extends Error {}

/** The server neither sent anything nor closed the connection for too long. */
export class SilentServerError extends Error {}

/** The connection was lost before the statement was sent. */
export class LostConnectionError extends Error {
  readonly code = "ECONNCLOSED";
}

/** An error of a statement whose meaning depends on the statement. The text is the server's, never that of a row. */
export class ServerError extends Error {
  readonly number: number;

  constructor(number: number, cause: unknown) {
    super(`SQL Server error ${number}`, { cause });
    this.name = "ServerError";
    this.number = number;
  }
}

/**
 * Server errors that only a person can end: rights and logins.
 * @see https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
 */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [18456, "the login was refused"],
  [18470, "the login is disabled"],
  [18486, "the login is locked out"],
  [18487, "the login's password has expired"],
  [18488, "the login's password must be changed"],
  [4060, "the login may not open the database master"],
  [229, "a right is missing"],
  [297, "a right is missing"],
  [300, "a right is missing"],
]);

const LOGIN_REMEDY = "Check user and password of this instance in the configuration";
const RIGHTS_REMEDY = "Run das start, which grants what is missing; das check names it, das grants prints it all";

/** Codes of the driver that mean the connection, not the statement. */
const CONNECTION_CODES = new Set([
  "ESOCKET",
  "ECONNCLOSED",
  "ENOTOPEN",
  "ETIMEOUT",
  "ECONNRESET",
  "ECLOSE",
  "EABORT",
  "EINVALIDSTATE",
]);

/** Errors that the server marks as passing: throttling, failover, shutdown. */
const TRANSIENT = new Set([596, 601, 1204, 1205, 1222, 6005, 10928, 10929, 17142, 40197, 40501, 40613, 49918, 49919]);

interface DriverError {
  readonly code?: string;
  readonly number?: number;
  readonly message?: string;
  readonly originalError?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** What an error of the driver means: a person must act, try again, or the statement's own concern. */
export function classifyError(error: unknown, options: ConnectionOptions): Error {
  if (error instanceof DasError) return error;
  const who = "sqlserver-reader";
  const place = `instance "${options.instanceId}" at ${options.host}:${options.port ?? 1433}`;
  const { code, number } = error as DriverError;
  if (error instanceof PlainTextError || code === "EENCRYPT") {
    return new RefusedError({
      who,
      what: `${place} offers no encryption, and tls is "${options.tls ?? "required"}"`,
      remedy: "Install a certificate on the server, or set tls to off for this instance and know what that means",
      code: "tls-refused",
      cause: error,
    });
  }
  const refusal = number === undefined ? undefined : REFUSALS.get(number);
  if (refusal !== undefined || code === "ELOGIN") {
    const isRight = number === 229 || number === 297 || number === 300;
    return new RefusedError({
      who,
      what: `${place}: ${refusal ?? "the login was refused"} for user "${options.user}"${number ? ` (error ${number})` : ""}`,
      remedy: isRight ? RIGHTS_REMEDY : LOGIN_REMEDY,
      code: isRight ? "right-missing" : "login-refused",
      cause: error,
    });
  }
  const certificate = certificateProblem(error);
  if (certificate !== undefined) {
    return new RefusedError({
      who,
      what: `${place} shows a certificate that is not trusted (${certificate})`,
      remedy: "Set tls.caFile to the authority that signed it, or tls.serverName to the name in it",
      code: "certificate-refused",
      cause: error,
    });
  }
  if (error instanceof SilentServerError || CONNECTION_CODES.has(code ?? "") || TRANSIENT.has(number ?? 0)) {
    return new UnavailableError({
      who,
      what: `no connection to ${place} (${number ? `error ${number}` : (connectionCode(error) ?? "no answer")})`,
      remedy: "Check host and port of this instance, and that the server runs; trying again meanwhile",
      code: "database-unavailable",
      cause: error,
    });
  }
  return number === undefined ? (error as Error) : new ServerError(number, error);
}

/** The error and everything below it: the driver wraps what the socket said two or three times. */
function* causesOf(error: unknown): Generator<DriverError> {
  if (typeof error !== "object" || error === null) return;
  const { originalError, cause, errors } = error as DriverError;
  yield error as DriverError;
  for (const inner of [originalError, cause, ...(errors ?? [])]) yield* causesOf(inner);
}

/** What the socket said (ECONNREFUSED, ENOTFOUND, …), which tells more than the driver's own code. */
function connectionCode(error: unknown): string | undefined {
  return [...causesOf(error)].map(({ code }) => code).findLast((code) => code !== undefined);
}

const CERTIFICATE_PROBLEM =
  /self.signed certificate|unable to (get|verify)[\w ]*certificate|certificate has expired|altnames|hostname\/ip does not match/i;

function certificateProblem(error: unknown): string | undefined {
  for (const { message } of causesOf(error)) {
    const problem = CERTIFICATE_PROBLEM.exec(message ?? "")?.[0];
    if (problem !== undefined) return problem;
  }
  return undefined;
}
