export { OracleAuditSource, type SourceOptions } from "./audit-source.ts";
export type { ConnectionOptions } from "./connection-options.ts";
export { toEvent } from "./map-event.ts";
export { OracleReader, type OracleReaderOptions } from "./oracle-reader.ts";
export { openProvisioner, type ProvisionerOptions } from "./provision/open-provisioner.ts";
export type { OracleRow, OracleValue, TrailColumn, TrailDescription } from "./row.ts";
