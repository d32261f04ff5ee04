import type { CheckFinding } from "@das/core";
import { READ } from "../provision/names.ts";
import { CREATE_READ } from "../provision/programs.ts";
import { lookAtSigned, type SignedProcedureFacts, sameText } from "../provision/signed-procedure.ts";
import { LOCK_ROLE } from "../statements.ts";
import { type Answer, answered, demandAnswer, type Inquiry, notKnown, UnansweredError } from "./answer.ts";
import { about } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import type { RightsFacts } from "./rights.ts";
import { quoteName } from "./statement.ts";

/** undefined: since 2022 nobody needs it. */
export async function lookAtReadProcedure(
  inquiry: Inquiry,
  instance: InstanceFacts,
): Promise<Answer<SignedProcedureFacts> | undefined> {
  if (hasSplitRights(instance)) return undefined;
  try {
    return answered(await lookAtSigned(READ, inquiry, demandAnswer));
  } catch (error) {
    if (error instanceof UnansweredError) return notKnown(error.message);
    throw error;
  }
}

const START =
  "Run das start again: it makes the procedure anew and signs it (das start --dry-run prints the statements)";

/** Until 2019: can the reader read through the procedure, and is the procedure what it was signed as? */
export function judgeReadProcedure(
  procedure: Answer<SignedProcedureFacts> | undefined,
  rights: Answer<RightsFacts>,
): readonly CheckFinding[] {
  if (!procedure || !rights.known) return [];
  const { ok, warning, failure } = about(
    "read-procedure",
    "Until 2019 reading audit files takes CONTROL SERVER, which is nearly everything: a signed procedure has it, so that the reader need not",
  );
  if (!procedure.known) return [warning(`${READ.name} cannot be looked at (${procedure.reason})`)];
  const { held, mayExecuteReadProcedure } = rights.value;
  const { text, isSigned, hasSignerLogin, signerHasRights } = procedure.value;
  const signer = quoteName(READ.signer);
  const bad = (what: string, repair: string) =>
    // Without the procedure it reads all the same, only with far too much.
    held.has("CONTROL SERVER")
      ? warning(`${what}; the reader reads with CONTROL SERVER instead`, repair)
      : failure(what, repair);
  if (text === undefined) return [bad(`there is no procedure ${READ.name}`, START)];
  if (!isSigned) return [bad(`${READ.name} is not signed: it was changed after it was signed`, START)];
  if (!sameText(text, CREATE_READ))
    return [bad(`${READ.name} is signed, but not what this version of das installs`, START)];
  if (!hasSignerLogin) return [bad(`the login ${READ.signer}, from which ${READ.name} has its rights, is gone`, START)];
  if (!signerHasRights) {
    const what = `the login ${READ.signer}, from which ${READ.name} has its rights, lacks CONTROL SERVER`;
    return [bad(what, `USE master; GRANT CONTROL SERVER TO ${signer};`)];
  }
  if (!mayExecuteReadProcedure) {
    const grant = `USE master; GRANT EXECUTE ON ${READ.name} TO ${quoteName(LOCK_ROLE)};`;
    return [bad(`the reader may not execute ${READ.name}`, grant)];
  }
  return [ok(`${READ.name} is signed, and reads audit files for the reader`)];
}
