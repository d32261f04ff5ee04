import type { PlannedStatement } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { plannedAt, programAt } from "./planned.ts";
import { type Program, programsOf } from "./programs.ts";
import type { ProvisionFacts } from "./provision-facts.ts";

function isMissing({ objects }: ProvisionFacts, { name, mark, isReplaced }: Program): boolean {
  const source = objects.get(name);
  return source === undefined || (isReplaced && !source.includes(mark));
}

/** The programs that are not there, not ours, or switched off: made, made anew, and switched on. */
export function planPrograms(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, disabledTriggers } = found;
  const owner = quoteName(names.owner);
  return programsOf(names).flatMap((program) => {
    const { name, kind, what, sql, roles } = program;
    const label = `${kind.toLowerCase()} ${names.owner}.${name}`;
    if (isMissing(found, program)) {
      return [
        programAt(place)(`create the ${label}, ${what}`, sql),
        ...roles.map((role) =>
          plannedAt(place)(`let the ${label} use ${role}`, `GRANT ${role} TO ${kind} ${owner}.${name}`),
        ),
      ];
    }
    return disabledTriggers.has(name)
      ? [plannedAt(place)(`enable the ${label}`, `ALTER TRIGGER ${owner}.${name} ENABLE`)]
      : [];
  });
}
