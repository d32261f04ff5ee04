/**
 * Names of audit files: `<audit>_<AUDIT_GUID>_<n>_<FILETIME>.sqlaudit`. The FILETIME (100 ns since 1601-01-01 UTC) is
 * the file's creation and so the order within a set (SQL Server notes §3).
 */
export interface AuditFileName {
  readonly name: string;
  readonly audit: string;
  /** Upper case. */
  readonly auditGuid: string;
  readonly fileTime: bigint;
}

// Read from the right: audit names may contain underscores.
const FILE_NAME = /^(.+)_([0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})_(\d+)_(\d+)\.sqlaudit$/i;

/** undefined when the name is not that of an audit file. */
export function parseAuditFileName(name: string): AuditFileName | undefined {
  const match = FILE_NAME.exec(name);
  if (!match) return undefined;
  const [, audit = "", auditGuid = "", , fileTime = ""] = match;
  return { name, audit, auditGuid: auditGuid.toUpperCase(), fileTime: BigInt(fileTime) };
}

/** A path in its directory, with the trailing separator, and its name. Windows or Linux, either separator. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const end = Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/")) + 1;
  return { directory: path.slice(0, end), name: path.slice(end) };
}

/** Windows compares file names without case; two files of one audit never differ in case only. */
export function sameFileName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
