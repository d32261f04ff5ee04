/** What a database knows besides its audit trail, as plain data that a test changes at will: who is who, and who may what. */
import type { Block, Declaration } from "./sql/syntax.ts";
import type { SqlType } from "./sql-types.ts";
import type { DatabaseVault } from "./vault.ts";

export interface ObjectGrant {
  /** `SYS.V_$DATABASE`. */
  readonly object: string;
  /** READ, SELECT, EXECUTE, INSERT, UPDATE, DELETE, ALTER … */
  readonly privilege: string;
  /** GUID of the container in which it holds; absent: in each. */
  readonly container?: string;
}

/** A user, a role, or PUBLIC. Names are in upper case unless they were quoted. */
export interface Grantee {
  readonly name: string;
  readonly systemPrivileges: readonly string[];
  readonly roles: readonly string[];
  readonly objectGrants: readonly ObjectGrant[];
}

export interface DatabaseUser extends Grantee {
  readonly kind: "user";
  /** null: NO AUTHENTICATION, nobody logs on as this user. */
  readonly password: string | null;
  readonly isLocked: boolean;
  readonly isOracleMaintained: boolean;
  /** Of a local user; absent: the user is common. */
  readonly container?: string;
}

export interface DatabaseRole extends Grantee {
  readonly kind: "role";
  readonly isOracleMaintained: boolean;
}

/** CREATE PROCEDURE or FUNCTION. */
export interface StoredRoutine {
  readonly kind: "procedure" | "function";
  readonly owner: string;
  readonly name: string;
  readonly parameters: readonly (Declaration & { readonly isOptional: boolean })[];
  readonly result?: SqlType;
  readonly block: Block;
  /** AUTHID: with whose rights it runs. */
  readonly rights: "definer" | "current_user";
  /** Roles that were granted to the program itself. */
  readonly roles: readonly string[];
  /** USER_SOURCE. */
  readonly source: string;
  readonly isValid: boolean;
  /** LAST_DDL_TIME, as a DATE. */
  readonly changedAt: string;
  /** GUID of the container that has it; absent: each has it. */
  readonly container?: string;
}

/** CREATE TRIGGER … BEFORE DDL ON DATABASE. */
export interface DdlTrigger {
  readonly owner: string;
  readonly name: string;
  readonly block: Block;
  readonly isEnabled: boolean;
  /** GUID of the one in which it was created, and fires. */
  readonly container: string;
  readonly source: string;
  readonly changedAt: string;
}

/** CREATE TABLE: rows are kept by column name. */
export interface UserTable {
  readonly owner: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly nullable: boolean }[];
  readonly rows: readonly (readonly (string | number | bigint | null)[])[];
  readonly changedAt: string;
  readonly container?: string;
}

export interface Database {
  readonly users: readonly DatabaseUser[];
  readonly roles: readonly DatabaseRole[];
  readonly publicGrants: readonly ObjectGrant[];
  readonly routines: readonly StoredRoutine[];
  readonly triggers: readonly DdlTrigger[];
  readonly tables: readonly UserTable[];
  /** When statistics of the trail's table were gathered, as a DATE; null is never. */
  readonly analyzedAt: string | null;
  /** What SOURCE of the view says of a branch from 23ai on (not known of the real database). */
  readonly sourceNames: Readonly<Record<"table" | "files", string>>;
  /** Does AUDIT_ADMIN that is granted to a program let it call DBMS_AUDIT_MGMT? (Not known.) */
  readonly codeGrantSuffices: boolean;
  /** Do DDL triggers fire for statements of unified audit policies? (Not known, per release.) */
  readonly triggersSeePolicies: boolean;
  /** Does READ of AUDSYS.AUD$UNIFIED and SYS.GV_$UNIFIED_AUDIT_TRAIL suffice for somebody who is not SYS? (Not known.) */
  readonly directReadsWork: boolean;
  readonly vault: DatabaseVault;
}

export function findGrantee(database: Database, name: string): DatabaseUser | DatabaseRole | undefined {
  return database.users.find((user) => user.name === name) ?? database.roles.find((role) => role.name === name);
}

export function findUser(database: Database, name: string): DatabaseUser | undefined {
  return database.users.find((user) => user.name === name);
}

/** Those roles and what they bring. */
export function withInherited(database: Database, roles: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (names: readonly string[]) => {
    for (const name of names) {
      if (found.has(name)) continue;
      found.add(name);
      visit(database.roles.find((role) => role.name === name)?.roles ?? []);
    }
  };
  visit(roles);
  return [...found];
}

export function replaceGrantee(database: Database, changed: DatabaseUser | DatabaseRole): Partial<Database> {
  return changed.kind === "user"
    ? { users: database.users.map((user) => (user.name === changed.name ? changed : user)) }
    : { roles: database.roles.map((role) => (role.name === changed.name ? changed : role)) };
}
