import type { Engine } from "@das/core";

/**
 * Where Amazon RDS offers database activity streams (wire format §10). Nothing of das depends on it: it is for whoever
 * runs on such a host, comes from there, or may move there.
 */

/** Regions without activity streams for Oracle and SQL Server; all others have them. */
export const REGIONS_WITHOUT: ReadonlyMap<string, string> = new Map([
  ["ap-east-2", "Taipei"],
  ["ap-southeast-4", "Melbourne"],
  ["ap-southeast-5", "Malaysia"],
  ["ap-southeast-6", "New Zealand"],
  ["ap-southeast-7", "Thailand"],
  ["cn-north-1", "Beijing"],
  ["cn-northwest-1", "Ningxia"],
  ["eu-central-2", "Zurich"],
  ["il-central-1", "Tel Aviv"],
  ["mx-central-1", "Mexico"],
  ["us-gov-east-1", "GovCloud, US-East"],
  ["us-gov-west-1", "GovCloud, US-West"],
]);

interface SupportedClasses {
  /** Families of which every size that ends in `large` is supported: `r5` stands for `db.r5.*large`. */
  readonly families: ReadonlySet<string>;
  /** Of these also sizes with other threads and memory: `db.r5.4xlarge.tpc2.mem2x`. */
  readonly withThreadsAndMemory: ReadonlySet<string>;
}

export const CLASSES: Readonly<Record<Engine, SupportedClasses>> = {
  oracle: {
    families: new Set(
      ["m4", "m5", "m5d", "m6i"].concat(["r4", "r5", "r5b", "r5d", "r6i"], ["x2idn", "x2iedn", "x2iezn", "z1d"]),
    ),
    withThreadsAndMemory: new Set(["r5", "r5b", "r6i"]),
  },
  sqlserver: {
    families: new Set(["m4", "m5", "m5d", "m6i"].concat(["r4", "r5", "r5b", "r5d", "r6i"], ["x1e", "x2iedn", "z1d"])),
    withThreadsAndMemory: new Set(),
  },
};

/** SERVERPROPERTY('ProductMajorVersion'): 2016, 2017, 2019, all versions; 2022 is not in AWS's table, but was seen. */
export const SQL_SERVER_VERSIONS: ReadonlyMap<number, string> = new Map([
  [13, "2016"],
  [14, "2017"],
  [15, "2019"],
  [16, "2022"],
]);

/** Oracle: 19c from the release update of July 2019, which is 19.4; no other release. */
export const ORACLE_RELEASE = 19;
export const ORACLE_OLDEST_UPDATE = 4;
export const ORACLE_EDITIONS: ReadonlySet<string> = new Set(["EE", "SE2"]);
