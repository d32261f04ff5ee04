/** What a database is unless it is told otherwise: the accounts and programs of Oracle notes §4.2, §5. */
import { PUBLIC_TABLES } from "./catalog/catalog.ts";
import type { Database, DatabaseRole, DatabaseUser, ObjectGrant, StoredRoutine } from "./database.ts";
import { SYSTEM_PRIVILEGES } from "./definitions/system-privileges.ts";
import { parseStatement } from "./sql/parse-statement.ts";
import { VAULT_OFF } from "./vault.ts";

export interface DefaultDatabaseOptions {
  /** The reader's account; DAS_READER. */
  readonly reader: { readonly name: string; readonly password: string };
  /** Of SYS and SYSTEM. */
  readonly administratorPassword: string;
}

const NOTHING = { systemPrivileges: [], roles: [], objectGrants: [] };

function read(...objects: readonly string[]): readonly ObjectGrant[] {
  return objects.map((object) => ({ object, privilege: "READ" }));
}

function execute(...objects: readonly string[]): readonly ObjectGrant[] {
  return objects.map((object) => ({ object, privilege: "EXECUTE" }));
}

/** Without these the view has to do (Oracle notes §3.3). */
const DIRECT_READS: readonly ObjectGrant[] = read("AUDSYS.AUD$UNIFIED", "SYS.GV_$UNIFIED_AUDIT_TRAIL");

const READER_GRANTS: readonly ObjectGrant[] = [
  ...read("SYS.V_$DATABASE", "SYS.V_$INSTANCE", "SYS.V_$CONTAINERS", "SYS.V_$PARAMETER"),
  ...DIRECT_READS,
  ...read("SYS.AUDIT_UNIFIED_POLICIES", "SYS.AUDIT_UNIFIED_ENABLED_POLICIES", "SYS.DBA_TAB_PARTITIONS"),
  ...read("SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS", "SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS", "SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS"),
  ...execute("SYS.DBMS_LOCK", "DAS_OWNER.DAS_CANARY", "DAS_OWNER.DAS_ADVANCE"),
];

function role(name: string, own: Partial<DatabaseRole> = {}): DatabaseRole {
  return { ...NOTHING, kind: "role", name, isOracleMaintained: true, ...own };
}

const VIEWS = read("AUDSYS.UNIFIED_AUDIT_TRAIL", "AUDSYS.CDB_UNIFIED_AUDIT_TRAIL");

const ROLES: readonly DatabaseRole[] = [
  role("CONNECT", { systemPrivileges: ["CREATE SESSION", "SET CONTAINER"] }),
  role("RESOURCE", { systemPrivileges: ["CREATE TABLE", "CREATE PROCEDURE", "CREATE TRIGGER"] }),
  role("AUDIT_VIEWER", { objectGrants: VIEWS }),
  role("AUDIT_ADMIN", {
    systemPrivileges: ["AUDIT ANY", "AUDIT SYSTEM"],
    objectGrants: [
      ...VIEWS,
      ...read("SYS.AUDIT_UNIFIED_POLICIES", "SYS.AUDIT_UNIFIED_ENABLED_POLICIES"),
      ...read("SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS", "SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS", "SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS"),
      ...execute("AUDSYS.DBMS_AUDIT_MGMT"),
    ],
  }),
  role("SELECT_CATALOG_ROLE", { systemPrivileges: ["SELECT ANY DICTIONARY"] }),
  role("EXECUTE_CATALOG_ROLE", { objectGrants: execute("SYS.DBMS_LOCK", "AUDSYS.DBMS_AUDIT_MGMT") }),
  role("DV_SECANALYST", {
    objectGrants: read(
      "DVSYS.DBA_DV_RULE",
      "DVSYS.DBA_DV_RULE_SET",
      "DVSYS.DBA_DV_RULE_SET_RULE",
      "DVSYS.DBA_DV_COMMAND_RULE",
    ),
  }),
  role("DV_ADMIN", { roles: ["DV_SECANALYST"], objectGrants: execute("DVSYS.DBMS_MACADM") }),
  role("DV_OWNER", { roles: ["DV_ADMIN"] }),
  role("DBA", {
    systemPrivileges: [...SYSTEM_PRIVILEGES],
    roles: ["AUDIT_ADMIN", "SELECT_CATALOG_ROLE", "EXECUTE_CATALOG_ROLE"],
  }),
];

/** The schema of Database Vault, which is installed whether it is enabled or not. */
const VAULT_SCHEMA: DatabaseUser = {
  ...NOTHING,
  kind: "user",
  name: "DVSYS",
  password: null,
  isLocked: true,
  isOracleMaintained: true,
};

/** 18c brought NO AUTHENTICATION; before, such an account is locked. */
const OWNER: DatabaseUser = {
  ...NOTHING,
  kind: "user",
  name: "DAS_OWNER",
  password: null,
  isLocked: false,
  isOracleMaintained: false,
  roles: ["AUDIT_ADMIN"],
  objectGrants: execute("AUDSYS.DBMS_AUDIT_MGMT"),
};

/** Of what was there from the beginning. */
const INSTALLED = "2024-01-01 00:00:00";

const CANARY = "CREATE OR REPLACE PROCEDURE das_owner.das_canary AS BEGIN NULL; END;";

const ADVANCE = `CREATE OR REPLACE PROCEDURE das_owner.das_advance(p_ts VARCHAR2) AS
  v TIMESTAMP := TO_TIMESTAMP(p_ts,'YYYY-MM-DD HH24:MI:SS.FF6'); BEGIN
  IF v > SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '24' HOUR THEN RAISE_APPLICATION_ERROR(-20001,'retention'); END IF;
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v); END;`;

function program(text: string, roles: readonly string[]): StoredRoutine {
  const { statement } = parseStatement(text);
  if (statement.kind !== "define" || statement.definition.kind !== "createRoutine")
    throw new Error("oracle-emulator: this is no program");
  const { path, orReplace: _, ...routine } = statement.definition.routine;
  return { ...routine, owner: path[0] ?? "", name: path[1] ?? "", roles, isValid: true, changedAt: INSTALLED };
}

export function defaultDatabase({ reader, administratorPassword }: DefaultDatabaseOptions): Database {
  const administrator = (name: string): DatabaseUser => ({
    ...NOTHING,
    kind: "user",
    name,
    password: administratorPassword,
    isLocked: false,
    isOracleMaintained: true,
    roles: ["DBA"],
  });
  return {
    users: [
      administrator("SYS"),
      administrator("SYSTEM"),
      VAULT_SCHEMA,
      OWNER,
      {
        ...NOTHING,
        kind: "user",
        name: reader.name.toUpperCase(),
        password: reader.password,
        isLocked: false,
        isOracleMaintained: false,
        systemPrivileges: ["CREATE SESSION"],
        roles: ["AUDIT_VIEWER"],
        objectGrants: READER_GRANTS,
      },
    ],
    roles: ROLES,
    publicGrants: PUBLIC_TABLES.map((object) => ({ object, privilege: "READ" })),
    routines: [program(CANARY, []), program(ADVANCE, ["AUDIT_ADMIN"])],
    triggers: [],
    tables: [],
    analyzedAt: null,
    sourceNames: { table: "DATABASE", files: "FILE" },
    codeGrantSuffices: true,
    triggersSeePolicies: true,
    directReadsWork: true,
    vault: VAULT_OFF,
  };
}
