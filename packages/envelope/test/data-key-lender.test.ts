import { RefusedError, UnavailableError } from "@das/core";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { SharedDataKey } from "../src/data-key.ts";
import { DATA_KEY_MAX_AGE_MS, DATA_KEY_MAX_USES, RENEWAL_LEAD_MS, RENEWAL_LEAD_USES } from "../src/data-key-lender.ts";
import { type DataKeyLease, DataKeyLender, type KmsCall } from "../src/index.ts";
import { RESOURCE_ID } from "./keys.ts";
import { KmsStub, serviceError } from "./kms-stub.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

const KEY_ID = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000";
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function setUp() {
  const clock = new VirtualClock();
  const kms = new KmsStub();
  const calls: KmsCall[] = [];
  const lender = new DataKeyLender({
    kms,
    keyId: KEY_ID,
    resourceId: RESOURCE_ID,
    clock,
    random: () => 0.5,
    onKmsCall: (call) => calls.push(call),
  });
  return { clock, kms, calls, lender };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Borrows a key, checks that it is what KMS made, and gives it back. */
async function use(lender: DataKeyLender, kms: KmsStub): Promise<string> {
  using lease = await lender.lend();
  expect(Buffer.from(lease.plaintext).equals(kms.plaintextOf(lease.encrypted))).toBe(true);
  return lease.encrypted;
}

function failing(error: Error): () => Promise<void> {
  return () => Promise.reject(error);
}

describe("the call to KMS", () => {
  test("asks for a 256-bit key in the resource's context", async () => {
    const { kms, lender, calls } = setUp();

    using lease = await lender.lend();

    expect(kms.commands.map((command) => command.input)).toEqual([
      { KeyId: KEY_ID, KeySpec: "AES_256", EncryptionContext: { "aws:rds:db-id": RESOURCE_ID } },
    ]);
    expect(Buffer.from(lease.encrypted, "base64")).toHaveLength(184);
    expect(calls).toEqual([{ operation: "GenerateDataKey", milliseconds: 0 }]);
    lender[Symbol.dispose]();
  });

  test("is one for all who wait for it", async () => {
    const { kms, lender } = setUp();
    const open = Promise.withResolvers<void>();
    kms.script.push(() => open.promise);

    const waiting = Array.from({ length: 50 }, () => lender.lend());
    await settled();
    open.resolve();
    const leases = await Promise.all(waiting);

    expect(kms.commands).toHaveLength(1);
    expect(new Set(leases.map((lease) => lease.encrypted)).size).toBe(1);
    for (const lease of leases) lease[Symbol.dispose]();
    lender[Symbol.dispose]();
  });

  test("that answers without a data key is an error, and what it did answer is zeroed", async () => {
    const plaintext = new Uint8Array(16).fill(7);
    const send = async () => ({ $metadata: {}, Plaintext: plaintext, CiphertextBlob: new Uint8Array(184) });
    using lender = new DataKeyLender({
      kms: { send },
      keyId: KEY_ID,
      resourceId: RESOURCE_ID,
      clock: new VirtualClock(),
    });

    await expect(lender.lend()).rejects.toMatchObject({ code: "kms-answer" });
    expect(isZero(plaintext)).toBe(true);
  });
});

describe("renewal", () => {
  test("used all the time: ten calls an hour, and sealing never waits", async () => {
    const { clock, kms, lender } = setUp();
    await use(lender, kms);
    let slowest = 0;
    const perKey = new Map<string, { first: number; last: number }>();

    const seconds = 5 * 3_600;
    for (let second = 0; second < seconds; second += 1) {
      // KMS takes 5 s: whoever waited for it would still be waiting when the clock stands still.
      kms.script[0] ??= () => clock.sleep(5 * SECOND);
      const before = clock.monotonic();
      const key = await use(lender, kms);
      slowest = Math.max(slowest, clock.monotonic() - before);
      perKey.set(key, { first: perKey.get(key)?.first ?? before, last: before });
      await clock.advance(SECOND);
    }

    expect(slowest).toBe(0);
    expect(kms.commands.length).toBeLessThanOrEqual(1 + 5 * 10);
    expect(perKey.size).toBe(5 * 10);
    for (const { first, last } of perKey.values()) expect(last - first).toBeLessThan(DATA_KEY_MAX_AGE_MS);
    lender[Symbol.dispose]();
  });

  test("used by heartbeats alone, every 10 s: the same", async () => {
    const { clock, kms, lender } = setUp();
    for (let second = 0; second < 3_600; second += 10) {
      await use(lender, kms);
      await clock.advance(10 * SECOND);
    }

    expect(kms.commands.length).toBeLessThanOrEqual(11);
    lender[Symbol.dispose]();
  });

  test("used by nobody: no call", async () => {
    const { clock, kms, lender } = setUp();
    await use(lender, kms);
    await clock.advance(24 * 60 * MINUTE);

    expect(kms.commands).toHaveLength(1);
    lender[Symbol.dispose]();
  });

  test("a key of exactly 6 minutes is not lent", async () => {
    const { clock, kms, lender } = setUp();
    const first = await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS - RENEWAL_LEAD_MS - 1);
    expect(await use(lender, kms)).toBe(first);
    await clock.advance(RENEWAL_LEAD_MS);
    expect(await use(lender, kms)).toBe(first);
    await clock.advance(1);
    expect(await use(lender, kms)).not.toBe(first);
    lender[Symbol.dispose]();
  });

  test("a key that has sealed 2^20 records is not lent; its successor was there before", async () => {
    const { kms, lender } = setUp();
    const uses = new Map<string, number>();
    for (let use = 0; use <= DATA_KEY_MAX_USES; use += 1) {
      const lease = await lender.lend();
      uses.set(lease.encrypted, (uses.get(lease.encrypted) ?? 0) + 1);
      lease[Symbol.dispose]();
      if (use === DATA_KEY_MAX_USES - RENEWAL_LEAD_USES - 2) expect(kms.commands).toHaveLength(1);
      if (use === DATA_KEY_MAX_USES - RENEWAL_LEAD_USES) expect(kms.commands).toHaveLength(2);
    }

    expect([...uses.values()]).toEqual([DATA_KEY_MAX_USES, 1]);
    expect(kms.commands).toHaveLength(2);
    lender[Symbol.dispose]();
  });

  test("a successor that waited through a suspension of the machine is not lent", async () => {
    const { clock, kms, lender } = setUp();
    const first = await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS - RENEWAL_LEAD_MS);
    await use(lender, kms);
    await settled();
    expect(kms.commands).toHaveLength(2);
    clock.suspend(8 * 60 * MINUTE);

    const next = await use(lender, kms);

    expect(kms.commands).toHaveLength(3);
    expect(next).not.toBe(first);
    lender[Symbol.dispose]();
  });
});

