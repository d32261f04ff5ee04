/**
 * One logical database: a primary and its standbys, each a site. Plain data, so that the wire server, the property
 * tests and a simulation share it. The transitions beside this file are pure: (world, …, now) → world. `now` is true
 * time in milliseconds since 1970 (a fraction gives microseconds); a site's own clock may differ from it.
 */
import type { ReleaseName } from "../version-profiles.ts";
import type { AuditPolicy, EnabledPolicy } from "./audit-policy.ts";
import type { AuditRow } from "./audit-row.ts";
import type { AuditTable } from "./audit-table.ts";
import type { SpilloverFile } from "./spillover-file.ts";

export type DatabaseRole = "PRIMARY" | "PHYSICAL STANDBY" | "SNAPSHOT STANDBY" | "LOGICAL STANDBY";

/** OPEN_MODE of V$DATABASE; `DOWN`: no instance runs, nobody can connect. */
export type OpenMode = "READ WRITE" | "READ ONLY" | "READ ONLY WITH APPLY" | "MOUNTED" | "DOWN";

/** OPEN_MODE of a container on a site. */
export type ContainerOpenMode = "READ WRITE" | "READ ONLY" | "MOUNTED";

/** The root or a PDB, or all of a non-CDB: what redo carries from the primary to its standbys. */
export interface Container {
  /** 32 upper-case hex digits; immutable. The root's, too; 32 zeros in a non-CDB. */
  readonly guid: string;
  /** 0 in a non-CDB, 1 the root, 2 the seed, from 3 on the PDBs. */
  readonly conId: number;
  /** `CDB$ROOT`, `SALESPDB`, the database's name in a non-CDB; may change. */
  readonly name: string;
  /** Of the container, decimal; the root's is that of the database. */
  readonly dbid: string;
  readonly table: AuditTable;
  readonly policies: readonly AuditPolicy[];
  readonly enabledPolicies: readonly EnabledPolicy[];
  readonly lastArchiveTimestamps: readonly LastArchiveTimestamp[];
  readonly cleanupJobs: readonly CleanupJob[];
}

/** A line of DBA_AUDIT_MGMT_LAST_ARCH_TS (Oracle notes §4.1). */
export interface LastArchiveTimestamp {
  /** `UNIFIED AUDIT TRAIL`, `STANDARD AUDIT TRAIL`, `OS AUDIT TRAIL`, … */
  readonly auditTrail: string;
  readonly racInstance: number;
  /** UTC. */
  readonly time: string;
  /** Decimal; null or `0` where it stands for every database. */
  readonly databaseId: string | null;
  readonly containerGuid: string | null;
}

/** A line of DBA_AUDIT_MGMT_CLEANUP_JOBS. */
export interface CleanupJob {
  readonly name: string;
  readonly enabled: boolean;
  readonly auditTrail: string;
  /** Hours. */
  readonly interval: number;
  readonly usesLastArchiveTimestamp: boolean;
}

/** (resetlogs_change#, activation#, switchover#) of V$DATABASE, decimal; compared for equality only. */
export interface DatabaseHistory {
  readonly resetlogsChange: string;
  readonly activation: string;
  readonly switchover: string;
}

export interface Instance {
  /** INSTANCE_NUMBER, from 1. */
  readonly number: number;
  readonly name: string;
  readonly host: string;
}

/** A lock of DBMS_LOCK, exclusive, held by a session until it ends. */
export interface SessionLock {
  /** 0 to 1073741823. */
  readonly id: number;
  readonly session: string;
}

/** A row that is stamped and not yet committed (Oracle notes §2.1). */
export interface PendingRow {
  readonly row: AuditRow;
  /** The container's GUID. */
  readonly container: string;
  readonly branch: Branch;
  readonly instance: number;
  /** True time at which it becomes visible. */
  readonly dueAt: number;
}

export type Branch = "table" | "files";

