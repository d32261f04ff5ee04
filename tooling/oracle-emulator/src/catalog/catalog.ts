/** Everything that a statement can name, for one release. */
import type { Catalog } from "../sql/context.ts";
import { PURE_FUNCTIONS } from "../sql/pure-functions.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { auditManagementPackage } from "./audit-management-package.ts";
import { auditManagementViews } from "./audit-management-views.ts";
import { auditTrailTables } from "./audit-trail-tables.ts";
import { instanceViews } from "./instance-views.ts";
import { DBMS_LOCK } from "./lock-package.ts";
import { DBMS_APPLICATION_INFO, DBMS_OUTPUT, DBMS_SESSION, DBMS_STATS } from "./packages.ts";
import { PRIVILEGE_VIEWS } from "./privilege-views.ts";
import { PROGRAM_VIEWS } from "./program-views.ts";
import { SESSION_FUNCTIONS } from "./session-functions.ts";
import { DBMS_MACUTL, vaultPackage } from "./vault-package.ts";
import { VAULT_VIEWS } from "./vault-views.ts";

export function catalogOf(profile: VersionProfile): Catalog {
  const tables = [
    ...auditTrailTables(profile),
    ...instanceViews(profile),
    ...auditManagementViews(profile),
    ...PRIVILEGE_VIEWS,
    ...PROGRAM_VIEWS,
    ...VAULT_VIEWS,
  ];
  const packages = [
    auditManagementPackage(profile),
    DBMS_LOCK,
    DBMS_APPLICATION_INFO,
    DBMS_SESSION,
    DBMS_STATS,
    DBMS_OUTPUT,
    DBMS_MACUTL,
    vaultPackage(profile),
  ];
  const named = [...tables, ...packages];
  return {
    tables: new Map(tables.map((table) => [`${table.owner}.${table.name}`, table])),
    packages: new Map(packages.map((each) => [`${each.owner}.${each.name}`, each])),
    functions: new Map([...PURE_FUNCTIONS, ...SESSION_FUNCTIONS]),
    // AUD$UNIFIED is the one that everybody has to name with its owner.
    synonyms: new Map(
      named
        .filter(({ name }) => name !== "AUD$UNIFIED")
        .map(({ owner, name }) => [name.replace(/^(G?V)_\$/, "$1$"), `${owner}.${name}`]),
    ),
  };
}

/** What everybody may read. */
export const PUBLIC_TABLES: readonly string[] = [
  "SYS.DUAL",
  "SYS.V_$VERSION",
  "SYS.V_$OPTION",
  "SYS.ALL_UNIFIED_AUDIT_ACTIONS",
  "SYS.SYSTEM_PRIVILEGE_MAP",
  "SYS.STMT_AUDIT_OPTION_MAP",
  "SYS.SESSION_PRIVS",
  "SYS.SESSION_ROLES",
  "SYS.USER_TAB_PRIVS",
  "SYS.USER_TAB_PRIVS_RECD",
  "SYS.USER_ROLE_PRIVS",
  "SYS.USER_SYS_PRIVS",
  "SYS.ROLE_TAB_PRIVS",
  "SYS.ALL_OBJECTS",
  "SYS.USER_OBJECTS",
  "SYS.USER_TRIGGERS",
  "SYS.USER_SOURCE",
];
