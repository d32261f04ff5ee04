/** The dynamic performance views that tell what the database is. */

import { timestampText } from "../model/audit-row.ts";
import type { Instance } from "../model/world.ts";
import { type Container, containerMode, containerOf, scnAt } from "../model/world.ts";
import type { SessionState } from "../session-state.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { canonicalNumber } from "../sql/exact-number.ts";
import { date, number, raw, type SqlValue, varchar2 } from "../sql-types.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { flag, name128, table, yesOrNo } from "./table.ts";

/** Of views with one row, which holds nothing: its columns ask the database. */
const only = [{}];
const digits = (value: string): SqlValue => canonicalNumber(value);

/** A moment of the database's clock as SYSDATE would show it. */
function localDate(milliseconds: number): string {
  return timestampText(milliseconds).slice(0, 19);
}

const DATABASE = table<object>(
  "SYS",
  "V_$DATABASE",
  [
    ["DBID", number, (_, { engine }) => digits(engine.shared.world.dbid)],
    ["NAME", varchar2(9), (_, { engine }) => engine.shared.world.databaseName],
    ["CREATED", date, () => "2024-02-05 09:12:44"],
    ["RESETLOGS_CHANGE#", number, (_, { site }) => digits(site.history.resetlogsChange)],
    ["RESETLOGS_TIME", date, () => "2024-02-05 09:12:49"],
    ["LOG_MODE", varchar2(12), () => "ARCHIVELOG"],
    ["OPEN_MODE", varchar2(20), (_, { site }) => site.openMode],
    ["PROTECTION_MODE", varchar2(20), () => "MAXIMUM PERFORMANCE"],
    ["ACTIVATION#", number, (_, { site }) => digits(site.history.activation)],
    ["SWITCHOVER#", number, (_, { site }) => digits(site.history.switchover)],
    ["DATABASE_ROLE", varchar2(16), (_, { site }) => site.role],
    ["SWITCHOVER_STATUS", varchar2(20), (_, { site }) => (site.role === "PRIMARY" ? "TO STANDBY" : "NOT ALLOWED")],
    ["PLATFORM_NAME", varchar2(101), () => "Linux x86 64-bit"],
    ["LAST_OPEN_INCARNATION#", number, () => 1],
    ["CURRENT_SCN", number, (_, { site, now }) => digits(scnAt(now - site.clockShift))],
    ["DB_UNIQUE_NAME", varchar2(30), (_, { site }) => site.uniqueName],
    ["STANDBY_BECAME_PRIMARY_SCN", number, (_, { site }) => digits(site.becamePrimaryScn)],
    ["CDB", varchar2(3), (_, { site }) => (site.containers.length > 1 ? "YES" : "NO")],
    ["CON_ID", number, () => 0],
  ],
  () => only,
);

function instanceView(owner: string, name: string, profile: VersionProfile, isGlobal: boolean): CatalogTable {
  return table<Instance>(
    owner,
    name,
    [
      ...(isGlobal ? [["INST_ID", number, (instance: Instance) => instance.number] as const] : []),
      ["INSTANCE_NUMBER", number, (instance) => instance.number],
      ["INSTANCE_NAME", varchar2(16), (instance) => instance.name],
      ["HOST_NAME", varchar2(64), (instance) => instance.host],
      ["VERSION", varchar2(17), () => profile.version],
      ...(profile.major >= 18 ? [["VERSION_FULL", varchar2(17), () => profile.versionFull] as const] : []),
      ["STARTUP_TIME", date, (_, { engine }) => localDate(engine.startedAt)],
      [
        "STATUS",
        varchar2(12),
        (_, { site }) => (site.openMode === "MOUNTED" ? "MOUNTED" : site.openMode === "DOWN" ? "STARTED" : "OPEN"),
      ],
      ["DATABASE_STATUS", varchar2(17), () => "ACTIVE"],
      ["INSTANCE_ROLE", varchar2(18), () => "PRIMARY_INSTANCE"],
      ["CON_ID", number, () => 0],
      ["EDITION", varchar2(7), () => "EE"],
      ["PARALLEL", flag, (_, { site }) => yesOrNo(site.instances.length > 1)],
    ],
    ({ site, engine }) =>
      isGlobal ? site.instances : site.instances.filter((each) => each.number === engine.instanceNumber),
  );
}

/** From the root all containers; from a PDB itself. A non-CDB has one, with number 0. */
function containersSeen({ site, session }: SqlContext): readonly Container[] {
  const own = containerOf(site, session.container);
  return own.conId > 1 ? [own] : site.containers;
}

const containerColumns = [
  ["CON_ID", number, ({ conId }: Container) => conId],
  ["DBID", number, ({ dbid }: Container) => digits(dbid)],
  ["NAME", name128, ({ name }: Container, { engine }: SqlContext) => name || engine.shared.world.databaseName],
  ["OPEN_MODE", varchar2(10), ({ guid }: Container, { site }: SqlContext) => containerMode(site, guid)],
  ["RESTRICTED", varchar2(3), () => "NO"],
  ["GUID", raw(16), ({ guid }: Container) => guid],
] as const;

const CONTAINERS = table<Container>("SYS", "V_$CONTAINERS", containerColumns, containersSeen);
const PLUGGABLES = table<Container>("SYS", "V_$PDBS", containerColumns, (context) =>
  containersSeen(context).filter(({ conId }) => conId > 1),
);

