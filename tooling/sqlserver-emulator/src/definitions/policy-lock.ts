/**
 * The server trigger `rds_das_lock` (SQL Server notes §7.2) of an instance that was not provisioned with one: what it
 * refuses, and whom it lets pass. One that was made by CREATE TRIGGER is executed instead.
 */
import type { ServerLogin } from "../instance.ts";
import { sameName } from "../principals.ts";
import type { ServerState } from "../server-state.ts";
import { ServerError } from "../sql/server-error.ts";
import type { Definition } from "./definition.ts";

const LOCK_TRIGGER = "rds_das_lock";

/** Never changed by users, locked or not. */
const MANAGED = ["RDS_DAS_AUDIT", "RDS_DAS_AUDIT_CHANGES", "RDS_DAS_CHANGES_AUDIT_SPEC"];
const OF_THE_SERVER = [...MANAGED, "RDS_DAS_SERVER_AUDIT_SPEC"];
const OF_A_DATABASE = /^RDS_DAS_DB_/i;

/** Switching on weakens nothing. */
const SWITCHING_ON = /^ALTER SERVER AUDIT (?:SPECIFICATION )?\[RDS_DAS_\w+\] WITH \(STATE = ON\)$/;

export function isLocked(
  { instance, trail }: ServerState,
  definition: Definition,
  text: string,
  login: ServerLogin,
): boolean {
  const { serverTriggers, lock } = instance;
  const trigger = serverTriggers.find(({ name }) => sameName(name, LOCK_TRIGGER));
  if (!trigger || trigger.isDisabled || trigger.program || !("name" in definition)) return false;
  const isOneOf = (names: readonly string[]) => names.some((name) => sameName(name, definition.name));
  if (lock.policy === "unlocked" && !isOneOf(MANAGED)) return false;
  if (sameName(login.name, lock.owner) || SWITCHING_ON.test(text)) return false;
  switch (definition.kind) {
    case "createAudit":
    case "alterAudit":
    case "dropAudit":
      return isOneOf(OF_THE_SERVER);
    case "createSpecification":
    case "alterSpecification":
    case "dropSpecification":
      return definition.scope === "SERVER" ? isOneOf(OF_THE_SERVER) : OF_A_DATABASE.test(definition.name);
    case "dropDatabase":
      return trail.specifications.some(
        ({ enabled, database }) => enabled && database !== null && sameName(database, definition.name),
      );
    default:
      return false;
  }
}

export function policyIsLocked(): ServerError {
  return new ServerError(51_000, "The audit policy is locked by the database activity stream.");
}
