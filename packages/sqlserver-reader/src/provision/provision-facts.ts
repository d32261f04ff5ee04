import type { Answer, Inquiry, Rows } from "../check/answer.ts";
import { type InstanceFacts, lookAtInstance } from "../check/instance-facts.ts";
import { lookAtLockTrigger, type TriggerState } from "../check/lock.ts";
import { lookAtAudits, type ServerAudit } from "../check/server-audits.ts";
import {
  type DatabaseFacts,
  lookAtDatabases,
  lookAtServerSpecifications,
  type Specification,
} from "../check/specifications.ts";
import { textOf } from "../instance.ts";
import { LOCK_ROLE } from "../statements.ts";

/** What is provisioned on one instance, and what stands there already: every plan follows from it alone. */
export interface ProvisionFacts {
  readonly instance: InstanceFacts;
  readonly audits: readonly ServerAudit[];
  readonly specifications: readonly Specification[];
  readonly databases: readonly DatabaseFacts[];
  readonly reader: ReaderFacts;
  readonly trigger: TriggerState;
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

/** Turns a question that was refused into an error: an administrator sees all of this. */
export type Demand = <Value>(answer: Answer<Value>) => Value;

export async function lookAtProvision(inquiry: Inquiry, reader: string, demand: Demand): Promise<ProvisionFacts> {
  return {
    instance: demand(await lookAtInstance(inquiry)),
    audits: demand(await lookAtAudits(inquiry)),
    specifications: demand(await lookAtServerSpecifications(inquiry)),
    databases: demand(await lookAtDatabases(inquiry)),
    reader: await lookAtReader(inquiry, reader, demand),
    trigger: demand(await lookAtLockTrigger(inquiry)),
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
const LOCK_ROLE_ID = `SELECT DATABASE_PRINCIPAL_ID(N'${LOCK_ROLE}') AS role_id`;

async function lookAtReader(inquiry: Inquiry, reader: string, demand: Demand): Promise<ReaderFacts> {
  const rights: Rows = demand(await inquiry.ask(READER_RIGHTS, { reader }));
  const users: Rows = demand(await inquiry.ask(READER_USER, { reader }));
  const [role] = demand(await inquiry.ask(LOCK_ROLE_ID));
  return {
    hasLogin: rights.length > 0,
    granted: new Set(rights.map(([, right]) => textOf(right)).filter((right) => right !== "")),
    user: users[0] === undefined ? undefined : textOf(users[0][0]),
    lockRoleExists: role?.[0] !== null && role?.[0] !== undefined,
    isInLockRole: users.some(([, name]) => textOf(name) === LOCK_ROLE),
  };
}
