import type { AuditRow } from "./audit-row.ts";

/** What one write of the audit's buffer left in the file; all its rows show the same `audit_file_offset`. */
export interface AuditBlock {
  readonly offset: number;
  /** Bytes on disk, a multiple of 512. */
  readonly size: number;
  readonly rows: readonly AuditRow[];
  /** Reading skips the block and says so (message 33226): it is damaged, or only half written yet. */
  readonly unreadable?: true;
}

export interface AuditFile {
  /** With the separator at its end, as FILEPATH is written: `D:\das\`. */
  readonly directory: string;
  readonly name: string;
  readonly auditGuid: string;
  /** Of the name: 100 ns since 1601-01-01 UTC, decimal. */
  readonly fileTime: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly createdAt: number;
  readonly blocks: readonly AuditBlock[];
  /** Where the next block begins. */
  readonly size: number;
  /** A rollover failed to delete it because a reader had it open, and does not try again (SQL Server notes §3). */
  readonly survivor?: true;
}

/** Where the first block of a file stands (SQL Server notes §2.1, column 28). */
export const FIRST_BLOCK_OFFSET = 5632;
/** Blocks begin at multiples of the sector. */
const SECTOR = 512;

const FILETIME_OF_1970 = 116_444_736_000_000_000n;
const UNITS_PER_MILLISECOND = 10_000n;

export function fileTimeOf(epochMilliseconds: number): bigint {
  return FILETIME_OF_1970 + BigInt(Math.floor(epochMilliseconds)) * UNITS_PER_MILLISECOND;
}

/** `<audit>_<AUDIT_GUID>_<n>_<FILETIME>.sqlaudit` (SQL Server notes §3); n was 0 in every name seen. */
export function auditFileName(auditName: string, auditGuid: string, fileTime: bigint): string {
  return `${auditName}_${auditGuid}_0_${fileTime}.sqlaudit`;
}

export function pathOf(file: Pick<AuditFile, "directory" | "name">): string {
  return file.directory + file.name;
}

/** Paths are compared without regard to case and, on Windows, to the kind of separator. */
export function comparablePath(path: string): string {
  return path.toLowerCase().replaceAll("/", "\\");
}

export function blockSize(rowBytes: number): number {
  return Math.max(SECTOR, Math.ceil(rowBytes / SECTOR) * SECTOR);
}

/** Oldest first by the time in the name, which is the order of the set. */
export function byFileTime(a: AuditFile, b: AuditFile): number {
  const difference = BigInt(a.fileTime) - BigInt(b.fileTime);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

export function rowCount(file: AuditFile): number {
  return file.blocks.reduce((count, block) => count + block.rows.length, 0);
}
