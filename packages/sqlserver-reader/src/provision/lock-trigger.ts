import { quoteName } from "../check/statement.ts";
import { LOCK_TRIGGER } from "./names.ts";
import type { PolicyFacts } from "./policy-facts.ts";
import { CREATE_TRIGGER } from "./programs.ts";
import { sameText } from "./signed-procedure.ts";
import type { Step } from "./step.ts";

/** The lock's server trigger as it has to be. */
export const SOUND_TRIGGER: Pick<PolicyFacts, "trigger" | "triggerText"> = {
  trigger: "enabled",
  triggerText: CREATE_TRIGGER,
};

/**
 * What makes the trigger sound, whatever there is of it.
 * @param isSwitchedOff it will be by then, to let other changes pass
 */
export function planTrigger({ trigger, triggerText }: PolicyFacts, isSwitchedOff: boolean): readonly Step[] {
  const create: Step = { what: `create the server trigger ${LOCK_TRIGGER}`, sql: CREATE_TRIGGER };
  if (trigger === "absent") return [create];
  if (!sameText(triggerText, CREATE_TRIGGER)) return [dropTrigger(), create];
  return trigger === "disabled" || isSwitchedOff ? [switchTrigger("ENABLE")] : [];
}

export function dropTrigger(): Step {
  return {
    what: `drop the server trigger ${LOCK_TRIGGER}`,
    sql: `DROP TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;`,
  };
}

export function switchTrigger(verb: "ENABLE" | "DISABLE"): Step {
  return {
    what: `${verb.toLowerCase()} the server trigger ${LOCK_TRIGGER}`,
    sql: `${verb} TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;`,
  };
}
