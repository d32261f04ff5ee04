/** Who may what, for the session itself and for whoever administers. */
import { type DatabaseRole, type DatabaseUser, type Grantee, type ObjectGrant, withInherited } from "../database.ts";
import { systemPrivilegesOf } from "../privileges.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { number, varchar2 } from "../sql-types.ts";
import { flag, name128, table, yesOrNo } from "./table.ts";

function databaseOf({ dictionary }: SqlContext) {
  return dictionary.database;
}

const SESSION_PRIVILEGES = table<string>(
  "SYS",
  "SESSION_PRIVS",
  [["PRIVILEGE", varchar2(40), (name) => name]],
  (context) => systemPrivilegesOf(databaseOf(context), { user: context.session.user, roles: context.session.roles }),
);

const SESSION_ROLES = table<string>(
  "SYS",
  "SESSION_ROLES",
  [["ROLE", name128, (name) => name]],
  ({ session }) => session.roles,
);

interface HeldGrant {
  readonly grantee: string;
  readonly grant: ObjectGrant;
}

const grantColumns = [
  ["GRANTEE", name128, ({ grantee }: HeldGrant) => grantee],
  ["OWNER", name128, ({ grant }: HeldGrant) => grant.object.split(".")[0] ?? null],
  ["TABLE_NAME", name128, ({ grant }: HeldGrant) => grant.object.split(".")[1] ?? null],
  ["GRANTOR", name128, ({ grant }: HeldGrant) => grant.object.split(".")[0] ?? null],
  ["PRIVILEGE", varchar2(40), ({ grant }: HeldGrant) => grant.privilege],
  ["GRANTABLE", flag, () => "NO"],
  ["HIERARCHY", flag, () => "NO"],
  ["COMMON", flag, () => "NO"],
  ["TYPE", varchar2(24), ({ grant }: HeldGrant) => (grant.privilege === "EXECUTE" ? "PACKAGE" : "TABLE")],
  ["INHERITED", flag, () => "NO"],
] as const;

function grantsOf(grantees: readonly Grantee[]): readonly HeldGrant[] {
  return grantees.flatMap(({ name, objectGrants }) => objectGrants.map((grant) => ({ grantee: name, grant })));
}

const USER_GRANTS = table<HeldGrant>("SYS", "USER_TAB_PRIVS", grantColumns, (context) =>
  grantsOf(databaseOf(context).users.filter(({ name }) => name === context.session.user)),
);

const RECEIVED_GRANTS = table<HeldGrant>("SYS", "USER_TAB_PRIVS_RECD", grantColumns.slice(1), (context) =>
  grantsOf(databaseOf(context).users.filter(({ name }) => name === context.session.user)),
);

const ALL_GRANTS = table<HeldGrant>("SYS", "DBA_TAB_PRIVS", grantColumns, (context) => {
  const { users, roles, publicGrants } = databaseOf(context);
  return [...grantsOf([...users, ...roles]), ...publicGrants.map((grant) => ({ grantee: "PUBLIC", grant }))];
});

const ROLE_GRANTS = table<HeldGrant & { readonly role: string }>(
  "SYS",
  "ROLE_TAB_PRIVS",
  [
    ["ROLE", name128, ({ role }) => role],
    ["OWNER", name128, ({ grant }) => grant.object.split(".")[0] ?? null],
    ["TABLE_NAME", name128, ({ grant }) => grant.object.split(".")[1] ?? null],
    ["COLUMN_NAME", name128, () => null],
    ["PRIVILEGE", varchar2(40), ({ grant }) => grant.privilege],
    ["GRANTABLE", flag, () => "NO"],
  ],
  (context) => {
    const database = databaseOf(context);
    const held = withInherited(database, context.session.roles);
    return grantsOf(database.roles.filter(({ name }) => held.includes(name))).map((line) => ({
      ...line,
      role: line.grantee,
    }));
  },
);

interface Held {
  readonly grantee: string;
  readonly held: string;
}

function heldBy(grantees: readonly Grantee[], kind: "roles" | "systemPrivileges"): readonly Held[] {
  return grantees.flatMap((grantee) => grantee[kind].map((held) => ({ grantee: grantee.name, held })));
}

function everybody(context: SqlContext): readonly (DatabaseUser | DatabaseRole)[] {
  const { users, roles } = databaseOf(context);
  return [...users, ...roles];
}

const ROLES_OF = [
  ["GRANTEE", name128, ({ grantee }: Held) => grantee],
  ["GRANTED_ROLE", name128, ({ held }: Held) => held],
  ["ADMIN_OPTION", flag, () => "NO"],
  ["DEFAULT_ROLE", flag, () => "YES"],
] as const;

const PRIVILEGES_OF = [
  ["GRANTEE", name128, ({ grantee }: Held) => grantee],
  ["PRIVILEGE", varchar2(40), ({ held }: Held) => held],
  ["ADMIN_OPTION", flag, () => "NO"],
] as const;

const USERS = table<DatabaseUser>(
  "SYS",
  "DBA_USERS",
  [
    ["USERNAME", name128, ({ name }) => name],
    ["USER_ID", number, ({ name }, context) => databaseOf(context).users.findIndex((user) => user.name === name) + 100],
    ["ACCOUNT_STATUS", varchar2(32), ({ isLocked }) => (isLocked ? "LOCKED" : "OPEN")],
    ["AUTHENTICATION_TYPE", varchar2(8), ({ password }) => (password === null ? "NONE" : "PASSWORD")],
    ["ORACLE_MAINTAINED", varchar2(1), ({ isOracleMaintained }) => (isOracleMaintained ? "Y" : "N")],
    ["COMMON", flag, ({ isOracleMaintained }) => yesOrNo(isOracleMaintained)],
  ],
  (context) => databaseOf(context).users,
);

export const PRIVILEGE_VIEWS: readonly CatalogTable[] = [
  SESSION_PRIVILEGES,
  SESSION_ROLES,
  USER_GRANTS,
  RECEIVED_GRANTS,
  ALL_GRANTS,
  ROLE_GRANTS,
  table<Held>(
    "SYS",
    "USER_ROLE_PRIVS",
    ROLES_OF.map(([name, ...rest]) => [name === "GRANTEE" ? "USERNAME" : name, ...rest] as const),
    (context) => heldBy(everybody(context), "roles").filter(({ grantee }) => grantee === context.session.user),
  ),
  table<Held>("SYS", "DBA_ROLE_PRIVS", ROLES_OF, (context) => heldBy(everybody(context), "roles")),
  table<Held>("SYS", "DBA_SYS_PRIVS", PRIVILEGES_OF, (context) => heldBy(everybody(context), "systemPrivileges")),
  table<Held>(
    "SYS",
    "USER_SYS_PRIVS",
    PRIVILEGES_OF.map(([name, ...rest]) => [name === "GRANTEE" ? "USERNAME" : name, ...rest] as const),
    (context) =>
      heldBy(everybody(context), "systemPrivileges").filter(({ grantee }) => grantee === context.session.user),
  ),
  USERS,
];
