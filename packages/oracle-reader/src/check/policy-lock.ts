import type { CheckFinding } from "@das/core";
import { lookAtLock } from "../provision/look-at-lock.ts";
import { ownerOf } from "../provision/names.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, count } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** Whether `das start` locked the policies here, and what is not as it was then. */
export interface PolicyLock {
  readonly isLocked: boolean;
  readonly drift: readonly string[];
}

export async function lookAtPolicyLock(
  inquiry: Inquiry,
  instance: InstanceFacts,
): Promise<Answer<PolicyLock | undefined>> {
  const lock = await lookAtLock(inquiry, ownerOf(instance), true);
  return mapAnswer(lock, (state) => state && { isLocked: state.isLocked, drift: state.drift.map(({ text }) => text) });
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
