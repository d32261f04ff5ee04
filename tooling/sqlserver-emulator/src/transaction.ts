/** BEGIN, COMMIT and ROLLBACK, for what can be changed here: definitions, and locks that a transaction owns. */
import type { ServerState } from "./server-state.ts";

export interface Transaction {
  /** @@TRANCOUNT: how often BEGIN was said without COMMIT. */
  readonly depth: number;
  /** MS-TDS 2.2.7.9: by which the client names it. */
  readonly descriptor: bigint;
  /** As it was before the first BEGIN. */
  readonly before: ServerState;
}

/**
 * The definitions are what they were. Audits themselves are never altered inside a transaction (SQL Server notes §6.1),
 * only made and dropped; rows that were audited stay. What other sessions defined meanwhile is undone too: the engine
 * would have made them wait.
 */
export function rollBack(now: ServerState, { trail, instance }: ServerState): ServerState {
  const audits = trail.audits.map((audit) => now.trail.audits.find(({ id }) => id === audit.id) ?? audit);
  const { logins, serverRoles, serverTriggers, procedures, tables, certificates } = instance;
  const objects = { procedures, tables, certificates };
  return {
    trail: { ...now.trail, audits, specifications: trail.specifications },
    instance: { ...now.instance, ...objects, logins, serverRoles, serverTriggers, databases: instance.databases },
  };
}
