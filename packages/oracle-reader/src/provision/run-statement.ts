import { randomBytes } from "node:crypto";
import { DasError, type PlannedStatement, RefusedError } from "@das/core";
import { ServerError } from "../classify-error.ts";
import type { Connection } from "../connection.ts";
import { sentText } from "./planned.ts";
import { LOCKED, NOT_THE_ADMINISTRATOR } from "./programs.ts";

/** What stands in a plan for what is known, or secret, only when it is sent. */
export interface Fillings {
  readonly readerPassword: string;
  /** Looked at then. */
  readonly record: () => Promise<string>;
}

/** @throws RefusedError which statement failed, and why; UnavailableError */
export async function runStatement(
  connection: Connection,
  statement: PlannedStatement,
  fillings: Fillings,
  signal: AbortSignal,
): Promise<void> {
  let text = sentText(statement);
  // CREATE USER takes no binds.
  if (text.includes(":reader_password"))
    text = text.replace(":reader_password", () => quotedPassword(fillings.readerPassword));
  // Nobody ever needs it: the account is locked.
  if (text.includes(":owner_password"))
    text = text.replace(":owner_password", () => quotedPassword(`aA1_${randomBytes(12).toString("hex")}`));
  const binds = text.includes(":record") ? { record: await fillings.record() } : {};
  try {
    await connection.call(text, binds, signal);
  } catch (error) {
    throw refusalOf(error, statement);
  }
  signal.throwIfAborted();
}

/** @throws RefusedError for characters that Oracle's passwords cannot have */
function quotedPassword(password: string): string {
  if (/^[^"\0]+$/.test(password)) return `"${password}"`;
  throw new RefusedError({
    who: "oracle-reader",
    what: "the password of the publisher's account is empty, or has a character that no password of Oracle has (\")",
    remedy: "Choose another password for this instance in the configuration",
    code: "password-invalid",
  });
}

const REASONS: ReadonlyMap<number, readonly [what: string, remedy: string]> = new Map([
  [LOCKED, ["the policy is locked", "Unlock it first: das modify --audit-policy-state unlocked"]],
  [
    NOT_THE_ADMINISTRATOR,
    [
      "only the administrator who started the stream, or SYS, locks and unlocks it",
      "Log in as the user whose name stands in the column ADMINISTRATOR of DAS_STATE",
    ],
  ],
  [
    47_400,
    [
      "a rule of Database Vault forbids it",
      "Run it as a user whom the rule lets through, or have the owner of Database Vault change the rule",
    ],
  ],
  [
    28_003,
    ["the password does not satisfy the profile's verification", "Choose another password in the configuration"],
  ],
]);

function refusalOf(error: unknown, { what, place }: PlannedStatement): Error {
  const number = numberOf(error);
  if (number === undefined) return error as Error;
  const code = `ORA-${String(number).padStart(5, "0")}`;
  const [reason, remedy] = REASONS.get(number) ?? [
    code,
    "Look the number up, mend the cause, and run the command again: it goes on from this statement; or have the statements that --dry-run prints run by a user who may",
  ];
  return new RefusedError({
    who: "oracle-reader",
    what: `${place ?? "the database"} refused to ${what}: ${reason}${reason === code ? "" : ` (${code})`}`,
    remedy,
    code: error instanceof DasError ? error.code : "statement-refused",
    cause: error,
  });
}

/** Of what the server refuses; undefined for what passes. */
function numberOf(error: unknown): number | undefined {
  if (error instanceof ServerError) return error.number;
  if (!(error instanceof RefusedError)) return undefined;
  return (error.cause as { readonly errorNum?: number } | undefined)?.errorNum;
}