describe("the plaintext", () => {
  test("is zeroed when its time is over, even when nobody asks any more", async () => {
    const { clock, lender } = setUp();
    const lease = await lender.lend();
    const { plaintext } = lease;
    lease[Symbol.dispose]();
    await clock.advance(DATA_KEY_MAX_AGE_MS - 1);
    expect(isZero(plaintext)).toBe(false);

    await clock.advance(1);

    expect(isZero(plaintext)).toBe(true);
    lender[Symbol.dispose]();
  });

  test("of a successor that nobody came for is zeroed too", async () => {
    const { clock, kms, lender } = setUp();
    await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS - RENEWAL_LEAD_MS);
    await use(lender, kms);
    await clock.advance(RENEWAL_LEAD_MS);
    const lease = await lender.lend();
    const { plaintext } = lease;
    lease[Symbol.dispose]();
    expect(kms.commands).toHaveLength(2);

    await clock.advance(DATA_KEY_MAX_AGE_MS);

    expect(isZero(plaintext)).toBe(true);
    expect(clock.sleeping).toBe(0);
    lender[Symbol.dispose]();
  });

  test("stays for a seal under way, and is zeroed when the last lease comes back", async () => {
    const { clock, lender } = setUp();
    const leases = [await lender.lend(), await lender.lend()];
    const plaintext = leases[0]?.plaintext ?? new Uint8Array();
    await clock.advance(DATA_KEY_MAX_AGE_MS);
    lender[Symbol.dispose]();

    leases[0]?.[Symbol.dispose]();
    leases[0]?.[Symbol.dispose]();
    expect(isZero(plaintext)).toBe(false);
    leases[1]?.[Symbol.dispose]();
    expect(isZero(plaintext)).toBe(true);
  });

  test("is not reachable through a lease that was given back", async () => {
    const { lender } = setUp();
    const lease = await lender.lend();
    lease[Symbol.dispose]();

    expect(() => lease.plaintext).toThrow(UnavailableError);
    lender[Symbol.dispose]();
  });

  test("lies in shared memory and nowhere in KMS's answer", async () => {
    const plaintext = new Uint8Array(32).fill(7);
    const send = async () => ({ $metadata: {}, Plaintext: plaintext, CiphertextBlob: new Uint8Array(184) });
    using other = new DataKeyLender({
      kms: { send },
      keyId: KEY_ID,
      resourceId: RESOURCE_ID,
      clock: new VirtualClock(),
    });

    using lease = await other.lend();

    expect(lease.plaintext.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(isZero(plaintext)).toBe(true);
  });
});

