/** Statements that define something: users, roles, grants, audit policies, programs, tables, settings. */

import type { DdlTrigger, StoredRoutine } from "../database.ts";
import type { AuditPolicy, EnabledPolicy, PolicyOption } from "../model/audit-policy.ts";
import type { SqlType } from "../sql-types.ts";

export interface NewRoutine
  extends Omit<StoredRoutine, "owner" | "name" | "roles" | "isValid" | "changedAt" | "container"> {
  readonly path: readonly string[];
  readonly orReplace: boolean;
}

export interface NewTrigger extends Omit<DdlTrigger, "owner" | "name" | "container" | "changedAt"> {
  readonly path: readonly string[];
  readonly orReplace: boolean;
}

/** What GRANT gives and REVOKE takes; names as they were written, in upper case. */
export interface Granting {
  readonly verb: "grant" | "revoke";
  readonly privileges: readonly string[];
  /** Of object privileges. */
  readonly object?: readonly string[];
  readonly grantees: readonly string[];
  /** Programs, where roles are granted to them. */
  readonly programs: readonly (readonly string[])[];
}

export type Definition =
  | {
      readonly kind: "createUser" | "alterUser";
      readonly name: string;
      /** null: NO AUTHENTICATION. */
      readonly password?: string | null;
      readonly isLocked?: boolean;
    }
  | { readonly kind: "dropUser" | "createRole" | "dropRole"; readonly name: string }
  | ({ readonly kind: "granting" } & Granting)
  | { readonly kind: "createPolicy"; readonly policy: AuditPolicy }
  | {
      readonly kind: "alterPolicy";
      readonly name: string;
      readonly add: readonly PolicyOption[];
      readonly drop: readonly PolicyOption[];
      /** null: CONDITION DROP. */
      readonly condition?: Pick<AuditPolicy, "condition" | "evaluation"> | null;
      readonly onlyTopLevel?: boolean;
    }
  | { readonly kind: "dropPolicy"; readonly name: string }
  | {
      readonly kind: "enablePolicy";
      readonly name: string;
      readonly lines: readonly Partial<Omit<EnabledPolicy, "policyName">>[];
    }
  | { readonly kind: "disablePolicy"; readonly name: string; readonly entities?: readonly string[] }
  | { readonly kind: "createRoutine"; readonly routine: NewRoutine }
  | { readonly kind: "dropRoutine"; readonly routine: "procedure" | "function"; readonly path: readonly string[] }
  | { readonly kind: "createTrigger"; readonly trigger: NewTrigger }
  | { readonly kind: "switchTrigger"; readonly path: readonly string[]; readonly isEnabled: boolean }
  | { readonly kind: "dropTrigger"; readonly path: readonly string[] }
  | {
      readonly kind: "createTable";
      readonly path: readonly string[];
      readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly nullable: boolean }[];
    }
  /** What it would change of a table is not played: only whether it may. */
  | {
      readonly kind: "changeTable";
      readonly action: "DROP TABLE" | "ALTER TABLE" | "TRUNCATE TABLE" | "CREATE INDEX";
      readonly path: readonly string[];
    }
  | { readonly kind: "killSession"; readonly sid: number; readonly serial: number }
  | { readonly kind: "setParameter"; readonly name: string; readonly value: string };

/** A setting of the session: it is not replicated, not audited, and needs no right. */
export interface SessionSetting {
  readonly name: string;
  readonly value: string;
}
