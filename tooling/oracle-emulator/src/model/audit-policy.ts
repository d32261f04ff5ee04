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

function action(name: string, objectSchema: string | null = null, objectName: string | null = null): PolicyOption {
  return {
    name,
    type: objectName === null ? "STANDARD ACTION" : "OBJECT ACTION",
    objectSchema,
    objectName,
    objectType: objectName === null ? null : "PACKAGE",
  };
}

function predefined(name: string, options: readonly PolicyOption[]): AuditPolicy {
  return {
    name,
    options,
    condition: null,
    evaluation: null,
    onlyTopLevel: false,
    isPredefined: true,
    common: false,
  };
}

/** The two that a new database has and that concern the reader most; of their options, those that are actions. */
export const PREDEFINED_POLICIES: readonly AuditPolicy[] = [
  predefined("ORA_LOGON_FAILURES", [action("LOGON")]),
  predefined(
    "ORA_SECURECONFIG",
    [
      "ALTER USER",
      "CREATE USER",
      "DROP USER",
      "CREATE ROLE",
      "ALTER ROLE",
      "DROP ROLE",
      "SET ROLE",
      "CREATE PROFILE",
      "ALTER PROFILE",
      "DROP PROFILE",
      "CREATE DATABASE LINK",
      "ALTER DATABASE LINK",
      "DROP DATABASE LINK",
      "CREATE DIRECTORY",
      "DROP DIRECTORY",
      "CREATE PLUGGABLE DATABASE",
      "ALTER PLUGGABLE DATABASE",
      "DROP PLUGGABLE DATABASE",
    ].map((name) => action(name)),
  ),
];

/** Who does what to what, as far as a policy asks; the columns of the row. */
type Audited = Readonly<Record<string, string | null | undefined>>;

/** The names of the enabled policies that cover it, in the order in which they were enabled. */
export function coveringPolicies(
  policies: readonly AuditPolicy[],
  enabled: readonly EnabledPolicy[],
  row: Audited,
  context: { readonly databaseRole: string; readonly roles?: readonly string[] },
): readonly string[] {
  const succeeded = (row.RETURN_CODE ?? "0") === "0";
  const user = row.DBUSERNAME ?? "";
  const names = [...new Set(enabled.map(({ policyName }) => policyName))];
  return names.filter((name) => {
    const policy = policies.find((each) => each.name === name);
    if (!policy || !meetsCondition(policy, context.databaseRole)) return false;
    const lines = enabled.filter(({ policyName }) => policyName === name);
    const heard = lines.some(
      (line) => (succeeded ? line.success : line.failure) && concerns(line, user, context.roles),
    );
    const excepted = lines.some(({ option, entityName }) => option === "EXCEPT USER" && entityName === user);
    return heard && !excepted && policy.options.some((option) => covers(option, row));
  });
}

function concerns({ option, entityName }: EnabledPolicy, user: string, roles: readonly string[] = []): boolean {
  if (option === "BY GRANTED ROLE") return roles.includes(entityName);
  return option === "EXCEPT USER" || entityName === "ALL USERS" || entityName === user;
}

function covers({ name, type, objectSchema, objectName }: PolicyOption, row: Audited): boolean {
  switch (type) {
    case "STANDARD ACTION":
      return name === "ALL" || name === row.ACTION_NAME;
    case "OBJECT ACTION":
      return (
        (name === "ALL" || name === row.ACTION_NAME) &&
        objectName === row.OBJECT_NAME &&
        objectSchema === row.OBJECT_SCHEMA
      );
    case "SYSTEM PRIVILEGE":
      return (row.SYSTEM_PRIVILEGE_USED ?? "").split(", ").includes(name);
    case "ROLE PRIVILEGE":
      return false;
  }
}

const ROLE_CONDITION = /^\s*SYS_CONTEXT\s*\(\s*'USERENV'\s*,\s*'DATABASE_ROLE'\s*\)\s*(=|<>|!=)\s*'([A-Z ]+)'\s*$/i;

/** Of conditions only the one that Data Guard needs is evaluated (Oracle notes §3.1); any other one holds. */
function meetsCondition({ condition }: AuditPolicy, databaseRole: string): boolean {
  const [, operator, role] = ROLE_CONDITION.exec(condition ?? "") ?? [];
  if (operator === undefined) return true;
  return (role === databaseRole) === (operator === "=");
}

const MANDATORY_ACTIONS = new Set([
  "CREATE AUDIT POLICY",
  "ALTER AUDIT POLICY",
  "DROP AUDIT POLICY",
  "AUDIT",
  "NOAUDIT",
]);
const MANDATORY_PACKAGES = new Set(["DBMS_AUDIT_MGMT", "DBMS_FGA"]);

/** Audited whatever is enabled, under ORA$MANDATORY (Oracle notes §5). */
export function isAlwaysAudited(row: Audited): boolean {
  const { ACTION_NAME: actionName, OBJECT_NAME: objectName, OBJECT_SCHEMA: schema } = row;
  if (MANDATORY_ACTIONS.has(actionName ?? "")) return true;
  if (actionName === "EXECUTE") return MANDATORY_PACKAGES.has(objectName ?? "");
  return (
    schema === "AUDSYS" && ["ALTER TABLE", "INSERT", "UPDATE", "DELETE", "TRUNCATE TABLE"].includes(actionName ?? "")
  );
}

export const MANDATORY_POLICY = "ORA$MANDATORY";
