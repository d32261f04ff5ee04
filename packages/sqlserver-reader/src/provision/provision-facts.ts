import type { Answer, Inquiry } from "../check/answer.ts";
import { type InstanceFacts, lookAtInstance } from "../check/instance-facts.ts";
import { quoteText } from "../check/statement.ts";
import { textOf } from "../instance.ts";
import { LOCK_ROLE } from "../statements.ts";
import type { PolicyRecord } from "./fingerprint.ts";
import { DBA_ROLE, HEAL, KEPT_DATABASES_TABLE, READ, RECORD_TABLE, STATE_TABLE } from "./names.ts";
import { lookAtPolicy, type PolicyFacts } from "./policy-facts.ts";
import { lookAtRecord } from "./policy-record.ts";
import { lookAtSigned, permissionsOf, type SignedProcedureFacts } from "./signed-procedure.ts";

/** What is provisioned on one instance, and what stands there already: every plan follows from it alone. */
export interface ProvisionFacts {
  readonly instance: InstanceFacts;
  readonly policy: PolicyFacts;
  readonly record: PolicyRecord | undefined;
  readonly reader: ReaderFacts;
  readonly installed: InstalledFacts;
  readonly dbaRole: DbaRoleFacts;
}

export interface ReaderFacts {
  readonly hasLogin: boolean;
  /** Server permissions granted to the login itself. */
  readonly granted: ReadonlySet<string>;
  /** Its user in master. */
  readonly user: string | undefined;
  readonly lockRoleExists: boolean;
  readonly isInLockRole: boolean;
}

interface InstalledFacts {
  /** Of our tables, those that are there. */
  readonly tables: ReadonlySet<string>;
  readonly heal: SignedProcedureFacts;
  readonly read: SignedProcedureFacts;
}

export interface DbaRoleFacts {
  readonly exists: boolean;
  readonly hasMembers: boolean;
  /** Of ALTER ANY SERVER AUDIT. */
  readonly permission: "GRANT" | "DENY" | undefined;
}

/** Turns a question that was refused into an error: an administrator sees all of this. */
export type Demand = <Value>(answer: Answer<Value>) => Value;

/** The person's own look, through the reader's login, and the plan's, through the administrator's, ask the same. */
export async function lookAtProvision(inquiry: Inquiry, reader: string, demand: Demand): Promise<ProvisionFacts> {
  return {
    instance: demand(await lookAtInstance(inquiry)),
    policy: await lookAtPolicy(inquiry, demand),
    record: demand(await lookAtRecord(inquiry)),
    reader: await lookAtReader(inquiry, reader, demand),
    installed: await lookAtInstalled(inquiry, demand),
    dbaRole: await lookAtDbaRole(inquiry, demand),
  };
}

const READER_RIGHTS = `SELECT l.name, p.permission_name
FROM sys.server_principals AS l
LEFT JOIN sys.server_permissions AS p
  ON p.grantee_principal_id = l.principal_id AND p.class = 100 AND p.state_desc IN (N'GRANT', N'GRANT_WITH_GRANT_OPTION')
WHERE l.name = @reader`;
const READER_USER = `SELECT u.name, r.name AS role_name
FROM sys.server_principals AS l
JOIN sys.database_principals AS u ON u.sid = l.sid
LEFT JOIN sys.database_role_members AS m ON m.member_principal_id = u.principal_id
LEFT JOIN sys.database_principals AS r ON r.principal_id = m.role_principal_id
WHERE l.name = @reader`;
const LOCK_ROLE_ID = `SELECT DATABASE_PRINCIPAL_ID(${quoteText(LOCK_ROLE)}) AS role_id`;

async function lookAtReader(inquiry: Inquiry, reader: string, demand: Demand): Promise<ReaderFacts> {
  const rights = demand(await inquiry.ask(READER_RIGHTS, { reader }));
  const users = demand(await inquiry.ask(READER_USER, { reader }));
  const [role] = demand(await inquiry.ask(LOCK_ROLE_ID));
  return {
    hasLogin: rights.length > 0,
    granted: new Set(rights.map(([, right]) => textOf(right)).filter((right) => right !== "")),
    user: users[0] === undefined ? undefined : textOf(users[0][0]),
    lockRoleExists: role?.[0] !== null && role?.[0] !== undefined,
    isInLockRole: users.some(([, name]) => textOf(name) === LOCK_ROLE),
  };
}

const TABLES = [STATE_TABLE, RECORD_TABLE, KEPT_DATABASES_TABLE] as const;
const OBJECTS = `SELECT ${TABLES.map((name) => `OBJECT_ID(N'master.${name}')`).join(", ")}`;

async function lookAtInstalled(inquiry: Inquiry, demand: Demand): Promise<InstalledFacts> {
  const [objects = []] = demand(await inquiry.ask(OBJECTS));
  return {
    tables: new Set(TABLES.filter((_, index) => objects[index] !== null)),
    heal: await lookAtSigned(HEAL, inquiry, demand),
    read: await lookAtSigned(READ, inquiry, demand),
  };
}

const DBA_ROLE_MEMBERS = `SELECT m.member_principal_id FROM sys.server_principals AS r
JOIN sys.server_role_members AS m ON m.role_principal_id = r.principal_id WHERE r.name = ${quoteText(DBA_ROLE)}`;

async function lookAtDbaRole(inquiry: Inquiry, demand: Demand): Promise<DbaRoleFacts> {
  const rows = demand(await inquiry.ask(permissionsOf(DBA_ROLE)));
  const members = demand(await inquiry.ask(DBA_ROLE_MEMBERS));
  const [, , state] = rows.find(([, right]) => textOf(right) === "ALTER ANY SERVER AUDIT") ?? [];
  const word = textOf(state);
  return {
    exists: rows.length > 0,
    hasMembers: members.length > 0,
    permission: word === "GRANT" || word === "DENY" ? word : undefined,
  };
}
