/** The audit policies of a database that is provisioned for a reader (Oracle notes §5). */
import { type AuditPolicy, type EnabledPolicy, type PolicyOption, PREDEFINED_POLICIES } from "./model/audit-policy.ts";
import type { VersionProfile } from "./version-profiles.ts";

export interface PolicySettings {
  readonly policies: readonly AuditPolicy[];
  readonly enabledPolicies: readonly EnabledPolicy[];
}

/**
 * Oracle's own two, which a new database has enabled; everything at top level but what the reader does; of the reader
 * what it could do besides reading; whatever changes the audit itself; the canary.
 */
export function provisionedPolicies(readerName: string, { hasOnlyTopLevel }: VersionProfile): PolicySettings {
  const reader = readerName.toUpperCase();
  return {
    policies: [
      ...PREDEFINED_POLICIES,
      policy("DAS_ALL", [option("ALL")], hasOnlyTopLevel),
      policy("DAS_LOCK", [...LOCK_ACTIONS.map((name) => option(name)), EXECUTE_OF_PACKAGE]),
      policy(
        "DAS_READER_POL",
        READER_ACTIONS.map((name) => option(name)),
      ),
      policy("DAS_CANARY_POL", [option("EXECUTE", "DAS_OWNER", "DAS_CANARY", "PROCEDURE")]),
    ],
    enabledPolicies: [
      enabled("ORA_SECURECONFIG"),
      enabled("ORA_LOGON_FAILURES", { success: false }),
      enabled("DAS_ALL", { option: "EXCEPT USER", entityName: reader }),
      enabled("DAS_LOCK"),
      enabled("DAS_READER_POL", { entityName: reader }),
      enabled("DAS_CANARY_POL"),
    ],
  };
}

const LOCK_ACTIONS = [
  "CREATE AUDIT POLICY",
  "ALTER AUDIT POLICY",
  "DROP AUDIT POLICY",
  "AUDIT",
  "NOAUDIT",
  "ALTER SYSTEM",
  "ALTER DATABASE",
  "CREATE TRIGGER",
  "ALTER TRIGGER",
  "DROP TRIGGER",
];
const READER_ACTIONS = [
  "LOGON",
  "LOGOFF",
  "INSERT",
  "UPDATE",
  "DELETE",
  "GRANT",
  "REVOKE",
  "ALTER USER",
  "CREATE TABLE",
];
const EXECUTE_OF_PACKAGE = option("EXECUTE", "AUDSYS", "DBMS_AUDIT_MGMT", "PACKAGE");

function option(
  name: string,
  objectSchema: string | null = null,
  objectName: string | null = null,
  objectType: string | null = null,
): PolicyOption {
  const type = objectName === null ? "STANDARD ACTION" : "OBJECT ACTION";
  return { name, type, objectSchema, objectName, objectType };
}

function policy(name: string, options: readonly PolicyOption[], onlyTopLevel = false): AuditPolicy {
  return { name, options, condition: null, evaluation: null, onlyTopLevel, isPredefined: false, common: false };
}

function enabled(policyName: string, line: Partial<EnabledPolicy> = {}): EnabledPolicy {
  return {
    policyName,
    option: "BY USER",
    entityName: "ALL USERS",
    entityType: "USER",
    success: true,
    failure: true,
    ...line,
  };
}
