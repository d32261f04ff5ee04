/** What is audited: stamped now, visible when it is committed, in the table or in a file of its host. */
import { VERSION_PROFILES } from "../version-profiles.ts";
import { coveringPolicies, isAlwaysAudited, MANDATORY_POLICY } from "./audit-policy.ts";
import { type AuditRow, type NewAuditRow, timestampText } from "./audit-row.ts";
import { insertRows } from "./audit-table.ts";
import { shipRedo } from "./replicate.ts";
import { addToFiles } from "./spillover-file.ts";
import {
  type Branch,
  containerMode,
  containerOf,
  type PendingRow,
  type Site,
  siteClock,
  siteNamed,
  type World,
  withContainer,
  withSite,
} from "./world.ts";

export interface AuditOptions {
  /** Milliseconds between stamp and commit (Oracle notes §2.1); 0. */
  readonly commitDelay?: number;
  /** RAC instance; 1. */
  readonly instance?: number;
  /** Milliseconds by which that instance's clock is ahead of the database's. */
  readonly instanceClockShift?: number;
  /** The table refuses the row (ORA-12899), so it goes into a file also where the table is writable. */
  readonly refusedByTable?: boolean;
  /** Numbers that ENTRY_ID leaves out before the first row. */
  readonly entryHole?: number;
}

function showsUniqueName({ release }: World): boolean {
  return VERSION_PROFILES[release].columns.some(({ name }) => name === "DB_UNIQUE_NAME");
}

/** Rows of PMON, which cannot insert: always into a file, on a healthy primary, too. */
const WRITTEN_BY_PMON = "LOGOFF BY CLEANUP";

/**
 * Where a row would go: `nowhere` when no instance runs, the database does not audit, or neither table nor file can be
 * written, in which case the audited statement fails with ORA-02002.
 */
export function destinationOf(site: Site, container: string, row: NewAuditRow, refused = false): Branch | "nowhere" {
  if (site.openMode === "DOWN" || site.unifiedAuditing === "off") return "nowhere";
  const ownsTable = site.role !== "PHYSICAL STANDBY";
  const isOpen = site.openMode === "READ WRITE" && containerMode(site, container) === "READ WRITE";
  const insertable = ownsTable && isOpen && site.tableWritable && !refused && row.ACTION_NAME !== WRITTEN_BY_PMON;
  if (insertable) return "table";
  return site.filesWritable ? "files" : "nowhere";
}

/**
 * The rows are written, whatever policies are enabled. What they leave out is completed: the time is that of the
 * site's clock, DB_UNIQUE_NAME (from 21c on) the site's, ENTRY_ID goes on within the SESSIONID, columns that the database excludes become NULL.
 */
export function audit(
  world: World,
  siteName: string,
  container: string,
  rows: readonly NewAuditRow[],
  now: number,
  options: AuditOptions = {},
): World {
  const before = advance(world, now);
  const site = siteNamed(before, siteName);
  const { commitDelay = 0, instance = 1 } = options;
  let lastEntries: Map<string, number> | undefined;
  const stamp = timestampText(siteClock(site, now) + (options.instanceClockShift ?? 0));
  const { dbid } = containerOf(site, container);
  const named = showsUniqueName(world) ? { DB_UNIQUE_NAME: siteName } : {};
  const excluded = excludedColumns(site);
  const pending: PendingRow[] = [];
  let hole = options.entryHole ?? 0;
  for (const row of rows) {
    const branch = destinationOf(site, container, row, options.refusedByTable);
    if (branch === "nowhere") continue;
    let entry = row.ENTRY_ID;
    if (entry == null) {
      lastEntries ??= new Map(site.lastEntries);
      entry = nextEntry(lastEntries, row, hole);
      hole = 0;
    }
    const completed: AuditRow = {
      ...named,
      ...row,
      AUDIT_TYPE: row.AUDIT_TYPE ?? "Standard",
      EVENT_TIMESTAMP_UTC: row.EVENT_TIMESTAMP_UTC ?? stamp,
      DBID: row.DBID ?? dbid,
      INSTANCE_ID: row.INSTANCE_ID ?? String(instance),
      ENTRY_ID: entry,
      STATEMENT_ID: row.STATEMENT_ID ?? entry,
      RETURN_CODE: row.RETURN_CODE ?? "0",
    };
    const audited = excluded.length === 0 ? completed : without(completed, excluded);
    pending.push({ row: audited, container, branch, instance, dueAt: now + commitDelay });
  }
  if (pending.length === 0) return before;
  const waiting = site.pending.length === 0 ? pending : [...site.pending, ...pending].sort(byDueTime);
  const changed = { ...site, pending: waiting, ...(lastEntries && { lastEntries }) };
  return advance(withSite(before, changed), now);
}

