export { type SourceOptions, SqlServerAuditSource } from "./audit-source.ts";
export type { ConnectionOptions } from "./connection-options.ts";
export { toEvent } from "./map-event.ts";
export { GRANT_VERSIONS, type GrantsRequest, grantsOf } from "./provision/grants.ts";
export { openProvisioner, type ProvisionerOptions } from "./provision/provisioner.ts";
export type { SqlServerRow, SqlValue, TrailColumn, TrailDescription } from "./row.ts";
export { SqlServerReader, type SqlServerReaderOptions } from "./sqlserver-reader.ts";
export { AUDIT_CHANGES_NAME, AUDIT_NAME } from "./statements.ts";