describe("when KMS fails", () => {
  test("whoever needs a key is told, and KMS is not asked again before the wait is over", async () => {
    const { clock, kms, lender, calls } = setUp();
    kms.script.push(
      failing(serviceError("KMSInternalException", 500)),
      failing(serviceError("AccessDeniedException", 400)),
    );

    await expect(lender.lend()).rejects.toBeInstanceOf(UnavailableError);
    await expect(lender.lend()).rejects.toBeInstanceOf(UnavailableError);
    await clock.advance(499);
    await expect(lender.lend()).rejects.toBeInstanceOf(UnavailableError);
    expect(kms.commands).toHaveLength(1);

    await clock.advance(1);
    await expect(lender.lend()).rejects.toBeInstanceOf(RefusedError);
    await clock.advance(999);
    await expect(lender.lend()).rejects.toBeInstanceOf(RefusedError);
    expect(kms.commands).toHaveLength(2);

    await clock.advance(1);
    await use(lender, kms);
    expect(calls.map((call) => call.error?.code)).toEqual(["kms-unavailable", "kms-access-denied", undefined]);
    lender[Symbol.dispose]();
  });

  test("while the current key still seals, nobody is disturbed", async () => {
    const { clock, kms, lender } = setUp();
    const first = await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS - RENEWAL_LEAD_MS);
    for (let call = 0; call < 100; call += 1) kms.script.push(failing(serviceError("ThrottlingException", 400)));

    for (let tick = 0; tick < RENEWAL_LEAD_MS; tick += 10) {
      expect(await use(lender, kms)).toBe(first);
      await clock.advance(10);
    }

    // 30 s of waits of 0.5, 1, 2, 4, 8, 15 s: six calls instead of 3,000.
    expect(kms.commands.length).toBeLessThanOrEqual(1 + 6);
    await expect(lender.lend()).rejects.toMatchObject({ code: "kms-unavailable" });
    lender[Symbol.dispose]();
  });
});

describe("when KMS has recovered", () => {
  test("the next failure is waited for as the first was", async () => {
    const { clock, kms, lender } = setUp();
    const fails = failing(serviceError("KMSInternalException", 500));
    kms.script.push(fails, fails, fails, () => Promise.resolve(), fails);
    for (const wait of [500, 1_000, 2_000]) {
      await expect(lender.lend()).rejects.toBeInstanceOf(UnavailableError);
      await clock.advance(wait);
    }
    await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS);
    await expect(lender.lend()).rejects.toBeInstanceOf(UnavailableError);
    await clock.advance(500);

    await use(lender, kms);
    lender[Symbol.dispose]();
  });
});

