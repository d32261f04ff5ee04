/** sp_getapplock (SQL Server notes §5) as plain data and pure transitions. */

export type LockMode = "IntentShared" | "Shared" | "Update" | "IntentExclusive" | "SharedIntentExclusive" | "Exclusive";

/** A lock that a transaction owns goes with it; one of the session stays until it ends. */
export type LockOwner = "Session" | "Transaction";

interface HeldLock {
  readonly sessionId: number;
  readonly owner: LockOwner;
  /** The union of the modes that were asked for, which stays until the last of them is given back. */
  readonly mode: LockMode;
  /** A session may take its lock again and must give it back as often. */
  readonly count: number;
}

/** Who holds what, by the triple that names a lock: database, principal, resource. */
export type ApplicationLocks = Readonly<Record<string, readonly HeldLock[]>>;

export interface LockName {
  readonly database: string;
  readonly principal: string;
  /** Case counts, unlike in the other two. Longer names are cut to 255 characters. */
  readonly resource: string;
}

const LONGEST_RESOURCE = 255;

function keyOf(name: LockName): string {
  const resource = name.resource.slice(0, LONGEST_RESOURCE);
  return JSON.stringify([name.database.toLowerCase(), name.principal.toLowerCase(), resource]);
}

/** Which modes others may hold beside one. */
const COMPATIBLE: Readonly<Record<LockMode, readonly LockMode[]>> = {
  IntentShared: ["IntentShared", "Shared", "Update", "IntentExclusive", "SharedIntentExclusive"],
  Shared: ["IntentShared", "Shared", "Update"],
  Update: ["IntentShared", "Shared"],
  IntentExclusive: ["IntentShared", "IntentExclusive"],
  SharedIntentExclusive: ["IntentShared"],
  Exclusive: [],
};

/** What a mode contains. */
const CONTAINS: Readonly<Record<LockMode, readonly LockMode[]>> = {
  IntentShared: ["IntentShared"],
  Shared: ["IntentShared", "Shared"],
  Update: ["IntentShared", "Shared", "Update"],
  IntentExclusive: ["IntentShared", "IntentExclusive"],
  SharedIntentExclusive: ["IntentShared", "Shared", "IntentExclusive", "SharedIntentExclusive"],
  Exclusive: ["IntentShared", "Shared", "Update", "IntentExclusive", "SharedIntentExclusive", "Exclusive"],
};

const WEAKEST_FIRST: readonly LockMode[] = [
  "IntentShared",
  "Shared",
  "Update",
  "IntentExclusive",
  "SharedIntentExclusive",
  "Exclusive",
];

/** The weakest mode that contains both. */
function unionOf(a: LockMode, b: LockMode): LockMode {
  return WEAKEST_FIRST.find((mode) => CONTAINS[mode].includes(a) && CONTAINS[mode].includes(b)) ?? "Exclusive";
}

export interface LockRequest {
  readonly sessionId: number;
  readonly owner: LockOwner;
  readonly mode: LockMode;
}

/** Could it be granted at once? What the session itself holds does not stand in its way. */
export function isGrantable(locks: ApplicationLocks, name: LockName, { sessionId, mode }: LockRequest): boolean {
  return (locks[keyOf(name)] ?? []).every(
    (held) => held.sessionId === sessionId || COMPATIBLE[mode].includes(held.mode),
  );
}

export function acquireLock(
  locks: ApplicationLocks,
  name: LockName,
  request: LockRequest,
): { readonly locks: ApplicationLocks; readonly granted: boolean } {
  if (!isGrantable(locks, name, request)) return { locks, granted: false };
  const key = keyOf(name);
  const holders = locks[key] ?? [];
  const own = holders.find(isOwnedBy(request));
  const taken: HeldLock = own
    ? { ...own, mode: unionOf(own.mode, request.mode), count: own.count + 1 }
    : { ...request, count: 1 };
  return { locks: { ...locks, [key]: [...holders.filter((held) => held !== own), taken] }, granted: true };
}

export function releaseLock(
  locks: ApplicationLocks,
  name: LockName,
  request: Pick<LockRequest, "sessionId" | "owner">,
): { readonly locks: ApplicationLocks; readonly released: boolean } {
  const key = keyOf(name);
  const holders = locks[key] ?? [];
  const own = holders.find(isOwnedBy(request));
  if (!own) return { locks, released: false };
  if (own.count === 1) return { locks: without(locks, (held) => held === own), released: true };
  const left = { ...own, count: own.count - 1 };
  return { locks: { ...locks, [key]: holders.map((held) => (held === own ? left : held)) }, released: true };
}

function isOwnedBy({ sessionId, owner }: Pick<LockRequest, "sessionId" | "owner">) {
  return (held: HeldLock) => held.sessionId === sessionId && held.owner === owner;
}

/** The mode in which a session holds a lock, for APPLOCK_MODE. */
export function heldMode(
  locks: ApplicationLocks,
  name: LockName,
  holder: Pick<LockRequest, "sessionId" | "owner">,
): LockMode | undefined {
  return locks[keyOf(name)]?.find(isOwnedBy(holder))?.mode;
}

/** The session ended, and its locks with it. */
export function releaseSession(locks: ApplicationLocks, sessionId: number): ApplicationLocks {
  return without(locks, (held) => held.sessionId === sessionId);
}

/** Its transaction ended. */
export function releaseTransaction(locks: ApplicationLocks, sessionId: number): ApplicationLocks {
  return without(locks, (held) => held.sessionId === sessionId && held.owner === "Transaction");
}

function without(locks: ApplicationLocks, isReleased: (held: HeldLock) => boolean): ApplicationLocks {
  const left = Object.entries(locks).map(
    ([key, holders]) => [key, holders.filter((held) => !isReleased(held))] as const,
  );
  return Object.fromEntries(left.filter(([, holders]) => holders.length > 0));
}
