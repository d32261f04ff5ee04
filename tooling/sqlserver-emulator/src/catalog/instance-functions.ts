/** Functions that tell something about the instance and the session. */
import type { ScalarFunction, SqlContext } from "../sql/context.ts";
import {
  datetime,
  datetime2,
  int,
  nvarchar,
  type SqlType,
  type SqlValue,
  smallint,
  sysname,
  variant,
} from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { objectIdOf } from "./object-id.ts";
import { telling } from "./telling.ts";

const bool = (value: boolean) => (value ? 1 : 0);
const sameName = (a: SqlValue | undefined, b: string) => String(a ?? "").toLowerCase() === b.toLowerCase();

/** SERVERPROPERTY, by its argument in lower case; unknown properties are NULL, as in the engine. */
const SERVER_PROPERTIES: Readonly<Record<string, (context: SqlContext) => SqlValue>> = {
  servername: ({ engine }) => engine.instance.serverName,
  machinename: ({ engine }) => engine.instance.machineName,
  instancename: ({ engine }) => engine.instance.serverName.split("\\")[1] ?? null,
  computernamephysicalnetbios: ({ engine }) => engine.instance.physicalNode,
  isclustered: ({ engine }) => bool(engine.instance.isClustered),
  ishadrenabled: ({ engine }) => bool(engine.instance.isHadrEnabled),
  productversion: ({ engine }) => engine.profile.productVersion,
  productmajorversion: ({ engine }) => engine.profile.productVersion.split(".")[0] ?? null,
  productlevel: () => "RTM",
  edition: ({ engine }) => engine.instance.edition,
  engineedition: ({ engine }) => engine.instance.engineEdition,
  errorlogfilename: ({ engine }) =>
    engine.instance.platform === "Linux"
      ? "/var/opt/mssql/log/errorlog"
      : "C:\\Program Files\\Microsoft SQL Server\\MSSQL\\Log\\ERRORLOG",
  collation: () => "SQL_Latin1_General_CP1_CI_AS",
  isintegratedsecurityonly: () => 0,
};

const CONNECTION_PROPERTIES: Readonly<Record<string, (context: SqlContext) => SqlValue>> = {
  local_net_address: ({ session }) => session.localAddress,
  local_tcp_port: ({ session }) => session.localPort,
  client_net_address: ({ session }) => session.clientAddress,
  net_transport: () => "TCP",
  protocol_type: () => "TSQL",
  auth_scheme: () => "SQL",
};

function property(properties: Readonly<Record<string, (context: SqlContext) => SqlValue>>): ScalarFunction {
  return telling(variant, (context, [name]) => {
    const key = String(name).toLowerCase();
    return Object.hasOwn(properties, key) ? (properties[key]?.(context) ?? null) : null;
  });
}

function versionText({ engine }: SqlContext): string {
  const { platform, edition } = engine.instance;
  const host = platform === "Linux" ? "Linux (Ubuntu 22.04.4 LTS) <X64>" : "Windows Server 2022 Standard 10.0 <X64>";
  return `${engine.profile.title} \n\tsqlserver-emulator\n\t${edition} on ${host}\n`;
}

function databaseId(context: SqlContext, [name]: readonly SqlValue[]): SqlValue {
  const wanted = name ?? context.session.database;
  return context.engine.instance.databases.find((database) => sameName(wanted, database.name))?.id ?? null;
}

function databaseName(context: SqlContext, [id]: readonly SqlValue[]): SqlValue {
  if (id === undefined) return context.session.database;
  return context.engine.instance.databases.find((database) => database.id === Number(id))?.name ?? null;
}

/** NULL for a database in no availability group (since 2014). */
function isPrimaryReplica(context: SqlContext, [name]: readonly SqlValue[]): SqlValue {
  return context.engine.instance.databases.find((database) => sameName(name, database.name))?.isPrimaryReplica ?? null;
}

function objectId(context: SqlContext, [name]: readonly SqlValue[]): SqlValue {
  const wanted = String(name)
    .toLowerCase()
    .replaceAll(/[[\]]/g, "")
    .replace(/^master\./, "");
  const { procedures, tables } = context.engine.instance;
  const exists = [...procedures, ...tables].some((known) => known.name.toLowerCase() === wanted);
  return exists ? objectIdOf(wanted) : null;
}

const bit: SqlType = { name: "bit" };

export const INSTANCE_FUNCTIONS: readonly (readonly [string, ScalarFunction, since?: number])[] = [
  ["serverproperty", property(SERVER_PROPERTIES)],
  ["connectionproperty", property(CONNECTION_PROPERTIES)],
  ["@@version", telling(nvarchar(300), versionText)],
  ["@@servername", telling(sysname, ({ engine }) => engine.instance.oldServerName)],
  ["@@spid", telling(smallint, ({ session }) => session.id)],
  ["@@trancount", telling(int, ({ session }) => session.transaction?.depth ?? 0)],
  ["@@rowcount", telling(int, () => 0)],
  ["@@microsoftversion", telling(int, ({ engine }) => Number(engine.profile.productVersion.split(".")[0]) * 0x1000000)],
  ["getdate", telling(datetime, ({ engine }) => timeText(engine.now(), 3))],
  ["getutcdate", telling(datetime, ({ engine }) => timeText(engine.now(), 3))],
  ["sysdatetime", telling(datetime2, ({ engine }) => timeText(engine.now()))],
  ["sysutcdatetime", telling(datetime2, ({ engine }) => timeText(engine.now()))],
  ["eventdata", telling(nvarchar("max"), ({ eventData }) => eventData ?? null)],
  ["db_name", telling(sysname, databaseName)],
  ["db_id", telling(smallint, databaseId)],
  ["app_name", telling(sysname, ({ session }) => session.applicationName)],
  ["host_name", telling(sysname, ({ session }) => session.hostName)],
  ["object_id", telling(int, objectId)],
  ["fn_hadr_is_primary_replica", telling(bit, isPrimaryReplica), 2014],
];
