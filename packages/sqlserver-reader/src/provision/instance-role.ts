import type { Inquiry } from "../check/answer.ts";
import { textOf } from "../instance.ts";
import type { Demand } from "./provision-facts.ts";

const GROUPS = `SELECT g.name, s.role_desc FROM sys.dm_hadr_availability_replica_states AS s
JOIN sys.availability_groups AS g ON g.group_id = s.group_id WHERE s.is_local = 1`;
const MIRRORS = `SELECT DB_NAME(database_id) AS name, mirroring_role_desc
FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL`;

const PRIMARY: ReadonlySet<string> = new Set(["PRIMARY", "PRINCIPAL"]);

/**
 * Why this instance is not the primary one: undefined when it stands alone, or is the primary of at least one of its
 * availability groups or mirrored databases.
 */
export async function standbyReason(inquiry: Inquiry, demand: Demand): Promise<string | undefined> {
  const groups = demand(await inquiry.ask(GROUPS)).map(([name, role]) => [`availability group ${textOf(name)}`, role]);
  const mirrors = demand(await inquiry.ask(MIRRORS)).map(([name, role]) => [`mirrored database ${textOf(name)}`, role]);
  const roles = [...groups, ...mirrors].map(([name, role]) => ({ name: textOf(name), role: textOf(role) }));
  if (roles.length === 0 || roles.some(({ role }) => PRIMARY.has(role))) return undefined;
  return roles.map(({ name, role }) => `its role in ${name} is ${role}`).join(", ");
}
