/** What DBMS_AUDIT_MGMT does to the trail (Oracle notes §§2.1, 4.1). */
import type { AuditRow, NewAuditRow } from "./audit-row.ts";
import {
  dropPartition,
  insertRows,
  type PartitionInterval,
  removeRows,
  rowsBetween,
  setInterval,
} from "./audit-table.ts";
import {
  type Branch,
  type CleanupJob,
  type Container,
  changeContainer,
  containerMode,
  containerOf,
  type LastArchiveTimestamp,
  rootOf,
  type Site,
  siteNamed,
  type World,
  withSite,
} from "./world.ts";
import { advance, auditAction } from "./write-rows.ts";

export const UNIFIED_AUDIT_TRAIL = "UNIFIED AUDIT TRAIL";

/** Who calls the package: the columns of the row that tells of it. */
export const SYS_SESSION: NewAuditRow = {
  SESSIONID: "4294967295",
  PROXY_SESSIONID: "0",
  OS_USERNAME: "oracle",
  USERHOST: "db-host",
  TERMINAL: "UNKNOWN",
  AUTHENTICATION_TYPE: "(TYPE=(OS));(CLIENT ADDRESS=((PROTOCOL=beq)(HOST=127.0.0.1)));",
  DBUSERNAME: "SYS",
  CURRENT_USER: "SYS",
  CLIENT_PROGRAM_NAME: "sqlplus@db-host (TNS V1-V3)",
};

/** Every call is audited, whatever is enabled. */
function told(
  world: World,
  siteName: string,
  container: string,
  procedure: string,
  now: number,
  actor: NewAuditRow,
): World {
  const row = {
    ...actor,
    ACTION_NAME: "EXECUTE",
    OBJECT_SCHEMA: "AUDSYS",
    OBJECT_NAME: "DBMS_AUDIT_MGMT",
    SQL_TEXT: `BEGIN DBMS_AUDIT_MGMT.${procedure}; END;`,
    ...(actor.SQL_TEXT !== undefined && { SQL_TEXT: actor.SQL_TEXT }),
  };
  return auditAction(world, siteName, container, row, now);
}

export interface ArchiveOptions {
  readonly racInstance?: number;
  readonly databaseId?: string | null;
  /** `UNIFIED AUDIT TRAIL` unless it is said otherwise. */
  readonly auditTrail?: string;
  readonly actor?: NewAuditRow;
}

/** SET_LAST_ARCHIVE_TIMESTAMP: one line for each trail, instance and database. @param time UTC */
export function setLastArchiveTimestamp(
  world: World,
  siteName: string,
  container: string,
  time: string,
  now: number,
  options: ArchiveOptions = {},
): World {
  const line: LastArchiveTimestamp = {
    auditTrail: options.auditTrail ?? UNIFIED_AUDIT_TRAIL,
    racInstance: options.racInstance ?? 0,
    time,
    databaseId:
      options.databaseId === undefined ? containerOf(siteNamed(world, siteName), container).dbid : options.databaseId,
    containerGuid: container,
  };
  const isSame = (other: LastArchiveTimestamp) =>
    other.auditTrail === line.auditTrail &&
    other.racInstance === line.racInstance &&
    other.databaseId === line.databaseId;
  const changed = changeContainer(world, siteName, container, (found) => ({
    ...found,
    lastArchiveTimestamps: [...found.lastArchiveTimestamps.filter((other) => !isSame(other)), line],
  }));
  return told(changed, siteName, container, "SET_LAST_ARCHIVE_TIMESTAMP", now, options.actor ?? SYS_SESSION);
}

/** CLEAR_LAST_ARCHIVE_TIMESTAMP. */
export function clearLastArchiveTimestamp(
  world: World,
  siteName: string,
  container: string,
  now: number,
  actor: NewAuditRow = SYS_SESSION,
): World {
  const changed = changeContainer(world, siteName, container, (found) => ({ ...found, lastArchiveTimestamps: [] }));
  return told(changed, siteName, container, "CLEAR_LAST_ARCHIVE_TIMESTAMP", now, actor);
}

/** The newest one that concerns the container's own unified trail; undefined when none was ever set. */
export function lastArchiveTimestampOf(site: Site, container: string): string | undefined {
  const { lastArchiveTimestamps, dbid } = containerOf(site, container);
  const own = new Set([null, "0", dbid, rootOf(site).dbid]);
  return lastArchiveTimestamps
    .filter(({ auditTrail, databaseId }) => auditTrail.startsWith(UNIFIED_AUDIT_TRAIL) && own.has(databaseId))
    .map(({ time }) => time)
    .toSorted()
    .at(-1);
}

export interface CleanOptions {
  /** False deletes everything. */
  readonly useLastArchiveTimestamp: boolean;
  /** Which rows of the table; those of the container's DBID. */
  readonly databaseId?: string;
  /** From 26ai on table and files can be cleaned apart; both. */
  readonly branches?: readonly Branch[];
  readonly actor?: NewAuditRow;
}

/**
 * CLEAN_AUDIT_TRAIL: partitions that are wholly older are dropped, of the others the older rows deleted; a partition
 * in which another DBID has rows is not dropped (assumed). A file goes when all its rows are older: it cannot be
 * written to again (assumed). The table is left alone where it cannot be written.
 */
