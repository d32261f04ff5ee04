import type { CheckFinding } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";

const LOCATION = `SELECT c.parameter_value
FROM   sys.dba_audit_mgmt_config_params c
WHERE  c.audit_trail = 'UNIFIED AUDIT TRAIL' AND c.parameter_name = 'DB AUDIT TABLESPACE'`;

/** The tablespace of new partitions; undefined where the view has no line of it. */
export async function lookAtLocation(inquiry: Inquiry): Promise<Answer<string | undefined>> {
  return mapAnswer(await inquiry.ask(LOCATION), ([row]) => row?.[0] ?? undefined);
}

/** For information: SYSAUX is the default, and shared with much else. */
export function judgeLocation(location: Answer<string | undefined>, instance: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "trail-location",
    "When the tablespace of the table is full, rows go into files, and when the disk is full as well, users' statements fail",
  );
  if (!location.known) {
    const repair = location.refused ? grantHere("READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS", instance) : undefined;
    return warning(`where the table lies cannot be looked at (${location.reason})`, repair);
  }
  return ok(`new partitions of the table go to the tablespace ${textOf(location.value) || "SYSAUX"}`);
}
