/** What is done in the database, as the columns that tell one action from another (Oracle notes §§1.2, 1.3). */
import { CHANGES } from "./changes.ts";
import { COMPONENT_ACTIVITIES } from "./component-activities.ts";
import { PROGRAMS, TABLES } from "./population.ts";
import type { Random } from "./random.ts";
import {
  blockStatement,
  deleteStatement,
  insertStatement,
  longStatement,
  type Statement,
  selectStatement,
  updateStatement,
} from "./statements.ts";
import type { WorkSession } from "./work-session.ts";

export interface Activity {
  /** ACTION_NAME and whatever else is not of the session. What a release does not have is left out by the workload. */
  readonly columns: Readonly<Record<string, string | null>> & { readonly ACTION_NAME: string };
  readonly statement: Statement | null;
  /** Its rows belong to a transaction. */
  readonly inTransaction?: boolean;
}

export type MakeActivity = (random: Random, session: WorkSession) => Activity;

const POLICY = "DAS_ALL";

function onTable(
  action: string,
  statementOf: (random: Random, table: (typeof TABLES)[number]) => Statement,
): MakeActivity {
  return (random, { person }) => {
    const table = random.pick(TABLES);
    const failed = random.chance(0.01);
    const foreign = table.schema !== person.user;
    return {
      statement: statementOf(random, table),
      inTransaction: action !== "SELECT",
      columns: {
        ACTION_NAME: action,
        // No such table, or no right to say so.
        RETURN_CODE: failed ? "942" : "0",
        OBJECT_SCHEMA: table.schema,
        OBJECT_NAME: table.name,
        OBJECT_TYPE: "TABLE",
        SYSTEM_PRIVILEGE_USED: foreign && person.user.startsWith("SYS") ? `${action} ANY TABLE` : null,
        OBJECT_PRIVILEGES: null,
        UNIFIED_AUDIT_POLICIES: table.schema === "CLINIC_OWNER" ? `${POLICY}, CLINIC_POL` : POLICY,
        RLS_INFO:
          table.schema === "CLINIC_OWNER"
            ? "((POLICY_TYPE=[3]'VPD'),(POLICY_SCHEMA=[12]'CLINIC_OWNER'),(POLICY_NAME=[8]'VPD_WARD'),(PREDICATE=[22]'ward = ''Nephrologie''));"
            : null,
      },
    };
  };
}

/** Each statement on a table with a fine-grained policy may leave a row of its own type beside the standard one. */
const fineGrained: MakeActivity = (random) => {
  const table = random.pick(TABLES.filter(({ fgaPolicy }) => fgaPolicy !== undefined));
  const action = random.pick(["SELECT", "UPDATE"] as const);
  return {
    statement: action === "SELECT" ? selectStatement(random, table) : updateStatement(random, table),
    columns: {
      AUDIT_TYPE: "FineGrainedAudit",
      ACTION_NAME: action,
      OBJECT_SCHEMA: table.schema,
      OBJECT_NAME: table.name,
      FGA_POLICY_NAME: table.fgaPolicy ?? null,
      UNIFIED_AUDIT_POLICIES: null,
    },
  };
};

/** A block is one row, what it calls another. */
const executeBlock: MakeActivity = (random) => {
  const program = random.pick(PROGRAMS);
  const byName = random.chance(0.7);
  return {
    statement: blockStatement(random, program),
    columns: {
      ACTION_NAME: byName ? "EXECUTE" : "PL/SQL EXECUTE",
      OBJECT_SCHEMA: byName ? program.schema : null,
      OBJECT_NAME: byName ? program.name : null,
      OBJECT_TYPE: byName ? "PACKAGE" : null,
      RETURN_CODE: random.chance(0.02) ? "6550" : "0",
      UNIFIED_AUDIT_POLICIES: POLICY,
    },
  };
};

const commit: MakeActivity = (random) => ({
  statement: null,
  inTransaction: true,
  columns: { ACTION_NAME: random.chance(0.9) ? "COMMIT" : "ROLLBACK", UNIFIED_AUDIT_POLICIES: POLICY },
});

export const logOn: MakeActivity = (_random, { person }) => ({
  statement: null,
  columns: {
    ACTION_NAME: "LOGON",
    SYSTEM_PRIVILEGE_USED: person.user === "SYS" ? "SYSDBA" : "CREATE SESSION",
    UNIFIED_AUDIT_POLICIES: `ORA_LOGON_FAILURES, ${POLICY}`,
  },
});

export const logOff: MakeActivity = () => ({
  statement: null,
  columns: { ACTION_NAME: "LOGOFF", UNIFIED_AUDIT_POLICIES: POLICY },
});

/** The client is gone; PMON cleans up, and writes into a file (Oracle notes §2.1). */
export const cleanUp: MakeActivity = () => ({
  statement: null,
  columns: { ACTION_NAME: "LOGOFF BY CLEANUP", UNIFIED_AUDIT_POLICIES: POLICY },
});

/** Wrong password or unknown user (1017), locked account (28000). */
export const failedLogOn: MakeActivity = (random) => ({
  statement: null,
  columns: {
    ACTION_NAME: "LOGON",
    RETURN_CODE: random.chance(0.8) ? "1017" : "28000",
    UNIFIED_AUDIT_POLICIES: "ORA_LOGON_FAILURES",
  },
});

export const proxyAuthentication: MakeActivity = (_random, { person }) => ({
  statement: null,
  columns: { ACTION_NAME: "PROXY AUTHENTICATION", TARGET_USER: person.user, UNIFIED_AUDIT_POLICIES: POLICY },
});

const change: MakeActivity = (random) => {
  const made = random.pick(CHANGES);
  const { columns, statement } = made(random);
  return { columns: { UNIFIED_AUDIT_POLICIES: `ORA_SECURECONFIG, ${POLICY}`, ...columns }, statement };
};

export interface WeightedActivity {
  readonly weight: number;
  readonly make: MakeActivity;
  /** The release that brought it; 12 stands for 12.2. */
  readonly since?: number;
  /** Changes nothing, so a database that is open read only has it, too. */
  readonly reads?: boolean;
}

export const ACTIVITIES: readonly WeightedActivity[] = [
  { weight: 430, make: onTable("SELECT", selectStatement), reads: true },
  { weight: 110, make: onTable("INSERT", insertStatement) },
  { weight: 100, make: onTable("UPDATE", updateStatement) },
  { weight: 30, make: onTable("DELETE", deleteStatement) },
  { weight: 2, make: onTable("INSERT", longStatement) },
  { weight: 130, make: executeBlock },
  { weight: 60, make: commit },
  { weight: 25, make: fineGrained },
  { weight: 25, make: change },
  ...COMPONENT_ACTIVITIES,
];
