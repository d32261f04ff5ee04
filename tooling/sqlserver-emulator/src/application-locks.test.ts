import fc from "fast-check";
import { expect, test } from "vitest";
import { type ApplicationLocks, acquireLock, releaseLock, releaseSession } from "./application-locks.ts";

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
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let locks: ApplicationLocks = {};
      const holders = new Map<string, { session: number; count: number }>();
      for (const { do: what, name: lock, session } of steps) {
        const key = `${lock.database.toLowerCase()} ${lock.principal} ${lock.resource}`;
        const held = holders.get(key);
        if (what === "take") {
          const result = acquireLock(locks, lock, session);
          locks = result.locks;
          expect(result.granted).toBe(held === undefined || held.session === session);
          if (result.granted) holders.set(key, { session, count: (held?.count ?? 0) + 1 });
        } else if (what === "give back") {
          const result = releaseLock(locks, lock, session);
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
