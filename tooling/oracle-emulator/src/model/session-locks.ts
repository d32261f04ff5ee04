/** Locks of DBMS_LOCK, exclusive, held by a session until it ends (Oracle notes §3.3); and the end of all sessions. */
import { type Site, siteNamed, type World, withSite } from "./world.ts";

export interface LockAnswer {
  readonly world: World;
  /** Of DBMS_LOCK.REQUEST: granted, timed out, already this session's. */
  readonly result: 0 | 1 | 4;
}

/**
 * REQUEST(id, X_MODE, timeout => 0, release_on_commit => FALSE).
 * @param session any text that names the session; the same on all instances of the database
 */
export function requestLock(world: World, siteName: string, id: number, session: string): LockAnswer {
  const site = siteNamed(world, siteName);
  const held = site.locks.find((lock) => lock.id === id);
  if (held) return { world, result: held.session === session ? 4 : 1 };
  return { world: withSite(world, { ...site, locks: [...site.locks, { id, session }] }), result: 0 };
}

/** RELEASE. @returns 0, or 4 when the session does not hold it */
export function releaseLock(
  world: World,
  siteName: string,
  id: number,
  session: string,
): { readonly world: World; readonly result: 0 | 4 } {
  const site = siteNamed(world, siteName);
  const locks = site.locks.filter((lock) => lock.id !== id || lock.session !== session);
  if (locks.length === site.locks.length) return { world, result: 4 };
  return { world: withSite(world, { ...site, locks }), result: 0 };
}

/** The server noticed that the session is over. */
export function endSession(world: World, siteName: string, session: string): World {
  const site = siteNamed(world, siteName);
  if (!site.locks.some((lock) => lock.session === session)) return world;
  return withSite(world, { ...site, locks: site.locks.filter((lock) => lock.session !== session) });
}

/** The instance stopped, or its role changed: nobody is connected any more. */
export function endAllSessions(site: Site): Site {
  return { ...site, locks: [], lastEntries: new Map(), sessionPeriod: site.sessionPeriod + 1 };
}
