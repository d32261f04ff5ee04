/** Policies, archive timestamps, clean-up and partitions (Oracle notes §§4.1, 5.1). */
import type { AuditPolicy, EnabledPolicy, PolicyOption } from "../model/audit-policy.ts";
import type { Partition } from "../model/audit-table.ts";
import { type CleanupJob, type Container, containerOf, type LastArchiveTimestamp } from "../model/world.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { canonicalNumber } from "../sql/exact-number.ts";
import { clob, date, number, varchar2, zonedTimestamp } from "../sql-types.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { flag, name128, table, yesOrNo } from "./table.ts";

function own({ site, session }: SqlContext): Container {
  return containerOf(site, session.container);
}

interface PolicyLine {
  readonly policy: AuditPolicy;
  readonly option: PolicyOption | undefined;
}

function policiesView(profile: VersionProfile): CatalogTable {
  return table<PolicyLine>(
    "SYS",
    "AUDIT_UNIFIED_POLICIES",
    [
      ["POLICY_NAME", name128, ({ policy }) => policy.name],
      ["AUDIT_CONDITION", varchar2(4000), ({ policy }) => policy.condition ?? "NONE"],
      ["CONDITION_EVAL_OPT", varchar2(9), ({ policy }) => policy.evaluation ?? "NONE"],
      ["AUDIT_OPTION", name128, ({ option }) => option?.name ?? null],
      ["AUDIT_OPTION_TYPE", varchar2(18), ({ option }) => option?.type ?? null],
      ["OBJECT_SCHEMA", name128, ({ option }) => option?.objectSchema ?? "NONE"],
      ["OBJECT_NAME", name128, ({ option }) => option?.objectName ?? "NONE"],
      ["OBJECT_TYPE", varchar2(23), ({ option }) => option?.objectType ?? "NONE"],
      ["COMMON", flag, ({ policy }) => yesOrNo(policy.common)],
      ["INHERITED", flag, () => "NO"],
      ...(profile.hasOnlyTopLevel
        ? [["AUDIT_ONLY_TOPLEVEL", flag, ({ policy }: PolicyLine) => yesOrNo(policy.onlyTopLevel)] as const]
        : []),
      ["ORACLE_SUPPLIED", flag, ({ policy }) => yesOrNo(policy.isPredefined)],
    ],
    (context) =>
      own(context).policies.flatMap((policy): readonly PolicyLine[] =>
        policy.options.length === 0
          ? [{ policy, option: undefined }]
          : policy.options.map((option) => ({ policy, option })),
      ),
  );
}

const ENABLED_POLICIES = table<EnabledPolicy>(
  "SYS",
  "AUDIT_UNIFIED_ENABLED_POLICIES",
  [
    ["POLICY_NAME", name128, ({ policyName }) => policyName],
    ["ENABLED_OPTION", varchar2(15), ({ option }) => option],
    ["ENTITY_NAME", name128, ({ entityName }) => entityName],
    ["ENTITY_TYPE", varchar2(7), ({ entityType }) => entityType],
    ["SUCCESS", flag, ({ success }) => yesOrNo(success)],
    ["FAILURE", flag, ({ failure }) => yesOrNo(failure)],
  ],
  (context) => own(context).enabledPolicies,
);

function lastArchiveView(profile: VersionProfile): CatalogTable {
  const has = (column: (typeof profile.lastArchiveColumns)[number]) => profile.lastArchiveColumns.includes(column);
  return table<LastArchiveTimestamp>(
    "SYS",
    "DBA_AUDIT_MGMT_LAST_ARCH_TS",
    [
      ["AUDIT_TRAIL", varchar2(28), ({ auditTrail }) => auditTrail],
      ["RAC_INSTANCE", number, ({ racInstance }) => racInstance],
      ["LAST_ARCHIVE_TS", zonedTimestamp, ({ time }) => `${time} +00:00`],
      ["DATABASE_ID", number, ({ databaseId }) => (databaseId === null ? null : canonicalNumber(databaseId))],
      ...(has("CONTAINER_GUID")
        ? [["CONTAINER_GUID", varchar2(33), ({ containerGuid }: LastArchiveTimestamp) => containerGuid] as const]
        : []),
      ...(has("DB_UNIQUE_NAME")
        ? [
            [
              "DB_UNIQUE_NAME",
              varchar2(257),
              (_: LastArchiveTimestamp, { site }: SqlContext) => site.uniqueName,
            ] as const,
          ]
        : []),
    ],
    // Not filled on a read-only database of 23ai (Oracle notes §3.1).
    (context) =>
      profile.major >= 23 && context.site.role === "PHYSICAL STANDBY" ? [] : own(context).lastArchiveTimestamps,
  );
}

