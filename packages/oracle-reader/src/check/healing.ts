import type { CheckFinding } from "@das/core";
import { ownerOf } from "../provision/names.ts";
import type { Answer, Inquiry } from "./answer.ts";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { grant } from "./statement.ts";

/** May the procedure be executed that puts back what got around the lock? (Oracle notes §5.1) */
export function lookAtHealing(inquiry: Inquiry, instance: InstanceFacts): Promise<Answer<boolean>> {
  return inquiry.compile(`BEGIN IF FALSE THEN ${procedureOf(instance)}(NULL); END IF; END;`);
}

function procedureOf(instance: InstanceFacts): string {
  return `${ownerOf(instance)}.DAS_HEAL`;
}

/** @param isProvisioned a stream was started here, so that there is something to put back */
export function judgeHealing(healing: Answer<boolean>, isProvisioned: boolean, instance: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "healing",
    "A policy that was switched off around the lock is told either way; put back, it misses seconds instead of hours",
  );
  const name = procedureOf(instance);
  if (healing.known) return ok(`${name} is installed and may be executed: what gets around the lock is put back`);
  if (!isProvisioned) return ok("no activity stream is started by das start here: there is nothing to put back");
  if (!healing.refused) return warning(`whether ${name} may be executed cannot be looked at (${healing.reason})`);
  return warning(
    `${name} is not there for the reader: what gets around the lock is told, and not put back`,
    `-- das start installs it; where it is there, unlock first (das modify)\n${grant(`EXECUTE ON ${name}`, instance.user)}`,
  );
}
