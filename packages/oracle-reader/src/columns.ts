/**
 * The columns of the unified audit trail that the wire format places (wire format §5). Which of them a release has, in
 * what order and of what type is asked at connect; nothing here depends on a release.
 */

/** The name under which the time in UTC is selected, whichever column or expression of the branch gives it. */
export const TIME_COLUMN = "EVENT_TIMESTAMP_UTC";

/** Columns that stand in a field of their own (wire format §5.1), by how the mapping calls them. */
export const MAPPED_COLUMNS = {
  auditType: "AUDIT_TYPE",
  sessionId: "SESSIONID",
  dbUserName: "DBUSERNAME",
  clientProgramName: "CLIENT_PROGRAM_NAME",
  statementId: "STATEMENT_ID",
  actionName: "ACTION_NAME",
  returnCode: "RETURN_CODE",
  osProcess: "OS_PROCESS",
  transactionId: "TRANSACTION_ID",
  objectSchema: "OBJECT_SCHEMA",
  objectName: "OBJECT_NAME",
  sqlText: "SQL_TEXT",
  sqlBinds: "SQL_BINDS",
} as const;

/** Columns that a field is taken from and that stand among the native fields all the same. */
export const SHARED_COLUMNS = {
  authenticationType: "AUTHENTICATION_TYPE",
  userHost: "USERHOST",
  dbid: "DBID",
} as const;

/** Columns that no event field carries and that tell rows apart (architecture §5). */
export const MARKER_COLUMNS = {
  instanceId: "INSTANCE_ID",
  entryId: "ENTRY_ID",
  fgaPolicyName: "FGA_POLICY_NAME",
} as const;

/** What AWS documents a native field to be in JSON: a string, an integer, upper-case hex. */
type NativeKind = "text" | "number" | "raw";

/** The 89 documented keys of `engineNativeAuditFields`, in the order of AWS's list, and `DBID` (wire format §5.3). */
export const NATIVE_COLUMNS: readonly { readonly name: string; readonly kind: NativeKind }[] = [
  ...nativeColumns(
    `ADDITIONAL_INFO APPLICATION_CONTEXTS AUDIT_OPTION AUTHENTICATION_TYPE CLIENT_IDENTIFIER CURRENT_USER DBLINK_INFO
    DBPROXY_USERNAME DIRECT_PATH_NUM_COLUMNS_LOADED:number DP_BOOLEAN_PARAMETERS1 DP_TEXT_PARAMETERS1
    DV_ACTION_CODE:number DV_ACTION_NAME DV_ACTION_OBJECT_NAME DV_COMMENT DV_EXTENDED_ACTION_CODE:number
    DV_FACTOR_CONTEXT DV_GRANTEE DV_OBJECT_STATUS DV_RETURN_CODE:number DV_RULE_SET_NAME ENTRY_ID:number
    EXCLUDED_OBJECT EXCLUDED_SCHEMA EXCLUDED_USER EXECUTION_ID EXTERNAL_USERID FGA_POLICY_NAME GLOBAL_USERID
    INSTANCE_ID:number KSACL_SERVICE_NAME KSACL_SOURCE_LOCATION KSACL_USER_NAME NEW_NAME NEW_SCHEMA OBJECT_EDITION
    OBJECT_PRIVILEGES OLS_GRANTEE OLS_LABEL_COMPONENT_NAME OLS_LABEL_COMPONENT_TYPE OLS_MAX_READ_LABEL
    OLS_MAX_WRITE_LABEL OLS_MIN_WRITE_LABEL OLS_NEW_VALUE OLS_OLD_VALUE OLS_PARENT_GROUP_NAME OLS_POLICY_NAME
    OLS_PRIVILEGES_GRANTED OLS_PRIVILEGES_USED OLS_PROGRAM_UNIT_NAME OLS_STRING_LABEL OS_USERNAME
    PROTOCOL_ACTION_NAME PROTOCOL_MESSAGE PROTOCOL_RETURN_CODE:number PROTOCOL_SESSION_ID:number PROTOCOL_USERHOST
    PROXY_SESSIONID:number RLS_INFO RMAN_DEVICE_TYPE RMAN_OBJECT_TYPE RMAN_OPERATION RMAN_SESSION_RECID:number
    RMAN_SESSION_STAMP:number ROLE SCN:number SYSTEM_PRIVILEGE SYSTEM_PRIVILEGE_USED TARGET_USER TERMINAL
    UNIFIED_AUDIT_POLICIES USERHOST XS_CALLBACK_EVENT_TYPE XS_COOKIE XS_DATASEC_POLICY_NAME XS_ENABLED_ROLE
    XS_ENTITY_TYPE XS_INACTIVITY_TIMEOUT:number XS_NS_ATTRIBUTE XS_NS_ATTRIBUTE_NEW_VAL XS_NS_ATTRIBUTE_OLD_VAL
    XS_NS_NAME XS_PACKAGE_NAME XS_PROCEDURE_NAME XS_PROXY_USER_NAME XS_SCHEMA_NAME XS_SESSIONID:raw
    XS_TARGET_PRINCIPAL_NAME XS_USER_NAME DBID:number`,
  ),
];

function nativeColumns(list: string): { name: string; kind: NativeKind }[] {
  return list.split(/\s+/).map((item) => {
    const [name = "", kind = "text"] = item.split(":");
    return { name, kind: kind as NativeKind };
  });
}

/** The time itself is in `OracleRow.time`; the last two belong to GV$ and are no columns of the trail (wire format §5.3). */
const NEVER_NATIVE: ReadonlySet<string> = new Set([
  ...Object.values(MAPPED_COLUMNS),
  TIME_COLUMN,
  "EVENT_TIMESTAMP",
  "INST_ID",
  "CON_ID",
]);

/** What events are made of when they carry no native fields: also all that identity, order and ledger need. */
const NEEDED_COLUMNS: ReadonlySet<string> = new Set([
  ...Object.values(MAPPED_COLUMNS),
  ...Object.values(SHARED_COLUMNS),
  ...Object.values(MARKER_COLUMNS),
  TIME_COLUMN,
]);

/**
 * Is a column of the trail worth selecting? Unknown ones of later releases are, when native fields are on.
 * @param native whether events carry native fields
 */
export function isSelected(name: string, native: boolean): boolean {
  return NEEDED_COLUMNS.has(name) || (native && !NEVER_NATIVE.has(name));
}

/** Does a column that the documented list does not have travel as a native field of its own? */
export function isUnlisted(name: string): boolean {
  return !NEVER_NATIVE.has(name) && !NATIVE_COLUMNS.some((column) => column.name === name);
}
