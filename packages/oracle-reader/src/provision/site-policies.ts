import type { PlannedStatement } from "@das/core";
import { quoteName, quoteText } from "../check/statement.ts";
import { LOCK_TRIGGER } from "./names.ts";
import { programAt } from "./planned.ts";
import { isPolicyRecorded } from "./policy-record.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import { type RecordedPolicy, recordedText } from "./recorded-changes.ts";

/**
 * Policies of the site that a start enabled otherwise, and that are off now, although nobody of the site wanted it: a run
 * died between NOAUDIT and AUDIT, or somebody got around the lock.
 */
export function interruptedPolicies(found: ProvisionFacts): readonly RecordedPolicy[] {
  return switchedOff(found).filter((policy) => found.presentPolicies.has(policy.name) && !isSites(policy, found));
}

/** What the site switched off while it was unlocked stays off: forgotten before anything else of a stop. */
export function leaveToSite(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, state } = found;
  const left = switchedOff(found).filter((policy) => isSites(policy, found));
  if (!state || left.length === 0) return [];
  const policies = state.changes.policies.filter((policy) => !left.includes(policy));
  return [
    programAt(place)(
      `leave off what was switched off while it was unlocked: ${left.map(({ name }) => name).join(", ")}`,
      `BEGIN ${quoteName(names.owner)}.das_record(${quoteText(recordedText({ ...state.changes, policies }))}); END;`,
    ),
  ];
}

function switchedOff({ state, policies }: ProvisionFacts): readonly RecordedPolicy[] {
  return (state?.changes.policies ?? []).filter(({ name }) => !policies.some((policy) => policy.name === name));
}

/** Before the first lock, and once a stop has dropped the trigger, it is das that changes policies while they are unlocked. */
function isSites({ name }: RecordedPolicy, { state, objects }: ProvisionFacts): boolean {
  if (!state || state.recorded === "") return false;
  return state.isLocked ? !isPolicyRecorded(state.recorded, name) : objects.has(LOCK_TRIGGER);
}
