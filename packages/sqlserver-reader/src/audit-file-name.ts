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

/** An audit file and where it lies. */
export interface AuditFile extends AuditFileName {
  /** With the trailing separator, as FILEPATH is written. */
  readonly directory: string;
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

/** The files of an audit among the names of a directory, whatever GUIDs they bear, oldest first. */
export function auditFilesAmong(names: readonly string[], directory: string, audit: string): readonly AuditFile[] {
  return names
    .map(parseAuditFileName)
    .filter((file) => file !== undefined)
    .filter((file) => sameFileName(file.audit, audit))
    .map((file) => ({ ...file, directory }))
    .sort(byFileTime);
}

export function byFileTime(a: AuditFileName, b: AuditFileName): number {
  if (a.fileTime === b.fileTime) return 0;
  return a.fileTime < b.fileTime ? -1 : 1;
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

/** The same text for every spelling of one directory: case, kind of separator and a missing last one do not count. */
export function directoryKey(directory: string): string {
  return directory.toLowerCase().replaceAll("/", "\\").replace(/\\+$/, "");
}

/** The same text for every spelling of one file's path. */
export function fileKey(file: AuditFile): string {
  return `${directoryKey(file.directory)}\\${file.name.toLowerCase()}`;
}
