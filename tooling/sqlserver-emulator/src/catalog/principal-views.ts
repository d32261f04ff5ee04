/** The views of logins, users, roles, their members and permissions. */
import type { DatabasePrincipal, ServerLogin } from "../instance.ts";
import {
  FIRST_FIXED_SERVER_ROLE_ID,
  FIXED_SERVER_ROLE_NAMES,
  findDatabase,
  findPrincipal,
  holdsPermission,
  isServerRoleMember,
  principalsOf,
} from "../principals.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { bit, int, nvarchar, sysname, tinyint, varbinary } from "../sql-types.ts";
import { view } from "./table.ts";

interface ServerPrincipal {
  readonly name: string;
  readonly id: number;
  readonly sid: string | null;
  readonly kind: "login" | "role" | "certificate";
  readonly isDisabled: boolean;
  readonly isFixed: boolean;
  readonly permissions: readonly string[];
  readonly grantable?: readonly string[];
  readonly denied: readonly string[];
}

const PRINCIPAL_TYPES = {
  login: { type: "S", description: "SQL_LOGIN" },
  role: { type: "R", description: "SERVER_ROLE" },
  certificate: { type: "C", description: "CERTIFICATE_MAPPED_LOGIN" },
};

/** A sid that is the number of the principal, as the fixed roles have it. */
function smallSid(id: number): string {
  return `0x${id.toString(16).padStart(2, "0")}`;
}

function* allServerPrincipals({ engine }: SqlContext): Generator<ServerPrincipal> {
  const { logins, serverRoles } = engine.instance;
  for (const login of logins) {
    yield {
      ...login,
      id: login.principalId,
      kind: login.certificate === undefined ? "login" : "certificate",
      isDisabled: login.isDisabled ?? false,
      isFixed: false,
      permissions: ["CONNECT SQL", ...login.permissions],
      denied: login.denied ?? [],
    };
  }
  const role = { kind: "role", isDisabled: false, permissions: [], denied: [] } as const;
  yield { ...role, name: "public", id: 2, sid: smallSid(2), isFixed: false, permissions: ["VIEW ANY DATABASE"] };
  for (const [index, name] of FIXED_SERVER_ROLE_NAMES.entries()) {
    const id = FIRST_FIXED_SERVER_ROLE_ID + index;
    yield { ...role, name, id, sid: smallSid(id), isFixed: true };
  }
  for (const made of serverRoles) yield { ...role, ...made, id: made.principalId, sid: null, isFixed: false };
}

/** Whoever may not see all definitions sees itself, `sa` and the fixed roles. */
function visibleServerPrincipals(context: SqlContext): readonly ServerPrincipal[] {
  const { engine, session } = context;
  const seesAll = holdsPermission(engine.instance, session.login, "VIEW ANY SECURITY DEFINITION", context.lent);
  return [...allServerPrincipals(context)].filter(
    ({ id, isFixed }) => seesAll || isFixed || id <= 2 || id === session.login.principalId,
  );
}

interface Membership {
  readonly role: number;
  readonly member: number;
}

function* serverMemberships(context: SqlContext): Generator<Membership> {
  const roles = visibleServerPrincipals(context).filter(({ kind, name }) => kind === "role" && name !== "public");
  for (const login of context.engine.instance.logins) {
    for (const role of roles) {
      if (isServerRoleMember(login, role.name)) yield { role: role.id, member: login.principalId };
    }
  }
}

interface GrantedPermission {
  readonly grantee: number;
  readonly permission: string;
  readonly state: "GRANT" | "GRANT_WITH_GRANT_OPTION" | "DENY";
}

function* granted(
  principal: Pick<ServerPrincipal, "id" | "permissions" | "grantable" | "denied">,
): Generator<GrantedPermission> {
  for (const permission of principal.permissions) {
    const state = principal.grantable?.includes(permission) ? "GRANT_WITH_GRANT_OPTION" : "GRANT";
    yield { grantee: principal.id, permission, state };
  }
  for (const permission of principal.denied) yield { grantee: principal.id, permission, state: "DENY" };
}

function currentPrincipals({ engine, session }: SqlContext): readonly DatabasePrincipal[] {
  const database = findDatabase(engine.instance, session.database);
  return database ? principalsOf(database) : [];
}

function* databaseMemberships(context: SqlContext): Generator<Membership> {
  const database = findDatabase(context.engine.instance, context.session.database);
  for (const member of currentPrincipals(context)) {
    for (const name of member.memberOf) {
      const role = database && findPrincipal(database, name);
      if (role) yield { role: role.id, member: member.id };
    }
  }
}

