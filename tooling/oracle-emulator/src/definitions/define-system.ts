import { setParameter as setParameterOf } from "../model/mishaps.ts";
import type { SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";

export function killSession(sid: number, serial: number, { engine }: SqlContext): void {
  const found = engine.sessions.find((session) => session.sid === sid && session.serial === serial);
  if (!found) throw oracleError(30);
  found.isKilled = true;
  // Its locks are free at once, and what it did not commit is undone.
  engine.endKilled(found);
}

/** @throws OracleError 2065 for a parameter that there is not */
export function setParameter(name: string, value: string, { engine, site }: SqlContext): void {
  const isKnown = name in site.parameters || (name.endsWith("_exclude_columns") && engine.profile.canExcludeColumns);
  if (!isKnown) throw oracleError(2065);
  engine.shared.change((world, now) => setParameterOf(world, site.uniqueName, name, value, now));
}
