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

/** While the trigger exists and is not disabled; the one that das start installs lets no login pass. */
export function isLocked(state: ServerState, definition: Definition, text: string, login: ServerLogin): boolean {
  const { instance } = state;
  const { serverTriggers, lock } = instance;
  const trigger = serverTriggers.find(({ name }) => sameName(name, LOCK_TRIGGER));
  if (!trigger || trigger.isDisabled || !("name" in definition)) return false;
  const isOneOf = (names: readonly string[]) => names.some((name) => sameName(name, definition.name));
  if (SWITCHING_ON.test(text)) return false;
  if (policyOf(instance) === "unlocked" && !isOneOf(MANAGED)) return false;
  if (!findTable(instance, STATE_TABLE) && sameName(login.name, lock.owner)) return false;
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
      return keepsDatabase(state, definition.name);
    default:
      return false;
  }
}

const STATE_TABLE = "dbo.rds_das_state";

/** As the installed table says, where no word counts as locked; what `Instance.lock` says where none was installed. */
function policyOf(instance: Instance): string {
  const table = findTable(instance, STATE_TABLE);
  if (!table) return instance.lock.policy;
  const column = table.columns.findIndex(({ name }) => sameName(name, "policy"));
  return String(table.rows[0]?.[column] ?? "locked");
}

/** Switching on weakens nothing, and healing does it: the trigger lets these texts pass, letter by letter. */
const SWITCHING_ON = /^ALTER SERVER AUDIT (?:SPECIFICATION )?\[RDS_DAS_\w+\] WITH \(STATE = ON\)$/;

const KEPT_DATABASES_TABLE = "dbo.rds_das_db_spec";

/** As the installed table says; where none was installed, those with an enabled specification. */
function keepsDatabase({ instance, trail }: ServerState, name: string): boolean {
  const table = findTable(instance, KEPT_DATABASES_TABLE);
  if (table) return table.rows.some(([kept]) => sameName(String(kept), name));
  return trail.specifications.some(({ database, enabled }) => enabled && database !== null && sameName(database, name));
}

export function policyIsLocked(): ServerError {
  return new ServerError(51_000, "The audit policy is locked by the database activity stream.");
}