export function cleanAuditTrail(
  world: World,
  siteName: string,
  container: string,
  now: number,
  options: CleanOptions,
): World {
  const { useLastArchiveTimestamp, branches = ["table", "files"] } = options;
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const { dbid } = containerOf(site, container);
  const until = useLastArchiveTimestamp ? lastArchiveTimestampOf(site, container) : END_OF_TIME;
  let cleaned = begun;
  if (until !== undefined) {
    if (branches.includes("table") && isWritable(site, container)) {
      cleaned = changeContainer(cleaned, siteName, container, (found) => ({
        ...found,
        table: cleanTable(found, options.databaseId ?? dbid, until),
      }));
    }
    if (branches.includes("files")) {
      const current = siteNamed(cleaned, siteName);
      const files = current.files.filter((file) => file.container !== container || !file.rows.every(isBefore(until)));
      cleaned = withSite(cleaned, { ...current, files });
    }
  }
  const flag = useLastArchiveTimestamp ? "TRUE" : "FALSE";
  const procedure = `CLEAN_AUDIT_TRAIL(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, use_last_arch_timestamp => ${flag})`;
  return told(cleaned, siteName, container, procedure, now, options.actor ?? SYS_SESSION);
}

/** Greater than every time that a row can have. */
const END_OF_TIME = "9999-12-31 23:59:59.999999";

function isBefore(until: string): (row: AuditRow) => boolean {
  return (row) => row.EVENT_TIMESTAMP_UTC < until;
}

function cleanTable({ table }: Container, dbid: string, until: string): Container["table"] {
  let cleaned = table;
  for (const { name, lowValue, highValue } of table.partitions) {
    if (highValue > until) continue;
    const rows = [...rowsBetween(table, { from: lowValue, to: highValue })];
    if (rows.every((row) => row.DBID === dbid)) cleaned = dropPartition(cleaned, name);
  }
  return removeRows(cleaned, (row) => row.DBID === dbid, { to: until });
}

export interface LoadOptions {
  /** Whose files; 1. */
  readonly instance?: number;
  /** TRANSFER_UNIFIED_AUDIT_RECORDS does the same, and may do it twice (MOS 2212196.1). */
  readonly procedure?: "LOAD_UNIFIED_AUDIT_FILES" | "TRANSFER_UNIFIED_AUDIT_RECORDS";
  readonly twice?: boolean;
  readonly actor?: NewAuditRow;
}

/**
 * LOAD_UNIFIED_AUDIT_FILES: the rows of the instance's files appear in the table with their old times, the files go;
 * not those that PMON holds. Nothing happens where the table cannot be written.
 */
export function loadFiles(
  world: World,
  siteName: string,
  container: string,
  now: number,
  options: LoadOptions = {},
): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const { instance = 1 } = options;
  let loaded = begun;
  if (isWritable(site, container)) {
    const isLoaded = (file: Site["files"][number]) =>
      file.container === container && file.instance === instance && !file.heldByPmon;
    const rows = site.files.filter(isLoaded).flatMap((file) => file.rows);
    const emptied = withSite(begun, { ...site, files: site.files.filter((file) => !isLoaded(file)) });
    loaded = changeContainer(emptied, siteName, container, (found) => ({
      ...found,
      table: insertRows(found.table, options.twice ? [...rows, ...rows.map((row) => ({ ...row }))] : rows),
    }));
  }
  return told(
    loaded,
    siteName,
    container,
    options.procedure ?? "LOAD_UNIFIED_AUDIT_FILES",
    now,
    options.actor ?? SYS_SESSION,
  );
}

function isWritable(site: Site, container: string): boolean {
  const ownsTable = site.role !== "PHYSICAL STANDBY";
  return ownsTable && site.tableWritable && containerMode(site, container) === "READ WRITE";
}

/** ALTER_PARTITION_INTERVAL: counts from the end of the last partition that is there (Oracle notes §2.2). */
export function alterPartitionInterval(
  world: World,
  siteName: string,
  container: string,
  interval: PartitionInterval,
  now: number,
  actor: NewAuditRow = SYS_SESSION,
): World {
  const changed = changeContainer(world, siteName, container, (found) => ({
    ...found,
    table: setInterval(found.table, interval),
  }));
  const { number, unit } = interval;
  return told(changed, siteName, container, `ALTER_PARTITION_INTERVAL(${number}, '${unit}')`, now, actor);
}

/** CREATE_PURGE_JOB. */
export function createCleanupJob(
  world: World,
  siteName: string,
  container: string,
  job: CleanupJob,
  now: number,
  actor: NewAuditRow = SYS_SESSION,
): World {
  const changed = changeContainer(world, siteName, container, (found) => ({
    ...found,
    cleanupJobs: [...found.cleanupJobs.filter(({ name }) => name !== job.name), job],
  }));
  return told(changed, siteName, container, "CREATE_PURGE_JOB", now, actor);
}

/** DROP_PURGE_JOB. */
export function dropCleanupJob(
  world: World,
  siteName: string,
  container: string,
  jobName: string,
  now: number,
  actor: NewAuditRow = SYS_SESSION,
): World {
  const changed = changeContainer(world, siteName, container, (found) => ({
    ...found,
    cleanupJobs: found.cleanupJobs.filter(({ name }) => name !== jobName),
  }));
  return told(changed, siteName, container, "DROP_PURGE_JOB", now, actor);
}
