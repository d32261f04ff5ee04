export { OracleAuditSource, type SourceOptions } from "./audit-source.ts";
export type { ConnectionOptions } from "./connection-options.ts";
export { toEvent } from "./map-event.ts";
export { OracleReader, type OracleReaderOptions } from "./oracle-reader.ts";
export { GRANT_VERSIONS, type GrantsRequest, grantsOf } from "./provision/grants.ts";
export { openProvisioner, type ProvisionerOptions } from "./provision/provisioner.ts";
export type { OracleRow, OracleValue, TrailColumn, TrailDescription } from "./row.ts";
