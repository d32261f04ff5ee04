import type { PlannedStatement, PolicyState } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { planPrograms } from "./plan-programs.ts";
import { programAt } from "./planned.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import { missingRules, vaultRemark } from "./vault-rules.ts";

/** Empty when the policy is in that state; undefined: nothing is provisioned here. */
export function planPolicy(policy: PolicyState, found: ProvisionFacts): readonly PlannedStatement[] | undefined {
  if (!found.state) return undefined;
  const isLocked = policy === "locked";
  if (found.state.isLocked === isLocked) return [];
  return isLocked ? [...planPrograms(found), ...missingRules(found), lockStatement(found)] : [unlockStatement(found)];
}

/** What is protected is looked at when it is sent: after everything before it has run. */
export function lockStatement(found: ProvisionFacts): PlannedStatement {
  const { place, names } = found;
  const remark = vaultRemark(found);
  return programAt(place)(
    `lock the audit policies, and record how they are${remark && `; ${remark}`}`,
    `BEGIN ${quoteName(names.owner)}.das_set_policy(1, :record); END;`,
  );
}

export function unlockStatement({ place, names }: ProvisionFacts): PlannedStatement {
  return programAt(place)("unlock the audit policies", `BEGIN ${quoteName(names.owner)}.das_set_policy(0, NULL); END;`);
}