const CONFIGURATION = table<readonly [parameter: string, value: string, trail: string]>(
  "SYS",
  "DBA_AUDIT_MGMT_CONFIG_PARAMS",
  [
    ["PARAMETER_NAME", varchar2(1024), ([parameter]) => parameter],
    ["PARAMETER_VALUE", varchar2(4000), ([, value]) => value],
    ["AUDIT_TRAIL", varchar2(28), ([, , trail]) => trail],
  ],
  () => [
    ["DB AUDIT TABLESPACE", "SYSAUX", "UNIFIED AUDIT TRAIL"],
    ["AUDIT FILE MAX SIZE", "10000", "UNIFIED AUDIT TRAIL"],
    ["AUDIT FILE MAX AGE", "5", "UNIFIED AUDIT TRAIL"],
    ["AUDIT WRITE MODE", "IMMEDIATE WRITE MODE", "UNIFIED AUDIT TRAIL"],
  ],
);

const CLEANUP_JOBS = table<CleanupJob>(
  "SYS",
  "DBA_AUDIT_MGMT_CLEANUP_JOBS",
  [
    ["JOB_NAME", varchar2(100), ({ name }) => name],
    ["JOB_STATUS", varchar2(8), ({ enabled }) => (enabled ? "ENABLED" : "DISABLED")],
    ["AUDIT_TRAIL", varchar2(28), ({ auditTrail }) => auditTrail],
    ["JOB_FREQUENCY", varchar2(100), ({ interval }) => `FREQ=HOURLY;INTERVAL=${interval}`],
    ["USE_LAST_ARCHIVE_TIMESTAMP", flag, ({ usesLastArchiveTimestamp }) => yesOrNo(usesLastArchiveTimestamp)],
    ["JOB_CONTAINER", varchar2(7), () => "CURRENT"],
  ],
  (context) => own(context).cleanupJobs,
);

interface PlacedPartition {
  readonly partition: Partition;
  readonly position: number;
}

const PARTITIONS = table<PlacedPartition>(
  "SYS",
  "DBA_TAB_PARTITIONS",
  [
    ["TABLE_OWNER", name128, () => "AUDSYS"],
    ["TABLE_NAME", name128, () => "AUD$UNIFIED"],
    ["COMPOSITE", flag, () => "NO"],
    ["PARTITION_NAME", name128, ({ partition }) => partition.name],
    // LONG in the real view, which thin drivers read as text.
    ["HIGH_VALUE", clob, ({ partition }) => `TIMESTAMP' ${partition.highValue.slice(0, 19)}'`],
    ["PARTITION_POSITION", number, ({ position }) => position],
    ["TABLESPACE_NAME", varchar2(30), () => "SYSAUX"],
    [
      "NUM_ROWS",
      number,
      ({ partition }, { dictionary }) => (dictionary.database.analyzedAt === null ? null : partition.rowCount),
    ],
    ["LAST_ANALYZED", date, (_, { dictionary }) => dictionary.database.analyzedAt],
    ["INTERVAL", flag, ({ partition }) => yesOrNo(partition.isInterval)],
  ],
  (context) => own(context).table.partitions.map((partition, index) => ({ partition, position: index + 1 })),
);

const PARTITIONED_TABLES = table<Container>(
  "SYS",
  "DBA_PART_TABLES",
  [
    ["OWNER", name128, () => "AUDSYS"],
    ["TABLE_NAME", name128, () => "AUD$UNIFIED"],
    ["PARTITIONING_TYPE", varchar2(9), () => "RANGE"],
    ["PARTITION_COUNT", number, () => 1_048_575],
    ["INTERVAL", varchar2(1000), ({ table: { interval } }) => intervalText(interval.number, interval.unit)],
    ["DEF_TABLESPACE_NAME", varchar2(30), () => "SYSAUX"],
  ],
  (context) => [own(context)],
);

function intervalText(count: number, unit: string): string {
  const isLong = unit === "YEAR" || unit === "MONTH";
  return `${isLong ? "NUMTOYMINTERVAL" : "NUMTODSINTERVAL"}(${count}, '${unit}')`;
}

export function auditManagementViews(profile: VersionProfile): readonly CatalogTable[] {
  return [
    policiesView(profile),
    ENABLED_POLICIES,
    lastArchiveView(profile),
    CONFIGURATION,
    CLEANUP_JOBS,
    PARTITIONS,
    PARTITIONED_TABLES,
  ];
}
