/** A unified audit policy as AUDIT_UNIFIED_POLICIES shows it, an option a line (Oracle notes §5). */
export interface AuditPolicy {
  readonly name: string;
  readonly options: readonly PolicyOption[];
  /** AUDIT_CONDITION; null where there is none (the view shows `NONE`). */
  readonly condition: string | null;
  /** CONDITION_EVAL_OPT; null without a condition. */
  readonly evaluation: "STATEMENT" | "SESSION" | "INSTANCE" | null;
  readonly onlyTopLevel: boolean;
  /** Oracle brought it along: ORA_SECURECONFIG, ORA_LOGON_FAILURES, … */
  readonly isPredefined: boolean;
  readonly common: boolean;
}

export interface PolicyOption {
  /** `ALL`, `SELECT`, `CREATE TABLE`, the name of a privilege or of a role. */
  readonly name: string;
  readonly type: "STANDARD ACTION" | "OBJECT ACTION" | "SYSTEM PRIVILEGE" | "ROLE PRIVILEGE";
  readonly objectSchema: string | null;
  readonly objectName: string | null;
  readonly objectType: string | null;
}

/** A line of AUDIT_UNIFIED_ENABLED_POLICIES. */
export interface EnabledPolicy {
  readonly policyName: string;
  readonly option: "BY USER" | "EXCEPT USER" | "BY GRANTED ROLE";
  /** `ALL USERS` where nobody is named. */
  readonly entityName: string;
  readonly entityType: "USER" | "ROLE";
  readonly success: boolean;
  readonly failure: boolean;
}
