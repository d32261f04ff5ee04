import type { CheckFinding, PolicyState } from "@das/core";
import { driftOf } from "../provision/fingerprint.ts";
import { lookAtPolicy } from "../provision/policy-facts.ts";
import { lookAtRecord } from "../provision/policy-record.ts";
import { type Answer, answered, demandAnswer, type Inquiry, notKnown, UnansweredError } from "./answer.ts";
import { about, count } from "./finding.ts";

/** What `das start` recorded of the audit policy, and what is not as it was then. */
export interface PolicyLock {
  /** undefined: somebody took the word away. */
  readonly policy: PolicyState | undefined;
  readonly drift: readonly string[];
}

/** undefined: nothing is provisioned here by das start. */
export async function lookAtPolicyLock(inquiry: Inquiry): Promise<Answer<PolicyLock | undefined>> {
  const record = await lookAtRecord(inquiry);
  if (!record.known || !record.value) return record.known ? answered(undefined) : record;
  const { policy } = record.value;
  try {
    const facts = await lookAtPolicy(inquiry, demandAnswer);
    return answered({ policy, drift: driftOf(record.value, facts) });
  } catch (error) {
    if (error instanceof UnansweredError) return notKnown(error.message);
    throw error;
  }
}

/** For information, unless something was changed in spite of the lock. */
export function judgePolicyLock(lock: Answer<PolicyLock | undefined>): CheckFinding {
  const { ok, warning, failure } = about(
    "policy-lock",
    "Who may change the audit policy unseen decides what reaches the stream; a locked policy is compared with what was recorded",
  );
  if (!lock.known) return warning(`whether the audit policy is locked cannot be looked at (${lock.reason})`);
  if (!lock.value) return ok("no activity stream is started by das start here: there is no record of the audit policy");
  const { policy, drift } = lock.value;
  if (drift.length === 0) return ok(`the audit policy is ${policy}, and as it was recorded`);
  return failure(
    `${count(drift.length, "thing")} that the record protects changed: ${drift.slice(0, 3).join("; ")}`,
    RELOCK,
  );
}

const RELOCK =
  "Find out who did it in the events on the stream; then put it back, or unlock and lock again: das modify --audit-policy-state unlocked, and locked";
