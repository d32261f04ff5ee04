import type { CheckFinding } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** By lower-case name; a parameter that this release does not have is not there. */
export type Parameters = ReadonlyMap<string, string>;

const PARAMETERS = `SELECT p.name, p.value
FROM   sys.v_$parameter p
WHERE  p.name IN ('unified_audit_trail_exclude_columns', 'log_archive_config')`;

export async function lookAtParameters(inquiry: Inquiry): Promise<Answer<Parameters>> {
  return mapAnswer(
    await inquiry.ask(PARAMETERS),
    (rows) => new Map(rows.map(([name, value]) => [textOf(name), textOf(value)])),
  );
}

const EXCLUDE_COLUMNS = "unified_audit_trail_exclude_columns";

/** 23.6 and later can keep columns out of the trail (Oracle notes §5.1). */
export function judgeExcludedColumns(parameters: Answer<Parameters>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "excluded-columns",
    "A column that is excluded is empty in every row, as if nobody had said anything, and nothing brings it back later",
  );
  if (!parameters.known) {
    const repair = parameters.refused ? grantHere("READ ON SYS.V_$PARAMETER", instance) : undefined;
    return warning(`the settings of the trail cannot be looked at (${parameters.reason})`, repair);
  }
  const value = parameters.value.get(EXCLUDE_COLUMNS) ?? "";
  if (value === "" || value.toLowerCase() === "none") return ok("the trail leaves no column out");
  return failure(
    `${EXCLUDE_COLUMNS.toUpperCase()} leaves ${value.toUpperCase()} out of every row`,
    `ALTER SYSTEM SET ${EXCLUDE_COLUMNS} = NONE;`,
  );
}
