/** The releases as data: what differs between them is a field here, never an `if` on a number elsewhere. */
import { type AuditColumn, auditColumns, UNKNOWN_COLUMN } from "./audit-columns.ts";
import type { PartitionInterval } from "./model/audit-table.ts";

export type ReleaseName = "12.2" | "18c" | "19c" | "21c" | "23ai" | "26ai" | "future";

export interface VersionProfile {
  readonly release: ReleaseName;
  /** 12, 18, 19, 21, 23, … by which columns and catalog objects appear. */
  readonly major: number;
  /** VERSION_FULL of V$INSTANCE; 12.2 has VERSION only, which is the same there. */
  readonly versionFull: string;
  /** VERSION of V$INSTANCE. */
  readonly version: string;
  /** BANNER of V$VERSION. */
  readonly banner: string;
  /** BANNER_FULL, from 18c on. */
  readonly bannerFull: string | null;
  /** Columns of UNIFIED_AUDIT_TRAIL, in its order. */
  readonly columns: readonly AuditColumn[];
  /** Of AUD$UNIFIED when it is new (Oracle notes §1.1). */
  readonly partitionInterval: PartitionInterval;
  /** What V$OPTION says of unified auditing until somebody relinks: from 23ai on there is nothing else. */
  readonly unifiedAuditing: "pure" | "mixed";
  /** Columns of DBA_AUDIT_MGMT_LAST_ARCH_TS beyond those of 12.1 (Oracle notes §4.1). */
  readonly lastArchiveColumns: readonly ("CONTAINER_GUID" | "DB_UNIQUE_NAME")[];
  /** AUDIT_ONLY_TOPLEVEL of AUDIT_UNIFIED_POLICIES. */
  readonly hasOnlyTopLevel: boolean;
  /** The parameter UNIFIED_AUDIT_TRAIL_EXCLUDE_COLUMNS (23.6). */
  readonly canExcludeColumns: boolean;
  /** SESSIONID: bits of an audit session id (Oracle notes §1.3). */
  readonly sessionIdBits: 32 | 60;
  /** An action of audit type Standard that nobody has heard of yet; absent in releases that exist. */
  readonly unknownAction?: string;
}

function profile(
  release: ReleaseName,
  versionFull: string,
  title: string,
  own: Partial<VersionProfile> = {},
): VersionProfile {
  const major = Number(versionFull.split(".")[0]);
  const isLong = major >= 18;
  const version = isLong ? `${major}.0.0.0.0` : versionFull;
  const banner = `${title} - ${isLong ? "Production" : "64bit Production"}`;
  return {
    release,
    major,
    versionFull,
    version,
    banner,
    bannerFull: isLong ? `${banner}\nVersion ${versionFull}` : null,
    columns: auditColumns(major),
    partitionInterval: { number: 1, unit: major >= 21 ? "DAY" : "MONTH" },
    unifiedAuditing: "pure",
    lastArchiveColumns: major >= 23 ? ["CONTAINER_GUID", "DB_UNIQUE_NAME"] : ["CONTAINER_GUID"],
    hasOnlyTopLevel: major >= 19,
    canExcludeColumns: major >= 23,
    sessionIdBits: major > 23 ? 60 : 32,
    ...own,
  };
}

const FUTURE = profile("future", "30.1.0.0.0", "Oracle Future Database 30ai Release 30.0.0.0.0");

/** What differs between 23ai and 26ai is assumed to be SESSIONID alone (Oracle notes §1.3). */
export const VERSION_PROFILES: Readonly<Record<ReleaseName, VersionProfile>> = {
  "12.2": profile("12.2", "12.2.0.1.0", "Oracle Database 12c Enterprise Edition Release 12.2.0.1.0"),
  "18c": profile("18c", "18.14.0.0.0", "Oracle Database 18c Enterprise Edition Release 18.0.0.0.0"),
  "19c": profile("19c", "19.24.0.0.0", "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0"),
  "21c": profile("21c", "21.3.0.0.0", "Oracle Database 21c Enterprise Edition Release 21.0.0.0.0"),
  "23ai": profile("23ai", "23.6.0.24.10", "Oracle Database 23ai Enterprise Edition Release 23.0.0.0.0"),
  "26ai": profile("26ai", "23.26.0.0.0", "Oracle AI Database 26ai Enterprise Edition Release 23.26.0.0.0", {
    sessionIdBits: 60,
  }),
  future: { ...FUTURE, columns: [...FUTURE.columns, UNKNOWN_COLUMN], unknownAction: "ENTANGLE TABLE" },
};

export function isReleaseName(text: string): text is ReleaseName {
  return Object.hasOwn(VERSION_PROFILES, text);
}
