/** The columns of `UNIFIED_AUDIT_TRAIL` and how AUD$UNIFIED and GV$UNIFIED_AUDIT_TRAIL have them (Oracle notes §§1.1, 1.2). */

type ColumnType = "VARCHAR2" | "NUMBER" | "TIMESTAMP" | "RAW" | "CLOB";

/** The lookup that turns the number of the branch into the text of the view. */
type Lookup = "audit type" | "action" | "system privilege" | "audit option";

export interface AuditColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Characters of a VARCHAR2, bytes of a RAW, 0 of the others. */
  readonly length: number;
  /** What AUD$UNIFIED and GV$UNIFIED_AUDIT_TRAIL call it; null where the view makes it up. */
  readonly rawName: string | null;
  /** The branch has a number under the raw name. */
  readonly lookup?: Lookup;
}

interface ColumnHistory extends AuditColumn {
  /** The release that brought it; 12 stands for 12.2. */
  readonly since: number;
  /** Length from a release on. */
  readonly grows?: { readonly to: number; readonly since: number };
}

interface Difference {
  readonly since?: number;
  readonly grows?: { readonly to: number; readonly since: number };
  readonly rawName?: string | null;
  readonly lookup?: Lookup;
}

function column(type: ColumnType, name: string, length: number, difference: Difference = {}): ColumnHistory {
  return { name, type, length, rawName: name, since: 12, ...difference };
}

function text(name: string, length: number, difference: Difference = {}): ColumnHistory {
  return column("VARCHAR2", name, length, difference);
}

function number(name: string, difference: Difference = {}): ColumnHistory {
  return column("NUMBER", name, 0, difference);
}

function texts(length: number, ...names: readonly string[]): readonly ColumnHistory[] {
  return names.map((name) => text(name, length));
}

/**
 * Lengths that changed are known of 12.2 and of 23ai only; where the release between is not known, they are assumed to
 * have changed with 23ai. Where the columns after 12.2 stand is known of EVENT_TIMESTAMP_UTC only; the others are
 * assumed at the end.
 */
