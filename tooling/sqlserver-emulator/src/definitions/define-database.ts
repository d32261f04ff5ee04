/** CREATE and DROP DATABASE, and the triggers of the server, as transitions. */
import type { Instance } from "../instance.ts";
import type { AuditTrail } from "../model/audit-trail.ts";
import { findDatabase, sameName } from "../principals.ts";
import type { ServerState } from "../server-state.ts";
import { ServerError } from "../sql/server-error.ts";
import { databaseNotFound, triggerNotFound } from "./messages.ts";

const LAST_SYSTEM_DATABASE = 4;

export function createDatabase(instance: Instance, name: string): Instance {
  if (findDatabase(instance, name))
    throw new ServerError(1801, `Database '${name}' already exists. Choose a different database name.`);
  const id = Math.max(...instance.databases.map((known) => known.id)) + 1;
  return { ...instance, databases: [...instance.databases, { id, name }] };
}

/** Its audit specifications go with it. */
export function dropDatabase({ trail, instance }: ServerState, name: string): ServerState {
  const dropped = findDatabase(instance, name);
  if (!dropped || dropped.id <= LAST_SYSTEM_DATABASE) throw databaseNotFound(name);
  return {
    trail: withoutSpecifications(trail, name),
    instance: { ...instance, databases: instance.databases.filter((known) => known !== dropped) },
  };
}

function withoutSpecifications(trail: AuditTrail, name: string): AuditTrail {
  const remaining = trail.specifications.filter(({ database }) => database === null || !sameName(database, name));
  return { ...trail, specifications: remaining };
}

/** @throws ServerError 1088 */
export function switchTriggers(instance: Instance, names: readonly string[] | "ALL", isDisabled: boolean): Instance {
  if (names !== "ALL") checkTriggers(instance, names);
  const isMeant = (name: string) => names === "ALL" || names.some((meant) => sameName(meant, name));
  const serverTriggers = instance.serverTriggers.map((trigger) =>
    isMeant(trigger.name) ? { ...trigger, isDisabled } : trigger,
  );
  return { ...instance, serverTriggers };
}

/** @throws ServerError 1088 */
export function dropTriggers(instance: Instance, names: readonly string[]): Instance {
  checkTriggers(instance, names);
  const isMeant = (name: string) => names.some((meant) => sameName(meant, name));
  return { ...instance, serverTriggers: instance.serverTriggers.filter(({ name }) => !isMeant(name)) };
}

function checkTriggers({ serverTriggers }: Instance, names: readonly string[]): void {
  const missing = names.find((wanted) => !serverTriggers.some(({ name }) => sameName(name, wanted)));
  if (missing !== undefined) throw triggerNotFound(missing);
}
