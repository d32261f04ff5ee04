import type { CheckFinding } from "@das/core";
import { ownerIn } from "../provision/names.ts";
import { driftOf, lookAtProtected, policyRecord } from "../provision/policy-record.ts";
import { policyStateStatement } from "../statements.ts";
import { type Answer, answered, type Inquiry, textOf } from "./answer.ts";
import { about, count } from "./finding.ts";
import { type InstanceFacts, ROOT } from "./instance-facts.ts";
import { quoteName } from "./statement.ts";

/** Whether `das start` locked the policies here, and what is not as it was then. */
export interface PolicyLock {
  readonly isLocked: boolean;
  readonly drift: readonly string[];
}

export async function lookAtPolicyLock(
  inquiry: Inquiry,
  { containerId }: InstanceFacts,
): Promise<Answer<PolicyLock | undefined>> {
  const owner = quoteName(ownerIn(containerId === ROOT));
  const state = await inquiry.ask(policyStateStatement(owner));
  if (!state.known) return state;
  const [row] = state.value;
  if (!row) return answered(undefined);
  const [locked, recorded] = row.map(textOf);
  if (locked === "0") return answered({ isLocked: false, drift: [] });
  const looked = await lookAtProtected(inquiry, owner, true);
  const drift = driftOf(recorded ?? "", policyRecord(looked), looked);
  return answered({ isLocked: true, drift: drift.map(({ text }) => text) });
}

/** For information, unless something was changed in spite of the lock. */
export function judgePolicyLock(lock: Answer<PolicyLock | undefined>): CheckFinding {
  const { ok, warning, failure } = about(
    "policy-lock",
    "Who may change audit policies unseen decides what reaches the stream; a locked policy is compared with what was recorded",
  );
  if (!lock.known) {
    return lock.refused
      ? ok("no activity stream is started by das start here: the audit policies are not locked")
      : warning(`whether the audit policies are locked cannot be looked at (${lock.reason})`);
  }
  if (!lock.value?.isLocked) return ok("the audit policies are unlocked");
  const { drift } = lock.value;
  if (drift.length === 0) return ok("the audit policies are locked, and as they were recorded");
  return failure(
    `${count(drift.length, "thing")} that the lock protects changed: ${drift.slice(0, 3).join("; ")}`,
    "Find out who did it in the events on the stream; then put it back, or unlock and lock again: das modify --audit-policy-state unlocked, and locked",
  );
}
