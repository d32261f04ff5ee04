/** The columns of sys.fn_get_audit_file, in its order (SQL Server notes §2.1). */

import type { ColumnValue } from "./model/audit-row.ts";
import {
  bigint,
  bit,
  datetime2,
  int,
  nvarchar,
  type SqlType,
  smallint,
  sysname,
  uniqueidentifier,
  varbinary,
  varchar,
} from "./sql-types.ts";

export interface AuditColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** What the engine shows where the column does not apply: names are empty rather than NULL. */
  readonly absent: ColumnValue;
  /** The first version that has it. */
  readonly since: number;
}

const SIXTEEN_ZERO_BYTES = `0x${"00".repeat(16)}`;

function always(name: string, type: SqlType, absent: ColumnValue, since = 2008): AuditColumn {
  return { name, type, nullable: false, absent, since };
}

function maybe(name: string, type: SqlType, absent: ColumnValue, since = 2008): AuditColumn {
  return { name, type, nullable: true, absent, since };
}

export const AUDIT_COLUMNS: readonly AuditColumn[] = [
  always("event_time", datetime2, "1900-01-01 00:00:00.0000000"),
  always("sequence_number", int, 1),
  maybe("action_id", varchar(4), ""),
  always("succeeded", bit, false),
  always("permission_bitmask", varbinary(16), SIXTEEN_ZERO_BYTES),
  always("is_column_permission", bit, false),
  always("session_id", smallint, 0),
  always("server_principal_id", int, 0),
  always("database_principal_id", int, 0),
  always("target_server_principal_id", int, 0),
  always("target_database_principal_id", int, 0),
  always("object_id", int, 0),
  maybe("class_type", varchar(2), ""),
  maybe("session_server_principal_name", sysname, ""),
  maybe("server_principal_name", sysname, ""),
  maybe("server_principal_sid", varbinary(85), null),
  maybe("database_principal_name", sysname, ""),
  maybe("target_server_principal_name", sysname, ""),
  maybe("target_server_principal_sid", varbinary(85), null),
  maybe("target_database_principal_name", sysname, ""),
  maybe("server_instance_name", sysname, ""),
  maybe("database_name", sysname, ""),
  maybe("schema_name", sysname, ""),
  maybe("object_name", sysname, ""),
  maybe("statement", nvarchar(4000), ""),
  maybe("additional_information", nvarchar(4000), ""),
  always("file_name", nvarchar(260), ""),
  always("audit_file_offset", bigint, 0),
  always("user_defined_event_id", smallint, 0, 2012),
  maybe("user_defined_information", nvarchar(4000), "", 2012),
  always("audit_schema_version", int, 1, 2014),
  maybe("sequence_group_id", varbinary(85), SIXTEEN_ZERO_BYTES, 2014),
  always("transaction_id", bigint, 0, 2016),
  maybe("client_ip", sysname, "", 2017),
  maybe("application_name", sysname, "", 2017),
  always("duration_milliseconds", bigint, 0, 2017),
  always("response_rows", bigint, 0, 2017),
  always("affected_rows", bigint, 0, 2017),
  maybe("connection_id", uniqueidentifier, null, 2019),
  maybe("data_sensitivity_information", nvarchar(4000), "", 2019),
  maybe("host_name", sysname, "", 2019),
  maybe("session_context", nvarchar(4000), "", 2022),
  always("client_tls_version", bigint, 0, 2022),
  maybe("client_tls_version_name", sysname, "", 2022),
  always("database_transaction_id", bigint, 0, 2022),
  always("ledger_start_sequence_number", bigint, 0, 2022),
  maybe("external_policy_permissions_checked", nvarchar(4000), "", 2022),
  maybe("obo_middle_tier_app_id", varchar(120), "", 2022),
  always("is_local_secondary_replica", bit, false, 2022),
];

/** What a later version may add: nobody published it, and a reader must take it as it comes. */
export const UNKNOWN_COLUMN: AuditColumn = maybe("emulated_future_column", nvarchar(4000), "", 9999);