describe("closing", () => {
  test("lends no more, drops the key in reserve too, and leaves no timer", async () => {
    const drop = vi.spyOn(SharedDataKey.prototype, "drop");
    const { clock, kms, lender } = setUp();
    await use(lender, kms);
    await clock.advance(DATA_KEY_MAX_AGE_MS - RENEWAL_LEAD_MS);
    await use(lender, kms);
    await settled();
    expect(kms.commands).toHaveLength(2);
    lender[Symbol.dispose]();
    await settled();

    expect(drop).toHaveBeenCalledTimes(2);
    expect(clock.sleeping).toBe(0);
    await expect(lender.lend()).rejects.toMatchObject({ code: "lender-closed" });
  });

  test("a key that arrives afterwards is dropped, not lent", async () => {
    const drop = vi.spyOn(SharedDataKey.prototype, "drop");
    const { kms, lender } = setUp();
    const open = Promise.withResolvers<void>();
    kms.script.push(() => open.promise);
    const waiting = lender.lend();
    lender[Symbol.dispose]();
    open.resolve();

    await expect(waiting).rejects.toMatchObject({ code: "lender-closed" });
    expect(drop).toHaveBeenCalledTimes(1);
  });
});

/**
 * Random interleavings of lending, giving back, time, and KMS answering late, failing or not at all, against what is
 * promised: no key too old, none zeroed, and no more calls than time and failures allow.
 */
type Step =
  | { readonly do: "lend" }
  | { readonly do: "giveBack"; readonly which: number }
  | { readonly do: "pass"; readonly milliseconds: number }
  | { readonly do: "answer"; readonly fails: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "lend" } as const) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("giveBack" as const), which: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      milliseconds: fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: MINUTE }), fc.nat({ max: 7 * MINUTE })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("answer" as const), fails: fc.boolean() }) },
);

test("whatever interleaves, only living keys are lent, calls are few, and all is zeroed in the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 120 }), async (steps) => {
      const { clock, kms, lender } = setUp();
      const unanswered: ((fails: boolean) => void)[] = [];
      const firstLent = new Map<string, number>();
      const out: DataKeyLease[] = [];
      const seen = new Set<Uint8Array>();
      const waiting = new Set<Promise<void>>();
      let failures = 0;

      const arm = (): void => {
        while (kms.script.length < 2) {
          kms.script.push(
            () =>
              new Promise((resolve, reject) => {
                unanswered.push((fails) => (fails ? reject(serviceError("KMSInternalException", 500)) : resolve()));
              }),
          );
        }
      };
      const lend = async (): Promise<void> => {
        try {
          const lease = await lender.lend();
          const { plaintext, encrypted } = lease;
          out.push(lease);
          seen.add(plaintext);
          expect(Buffer.from(plaintext).equals(kms.plaintextOf(encrypted))).toBe(true);
          const first = firstLent.get(encrypted) ?? clock.monotonic();
          firstLent.set(encrypted, first);
          expect(clock.monotonic() - first).toBeLessThan(DATA_KEY_MAX_AGE_MS);
        } catch (error) {
          expect(error).toBeInstanceOf(UnavailableError);
        }
      };

      for (const next of steps) {
        arm();
        if (next.do === "lend") {
          const pending = lend().finally(() => waiting.delete(pending));
          waiting.add(pending);
        } else if (next.do === "giveBack") {
          const [lease] = out.splice(next.which % Math.max(1, out.length), 1);
          // Until this moment the key was whole, however long ago it expired.
          if (lease) expect(isZero(lease.plaintext)).toBe(false);
          lease?.[Symbol.dispose]();
        } else if (next.do === "pass") {
          await clock.advance(next.milliseconds);
        } else {
          if (next.fails && unanswered.length > 0) failures += 1;
          unanswered.shift()?.(next.fails);
        }
        await settled();
        expect(unanswered.length).toBeLessThanOrEqual(1);
      }
      const elapsed = clock.monotonic();
      const allowed = 1 + Math.floor((elapsed + RENEWAL_LEAD_MS) / DATA_KEY_MAX_AGE_MS) + failures;
      expect(kms.commands.length).toBeLessThanOrEqual(allowed);

      lender[Symbol.dispose]();
      for (const answer of unanswered) answer(false);
      await Promise.all(waiting);
      // A renewal that nobody waits for ends a turn later.
      await settled();
      for (const lease of out) lease[Symbol.dispose]();
      expect([...seen].every(isZero)).toBe(true);
      expect(clock.sleeping).toBe(0);
    }),
    { numRuns: 300 },
  );
});
