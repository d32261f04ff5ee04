/** The views of the instance: its start, host, databases, replicas, cluster and connections. */
import { createHash } from "node:crypto";
import type { AvailabilityGroup, Certificate, Database, ServerTrigger, StoredProcedure } from "../instance.ts";
import { holdsPermission } from "../principals.ts";
import type { SessionState } from "../session-state.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import {
  bit,
  datetime,
  int,
  nchar,
  nvarchar,
  smallint,
  sysname,
  tinyint,
  uniqueidentifier,
  varbinary,
} from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { objectIdOf } from "./object-id.ts";
import { definitionView, stateView, view } from "./table.ts";

/** A stable identifier for something that has only a name here. */
function identifierOf(name: string): string {
  const hex = Buffer.from(name.toLowerCase()).toString("hex").padEnd(32, "0").slice(0, 32).toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function thumbprintOf(certificate: string): string {
  return `0x${createHash("sha1").update(certificate).digest("hex")}`;
}

const STATE_NUMBERS = { ONLINE: 0, RESTORING: 1, RECOVERING: 2, OFFLINE: 6 };
const ROLE_NUMBERS = { RESOLVING: 0, PRIMARY: 1, SECONDARY: 2 };

interface DatabaseObject {
  readonly name: string;
  readonly kind: keyof typeof OBJECT_KINDS;
}

const OBJECT_KINDS = {
  procedure: { type: "P ", description: "SQL_STORED_PROCEDURE" },
  extended: { type: "X ", description: "EXTENDED_STORED_PROCEDURE" },
  function: { type: "IF", description: "SQL_INLINE_TABLE_VALUED_FUNCTION" },
  view: { type: "V ", description: "VIEW" },
};

const OBJECT_COLUMNS = [
  ["name", sysname, ({ name }: DatabaseObject) => name],
  ["object_id", int, ({ name }: DatabaseObject) => objectIdOf(name)],
  ["type", nchar(2), ({ kind }: DatabaseObject) => OBJECT_KINDS[kind].type],
  ["type_desc", nvarchar(60), ({ kind }: DatabaseObject) => OBJECT_KINDS[kind].description],
] as const;

/** The procedures of database master. */
function* userObjects({ engine, session }: SqlContext): Generator<DatabaseObject> {
  if (session.database.toLowerCase() !== "master") return;
  for (const { name } of engine.instance.procedures) yield { name: name.split(".").at(-1) ?? "", kind: "procedure" };
}

const IS_FUNCTION = /^fn_|^dm_os_enumerate_|^dm_exec_describe_/;

function* allObjects(context: SqlContext): Generator<DatabaseObject> {
  yield* userObjects(context);
  for (const name of context.catalog.tables.keys()) {
    const plain = name.replace(/^sys\./, "");
    yield { name: plain, kind: IS_FUNCTION.test(plain) ? "function" : "view" };
  }
  for (const name of context.catalog.procedures.keys())
    yield { name, kind: name.startsWith("xp_") ? "extended" : "procedure" };
}

/** Of others only with the permission that sees the server's state. */
function visibleSessions({ engine, session, lent }: SqlContext): readonly SessionState[] {
  const permission = engine.profile.year >= 2022 ? "VIEW SERVER PERFORMANCE STATE" : "VIEW SERVER STATE";
  const others = holdsPermission(engine.instance, session.login, permission, lent)
    ? [...engine.sessions.values()].map(({ state }) => state).filter(({ id }) => id !== session.id)
    : [];
  return [session, ...others].sort((a, b) => a.id - b.id);
}

interface NamedGroup {
  readonly group: AvailabilityGroup;
}

export const INSTANCE_VIEWS: readonly (readonly [string, CatalogTable, since?: number])[] = [
  [
    "sys.dm_os_sys_info",
    stateView<SqlContext>(
      [["sqlserver_start_time", datetime, ({ engine }) => timeText(engine.instance.startedAt, 3)]],
      (context) => [context],
    ),
  ],
  [
    "sys.databases",
    view<Database>(
      [
        ["name", sysname, (database) => database.name],
        ["database_id", int, (database) => database.id],
        ["state", tinyint, ({ state = "ONLINE" }) => STATE_NUMBERS[state]],
        ["state_desc", nvarchar(60), ({ state = "ONLINE" }) => state],
        ["is_read_only", bit, () => false],
        [
          "replica_id",
          uniqueidentifier,
          (database) => (database.isPrimaryReplica === undefined ? null : identifierOf(database.name)),
        ],
      ],
      ({ engine }) => engine.instance.databases,
    ),
  ],
  [
    "sys.database_mirroring",
    view<Database>(
      [
        ["database_id", int, (database) => database.id],
        ["mirroring_guid", uniqueidentifier, (database) => (database.mirroring ? identifierOf(database.name) : null)],
        ["mirroring_role_desc", nvarchar(60), (database) => database.mirroring?.role ?? null],
        ["mirroring_state_desc", nvarchar(60), (database) => database.mirroring?.state ?? null],
      ],
      ({ engine }) => engine.instance.databases,
    ),
  ],
  [
    "sys.availability_groups",
    view<NamedGroup>(
      [
        ["group_id", uniqueidentifier, ({ group }) => identifierOf(group.name)],
        ["name", sysname, ({ group }) => group.name],
      ],
      ({ engine }) => engine.instance.availabilityGroups.map((group) => ({ group })),
    ),
    2012,
  ],
  [
    "sys.dm_hadr_availability_replica_states",
    stateView<NamedGroup>(
      [
        ["group_id", uniqueidentifier, ({ group }) => identifierOf(group.name)],
        ["is_local", bit, () => true],
        ["role", tinyint, ({ group }) => ROLE_NUMBERS[group.role]],
        ["role_desc", nvarchar(60), ({ group }) => group.role],
        ["operational_state_desc", nvarchar(60), ({ group }) => group.operationalState ?? "ONLINE"],
        ["connected_state_desc", nvarchar(60), ({ group }) => group.connectedState ?? "CONNECTED"],
      ],
      ({ engine }) => engine.instance.availabilityGroups.map((group) => ({ group })),
    ),
    2012,
  ],
  [
    "sys.server_triggers",
    definitionView<ServerTrigger>(
      [
        ["name", sysname, (trigger) => trigger.name],
        ["object_id", int, (trigger) => objectIdOf(trigger.name)],
        ["is_disabled", bit, (trigger) => trigger.isDisabled],
      ],
      ({ engine }) => engine.instance.serverTriggers,
    ),
  ],
  [
    "sys.dm_os_host_info",
    stateView<SqlContext>(
      [
        ["host_platform", nvarchar(256), ({ engine }) => engine.instance.platform],
        [
          "host_distribution",
          nvarchar(256),
          ({ engine }) => (engine.instance.platform === "Linux" ? "Ubuntu" : "Windows Server 2022 Standard"),
        ],
        ["host_release", nvarchar(256), ({ engine }) => (engine.instance.platform === "Linux" ? "22.04" : "10.0")],
      ],
      (context) => [context],
    ),
    2017,
  ],
  [
    "sys.dm_io_cluster_shared_drives",
    stateView<string>(
      [["DriveName", nchar(2), (drive) => drive.slice(0, 1).padEnd(2)]],
      ({ engine }) => engine.instance.sharedDrives,
    ),
  ],
  [
    "sys.dm_os_cluster_nodes",
    stateView<{ readonly name: string; readonly isOwner: boolean }>(
      [
        ["nodename", nvarchar(256), ({ name }) => name],
        ["status", int, () => 0],
        ["status_description", nvarchar(20), () => "up"],
        ["is_current_owner", bit, ({ isOwner }) => isOwner],
      ],
      ({ engine }) => engine.instance.clusterNodes.map((name, index) => ({ name, isOwner: index === 0 })),
    ),
  ],
  [
    "sys.server_sql_modules",
    definitionView<ServerTrigger>(
      [
        ["object_id", int, (trigger) => objectIdOf(trigger.name)],
        ["definition", nvarchar("max"), (trigger) => trigger.definition ?? null],
      ],
      ({ engine }) => engine.instance.serverTriggers,
    ),
  ],
  [
    "sys.sql_modules",
    definitionView<StoredProcedure>(
      [
        ["object_id", int, ({ name }) => objectIdOf(name)],
        ["definition", nvarchar("max"), ({ definition }) => definition ?? null],
      ],
      ({ engine }) => engine.instance.procedures,
    ),
  ],
  [
    "sys.certificates",
    definitionView<Certificate>(
      [
        ["name", sysname, (certificate) => certificate.name],
        ["certificate_id", int, (certificate) => objectIdOf(certificate.name)],
        ["thumbprint", varbinary(32), (certificate) => thumbprintOf(certificate.name)],
        [
          "pvt_key_encryption_type_desc",
          nvarchar(60),
          ({ password }) => (password === undefined ? "NO_PRIVATE_KEY" : "ENCRYPTED_BY_PASSWORD"),
        ],
      ],
      ({ engine }) => engine.instance.certificates,
    ),
  ],
  [
    "sys.crypt_properties",
    definitionView<StoredProcedure>(
      [
        ["class", tinyint, () => 1],
        ["class_desc", nvarchar(60), () => "OBJECT_OR_COLUMN"],
        ["major_id", int, ({ name }) => objectIdOf(name)],
        ["thumbprint", varbinary(32), ({ signedBy = "" }) => thumbprintOf(signedBy)],
      ],
      ({ engine }) => engine.instance.procedures.filter(({ signedBy }) => signedBy !== undefined),
    ),
  ],
  ["sys.objects", view<DatabaseObject>(OBJECT_COLUMNS, userObjects)],
  ["sys.all_objects", view<DatabaseObject>(OBJECT_COLUMNS, allObjects)],
  [
    "sys.dm_exec_connections",
    stateView<SessionState>(
      [
        ["session_id", int, (session) => session.id],
        ["connect_time", datetime, (session) => timeText(session.connectedAt, 3)],
        ["net_transport", nvarchar(40), () => "TCP"],
        ["protocol_type", nvarchar(40), () => "TSQL"],
        ["protocol_version", int, (session) => session.tdsVersion],
        ["encrypt_option", nvarchar(40), (session) => (session.isEncrypted ? "TRUE" : "FALSE")],
        ["auth_scheme", nvarchar(40), () => "SQL"],
        ["client_net_address", nvarchar(48), (session) => session.clientAddress],
        ["client_tcp_port", int, (session) => session.clientPort],
        ["local_net_address", nvarchar(48), (session) => session.localAddress],
        ["local_tcp_port", int, (session) => session.localPort],
        ["connection_id", uniqueidentifier, (session) => session.connectionId],
      ],
      visibleSessions,
    ),
  ],
  [
    "sys.dm_exec_sessions",
    // Everybody sees its own session, without a permission.
    view<SessionState>(
      [
        ["session_id", smallint, (session) => session.id],
        ["login_time", datetime, (session) => timeText(session.connectedAt, 3)],
        ["host_name", sysname, (session) => session.hostName],
        ["program_name", sysname, (session) => session.applicationName],
        ["login_name", sysname, (session) => session.login.name],
        ["original_login_name", sysname, (session) => session.originalLogin.name],
        ["is_user_process", bit, () => true],
        ["open_transaction_count", int, (session) => session.transaction?.depth ?? 0],
      ],
      visibleSessions,
    ),
  ],
];
