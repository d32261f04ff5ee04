/** A world that begins: a primary and its standbys, empty. */
import { VERSION_PROFILES } from "../version-profiles.ts";
import { type AuditPolicy, type EnabledPolicy, PREDEFINED_POLICIES } from "./audit-policy.ts";
import { emptyTable, type PartitionInterval } from "./audit-table.ts";
import type { Container, DatabaseHistory, Instance, OpenMode, Site, World } from "./world.ts";
import { scnAt } from "./world.ts";

export interface WorldOptions {
  readonly release: World["release"];
  readonly databaseName?: string;
  readonly dbid?: string;
  /** By name; none makes a non-CDB, whose container GUID is 32 zeros. */
  readonly pluggables?: readonly string[];
  /** Of every container's table; the release's own. */
  readonly partitionInterval?: PartitionInterval;
  /** Of every container; Oracle's own. */
  readonly policies?: readonly AuditPolicy[];
  /** Of every container; none. */
  readonly enabledPolicies?: readonly EnabledPolicy[];
  readonly primary?: SiteOptions;
  readonly standbys?: readonly SiteOptions[];
}

export interface SiteOptions {
  /** DB_UNIQUE_NAME. */
  readonly uniqueName: string;
  readonly host?: string;
  /** How many RAC instances; 1. */
  readonly instances?: number;
  /** READ WRITE for the primary, READ ONLY WITH APPLY for a standby. */
  readonly openMode?: OpenMode;
  readonly replicationLag?: number;
  readonly clockShift?: number;
}

const DATABASE_NAME = "ORCL";
const NON_CDB_GUID = "0".repeat(32);

export function createWorld(options: WorldOptions, now: number): World {
  const { release } = options;
  const databaseName = options.databaseName ?? DATABASE_NAME;
  const dbid = options.dbid ?? "1559204751";
  const primary = options.primary ?? { uniqueName: `${databaseName}_A` };
  const containers = containersOf(options, dbid);
  const history: DatabaseHistory = {
    resetlogsChange: "1920977",
    activation: String(BigInt(dbid) + 100_271n),
    switchover: dbid,
  };
  const site = (each: SiteOptions, role: Site["role"]): Site => ({
    uniqueName: each.uniqueName,
    role,
    openMode: each.openMode ?? (role === "PRIMARY" ? "READ WRITE" : "READ ONLY WITH APPLY"),
    history,
    becamePrimaryScn: "0",
    containers,
    containerModes: Object.fromEntries(containers.map(({ guid }) => [guid, "READ WRITE" as const])),
    instances: instancesOf(each, databaseName),
    files: [],
    lastFile: 0,
    pending: [],
    lastEntries: new Map(),
    parameters: PARAMETERS,
    unifiedAuditing: VERSION_PROFILES[release].unifiedAuditing,
    tableWritable: true,
    filesWritable: true,
    locks: [],
    sessionPeriod: 0,
    clockShift: each.clockShift ?? 0,
    replicationLag: each.replicationLag ?? 0,
    appliedTo: 0,
    isDiverged: false,
  });
  return {
    release,
    databaseName,
    dbid,
    primary: primary.uniqueName,
    sites: [site(primary, "PRIMARY"), ...(options.standbys ?? []).map((each) => site(each, "PHYSICAL STANDBY"))],
    shipments: [{ number: 0, at: now, containers }],
    lastNumber: Number(BigInt(scnAt(now)) % 1_000_000n),
  };
}

/** Oracle notes §5.1; unset as in a database that nobody tuned. */
const PARAMETERS: Site["parameters"] = {
  audit_trail: "NONE",
  audit_sys_operations: "FALSE",
  unified_audit_systemlog: null,
  unified_audit_common_systemlog: null,
};

function containersOf(options: WorldOptions, dbid: string): readonly Container[] {
  const { release, pluggables = [] } = options;
  const interval = options.partitionInterval ?? VERSION_PROFILES[release].partitionInterval;
  const container = (name: string, conId: number, guid: string, containerDbid: string): Container => ({
    guid,
    conId,
    name,
    dbid: containerDbid,
    table: emptyTable(interval),
    policies: options.policies ?? PREDEFINED_POLICIES,
    enabledPolicies: options.enabledPolicies ?? [],
    lastArchiveTimestamps: [],
    cleanupJobs: [],
  });
  if (pluggables.length === 0) return [container(options.databaseName ?? DATABASE_NAME, 0, NON_CDB_GUID, dbid)];
  return [
    container("CDB$ROOT", 1, guidOf(dbid, 1), dbid),
    ...pluggables.map((name, index) => {
      const conId = index + 3;
      return container(name, conId, guidOf(dbid, conId), String((BigInt(dbid) * BigInt(conId)) % 4_294_967_291n));
    }),
  ];
}

/** Looks like a GUID of Oracle, and is the same for the same database. */
function guidOf(dbid: string, conId: number): string {
  const digits = BigInt(dbid) * 0x9e37_79b9_7f4a_7c15n * BigInt(conId + 7);
  return digits.toString(16).toUpperCase().padStart(24, "F").slice(-24).padStart(32, "2AC9F0E1D3B54A87");
}

function instancesOf({ uniqueName, host, instances = 1 }: SiteOptions, databaseName: string): readonly Instance[] {
  const base = host ?? `${uniqueName.toLowerCase().replaceAll("_", "-")}-db`;
  return Array.from({ length: instances }, (_, index) => ({
    number: index + 1,
    name: instances === 1 ? databaseName : `${databaseName}${index + 1}`,
    host: instances === 1 ? base : `${base}${index + 1}`,
  }));
}