/** One database: the primary, or a standby. */
export interface Site {
  /** DB_UNIQUE_NAME; unique in the world. */
  readonly uniqueName: string;
  readonly role: DatabaseRole;
  readonly openMode: OpenMode;
  readonly history: DatabaseHistory;
  /** STANDBY_BECAME_PRIMARY_SCN; `0` when it never did. */
  readonly becamePrimaryScn: string;
  readonly containers: readonly Container[];
  /** By GUID. Of no meaning while the database is not open. */
  readonly containerModes: Readonly<Record<string, ContainerOpenMode>>;
  readonly instances: readonly Instance[];
  readonly files: readonly SpilloverFile[];
  readonly lastFile: number;
  /** In order of `dueAt`. */
  readonly pending: readonly PendingRow[];
  /** ENTRY_ID that each session that lives used last, where `audit` numbers its rows. */
  readonly lastEntries: ReadonlyMap<string, number>;
  /** By lower-case name, as V$PARAMETER shows them; null is NULL. */
  readonly parameters: Readonly<Record<string, string | null>>;
  /**
   * `pure` and `mixed` audit; V$OPTION says TRUE of `pure` only. `off` is an instance that audits nothing by policies
   * (relinked with uniaud_off; always audited actions are not written either).
   */
  readonly unifiedAuditing: "pure" | "mixed" | "off";
  /** False: the tablespace of the table is full, offline or read only, so rows go into files. */
  readonly tableWritable: boolean;
  /** False: no file can be written either; what is to be audited fails with ORA-02002. */
  readonly filesWritable: boolean;
  readonly locks: readonly SessionLock[];
  /** How often all sessions were ended at once: a session that began in another period is gone, and so are its locks. */
  readonly sessionPeriod: number;
  /** Milliseconds by which the database's clock is ahead of true time; negative when behind. */
  readonly clockShift: number;
  /** A standby shows the primary as it was so many milliseconds ago; Infinity while apply is off. */
  readonly replicationLag: number;
  /** Number of the shipment that it shows; a longer lag does not take anything back. */
  readonly appliedTo: number;
  /** It has what its primary lost, or was a primary when another took over: it follows nobody until it is reinstated. */
  readonly isDiverged: boolean;
}

/** The primary's containers as they were at a moment: redo that some standby has not applied yet. */
export interface Shipment {
  /** Rises by one, also through failovers. */
  readonly number: number;
  readonly at: number;
  readonly containers: readonly Container[];
}

export interface World {
  readonly release: ReleaseName;
  /** DB_NAME, the same on all sites. */
  readonly databaseName: string;
  /** Decimal; the same on all sites. */
  readonly dbid: string;
  /** Whose redo the standbys apply. After a failover the old primary may still be open as one, and is not it. */
  readonly primary: string;
  readonly sites: readonly Site[];
  /** Oldest first; the last one is what the primary is now. */
  readonly shipments: readonly Shipment[];
  /** Behind the numbers of histories, sessions and SCNs: none is given twice. */
  readonly lastNumber: number;
}

/** @throws when there is none. */
export function siteNamed(world: World, uniqueName: string): Site {
  const found = world.sites.find((site) => site.uniqueName === uniqueName);
  if (!found) throw new Error(`oracle-emulator: there is no database ${uniqueName}`);
  return found;
}

export function primaryOf(world: World): Site {
  return siteNamed(world, world.primary);
}

/** @throws when there is none. */
export function containerOf(site: Site, guid: string): Container {
  const found = site.containers.find((container) => container.guid === guid);
  if (!found) throw new Error(`oracle-emulator: ${site.uniqueName} has no container ${guid}`);
  return found;
}

/** Of the root, or of the whole of a non-CDB. */
export function rootOf(site: Site): Container {
  const found = site.containers.find(({ conId }) => conId <= 1);
  if (!found) throw new Error(`oracle-emulator: ${site.uniqueName} has no root`);
  return found;
}

export function withSite(world: World, changed: Site): World {
  return {
    ...world,
    sites: world.sites.map((site) => (site.uniqueName === changed.uniqueName ? changed : site)),
  };
}

export function withContainer(site: Site, changed: Container): Site {
  return {
    ...site,
    containers: site.containers.map((container) => (container.guid === changed.guid ? changed : container)),
  };
}

export function changeContainer(
  world: World,
  siteName: string,
  container: string,
  change: (container: Container) => Container,
): World {
  const site = siteNamed(world, siteName);
  return withSite(world, withContainer(site, change(containerOf(site, container))));
}

/** The database's own clock: milliseconds since 1970. */
export function siteClock(site: Site, now: number): number {
  return now + site.clockShift;
}

/** As a publisher names a history: `resetlogs:activation:switchover`. */
export function historyText({ history }: Site): string {
  return `${history.resetlogsChange}:${history.activation}:${history.switchover}`;
}

/** How a container can be used on a site: no more than the database lets it, and MOUNTED until somebody opens it. */
export function containerMode(site: Site, guid: string): ContainerOpenMode {
  if (site.openMode === "MOUNTED" || site.openMode === "DOWN") return "MOUNTED";
  const isWritable = site.openMode === "READ WRITE";
  const mode = containerOf(site, guid).conId <= 1 ? "READ WRITE" : (site.containerModes[guid] ?? "MOUNTED");
  return mode === "READ WRITE" && !isWritable ? "READ ONLY" : mode;
}

const SCN_AT_1970 = 1_000_000n;

/** A system change number that rises with time, decimal; beyond 2^32 since long ago, as in real databases. */
export function scnAt(now: number): string {
  return String(SCN_AT_1970 + BigInt(Math.floor(now)) / 8n);
}

/** Every so many milliseconds a database notes which system change number it has come to. */
const SCN_TIME_STEP = 3_000;

/** Milliseconds since 1970, true time, as far as the database remembers it: up to three seconds too early. */
export function timeOfScn(scn: bigint): number {
  const time = Number((scn - SCN_AT_1970) * 8n);
  return time - (time % SCN_TIME_STEP);
}
