import { DasError, RefusedError, UnavailableError } from "@das/core";
import type { ConnectionOptions } from "./connection-options.ts";

/** The peer would have been talked to without TLS although TLS was asked for. */
export class PlainTextError extends Error {}

/** The server neither sent anything nor closed the connection for too long. */
export class SilentServerError extends Error {}

/** The connection is not what the reader set up: times would be read wrongly. */
export class SessionSetupError extends Error {}

/** An error of a statement whose meaning depends on the statement. The text is the server's, never that of a row. */
export class ServerError extends Error {
  readonly number: number;

  constructor(number: number, cause: unknown) {
    super(`Oracle error ORA-${String(number).padStart(5, "0")}`, { cause });
    this.name = "ServerError";
    this.number = number;
  }
}

type Refusal = "login-refused" | "right-missing" | "tls-refused" | "certificate-refused" | "session-refused";

/**
 * Errors of the server that only a person can end.
 * @see https://docs.oracle.com/error-help/db/
 */
const REFUSALS: ReadonlyMap<number, readonly [Refusal, string]> = new Map([
  [1005, ["login-refused", "the password is empty"]],
  [1017, ["login-refused", "the login was refused"]],
  [28000, ["login-refused", "the account is locked"]],
  [28001, ["login-refused", "the password has expired"]],
  [
    28040,
    ["login-refused", "the account's password version or the server's SQLNET.ALLOWED_LOGON_VERSION_SERVER is too old"],
  ],
  [1045, ["right-missing", "the right CREATE SESSION is missing"]],
  [942, ["right-missing", "a view or table may not be read"]],
  [1031, ["right-missing", "a right is missing"]],
  // PL/SQL that does not compile: a package or procedure may not be executed, or is not there.
  [6550, ["right-missing", "a procedure may not be executed"]],
  // 23ai says so instead of 942 where the object may be known.
  [41900, ["right-missing", "a right is missing"]],
]);

/** Errors of the driver that only a person can end. */
const DRIVER_REFUSALS: ReadonlyMap<string, readonly [Refusal, string]> = new Map([
  ["NJS-116", ["login-refused", "the account has only a password verifier of 10G, which is not accepted"]],
  ["NJS-138", ["login-refused", "the server is older than 12.1"]],
  ["NJS-505", ["certificate-refused", "the wallet or its password cannot be used"]],
  ["NJS-529", ["certificate-refused", "the wallet is not PEM text"]],
  ["NJS-531", ["tls-refused", "the server wants native network encryption, which the driver does not have"]],
  ["NJS-532", ["tls-refused", "the server wants native network encryption, which the driver does not have"]],
  ["NJS-533", ["tls-refused", "the server wants native network encryption, which the driver does not have"]],
]);

const REMEDIES: Readonly<Record<Refusal, string>> = {
  "login-refused": "Check user and password of this instance in the configuration, and the account in DBA_USERS",
  "right-missing":
    "Grant CREATE SESSION, AUDIT_VIEWER, READ on SYS.V_$DATABASE, SYS.V_$CONTAINERS, AUDSYS.AUD$UNIFIED and SYS.GV_$UNIFIED_AUDIT_TRAIL, and EXECUTE on SYS.DBMS_LOCK; check names each one that is missing",
  "tls-refused":
    "Give the listener an address with PROTOCOL=TCPS and name its port, or set tls to off for this instance and know what that means",
  "certificate-refused":
    "Set tls.caFile to the authority that signed the server's certificate, tls.certificateName to the distinguished name in it, or mend tls.walletFile",
  "session-refused": "Look for a logon trigger that changes TIME_ZONE or NLS settings of this user's sessions",
};

/**
 * Errors that pass, by connecting again and asking again: the driver's list of recoverable ones, and those that a
 * reader of a trail meets (Oracle notes §§2.4-5, 6). The driver shows many of them as NJS-500.
 */
const PASSING = new Set([
  // Too many sessions or processes, shared memory or space for sorting used up.
  18, 20, 2391, 4030, 4031, 1652,
  // The session was ended, or the call by somebody else.
  28, 31, 1012, 1013, 2396, 40,
  // Starting, stopping, mounting, restricted, not open yet, changing its role.
  1033, 1034, 1035, 1089, 1090, 1092, 1109, 1219, 16456,
  // The connection.
  376, 603, 1115, 3113, 3114, 3135, 12153, 12514, 12537, 12547, 12570, 12571, 12583, 12757,
  // What was read was dropped, purged or overwritten meanwhile.
  1555, 8103, 22924,
  // The archiver is stuck: only administrators get in.
  257,
]);

/** They only say where another error happened. */
const WRAPPING = new Set([604, 12801]);

/** Of the service and of the SID: ORA-12514 and ORA-12505 of the listener, which cannot tell a wrong name from a database that is down. */
const UNKNOWN_SERVICE = new Set(["NJS-518", "NJS-519"]);

/** Codes of the driver that mean the connection, not the statement. */
const CONNECTION_CODES = new Set([
  "NJS-003",
  "NJS-123",
  "NJS-500",
  "NJS-501",
  "NJS-503",
  "NJS-506",
  "NJS-509",
  "NJS-510",
  "NJS-511",
  "NJS-513",
  "NJS-521",
  "NJS-530",
  "NJS-536",
]);

