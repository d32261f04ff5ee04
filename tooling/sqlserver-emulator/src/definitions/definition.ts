/** Statements that define something: audits, specifications, principals, permissions. */
import type { Predicate } from "../model/predicate.ts";
import type { SqlType } from "../sql-types.ts";

/** Of CREATE and ALTER SERVER AUDIT; what was not written is absent. */
export interface AuditTarget {
  readonly target: "FILE" | "APPLICATION LOG" | "SECURITY LOG";
  readonly directory?: string;
  /** Bytes; null is UNLIMITED. */
  readonly maxFileSize?: number | null;
  /** null is UNLIMITED. */
  readonly maxRolloverFiles?: number | null;
  readonly maxFiles?: number;
  readonly reserveDiskSpace?: boolean;
}

export interface AuditOptions {
  readonly queueDelay?: number;
  readonly onFailure?: "CONTINUE" | "SHUTDOWN" | "FAIL_OPERATION";
  readonly guid?: string;
  readonly state?: boolean;
}

export type Scope = "SERVER" | "DATABASE";

/** What is added to a specification, or dropped from it. */
export type AuditedThing =
  | { readonly kind: "group"; readonly name: string }
  | {
      readonly kind: "actions";
      readonly actions: readonly string[];
      readonly securable: { readonly class: "OBJECT" | "SCHEMA" | "DATABASE"; readonly name: string };
      readonly principals: readonly string[];
    };

export interface SpecificationChange {
  readonly verb: "add" | "drop";
  readonly thing: AuditedThing;
}

export type Definition =
  | {
      readonly kind: "createAudit";
      readonly name: string;
      readonly target: AuditTarget;
      readonly options: AuditOptions;
      readonly predicate?: Predicate;
    }
  | {
      readonly kind: "alterAudit";
      readonly name: string;
      readonly target?: AuditTarget;
      readonly options: AuditOptions;
      /** null: REMOVE WHERE. */
      readonly predicate?: Predicate | null;
      readonly newName?: string;
    }
  | { readonly kind: "dropAudit"; readonly name: string }
  | {
      readonly kind: "createSpecification" | "alterSpecification";
      readonly scope: Scope;
      readonly name: string;
      /** FOR SERVER AUDIT; CREATE always has it. */
      readonly audit?: string;
      readonly changes: readonly SpecificationChange[];
      readonly state?: boolean;
    }
  | { readonly kind: "dropSpecification"; readonly scope: Scope; readonly name: string }
  | { readonly kind: "createLogin"; readonly name: string; readonly password: string; readonly sid?: string }
  | {
      readonly kind: "alterLogin";
      readonly name: string;
      readonly password?: string;
      readonly newName?: string;
      readonly isDisabled?: boolean;
    }
  | { readonly kind: "createCertificateLogin"; readonly name: string; readonly certificate: string }
  | { readonly kind: "dropLogin"; readonly name: string }
  | { readonly kind: "createUser"; readonly name: string; readonly login?: string }
  | { readonly kind: "dropUser"; readonly name: string }
  | { readonly kind: "createRole" | "dropRole"; readonly scope: Scope; readonly name: string }
  | {
      readonly kind: "changeRole";
      readonly scope: Scope;
      readonly name: string;
      readonly verb: "add" | "drop";
      readonly member: string;
    }
  | {
      readonly kind: "permission";
      readonly verb: "GRANT" | "DENY" | "REVOKE";
      /** In upper case. */
      readonly permissions: readonly string[];
      /** Absent: the server's own, or the current database's. */
      readonly object?: string;
      readonly principals: readonly string[];
      readonly withGrantOption?: true;
    }
  | { readonly kind: "switchTriggers"; readonly names: readonly string[] | "ALL"; readonly isDisabled: boolean }
  | { readonly kind: "dropTriggers"; readonly names: readonly string[] }
  | { readonly kind: "createDatabase" | "dropDatabase"; readonly name: string }
  | {
      readonly kind: "createTable";
      readonly name: string;
      readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
    }
  | { readonly kind: "dropTable" | "dropProcedure"; readonly name: string }
  | {
      readonly kind: "createProcedure" | "alterProcedure";
      readonly name: string;
      readonly parameters: string;
      readonly body: string;
    }
  | {
      readonly kind: "createTrigger";
      readonly name: string;
      /** Types of events, and groups of them; in upper case. */
      readonly events: readonly string[];
      readonly body: string;
    }
  | { readonly kind: "createCertificate"; readonly name: string; readonly password: string }
  | { readonly kind: "dropCertificate" | "removePrivateKey"; readonly name: string }
  | { readonly kind: "addSignature"; readonly name: string; readonly certificate: string; readonly password: string };
