/** What an instance says about itself; the events carry it because the audit row does not. */
export interface InstanceDescription {
  readonly serverHost: string;
  readonly serverVersion: string;
  readonly serviceName: string;
  /** Oracle: the database's or PDB's name. SQL Server takes it from each row: null. */
  readonly databaseName: string | null;
}

/** `include`: the object; `omit`: no such member; `empty`: `{}`, as AWS documents a stream without native fields. */
export type NativeAuditFields = "include" | "omit" | "empty";

export interface InstanceContext extends InstanceDescription {
  readonly nativeAuditFields: NativeAuditFields;
}