const MEMBERSHIP_COLUMNS = [
  ["role_principal_id", int, ({ role }: Membership) => role],
  ["member_principal_id", int, ({ member }: Membership) => member],
] as const;

const PERMISSION_COLUMNS = (classNumber: number, classDescription: string) =>
  [
    ["class", tinyint, () => classNumber],
    ["class_desc", nvarchar(60), () => classDescription],
    ["major_id", int, () => 0],
    ["minor_id", int, () => 0],
    ["grantee_principal_id", int, ({ grantee }: GrantedPermission) => grantee],
    ["grantor_principal_id", int, () => 1],
    ["permission_name", nvarchar(128), ({ permission }: GrantedPermission) => permission],
    [
      "state",
      nvarchar(1),
      ({ state }: GrantedPermission) => (state === "GRANT_WITH_GRANT_OPTION" ? "W" : state.slice(0, 1)),
    ],
    ["state_desc", nvarchar(60), ({ state }: GrantedPermission) => state],
  ] as const;

const SERVER_CLASS = 100;
const DATABASE_CLASS = 0;

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
  "VIEW ANY ERROR LOG",
  "CONNECT ANY DATABASE",
  "ALTER ANY SERVER AUDIT",
  "ALTER ANY LOGIN",
  "SHUTDOWN",
];

/** Those that came with 2022. */
const NEW_PERMISSIONS: ReadonlySet<string> = new Set([
  "VIEW SERVER PERFORMANCE STATE",
  "VIEW SERVER SECURITY STATE",
  "VIEW SERVER SECURITY AUDIT",
  "VIEW ANY SECURITY DEFINITION",
  "VIEW ANY ERROR LOG",
]);

export const PRINCIPAL_VIEWS: readonly (readonly [string, CatalogTable])[] = [
  [
    "sys.server_principals",
    view<ServerPrincipal>(
      [
        ["name", sysname, (principal) => principal.name],
        ["principal_id", int, (principal) => principal.id],
        ["sid", varbinary(85), (principal) => principal.sid],
        ["type", nvarchar(1), (principal) => PRINCIPAL_TYPES[principal.kind].type],
        ["type_desc", nvarchar(60), (principal) => PRINCIPAL_TYPES[principal.kind].description],
        ["is_disabled", bit, (principal) => principal.isDisabled],
        ["is_fixed_role", bit, (principal) => principal.isFixed],
      ],
      visibleServerPrincipals,
    ),
  ],
  [
    "sys.sql_logins",
    view<ServerLogin>(
      [
        ["name", sysname, (login) => login.name],
        ["principal_id", int, (login) => login.principalId],
        ["sid", varbinary(85), (login) => login.sid],
        ["is_disabled", bit, (login) => login.isDisabled ?? false],
      ],
      (context) => {
        const visible = new Set(visibleServerPrincipals(context).map(({ id }) => id));
        return context.engine.instance.logins.filter(({ principalId }) => visible.has(principalId));
      },
    ),
  ],
  ["sys.server_role_members", view<Membership>(MEMBERSHIP_COLUMNS, serverMemberships)],
  [
    "sys.server_permissions",
    view<GrantedPermission>(PERMISSION_COLUMNS(SERVER_CLASS, "SERVER"), (context) =>
      visibleServerPrincipals(context).flatMap((principal) => [...granted(principal)]),
    ),
  ],
  [
    "sys.database_principals",
    view<DatabasePrincipal>(
      [
        ["name", sysname, (principal) => principal.name],
        ["principal_id", int, (principal) => principal.id],
        ["type", nvarchar(1), (principal) => (principal.kind === "role" ? "R" : "S")],
        ["type_desc", nvarchar(60), (principal) => (principal.kind === "role" ? "DATABASE_ROLE" : "SQL_USER")],
        ["sid", varbinary(85), (principal) => principal.sid],
      ],
      currentPrincipals,
    ),
  ],
  ["sys.database_role_members", view<Membership>(MEMBERSHIP_COLUMNS, databaseMemberships)],
  [
    "sys.database_permissions",
    view<GrantedPermission>(PERMISSION_COLUMNS(DATABASE_CLASS, "DATABASE"), (context) =>
      currentPrincipals(context).flatMap((principal) => [...granted(principal)]),
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
      ({ engine, session }) =>
        SERVER_PERMISSIONS.filter(
          (permission) =>
            holdsPermission(engine.instance, session.login, permission) &&
            (engine.profile.year >= 2022 || !NEW_PERMISSIONS.has(permission)),
        ),
    ),
  ],
];
