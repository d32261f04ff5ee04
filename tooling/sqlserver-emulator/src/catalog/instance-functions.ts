/** Functions that tell something about the instance, the session and its rights. */
import { holdsPermission } from "../instance.ts";
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
  varbinary,
  variant,
} from "../sql-types.ts";
import { timeText } from "../time-text.ts";

function telling(
  type: SqlType,
  evaluate: (context: SqlContext, args: readonly SqlValue[]) => SqlValue,
): ScalarFunction {
  return { type: () => type, pure: false, evaluate: (args, context) => evaluate(context, args) };
}

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

/** HAS_PERMS_BY_NAME(securable, class, permission): only the server's own permissions are known here. */
function hasPermission(context: SqlContext, [securable, , permission]: readonly SqlValue[]): SqlValue {
  if (securable !== null) return context.session.login.isSysadmin ? 1 : null;
  return bool(holdsPermission(context.session.login, String(permission), context.lent));
}

function isServerRoleMember(context: SqlContext, [role, name]: readonly SqlValue[]): SqlValue {
  const { login } = context.session;
  const asked = name === undefined ? login : context.engine.instance.logins.find((known) => sameName(name, known.name));
  if (!asked) return null;
  if (sameName(role, "public")) return 1;
  const fixed = [
    "sysadmin",
    "securityadmin",
    "serveradmin",
    "setupadmin",
    "processadmin",
    "diskadmin",
    "dbcreator",
    "bulkadmin",
  ];
  return fixed.some((known) => sameName(role, known)) ? bool(asked.isSysadmin && sameName(role, "sysadmin")) : null;
}

function isRoleMember(context: SqlContext, [role, name]: readonly SqlValue[]): SqlValue {
  const { login } = context.session;
  const { instance } = context.engine;
  const asked = name === undefined ? login : instance.logins.find((known) => sameName(name, known.name));
  const exists = instance.masterRoles.some((known) => sameName(role, known));
  if (!asked || (!exists && !sameName(role, "db_owner"))) return null;
  if (sameName(role, "db_owner")) return bool(asked.isSysadmin);
  return bool(asked.masterRoles.some((known) => sameName(role, known)));
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
  const index = context.engine.instance.procedures.findIndex((procedure) => procedure.name.toLowerCase() === wanted);
  return index < 0 ? null : 1_000_000 + index;
}

function principalId(context: SqlContext, [name]: readonly SqlValue[]): SqlValue {
  const { logins, masterRoles } = context.engine.instance;
  const login = logins.findIndex((known) => known.masterRoles.length > 0 && sameName(name, known.name));
  if (login >= 0) return 5 + login;
  const role = masterRoles.findIndex((known) => sameName(name, known));
  return role < 0 ? null : 100 + role;
}

const bit: SqlType = { name: "bit" };

export const INSTANCE_FUNCTIONS: readonly (readonly [string, ScalarFunction, since?: number])[] = [
  ["serverproperty", property(SERVER_PROPERTIES)],
  ["connectionproperty", property(CONNECTION_PROPERTIES)],
  ["@@version", telling(nvarchar(300), versionText)],
  ["@@servername", telling(sysname, ({ engine }) => engine.instance.oldServerName)],
  ["@@spid", telling(smallint, ({ session }) => session.id)],
  ["@@trancount", telling(int, () => 0)],
  ["@@rowcount", telling(int, () => 0)],
  ["@@microsoftversion", telling(int, ({ engine }) => Number(engine.profile.productVersion.split(".")[0]) * 0x1000000)],
  ["getdate", telling(datetime, ({ engine }) => timeText(engine.now(), 3))],
  ["getutcdate", telling(datetime, ({ engine }) => timeText(engine.now(), 3))],
  ["sysdatetime", telling(datetime2, ({ engine }) => timeText(engine.now()))],
  ["sysutcdatetime", telling(datetime2, ({ engine }) => timeText(engine.now()))],
  ["db_name", telling(sysname, databaseName)],
  ["db_id", telling(smallint, databaseId)],
  ["suser_sname", telling(sysname, ({ session }) => session.login.name)],
  ["suser_name", telling(sysname, ({ session }) => session.login.name)],
  ["original_login", telling(sysname, ({ session }) => session.login.name)],
  ["suser_sid", telling(varbinary(85), ({ session }) => session.login.sid)],
  ["app_name", telling(sysname, ({ session }) => session.applicationName)],
  ["host_name", telling(sysname, ({ session }) => session.hostName)],
  ["user_id", telling(int, principalId)],
  ["database_principal_id", telling(int, principalId)],
  ["object_id", telling(int, objectId)],
  ["has_perms_by_name", telling(int, hasPermission)],
  ["is_srvrolemember", telling(int, isServerRoleMember)],
  ["is_rolemember", telling(int, isRoleMember)],
  ["is_member", telling(int, isRoleMember)],
  ["fn_hadr_is_primary_replica", telling(bit, isPrimaryReplica), 2014],
];