const HISTORY: readonly ColumnHistory[] = [
  // Who
  text("AUDIT_TYPE", 64, { lookup: "audit type" }),
  number("SESSIONID"),
  number("PROXY_SESSIONID"),
  text("OS_USERNAME", 128, { rawName: "OS_USER" }),
  text("USERHOST", 128, { rawName: "HOST_NAME" }),
  text("TERMINAL", 30),
  number("INSTANCE_ID"),
  number("DBID"),
  text("AUTHENTICATION_TYPE", 1024),
  text("DBUSERNAME", 128, { rawName: "USERID" }),
  text("DBPROXY_USERNAME", 128, { rawName: "PROXY_USERID" }),
  text("EXTERNAL_USERID", 1024),
  text("GLOBAL_USERID", 32),
  text("CLIENT_PROGRAM_NAME", 48, { grows: { to: 84, since: 21 } }),
  text("DBLINK_INFO", 4000),
  text("XS_USER_NAME", 128),
  column("RAW", "XS_SESSIONID", 33),
  // Position and time
  number("ENTRY_ID"),
  number("STATEMENT_ID"),
  column("TIMESTAMP", "EVENT_TIMESTAMP", 0),
  column("TIMESTAMP", "EVENT_TIMESTAMP_UTC", 0, { since: 19, rawName: "EVENT_TIMESTAMP" }),
  // What
  text("ACTION_NAME", 64, { rawName: "ACTION", lookup: "action" }),
  number("RETURN_CODE"),
  text("OS_PROCESS", 16),
  column("RAW", "TRANSACTION_ID", 8),
  number("SCN"),
  text("EXECUTION_ID", 64),
  text("OBJECT_SCHEMA", 128, { rawName: "OBJ_OWNER" }),
  text("OBJECT_NAME", 128, { rawName: "OBJ_NAME" }),
  column("CLOB", "SQL_TEXT", 0),
  column("CLOB", "SQL_BINDS", 0),
  text("APPLICATION_CONTEXTS", 4000),
  text("CLIENT_IDENTIFIER", 64),
  text("NEW_SCHEMA", 128, { rawName: "NEW_OWNER" }),
  text("NEW_NAME", 128),
  text("OBJECT_EDITION", 128),
  text("SYSTEM_PRIVILEGE_USED", 1024),
  text("SYSTEM_PRIVILEGE", 40, { lookup: "system privilege" }),
  text("AUDIT_OPTION", 40, { lookup: "audit option" }),
  text("OBJECT_PRIVILEGES", 35, { grows: { to: 37, since: 23 } }),
  ...texts(128, "ROLE", "TARGET_USER", "EXCLUDED_USER", "EXCLUDED_SCHEMA", "EXCLUDED_OBJECT", "CURRENT_USER"),
  ...texts(4000, "ADDITIONAL_INFO", "UNIFIED_AUDIT_POLICIES"),
  text("FGA_POLICY_NAME", 128),
  // Real Application Security
  number("XS_INACTIVITY_TIMEOUT"),
  text("XS_ENTITY_TYPE", 32),
  ...texts(128, "XS_TARGET_PRINCIPAL_NAME", "XS_PROXY_USER_NAME", "XS_DATASEC_POLICY_NAME", "XS_SCHEMA_NAME"),
  text("XS_CALLBACK_EVENT_TYPE", 32),
  ...texts(128, "XS_PACKAGE_NAME", "XS_PROCEDURE_NAME", "XS_ENABLED_ROLE"),
  text("XS_COOKIE", 1024),
  text("XS_NS_NAME", 128),
  ...texts(4000, "XS_NS_ATTRIBUTE", "XS_NS_ATTRIBUTE_OLD_VAL", "XS_NS_ATTRIBUTE_NEW_VAL"),
  // Database Vault
  number("DV_ACTION_CODE"),
  text("DV_ACTION_NAME", 30, { grows: { to: 128, since: 23 } }),
  number("DV_EXTENDED_ACTION_CODE"),
  text("DV_GRANTEE", 128),
  number("DV_RETURN_CODE"),
  text("DV_ACTION_OBJECT_NAME", 128),
  text("DV_RULE_SET_NAME", 90, { grows: { to: 128, since: 23 } }),
  ...texts(4000, "DV_COMMENT", "DV_FACTOR_CONTEXT"),
  text("DV_OBJECT_STATUS", 1),
  // Label Security
  text("OLS_POLICY_NAME", 128),
  text("OLS_GRANTEE", 128, { grows: { to: 1024, since: 23 } }),
  ...texts(4000, "OLS_MAX_READ_LABEL", "OLS_MAX_WRITE_LABEL", "OLS_MIN_WRITE_LABEL"),
  ...texts(128, "OLS_PRIVILEGES_GRANTED", "OLS_PROGRAM_UNIT_NAME", "OLS_PRIVILEGES_USED"),
  text("OLS_STRING_LABEL", 4000),
  text("OLS_LABEL_COMPONENT_TYPE", 12),
  ...texts(30, "OLS_LABEL_COMPONENT_NAME", "OLS_PARENT_GROUP_NAME"),
  ...texts(4000, "OLS_OLD_VALUE", "OLS_NEW_VALUE"),
  // RMAN, Data Pump, others
  number("RMAN_SESSION_RECID"),
  number("RMAN_SESSION_STAMP"),
  ...texts(20, "RMAN_OPERATION", "RMAN_OBJECT_TYPE"),
  text("RMAN_DEVICE_TYPE", 5),
  ...texts(512, "DP_TEXT_PARAMETERS1", "DP_BOOLEAN_PARAMETERS1"),
  number("DIRECT_PATH_NUM_COLUMNS_LOADED"),
  column("CLOB", "RLS_INFO", 0),
  text("KSACL_USER_NAME", 128),
  text("KSACL_SERVICE_NAME", 512),
  text("KSACL_SOURCE_LOCATION", 48),
  // 19c; perhaps in 18c already (assumed not)
  number("PROTOCOL_SESSION_ID", { since: 19 }),
  number("PROTOCOL_RETURN_CODE", { since: 19 }),
  text("PROTOCOL_ACTION_NAME", 32, { since: 19 }),
  text("PROTOCOL_USERHOST", 128, { since: 19 }),
  text("PROTOCOL_MESSAGE", 4000, { since: 19 }),
  // 21c
  text("DP_WARNINGS1", 512, { since: 21 }),
  text("DB_UNIQUE_NAME", 257, { since: 21 }),
  text("OBJECT_TYPE", 23, { since: 21 }),
  // 23ai
  text("FW_ACTION_NAME", 30, { since: 23 }),
  number("FW_RETURN_CODE", { since: 23 }),
  text("SOURCE", 8, { since: 23, rawName: null }),
  text("SCHEMA", 4000, { since: 23 }),
  column("CLOB", "DP_CLOB_PARAMETERS1", 0, { since: 23 }),
];

/** Of a release; 12 stands for 12.2. */
export function auditColumns(major: number): readonly AuditColumn[] {
  return HISTORY.filter(({ since }) => since <= major).map(({ since: _, grows, ...rest }) => ({
    ...rest,
    ...(grows && major >= grows.since && { length: grows.to }),
  }));
}

/** What a release that nobody knows yet may bring. */
export const UNKNOWN_COLUMN: AuditColumn = {
  name: "QUANTUM_WITNESS",
  type: "VARCHAR2",
  length: 128,
  rawName: "QUANTUM_WITNESS",
};
