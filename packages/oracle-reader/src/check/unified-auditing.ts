import type { CheckFinding } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** `pure`: the server writes the unified trail and no other one. */
export type AuditingMode = "pure" | "mixed";

/** V$OPTION is believed to be anybody's to read. Mixed, or relinked without unified auditing: it says FALSE of both. */
const OPTION = "SELECT value FROM sys.v_$option WHERE parameter = 'Unified Auditing'";

export async function lookAtAuditingMode(inquiry: Inquiry): Promise<Answer<AuditingMode>> {
  return mapAnswer(await inquiry.ask(OPTION), ([row]) => (textOf(row?.[0]) === "TRUE" ? "pure" : "mixed"));
}

/** From 23ai on there is no other auditing. */
const ORACLE_23 = 23;

const RELINK = [
  "# on the server, as the owner of ORACLE_HOME, whose databases and",
  "# listeners are all stopped",
  "cd $ORACLE_HOME/rdbms/lib",
  "make -f ins_rdbms.mk uniaud_on ioracle",
].join("\n");

export function judgeUnifiedAuditing(mode: Answer<AuditingMode>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "unified-auditing",
    "Only the unified trail is read: what goes into the older ones, or nowhere, never reaches the stream",
  );
  if (!mode.known) {
    const repair = mode.refused ? grantHere("READ ON SYS.V_$OPTION", instance) : undefined;
    return warning(`whether unified auditing is on cannot be looked at (${mode.reason})`, repair);
  }
  if (mode.value === "pure") return ok("unified auditing is on, and the only one (pure mode)");
  if (instance.release >= ORACLE_23) {
    return failure("V$OPTION says that unified auditing is off, which this release cannot do without", RELINK);
  }
  return warning(
    "the server is not linked for unified auditing only: mixed mode, in which older audit settings write to trails that are not read",
    RELINK,
  );
}
