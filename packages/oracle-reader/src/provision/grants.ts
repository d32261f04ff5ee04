import type { PlannedStatement } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { dictionaryName, isCommon, type Names, ownerIn } from "./names.ts";
import { plannedAt } from "./planned.ts";
import { grantText, installedRights, READER_RIGHTS } from "./reader-rights.ts";
import { vaultStatements } from "./vault-rules.ts";

export interface GrantsRequest {
  /** The publisher's account, or the administrator's, as configured. */
  readonly user: string;
  /** Of `GRANT_VERSIONS`. */
  readonly version: string;
  /** Services of the PDBs that are read besides. */
  readonly containers: readonly string[];
  /** The configuration fires the canary. */
  readonly canary: boolean;
  /** The configuration advances the archive timestamp. */
  readonly purge: boolean;
  /**
   * Default `reader`. The administrator's rights are for `das start`, `modify` and `stop`; DBA has them all. What the owner
   * of Database Vault runs are the rules of the lock, where `das start` may not make them; `user` is the publisher's then.
   */
  readonly account?: "reader" | "administrator" | "vault owner";
}

/** Releases whose statements are known, oldest first. */
export const GRANT_VERSIONS: readonly string[] = ["12.2", "18c", "19c", "21c", "23ai"];

/** What looking, installing, locking and taking it all back takes, short of DBA. */
const ADMINISTRATOR_RIGHTS: readonly string[] = [
  "CREATE SESSION",
  "SELECT ANY DICTIONARY",
  "AUDIT_ADMIN",
  "ADMINISTER DATABASE TRIGGER",
  "CREATE USER",
  "DROP USER",
  "GRANT ANY ROLE",
  "GRANT ANY PRIVILEGE",
  "GRANT ANY OBJECT PRIVILEGE",
  "CREATE ANY TABLE",
  "DROP ANY TABLE",
  "SELECT ANY TABLE",
  "INSERT ANY TABLE",
  "CREATE ANY PROCEDURE",
  "DROP ANY PROCEDURE",
  "EXECUTE ANY PROCEDURE",
  "CREATE ANY TRIGGER",
  "ALTER ANY TRIGGER",
  "DROP ANY TRIGGER",
  // For UNIFIED_AUDIT_TRAIL_EXCLUDE_COLUMNS, where it is set.
  "ALTER SYSTEM",
];

/** Every statement that gives an account what it needs and nothing else, for each database or container. Pure. */
export function grantsOf({
  user,
  version,
  containers,
  canary,
  purge,
  account,
}: GrantsRequest): readonly PlannedStatement[] {
  const name = dictionaryName(user);
  const isEverywhere = isCommon(name);
  const namesOf = (isRoot: boolean): Names => ({
    owner: ownerIn(isRoot),
    reader: name,
    everywhere: isRoot ? " CONTAINER=ALL" : "",
  });
  const names = namesOf(isEverywhere);
  // A common user gets its rights once, in the root; what is installed stands in each container for itself.
  const places = isEverywhere ? ["the root"] : ["the instance's own service", ...containers];
  if (account === "vault owner") {
    const rules = (place: string, isRoot: boolean) =>
      vaultStatements(place, namesOf(isRoot), Number.parseInt(version, 10));
    // Rules stand in each container for itself, and ask its own lock.
    return isEverywhere
      ? [...rules("the root", true), ...containers.flatMap((container) => rules(container, false))]
      : places.flatMap((place) => rules(place, false));
  }
  return places.flatMap((place) => {
    const planned = plannedAt(place);
    const grant = (right: string) => planned(`let ${name} have ${right}`, grantText(right, name, names));
    if (account === "administrator") return ADMINISTRATOR_RIGHTS.map(grant);
    const wanted = installedRights(names).filter(
      (right) => (canary || !right.endsWith(".DAS_CANARY")) && (purge || !right.endsWith(".DAS_ADVANCE")),
    );
    return [
      planned(
        `create the publisher's account ${name} on Oracle ${version}`,
        `CREATE USER ${quoteName(name)} IDENTIFIED BY :reader_password${names.everywhere}`,
      ),
      ...READER_RIGHTS.map(grant),
      // das start installs them, and then grants them itself.
      ...wanted.map((right) => ({ ...grant(right), what: `let ${name} have ${right}, which das start installs` })),
    ];
  });
}