/**
 * The row is written if an enabled policy covers it, or if it is always audited; UNIFIED_AUDIT_POLICIES says which.
 * @param roles that the user has, for policies enabled by granted role
 */
export function auditAction(
  world: World,
  siteName: string,
  container: string,
  row: NewAuditRow,
  now: number,
  options: AuditOptions & { readonly roles?: readonly string[] } = {},
): World {
  const site = siteNamed(world, siteName);
  const { policies, enabledPolicies } = containerOf(site, container);
  const covering = coveringPolicies(policies, enabledPolicies, row, {
    databaseRole: site.role,
    ...(options.roles && { roles: options.roles }),
  });
  const names = isAlwaysAudited(row) ? [MANDATORY_POLICY, ...covering] : covering;
  if (names.length === 0) return advance(world, now);
  return audit(world, siteName, container, [{ ...row, UNIFIED_AUDIT_POLICIES: names.join(", ") }], now, options);
}

/** What is due becomes visible, and the standbys apply what has reached them. */
export function advance(world: World, now: number): World {
  const sites = world.sites.map((site) => commitDue(site, now));
  const changed = sites.some((site, index) => site !== world.sites[index]);
  return shipRedo(changed ? { ...world, sites } : world, now);
}

/** Everything that is stamped becomes visible, on all sites. */
export function commitPending(world: World, now: number): World {
  return shipRedo({ ...world, sites: world.sites.map(commitAll) }, now);
}

/** Makes everything visible that the site has stamped. */
export function commitAll(site: Site): Site {
  return commitDue(site, Number.POSITIVE_INFINITY);
}

function commitDue(site: Site, now: number): Site {
  const count = site.pending.findIndex(({ dueAt }) => dueAt > now);
  const due = count === -1 ? site.pending : site.pending.slice(0, count);
  if (due.length === 0) return site;
  let changed: Site = { ...site, pending: site.pending.slice(due.length) };
  for (let begin = 0; begin < due.length; ) {
    const first = due[begin];
    if (!first) break;
    let end = begin + 1;
    while (end < due.length && isSamePlace(first, due[end])) end += 1;
    const rows = due.slice(begin, end).map(({ row }) => row);
    changed = first.branch === "table" ? insert(changed, first, rows) : addToFiles(changed, first, rows);
    begin = end;
  }
  return changed;
}

function insert(site: Site, { container }: PendingRow, rows: readonly AuditRow[]): Site {
  const found = containerOf(site, container);
  return withContainer(site, { ...found, table: insertRows(found.table, rows) });
}

function isSamePlace(one: PendingRow, other: PendingRow | undefined): boolean {
  return one.container === other?.container && one.branch === other.branch && one.instance === other.instance;
}

function byDueTime(one: PendingRow, other: PendingRow): number {
  return one.dueAt - other.dueAt;
}

function nextEntry(lastEntries: Map<string, number>, row: NewAuditRow, hole: number): string {
  const session = row.SESSIONID ?? "0";
  const entry = (lastEntries.get(session) ?? 0) + 1 + hole;
  if (row.ACTION_NAME === "LOGOFF") lastEntries.delete(session);
  else lastEntries.set(session, entry);
  return String(entry);
}

const EXCLUDABLE = ["SQL_TEXT", "SQL_BINDS", "RLS_INFO", "DP_CLOB_PARAMETERS1"] as const;

/** UNIFIED_AUDIT_TRAIL_EXCLUDE_COLUMNS (Oracle notes §5.1). */
function excludedColumns({ parameters }: Site): readonly string[] {
  const setting = parameters.unified_audit_trail_exclude_columns ?? "none";
  const names = setting.toUpperCase().split(/[\s,]+/);
  return EXCLUDABLE.filter((column) => names.includes(column));
}

function without(row: AuditRow, columns: readonly string[]): AuditRow {
  return { ...row, ...Object.fromEntries(columns.map((column) => [column, null])) };
}
