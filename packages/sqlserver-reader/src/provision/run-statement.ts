import { DasError, type PlannedStatement, RefusedError } from "@das/core";
import type { ServerMessage } from "../audit-server.ts";
import { quoteText } from "../check/statement.ts";
import { ServerError } from "../classify-error.ts";
import type { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { LOCKED_ERROR } from "./names.ts";

/** `Audit '…' failed to start`: a warning of severity 10, although nothing is audited then. */
const AUDIT_FAILED = 33_222;
/** The permission is missing, or the object is hidden for want of one. */
const RIGHT_MISSING: ReadonlySet<number> = new Set([229, 262, 297, 300, 4613, 15_151, 15_247]);

export interface Secret {
  readonly name: "reader" | "signing";
  readonly value: string;
}

/**
 * Sends one statement of a plan. A secret is put in only where the plan meant one to be: names and texts that others
 * chose are in statements, too, and may look like its place.
 * @throws RefusedError which statement failed, with the server's number and never its text; UnavailableError
 */
export async function runStatement(
  connection: Connection,
  instance: ConnectionOptions,
  statement: PlannedStatement,
  secret: Secret | undefined,
  signal: AbortSignal,
): Promise<void> {
  const sql = secret
    ? statement.sql.replaceAll(` PASSWORD = :${secret.name}_password`, () => ` PASSWORD = ${quoteSecret(secret.value)}`)
    : statement.sql;
  let failed: ServerMessage | undefined;
  const onInfo = (message: ServerMessage) => {
    if (message.number === AUDIT_FAILED) failed = message;
  };
  try {
    await connection.query(sql, [], { onRow: () => undefined, onInfo }, signal);
  } catch (error) {
    throw refusalOf(error, instance, statement);
  }
  signal.throwIfAborted();
  if (failed) throw refused(instance, statement, AUDIT_FAILED, failed);
}

/** Not every statement takes the N that other alphabets need. */
function quoteSecret(secret: string): string {
  const text = quoteText(secret);
  return /^[ -~]*$/.test(secret) ? text.slice(1) : text;
}

function refusalOf(error: unknown, instance: ConnectionOptions, statement: PlannedStatement): unknown {
  if (error instanceof ServerError) return refused(instance, statement, error.number, error.cause);
  if (!(error instanceof DasError) || error.code !== "right-missing") return error;
  const number = (error.cause as { readonly number?: number } | undefined)?.number;
  return refused(instance, statement, number ?? 0, error.cause);
}

function refused(
  instance: ConnectionOptions,
  { what }: PlannedStatement,
  number: number,
  cause: unknown,
): RefusedError {
  const isRight = RIGHT_MISSING.has(number);
  return new RefusedError({
    who: "sqlserver-reader",
    what: `instance "${instance.instanceId}" refused to ${what} (error ${number})`,
    remedy: isRight
      ? "Use an administrator's login with CONTROL SERVER, then run the command again: it goes on from here"
      : (REMEDIES.get(number) ?? "Remove the cause, then run the command again: it goes on from here"),
    code: isRight ? "right-missing" : "statement-refused",
    cause,
  });
}

const REMEDIES: ReadonlyMap<number, string> = new Map([
  [AUDIT_FAILED, "Make the folder of the audit files, let the service account write to it, and run the command again"],
  [15_118, "Give the reader a password that the server's policy accepts, and run the command again"],
  [15_116, "Give the reader a password that the server's policy accepts, and run the command again"],
  [LOCKED_ERROR, "The audit policy is locked, and the lock is not as das start left it: run das describe"],
]);
