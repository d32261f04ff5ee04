/** The server trigger `rds_das_lock` (SQL Server notes §7.2): what it refuses, and whom it lets pass. */
import type { Instance, ServerLogin } from "../instance.ts";
import { sameName } from "../principals.ts";
import type { ServerState } from "../server-state.ts";
import { ServerError } from "../sql/server-error.ts";
import { findTable } from "./define-object.ts";
import type { Definition } from "./definition.ts";

const LOCK_TRIGGER = "rds_das_lock";

/** Never changed by users, locked or not. */
const MANAGED = ["RDS_DAS_AUDIT", "RDS_DAS_AUDIT_CHANGES", "RDS_DAS_CHANGES_AUDIT_SPEC"];
const OF_THE_SERVER = [...MANAGED, "RDS_DAS_SERVER_AUDIT_SPEC"];
const OF_A_DATABASE = /^RDS_DAS_DB_/i;

/** While the trigger exists and is not disabled. */
export function isLocked({ instance, trail }: ServerState, definition: Definition, login: ServerLogin): boolean {
  const { serverTriggers, lock } = instance;
  const trigger = serverTriggers.find(({ name }) => sameName(name, LOCK_TRIGGER));
  if (!trigger || trigger.isDisabled || !("name" in definition)) return false;
  const isOneOf = (names: readonly string[]) => names.some((name) => sameName(name, definition.name));
  if (isSwitchedOn(definition)) return false;
  if (policyOf(instance) !== "locked" && !isOneOf(MANAGED)) return false;
  if (sameName(login.name, lock.owner)) return false;
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
        ({ database, enabled }) => enabled && database !== null && sameName(database, definition.name),
      );
    default:
      return false;
  }
}

const STATE_TABLE = "dbo.rds_das_state";

/** As the installed table says; what `Instance.lock` says where none was installed. */
function policyOf(instance: Instance): string {
  const table = findTable(instance, STATE_TABLE);
  if (!table) return instance.lock.policy;
  const column = table.columns.findIndex(({ name }) => sameName(name, "policy"));
  return String(table.rows[0]?.[column] ?? "unlocked");
}

/** Switching on weakens nothing, and healing does it: the trigger lets it pass. */
function isSwitchedOn(definition: Definition): boolean {
  if (definition.kind === "alterAudit") {
    const { options, target, predicate, newName } = definition;
    const changes = Object.keys(options);
    return changes.length === 1 && options.state === true && !target && predicate === undefined && !newName;
  }
  if (definition.kind !== "alterSpecification") return false;
  return definition.state === true && definition.changes.length === 0 && definition.audit === undefined;
}

export function policyIsLocked(): ServerError {
  return new ServerError(51_000, "The audit policy is locked by the database activity stream.");
}
