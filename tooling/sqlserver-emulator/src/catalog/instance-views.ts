/** The views of the instance: its start, databases, replicas, principals, connections and permissions. */
import {
  type AvailabilityGroup,
  type Database,
  holdsPermission,
  type ServerLogin,
  type StoredProcedure,
} from "../instance.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { bit, datetime, int, nvarchar, smallint, sysname, tinyint, uniqueidentifier, varbinary } from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { stateView, view } from "./table.ts";

/** A stable identifier for something that has only a name here. */
function identifierOf(name: string): string {
  const hex = Buffer.from(name.toLowerCase()).toString("hex").padEnd(32, "0").slice(0, 32).toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const ROLE_NUMBERS = { RESOLVING: 0, PRIMARY: 1, SECONDARY: 2 };

/** dbo, the logins with a user in master, and the roles of master. */
interface Principal {
  readonly id: number;
  readonly name: string;
  readonly type: "S" | "R";
  readonly sid: string | null;
}

function* masterPrincipals({ engine }: SqlContext): Generator<Principal> {
  yield { id: 1, name: "dbo", type: "S", sid: "0x01" };
  for (const [index, login] of engine.instance.logins.entries()) {
    if (login.masterRoles.length > 0) yield { id: 5 + index, name: login.name, type: "S", sid: login.sid };
  }
  for (const [index, name] of engine.instance.masterRoles.entries())
    yield { id: 100 + index, name, type: "R", sid: null };
}

interface Membership {
  readonly role: number;
  readonly member: number;
}

function* masterMemberships(context: SqlContext): Generator<Membership> {
  const principals = [...masterPrincipals(context)];
  const idOf = (name: string) =>
    principals.find((principal) => principal.name.toLowerCase() === name.toLowerCase())?.id ?? 0;
  for (const login of context.engine.instance.logins) {
    for (const role of login.masterRoles) yield { role: idOf(role), member: idOf(login.name) };
  }
}

/** What fn_my_permissions(NULL, 'SERVER') lists. */
const SERVER_PERMISSIONS = [
  "CONNECT SQL",
  "CONTROL SERVER",
  "VIEW SERVER STATE",
  "VIEW SERVER PERFORMANCE STATE",
  "VIEW SERVER SECURITY STATE",
  "VIEW SERVER SECURITY AUDIT",
  "VIEW ANY DEFINITION",
  "VIEW ANY SECURITY DEFINITION",
  "VIEW ANY DATABASE",
  "CONNECT ANY DATABASE",
  "ALTER ANY SERVER AUDIT",
  "ALTER ANY DATABASE AUDIT",
  "SHUTDOWN",
];

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
        ["state_desc", nvarchar(60), () => "ONLINE"],
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
    view<{ readonly name: string; readonly isDisabled: boolean }>(
      [
        ["name", sysname, (trigger) => trigger.name],
        ["is_disabled", bit, (trigger) => trigger.isDisabled],
      ],
      ({ engine }) => engine.instance.serverTriggers,
    ),
  ],
  [
    "sys.server_principals",
    view<ServerLogin>(
      [
        ["name", sysname, (login) => login.name],
        ["principal_id", int, (login) => login.principalId],
        ["sid", varbinary(85), (login) => login.sid],
        ["type", nvarchar(1), () => "S"],
        ["type_desc", nvarchar(60), () => "SQL_LOGIN"],
        ["is_disabled", bit, () => false],
      ],
      ({ engine }) => engine.instance.logins,
    ),
  ],
  [
    "sys.database_principals",
    view<Principal>(
      [
        ["name", sysname, (principal) => principal.name],
        ["principal_id", int, (principal) => principal.id],
        ["type", nvarchar(1), (principal) => principal.type],
        ["type_desc", nvarchar(60), (principal) => (principal.type === "R" ? "DATABASE_ROLE" : "SQL_USER")],
        ["sid", varbinary(85), (principal) => principal.sid],
      ],
      masterPrincipals,
    ),
  ],
  [
    "sys.database_role_members",
    view<Membership>(
      [
        ["role_principal_id", int, ({ role }) => role],
        ["member_principal_id", int, ({ member }) => member],
      ],
      masterMemberships,
    ),
  ],
  [
    "sys.objects",
    view<StoredProcedure>(
      [
        ["name", sysname, (procedure) => procedure.name.split(".").at(-1) ?? ""],
        ["type", nvarchar(2), () => "P "],
      ],
      ({ engine }) => engine.instance.procedures,
    ),
  ],
  [
    "sys.dm_exec_connections",
    stateView<SqlContext>(
      [
        ["session_id", int, ({ session }) => session.id],
        ["net_transport", nvarchar(40), () => "TCP"],
        ["encrypt_option", nvarchar(40), ({ session }) => (session.isEncrypted ? "TRUE" : "FALSE")],
        ["client_net_address", nvarchar(48), ({ session }) => session.clientAddress],
        ["client_tcp_port", int, ({ session }) => session.clientPort],
        ["local_net_address", nvarchar(48), ({ session }) => session.localAddress],
        ["local_tcp_port", int, ({ session }) => session.localPort],
      ],
      (context) => [context],
    ),
  ],
  [
    "sys.dm_exec_sessions",
    stateView<SqlContext>(
      [
        ["session_id", smallint, ({ session }) => session.id],
        ["login_name", sysname, ({ session }) => session.login.name],
        ["host_name", sysname, ({ session }) => session.hostName],
        ["program_name", sysname, ({ session }) => session.applicationName],
        ["login_time", datetime, ({ session }) => timeText(session.connectedAt, 3)],
      ],
      (context) => [context],
    ),
  ],
  [
    "sys.fn_my_permissions",
    view<string>(
      [
        ["entity_name", sysname, () => "server"],
        ["subentity_name", sysname, () => ""],
        ["permission_name", nvarchar(60), (permission) => permission],
      ],
      ({ session }) => SERVER_PERMISSIONS.filter((permission) => holdsPermission(session.login, permission)),
    ),
  ],
];
