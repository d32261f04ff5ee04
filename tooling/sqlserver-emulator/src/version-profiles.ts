/** The versions as data: what differs between them is a field here, never an `if` on a number elsewhere. */
import { AUDIT_COLUMNS, type AuditColumn, UNKNOWN_COLUMN } from "./audit-columns.ts";

export type SqlServerVersion = "2012" | "2014" | "2016" | "2017" | "2019" | "2022" | "2025" | "future";

export interface VersionProfile {
  readonly version: SqlServerVersion;
  /** The year, by which catalog objects appear. */
  readonly year: number;
  /** SERVERPROPERTY('ProductVersion'); its first three numbers also go into PRELOGIN and LOGINACK. */
  readonly productVersion: string;
  /** The first line of @@VERSION. */
  readonly title: string;
  readonly columns: readonly AuditColumn[];
  /** What reading audit files takes (SQL Server notes §6.1). */
  readonly readPermission: "CONTROL SERVER" | "VIEW SERVER SECURITY AUDIT";
  /** An action that no code table knows; absent in versions that exist. */
  readonly unknownActionId?: string;
}

function profile(version: SqlServerVersion, year: number, productVersion: string, update: string): VersionProfile {
  return {
    version,
    year,
    productVersion,
    title: `Microsoft SQL Server ${version} (${update}) - ${productVersion} (X64)`,
    columns: AUDIT_COLUMNS.filter((column) => column.since <= year),
    readPermission: year >= 2022 ? "VIEW SERVER SECURITY AUDIT" : "CONTROL SERVER",
  };
}

const FUTURE = profile("future", 2030, "18.0.1000.1", "made up");

/** 2012 and 2014 are there to serve real rows of those versions; the project does not support them. */
export const VERSION_PROFILES: Readonly<Record<SqlServerVersion, VersionProfile>> = {
  "2012": profile("2012", 2012, "11.0.7001.0", "SP4"),
  "2014": profile("2014", 2014, "12.0.6024.0", "SP3"),
  "2016": profile("2016", 2016, "13.0.6300.2", "SP3"),
  "2017": profile("2017", 2017, "14.0.3456.2", "RTM-CU31"),
  "2019": profile("2019", 2019, "15.0.4073.23", "RTM-CU8"),
  "2022": profile("2022", 2022, "16.0.4105.2", "RTM-CU11"),
  // Its column list is not published (SQL Server notes §2.1): that of 2022 is an assumption.
  "2025": profile("2025", 2025, "17.0.1000.7", "RTM"),
  future: { ...FUTURE, columns: [...FUTURE.columns, UNKNOWN_COLUMN], unknownActionId: "ZZQ9" },
};

export function isSqlServerVersion(text: string): text is SqlServerVersion {
  return Object.hasOwn(VERSION_PROFILES, text);
}