/** With standbys there is a configuration that names them, unless somebody set another one. */
function parametersOf({ site, engine }: SqlContext): Readonly<Record<string, string | null>> {
  const names = engine.shared.world.sites.map(({ uniqueName }) => uniqueName);
  return { ...(names.length > 1 && { log_archive_config: `DG_CONFIG=(${names.join(",")})` }), ...site.parameters };
}

const PARAMETER = table<readonly [string, string | null, number]>(
  "SYS",
  "V_$PARAMETER",
  [
    ["NUM", number, ([, , index]) => index + 1],
    ["NAME", varchar2(80), ([name]) => name],
    ["TYPE", number, () => 2],
    ["VALUE", varchar2(4000), ([, value]) => value],
    ["DISPLAY_VALUE", varchar2(4000), ([, value]) => value],
    ["ISDEFAULT", varchar2(9), () => "FALSE"],
    ["CON_ID", number, () => 0],
  ],
  (context) => Object.entries(parametersOf(context)).map(([name, value], index) => [name, value, index] as const),
);

const OPTION = table<readonly [string, string]>(
  "SYS",
  "V_$OPTION",
  [
    ["PARAMETER", varchar2(64), ([parameter]) => parameter],
    ["VALUE", varchar2(64), ([, value]) => value],
    ["CON_ID", number, () => 0],
  ],
  ({ site, dictionary }) => [
    ["Partitioning", "TRUE"],
    ["Oracle Database Vault", dictionary.database.vault.isEnabled ? "TRUE" : "FALSE"],
    ["Oracle Label Security", "FALSE"],
    ["Real Application Clusters", site.instances.length > 1 ? "TRUE" : "FALSE"],
    ["Unified Auditing", site.unifiedAuditing === "pure" ? "TRUE" : "FALSE"],
  ],
);

function versionView(profile: VersionProfile): CatalogTable {
  const older = [
    profile.banner,
    `PL/SQL Release ${profile.version} - Production`,
    `CORE\t${profile.version}\tProduction`,
  ];
  return table<string>(
    "SYS",
    "V_$VERSION",
    [
      ["BANNER", varchar2(80), (banner) => banner],
      ...(profile.bannerFull === null ? [] : [["BANNER_FULL", varchar2(160), () => profile.bannerFull] as const]),
      ["CON_ID", number, () => 0],
    ],
    // Several lines up to 12.2.
    () => (profile.major < 18 ? older : [profile.banner]),
  );
}

function sessionView(name: string, isGlobal: boolean): CatalogTable {
  return table<SessionState>(
    "SYS",
    name,
    [
      ...(isGlobal
        ? [["INST_ID", number, (_: SessionState, { engine }: SqlContext) => engine.instanceNumber] as const]
        : []),
      ["SID", number, ({ sid }) => sid],
      ["SERIAL#", number, ({ serial }) => serial],
      ["AUDSID", number, ({ auditSessionId }) => digits(auditSessionId)],
      ["USERNAME", name128, ({ user }) => user],
      ["STATUS", varchar2(8), (session, context) => (session === context.session ? "ACTIVE" : "INACTIVE")],
      ["SCHEMANAME", name128, ({ currentSchema }) => currentSchema],
      ["OSUSER", name128, ({ logOn }) => logOn.osUser || null],
      ["PROCESS", varchar2(24), ({ logOn }) => logOn.processId || null],
      ["MACHINE", varchar2(64), ({ logOn }) => logOn.machine || null],
      ["PORT", number, ({ logOn }) => logOn.clientPort],
      ["TERMINAL", varchar2(30), ({ logOn }) => logOn.terminal || null],
      ["PROGRAM", varchar2(84), ({ logOn }) => logOn.program || null],
      ["TYPE", varchar2(10), () => "USER"],
      ["MODULE", varchar2(64), ({ module }) => module],
      ["ACTION", varchar2(64), ({ action }) => action],
      ["CLIENT_INFO", varchar2(64), ({ clientInfo }) => clientInfo],
      ["CLIENT_IDENTIFIER", varchar2(64), ({ clientIdentifier }) => clientIdentifier],
      ["LOGON_TIME", date, ({ loggedOnAt }) => localDate(loggedOnAt)],
      ["CON_ID", number, ({ container }, { site }) => containerOf(site, container).conId],
    ],
    ({ engine }) => engine.sessions,
  );
}

const ARCHIVE_DESTINATIONS = table<{ readonly id: number; readonly target: string; readonly name: string }>(
  "SYS",
  "V_$ARCHIVE_DEST",
  [
    ["DEST_ID", number, ({ id }) => id],
    ["STATUS", varchar2(9), () => "VALID"],
    ["TARGET", varchar2(16), ({ target }) => target],
    ["DB_UNIQUE_NAME", varchar2(30), ({ name }) => name],
  ],
  ({ engine, site }) =>
    engine.shared.world.sites.map(({ uniqueName }, index) => ({
      id: index + 1,
      target: uniqueName === site.uniqueName ? "PRIMARY" : "STANDBY",
      name: uniqueName,
    })),
);

const DUAL = table<object>("SYS", "DUAL", [["DUMMY", varchar2(1), () => "X"]], () => only);

export function instanceViews(profile: VersionProfile): readonly CatalogTable[] {
  return [
    DUAL,
    DATABASE,
    instanceView("SYS", "V_$INSTANCE", profile, false),
    instanceView("SYS", "GV_$INSTANCE", profile, true),
    CONTAINERS,
    PLUGGABLES,
    PARAMETER,
    OPTION,
    versionView(profile),
    sessionView("V_$SESSION", false),
    sessionView("GV_$SESSION", true),
    ARCHIVE_DESTINATIONS,
  ];
}
