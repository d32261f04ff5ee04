/** DBMS_AUDIT_MGMT (Oracle notes §4.1). Every call of it is audited, which the model does. */

import { timestampText } from "../model/audit-row.ts";
import type { IntervalUnit } from "../model/audit-table.ts";
import {
  alterPartitionInterval,
  cleanAuditTrail,
  clearLastArchiveTimestamp,
  createCleanupJob,
  dropCleanupJob,
  lastArchiveTimestampOf,
  loadFiles,
  setLastArchiveTimestamp,
  UNIFIED_AUDIT_TRAIL,
} from "../model/housekeeping.ts";
import { type Branch, containerOf, type World } from "../model/world.ts";
import { hasRole } from "../privileges.ts";
import type { Package, PackageMember, SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import { boolean, number, type SqlValue, timestamp, varchar2 } from "../sql-types.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { type Arguments, packageOf, parameter } from "./packages.ts";

const UNIFIED = 51;
/** Names of 26ai; their numbers are not known and made up here. */
const UNIFIED_TABLE = 52;
const UNIFIED_FILES = 53;
const CONTAINER_CURRENT = 1;
const PURGE_JOB_ENABLE = 31;

const TRAIL_NAMES: Readonly<Record<number, string>> = {
  1: "STANDARD AUDIT TRAIL",
  2: "FGA AUDIT TRAIL",
  3: "STANDARD AND FGA AUDIT TRAIL",
  4: "OS AUDIT TRAIL",
  8: "XML AUDIT TRAIL",
  [UNIFIED]: UNIFIED_AUDIT_TRAIL,
  [UNIFIED_TABLE]: "UNIFIED AUDIT TRAIL TABLE",
  [UNIFIED_FILES]: "UNIFIED AUDIT TRAIL FILES",
};

function trailName(value: SqlValue | undefined): string {
  const name = TRAIL_NAMES[Number(value)];
  if (!name) throw oracleError(46250, ["AUDIT_TRAIL_TYPE"]);
  return name;
}

function branchesOf(value: SqlValue | undefined): readonly Branch[] {
  if (Number(value) === UNIFIED_TABLE) return ["table"];
  return Number(value) === UNIFIED_FILES ? ["files"] : ["table", "files"];
}

const container = parameter("CONTAINER", number, CONTAINER_CURRENT);
const trail = parameter("AUDIT_TRAIL_TYPE", number);

/** Without AUDIT_ADMIN the package does nothing for its caller. */
function demandAdministrator({ engine, dictionary, rights }: SqlContext): void {
  const { database } = dictionary;
  const isHeld = hasRole(database, rights, "AUDIT_ADMIN");
  const isByProgram = !engine.sessions.some(({ user }) => user === rights.user);
  if (!isHeld || (isByProgram && rights.user !== "SYS" && !database.codeGrantSuffices)) throw oracleError(1031);
}

function procedure(
  parameters: PackageMember["parameters"],
  transition: (
    world: World,
    now: number,
    args: Arguments,
    context: SqlContext,
    actor: ReturnType<SqlContext["engine"]["actorOf"]>,
  ) => World,
): PackageMember {
  return {
    parameters,
    run: (args, context) => {
      demandAdministrator(context);
      const { engine } = context;
      const actor = engine.actorOf(context);
      engine.shared.change((world, now) => transition(world, now, args, context, actor));
      return null;
    },
  };
}

const isTrue = (value: SqlValue | undefined) => value !== false;

function unitOf(value: SqlValue | undefined): IntervalUnit {
  const unit = (["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"] as const).find(
    (each) => each === String(value).toUpperCase(),
  );
  if (!unit) throw oracleError(46250, ["INTERVAL_FREQUENCY"]);
  return unit;
}

export function auditManagementPackage({ major, release }: VersionProfile): Package {
  const hasSplitTrails = release === "26ai" || major > 23;
  return packageOf(
    "AUDSYS",
    "DBMS_AUDIT_MGMT",
    {
      AUDIT_TRAIL_AUD_STD: 1,
      AUDIT_TRAIL_FGA_STD: 2,
      AUDIT_TRAIL_DB_STD: 3,
      AUDIT_TRAIL_OS: 4,
      AUDIT_TRAIL_XML: 8,
      AUDIT_TRAIL_UNIFIED: UNIFIED,
      ...(hasSplitTrails && { AUDIT_TRAIL_UNIFIED_TABLE: UNIFIED_TABLE, AUDIT_TRAIL_UNIFIED_FILES: UNIFIED_FILES }),
      CONTAINER_CURRENT,
      CONTAINER_ALL: 2,
      PURGE_JOB_ENABLE,
      PURGE_JOB_DISABLE: 32,
    },
    {
      SET_LAST_ARCHIVE_TIMESTAMP: procedure(
        [
          trail,
          parameter("LAST_ARCHIVE_TIME", timestamp),
          parameter("RAC_INSTANCE_NUMBER", number, null),
          container,
          parameter("DATABASE_ID", number, null),
          parameter("CONTAINER_GUID", varchar2(33), null),
        ],
        (world, now, args, context, actor) => {
          const time = args.get("LAST_ARCHIVE_TIME") ?? null;
          if (time === null) throw oracleError(46250, ["LAST_ARCHIVE_TIME"]);
          if (String(time) > timestampText(context.now)) throw oracleError(46253);
          const databaseId = args.get("DATABASE_ID") ?? null;
          return setLastArchiveTimestamp(world, context.site.uniqueName, context.session.container, String(time), now, {
            actor,
            auditTrail: trailName(args.get("AUDIT_TRAIL_TYPE")),
            racInstance: Number(args.get("RAC_INSTANCE_NUMBER") ?? 0),
            ...(databaseId !== null && { databaseId: String(databaseId) }),
          });
        },
      ),
      CLEAR_LAST_ARCHIVE_TIMESTAMP: procedure(
        [trail, parameter("RAC_INSTANCE_NUMBER", number, null), container],
        (world, now, _, { site, session }, actor) =>
          clearLastArchiveTimestamp(world, site.uniqueName, session.container, now, actor),
      ),
      GET_LAST_ARCHIVE_TIMESTAMP: {
        parameters: [trail],
        result: timestamp,
        run: (_, { site, session }) => lastArchiveTimestampOf(site, session.container) ?? null,
      },
      // Oracle's bound between stamp and commit, in seconds (Oracle notes §2.1; not verified).
      GET_AUDIT_COMMIT_DELAY: { parameters: [], result: number, run: () => 5 },
      CLEAN_AUDIT_TRAIL: procedure(
        [trail, parameter("USE_LAST_ARCH_TIMESTAMP", boolean, true), container, parameter("DATABASE_ID", number, null)],
        (world, now, args, { site, session }, actor) => {
          const databaseId = args.get("DATABASE_ID") ?? null;
          return cleanAuditTrail(world, site.uniqueName, session.container, now, {
            actor,
            useLastArchiveTimestamp: isTrue(args.get("USE_LAST_ARCH_TIMESTAMP")),
            branches: branchesOf(args.get("AUDIT_TRAIL_TYPE")),
            ...(databaseId !== null && { databaseId: String(databaseId) }),
          });
        },
      ),
      LOAD_UNIFIED_AUDIT_FILES: procedure([container], (world, now, _, { site, session, engine }, actor) => {
        if (site.openMode !== "READ WRITE") throw oracleError(16000);
        return loadFiles(world, site.uniqueName, session.container, now, { instance: engine.instanceNumber, actor });
      }),
      ALTER_PARTITION_INTERVAL: procedure(
        [parameter("INTERVAL_NUMBER", number), parameter("INTERVAL_FREQUENCY", varchar2(30))],
        (world, now, args, { site, session }, actor) =>
          alterPartitionInterval(
            world,
            site.uniqueName,
            session.container,
            { number: Number(args.get("INTERVAL_NUMBER")), unit: unitOf(args.get("INTERVAL_FREQUENCY")) },
            now,
            actor,
          ),
      ),
      CREATE_PURGE_JOB: procedure(
        [
          trail,
          parameter("AUDIT_TRAIL_PURGE_INTERVAL", number),
          parameter("AUDIT_TRAIL_PURGE_NAME", varchar2(100)),
          parameter("USE_LAST_ARCH_TIMESTAMP", boolean, true),
          container,
        ],
        (world, now, args, { site, session }, actor) =>
          createCleanupJob(
            world,
            site.uniqueName,
            session.container,
            {
              name: String(args.get("AUDIT_TRAIL_PURGE_NAME")).toUpperCase(),
              enabled: true,
              auditTrail: trailName(args.get("AUDIT_TRAIL_TYPE")),
              interval: Number(args.get("AUDIT_TRAIL_PURGE_INTERVAL")),
              usesLastArchiveTimestamp: isTrue(args.get("USE_LAST_ARCH_TIMESTAMP")),
            },
            now,
            actor,
          ),
      ),
      SET_PURGE_JOB_STATUS: procedure(
        [parameter("AUDIT_TRAIL_PURGE_NAME", varchar2(100)), parameter("AUDIT_TRAIL_STATUS_VALUE", number)],
        (world, now, args, { site, session }, actor) => {
          const name = String(args.get("AUDIT_TRAIL_PURGE_NAME")).toUpperCase();
          const job = containerOf(site, session.container).cleanupJobs.find((each) => each.name === name);
          if (!job) throw oracleError(46250, ["AUDIT_TRAIL_PURGE_NAME"]);
          const changed = { ...job, enabled: Number(args.get("AUDIT_TRAIL_STATUS_VALUE")) === PURGE_JOB_ENABLE };
          return createCleanupJob(world, site.uniqueName, session.container, changed, now, actor);
        },
      ),
      DROP_PURGE_JOB: procedure(
        [parameter("AUDIT_TRAIL_PURGE_NAME", varchar2(100))],
        (world, now, args, { site, session }, actor) =>
          dropCleanupJob(
            world,
            site.uniqueName,
            session.container,
            String(args.get("AUDIT_TRAIL_PURGE_NAME")).toUpperCase(),
            now,
            actor,
          ),
      ),
    },
  );
}