interface DriverError {
  readonly code?: string;
  readonly errorNum?: number;
  readonly message?: string;
}

/**
 * What an error of the driver means: a person must act, try again, or the statement's own concern.
 * @param reached whether a connection with these options succeeded before: then a port that ends a handshake is closing
 */
export function classifyError(error: unknown, options: ConnectionOptions, reached: boolean): Error {
  if (error instanceof DasError) return error;
  const who = "oracle-reader";
  const place = placeOf(options);
  const number = numberOf(error);
  const refusal = refusalOf(error, number, reached);
  if (refusal !== undefined) {
    const [code, what] = refusal;
    const user = code === "login-refused" || code === "right-missing" ? ` for user "${options.user}"` : "";
    return new RefusedError({
      who,
      what: `${place}: ${what}${user}${number ? ` (${oraCode(number)})` : ""}`,
      remedy: REMEDIES[code],
      code,
      cause: error,
    });
  }
  if (UNKNOWN_SERVICE.has((error as DriverError).code ?? "")) {
    return new UnavailableError({
      who,
      what: `${place}: the listener does not know the service: the database is down, or has not registered yet, or the name is misspelled`,
      remedy:
        "If the database is up, check service, host and port of this instance with lsnrctl status; trying again meanwhile",
      code: "service-unknown",
      cause: error,
    });
  }
  if (isPassing(error, number)) {
    return new UnavailableError({
      who,
      what: `no connection to ${place} (${reasonOf(error, number)})`,
      remedy: "Check host, port and service of this instance, and that the database is open; trying again meanwhile",
      code: "database-unavailable",
      cause: error,
    });
  }
  return number === undefined ? (error as Error) : new ServerError(number, error);
}

/** How messages call a server. */
export function placeOf({ instanceId, host, port, service }: ConnectionOptions): string {
  return `instance "${instanceId}" at ${host}:${port ?? 1521}/${service}`;
}

function refusalOf(
  error: unknown,
  number: number | undefined,
  reached: boolean,
): readonly [Refusal, string] | undefined {
  if (error instanceof PlainTextError) return ["tls-refused", 'plain text is offered, and tls is "required"'];
  if (error instanceof SessionSetupError) {
    return ["session-refused", "the session's time zone and formats are not what the reader set"];
  }
  if (number !== undefined) return REFUSALS.get(number);
  const { code = "", message = "" } = error as DriverError;
  if (!reached && NO_HANDSHAKE.test(message)) {
    return ["tls-refused", 'the port ends a TLS handshake, and tls is "required"'];
  }
  if (NO_TLS.test(message)) return ["tls-refused", 'the port does not speak TLS, and tls is "required"'];
  const certificate = CERTIFICATE_PROBLEM.exec(message)?.[0] ?? CLIENT_CERTIFICATE_PROBLEM.exec(message)?.[0];
  if (certificate !== undefined) return ["certificate-refused", `a certificate is not trusted (${certificate})`];
  return DRIVER_REFUSALS.get(code);
}

/** OpenSSL's and Node's words, which the driver hands on. */
const NO_TLS = /wrong version number|packet length too long|http request/i;
/** What a listener without TLS does; one that stops just now does it, too. */
const NO_HANDSHAKE = /before secure TLS connection was established/i;
const CERTIFICATE_PROBLEM =
  /self.signed certificate|unable to (get|verify)[\w ]*certificate|certificate has expired|server certificate unauthorized|NJS-50[78]/i;
/** What the server says of ours: with TLS 1.3 after the handshake, with the first answer. */
const CLIENT_CERTIFICATE_PROBLEM = /alert (bad certificate|unknown ca|certificate required|certificate unknown)/i;

function isPassing(error: unknown, number: number | undefined): boolean {
  if (error instanceof SilentServerError || CONNECTION_CODES.has((error as DriverError).code ?? "")) return true;
  // What is inside of a wrapping one is nothing that is known: another attempt costs little.
  return number !== undefined && (PASSING.has(number) || WRAPPING.has(number));
}

/** The server's number, of the error inside where the outer one only says where it happened. */
function numberOf(error: unknown): number | undefined {
  const { errorNum, message = "" } = error as DriverError;
  if (errorNum === undefined || errorNum === 0) return undefined;
  if (!WRAPPING.has(errorNum)) return errorNum;
  const inner = [...message.matchAll(/^ORA-(\d{5}):/gm)].map(([, digits]) => Number(digits));
  return inner.find((number) => REFUSALS.has(number) || PASSING.has(number)) ?? errorNum;
}

/** A word for the message: the server's number, else the socket's or the listener's, else the driver's. */
function reasonOf(error: unknown, number: number | undefined): string {
  if (number !== undefined) return oraCode(number);
  const { code, message = "" } = error as DriverError;
  return /\b(ORA-\d{5}|E[A-Z]{4,}[A-Z_]*)\b/.exec(message)?.[0] ?? code ?? "no answer";
}

function oraCode(number: number): string {
  return `ORA-${String(number).padStart(5, "0")}`;
}
