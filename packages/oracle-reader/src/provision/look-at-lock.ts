import { utcTime } from "@das/core";
import type { PolicyState } from "../audit-server.ts";
import { type Answer, answered, type Inquiry, textOf } from "../check/answer.ts";
import { policyStateStatement } from "../statements.ts";
import { driftOf, hasHealing, lookAtProtected, policyRecord } from "./policy-record.ts";

/**
 * Whether `das start` locked the policies of a container, and what is not as it was then.
 * @param owner the schema of the lock, as SQL names it
 * @param withContent what the policies record, too: that may take long
 * @returns undefined inside where no stream was started
 */
export async function lookAtLock(
  inquiry: Inquiry,
  owner: string,
  withContent: boolean,
): Promise<Answer<PolicyState | undefined>> {
  const state = await inquiry.ask(policyStateStatement(owner));
  if (!state.known) return state;
  const [row] = state.value;
  if (!row) return answered(undefined);
  const [locked, recorded = "", time = ""] = row.map(textOf);
  const at = utcTime(time);
  if (locked === "0") return answered({ at, isLocked: false, recorded: "", drift: [], canHeal: false });
  const looked = await lookAtProtected(inquiry, owner, withContent);
  const drift = driftOf(recorded, policyRecord(looked), looked);
  return answered({ at, isLocked: true, recorded, drift, canHeal: hasHealing(looked) });
}
