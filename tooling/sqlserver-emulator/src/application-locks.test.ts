import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ApplicationLocks,
  acquireLock,
  heldMode,
  isGrantable,
  type LockMode,
  releaseLock,
  releaseSession,
  releaseTransaction,
} from "./application-locks.ts";

const name = fc.record({
  database: fc.constantFrom("master", "Master", "Sales"),
  principal: fc.constantFrom("public", "readers"),
  resource: fc.constantFrom("a", "A", "b"),
});
const step = fc.record({
  do: fc.constantFrom("take", "give back", "end"),
  name,
  session: fc.integer({ min: 51, max: 53 }),
});

/** What the locks should be: by name, who holds it and how often. */
test("a lock has one holder, who may take it again, until it gives it back as often or ends", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      let locks: ApplicationLocks = {};
      const holders = new Map<string, { session: number; count: number }>();
      for (const { do: what, name: lock, session } of steps) {
        const key = `${lock.database.toLowerCase()} ${lock.principal} ${lock.resource}`;
        const held = holders.get(key);
        if (what === "take") {
          const result = acquireLock(locks, lock, { sessionId: session, owner: "Session", mode: "Exclusive" });
          locks = result.locks;
          expect(result.granted).toBe(held === undefined || held.session === session);
          if (result.granted) holders.set(key, { session, count: (held?.count ?? 0) + 1 });
        } else if (what === "give back") {
          const result = releaseLock(locks, lock, { sessionId: session, owner: "Session" });
          locks = result.locks;
          expect(result.released).toBe(held?.session === session);
          if (held && result.released && held.count > 1) holders.set(key, { session, count: held.count - 1 });
          else if (result.released) holders.delete(key);
        } else {
          locks = releaseSession(locks, session);
          for (const [each, { session: holder }] of holders) if (holder === session) holders.delete(each);
        }
        expect(Object.keys(locks)).toHaveLength(holders.size);
      }
    }),
  );
});

const lock = { database: "master", principal: "public", resource: "r" };

function take(
  locks: ApplicationLocks,
  sessionId: number,
  mode: LockMode,
  owner: "Session" | "Transaction" = "Session",
) {
  return acquireLock(locks, lock, { sessionId, owner, mode });
}

/** The compatibility of lock modes as Microsoft documents it, for those that can be asked for. */
test.each<[LockMode, readonly LockMode[]]>([
  ["IntentShared", ["IntentShared", "Shared", "Update", "IntentExclusive"]],
  ["Shared", ["IntentShared", "Shared", "Update"]],
  ["Update", ["IntentShared", "Shared"]],
  ["IntentExclusive", ["IntentShared", "IntentExclusive"]],
  ["Exclusive", []],
])("beside %s", (mode, beside) => {
  const modes: readonly LockMode[] = ["IntentShared", "Shared", "Update", "IntentExclusive", "Exclusive"];
  const { locks } = take({}, 51, mode);
  for (const other of modes) {
    const request = { sessionId: 52, owner: "Session", mode: other } as const;
    expect(isGrantable(locks, lock, request), other).toBe(beside.includes(other));
    expect(acquireLock(locks, lock, request).granted, other).toBe(beside.includes(other));
  }
});

test("a stronger mode stays until the lock is given back as often as it was taken", () => {
  const holder = { sessionId: 51, owner: "Session" } as const;
  let { locks } = take(take({}, 51, "Shared").locks, 51, "IntentExclusive");
  expect(heldMode(locks, lock, holder)).toBe("SharedIntentExclusive");
  locks = take(locks, 51, "Exclusive").locks;
  for (let left = 2; left >= 0; left -= 1) {
    expect(heldMode(locks, lock, holder)).toBe("Exclusive");
    expect(take(locks, 52, "IntentShared").granted).toBe(false);
    locks = releaseLock(locks, lock, holder).locks;
  }
  expect(heldMode(locks, lock, holder)).toBeUndefined();
});

test("one of the transaction goes with it, one of the session stays", () => {
  const both = take(take({}, 51, "Exclusive", "Transaction").locks, 51, "Shared").locks;
  expect(take(both, 52, "Shared").granted).toBe(false);
  const after = releaseTransaction(both, 51);
  expect(take(after, 52, "Shared").granted).toBe(true);
  expect(take(after, 52, "Exclusive").granted).toBe(false);
});
