import type { CheckFinding } from "@das/core";
import { HEAL, READ } from "../provision/names.ts";
import { CREATE_READ } from "../provision/programs.ts";
import {
  lookAtSigned,
  type SignedProcedure,
  type SignedProcedureFacts,
  sameText,
} from "../provision/signed-procedure.ts";
import { LOCK_ROLE } from "../statements.ts";
import { type Answer, answered, demandAnswer, type Inquiry, notKnown, UnansweredError } from "./answer.ts";
import { about } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import type { PolicyLock } from "./policy-lock.ts";
import type { RightsFacts } from "./rights.ts";
import { quoteName } from "./statement.ts";

/** What das start installs for the reader to execute. */
export interface SignedProcedures {
  /** undefined: since 2022 nobody needs it. */
  readonly read: Answer<SignedProcedureFacts> | undefined;
  readonly heal: Answer<SignedProcedureFacts>;
}

export async function lookAtSignedProcedures(inquiry: Inquiry, instance: InstanceFacts): Promise<SignedProcedures> {
  return {
    read: hasSplitRights(instance) ? undefined : await look(READ, inquiry),
    heal: await look(HEAL, inquiry),
  };
}

async function look(procedure: SignedProcedure, inquiry: Inquiry): Promise<Answer<SignedProcedureFacts>> {
  try {
    return answered(await lookAtSigned(procedure, inquiry, demandAnswer));
  } catch (error) {
    if (error instanceof UnansweredError) return notKnown(error.message);
    throw error;
  }
}

/** Until 2019: can the reader read through the procedure, and is the procedure what it was signed as? */
export function judgeReadProcedure({ read }: SignedProcedures, rights: Answer<RightsFacts>): readonly CheckFinding[] {
  if (!read || !rights.known) return [];
  const { ok, warning, failure } = about(
    "read-procedure",
    "Until 2019 reading audit files takes CONTROL SERVER, which is nearly everything: a signed procedure has it, so that the reader need not",
  );
  if (!read.known) return [warning(`${READ.name} cannot be looked at (${read.reason})`)];
  const problem = problemOf(READ, read.value, rights.value.mayExecuteReadProcedure, CREATE_READ);
  if (!problem) return [ok(`${READ.name} is signed, and reads audit files for the reader`)];
  // Without the procedure it reads all the same, only with far too much.
  return rights.value.held.has("CONTROL SERVER")
    ? [warning(`${problem.what}; the reader reads with CONTROL SERVER instead`, problem.repair)]
    : [failure(problem.what, problem.repair)];
}

/** Where a stream is started: can what drifts be put back? */
export function judgeHealProcedure(
  { heal }: SignedProcedures,
  rights: Answer<RightsFacts>,
  lock: Answer<PolicyLock | undefined>,
): readonly CheckFinding[] {
  if (!rights.known || !lock.known || !lock.value) return [];
  const { ok, warning } = about(
    "heal-procedure",
    "A signed procedure puts back what is not as it was recorded; without it changes are told on the stream, and stay",
  );
  if (!heal.known) return [warning(`${HEAL.name} cannot be looked at (${heal.reason})`)];
  const problem = problemOf(HEAL, heal.value, rights.value.mayExecuteHealProcedure, undefined);
  if (!problem) return [ok(`${HEAL.name} is signed, and puts back what was recorded`)];
  return [warning(problem.what, problem.repair)];
}

const START =
  "Run das start again: it makes the procedure anew and signs it (das start --dry-run prints the statements)";

/** @param wanted its T-SQL; undefined: whatever was signed */
function problemOf(
  { name, signer }: SignedProcedure,
  { text, isSigned, hasSignerLogin, signerHasRights }: SignedProcedureFacts,
  mayExecute: boolean,
  wanted: string | undefined,
): { readonly what: string; readonly repair: string } | undefined {
  const login = `the login ${signer}, from which ${name} has its rights,`;
  if (text === undefined) return { what: `there is no procedure ${name}`, repair: START };
  if (!isSigned) return { what: `${name} is not signed: it was changed after it was signed`, repair: START };
  if (wanted !== undefined && !sameText(text, wanted))
    return { what: `${name} is signed, but not what this version of das installs`, repair: START };
  if (!hasSignerLogin) return { what: `${login} is gone`, repair: START };
  if (!signerHasRights) {
    const repair = `USE master; GRANT CONTROL SERVER TO ${quoteName(signer)};`;
    return { what: `${login} lacks CONTROL SERVER`, repair };
  }
  if (mayExecute) return undefined;
  return {
    what: `the reader may not execute ${name}`,
    repair: `USE master; GRANT EXECUTE ON ${name} TO ${quoteName(LOCK_ROLE)};`,
  };
}
