/** sp_getapplock with an exclusive, session-owned lock (SQL Server notes §5), as plain data and pure transitions. */

interface HeldLock {
  readonly sessionId: number;
  /** A session may take its lock again and must give it back as often. */
  readonly count: number;
}

/** By the triple that names a lock: database, principal, resource. */
export type ApplicationLocks = Readonly<Record<string, HeldLock>>;

export interface LockName {
  readonly database: string;
  readonly principal: string;
  /** Case counts, unlike in the other two. */
  readonly resource: string;
}

function keyOf(name: LockName): string {
  return JSON.stringify([name.database.toLowerCase(), name.principal.toLowerCase(), name.resource]);
}

export function acquireLock(
  locks: ApplicationLocks,
  name: LockName,
  sessionId: number,
): { readonly locks: ApplicationLocks; readonly granted: boolean } {
  const key = keyOf(name);
  const held = locks[key];
  if (held && held.sessionId !== sessionId) return { locks, granted: false };
  return { locks: { ...locks, [key]: { sessionId, count: (held?.count ?? 0) + 1 } }, granted: true };
}

export function releaseLock(
  locks: ApplicationLocks,
  name: LockName,
  sessionId: number,
): { readonly locks: ApplicationLocks; readonly released: boolean } {
  const key = keyOf(name);
  const held = locks[key];
  if (held?.sessionId !== sessionId) return { locks, released: false };
  const { [key]: _, ...others } = locks;
  return {
    locks: held.count > 1 ? { ...others, [key]: { sessionId, count: held.count - 1 } } : others,
    released: true,
  };
}

/** The session ended, and its locks with it. */
export function releaseSession(locks: ApplicationLocks, sessionId: number): ApplicationLocks {
  return Object.fromEntries(Object.entries(locks).filter(([, held]) => held.sessionId !== sessionId));
}
