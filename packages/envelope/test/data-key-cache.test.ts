import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { DecryptCommand } from "@aws-sdk/client-kms";
import { ConfigurationError, RecordError, RefusedError, UnavailableError } from "@das/core";
import { describe, expect, test } from "vitest";
import {
  DataKeyCache,
  type DataKeyCacheOptions,
  type KmsCall,
  type KmsCallOptions,
  type KmsClient,
} from "../src/index.ts";
import { RESOURCE_ID } from "./keys.ts";
import { KmsStub, serviceError } from "./kms-stub.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

const CONTEXT = { "aws:rds:db-id": RESOURCE_ID };

function setUp(options: Partial<DataKeyCacheOptions> = {}) {
  const clock = new VirtualClock();
  const kms = new KmsStub();
  const calls: KmsCall[] = [];
  const cache = new DataKeyCache({
    kms,
    resourceId: RESOURCE_ID,
    clock,
    onKmsCall: (call) => calls.push(call),
    ...options,
  });
  const newKey = (context: Record<string, string> = CONTEXT, bytes = 32): string => {
    const encrypted = randomBytes(184).toString("base64");
    kms.store(encrypted, randomBytes(bytes), context);
    return encrypted;
  };
  return { clock, kms, calls, cache, newKey };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The bytes of a lent key, which stay visible after the lease went back: so a test sees them zeroed. */
async function borrow(cache: DataKeyCache, encrypted: string): Promise<Uint8Array> {
  using lease = await cache.lend(encrypted);
  return lease.plaintext;
}

describe("a data key", () => {
  test("is decrypted once, without naming a KMS key, however many records bear it", async () => {
    const { cache, kms, calls, newKey } = setUp();
    const encrypted = newKey();

    const borrowed = await Promise.all(Array.from({ length: 20 }, () => borrow(cache, encrypted)));
    borrowed.push(await borrow(cache, encrypted));

    expect(kms.commands.map((command) => command.input)).toEqual([
      { CiphertextBlob: Buffer.from(encrypted, "base64"), EncryptionContext: CONTEXT },
    ]);
    for (const plaintext of borrowed) expect(Buffer.from(plaintext).equals(kms.plaintextOf(encrypted))).toBe(true);
    expect(calls).toEqual([{ operation: "Decrypt", milliseconds: 0 }]);
    cache[Symbol.dispose]();
  });

  test("whose call KMS never answers is given up after half a minute, and asked for again", async () => {
    const stub = new KmsStub();
    let calls = 0;
    const silentAtFirst = (command: DecryptCommand, options: KmsCallOptions) => {
      calls += 1;
      return calls > 1
        ? stub.send(command)
        : once(options.abortSignal, "abort").then(() => Promise.reject(new Error()));
    };
    const { cache, clock } = setUp({ kms: { send: silentAtFirst } as KmsClient });
    const encrypted = randomBytes(184).toString("base64");
    stub.store(encrypted, randomBytes(32), CONTEXT);
    const waiting = [cache.lend(encrypted), cache.lend(encrypted)].map((lease) =>
      expect(lease).rejects.toMatchObject({ name: "UnavailableError" }),
    );
    await clock.advance(30_000);
    await Promise.all(waiting);
    expect(await borrow(cache, encrypted)).toHaveLength(32);
    expect(calls).toBe(2);
    cache[Symbol.dispose]();
    await settled();
    expect(clock.sleeping).toBe(0);
  });

  test("of an Aurora cluster is decrypted in the cluster's context", async () => {
    const resourceId = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const { cache, kms, newKey } = setUp({ resourceId });
    const encrypted = newKey({ "aws:rds:dbc-id": resourceId });

    expect(Buffer.from(await borrow(cache, encrypted)).equals(kms.plaintextOf(encrypted))).toBe(true);
    cache[Symbol.dispose]();
  });

  test("is zeroed when its time is over, and asked for again", async () => {
    const { cache, clock, kms, newKey } = setUp({ maxAgeMs: 60_000 });
    const encrypted = newKey();
    const plaintext = await borrow(cache, encrypted);

    await clock.advance(59_999);
    expect(await borrow(cache, encrypted)).toBe(plaintext);
    expect(isZero(plaintext)).toBe(false);
    await clock.advance(1);
    expect(isZero(plaintext)).toBe(true);

    expect(isZero(await borrow(cache, encrypted))).toBe(false);
    expect(kms.commands).toHaveLength(2);
    cache[Symbol.dispose]();
  });

  test("is zeroed when more recently used ones need its place", async () => {
    const { cache, kms, newKey } = setUp({ maxKeys: 2 });
    const [a, b, c] = [newKey(), newKey(), newKey()];
    const plaintextA = await borrow(cache, a);
    const plaintextB = await borrow(cache, b);
    await borrow(cache, a);
    await borrow(cache, c);
    await settled();

    expect([isZero(plaintextA), isZero(plaintextB)]).toEqual([false, true]);
    await borrow(cache, a);
    expect(kms.commands).toHaveLength(3);
    await borrow(cache, b);
    expect(kms.commands).toHaveLength(4);
    cache[Symbol.dispose]();
  });

  test("stays whole for a record that is being opened while it is evicted", async () => {
    const { cache, clock, newKey } = setUp({ maxKeys: 1, maxAgeMs: 1_000 });
    const lease = await cache.lend(newKey());
    const { plaintext } = lease;
    await borrow(cache, newKey());
    await clock.advance(1_000);
    cache[Symbol.dispose]();
    await settled();

    expect(isZero(plaintext)).toBe(false);
    lease[Symbol.dispose]();
    expect(isZero(plaintext)).toBe(true);
  });

  test("that is evicted before KMS has answered still serves who asked for it, and is then zeroed", async () => {
    const { cache, kms, newKey } = setUp({ maxKeys: 1 });
    const [a, b] = [newKey(), newKey()];
    const open = Promise.withResolvers<void>();
    kms.script.push(() => open.promise);
    const slow = Promise.all([cache.lend(a), cache.lend(a)]);
    await borrow(cache, b);
    open.resolve();

    const leases = await slow;
    const plaintexts = leases.map((lease) => lease.plaintext);
    expect(plaintexts.every((plaintext) => Buffer.from(plaintext).equals(kms.plaintextOf(a)))).toBe(true);
    for (const lease of leases) lease[Symbol.dispose]();
    await settled();
    expect(plaintexts.every(isZero)).toBe(true);
    cache[Symbol.dispose]();
  });
});

describe("what cannot be decrypted", () => {
  test("a key that KMS does not know is that record's fault, and asked for once", async () => {
    const { cache, clock, kms, newKey } = setUp({ maxAgeMs: 60_000 });
    const foreign = newKey({ "aws:rds:db-id": "db-ZZZZZZZZZZZZZZZZZZZZZZZZZZ" });

    for (let record = 0; record < 10; record += 1) {
      await expect(cache.lend(foreign)).rejects.toBeInstanceOf(RecordError);
    }
    expect(kms.commands).toHaveLength(1);

    await clock.advance(60_000);
    await expect(cache.lend(foreign)).rejects.toMatchObject({ code: "record-key-refused" });
    expect(kms.commands).toHaveLength(2);
    cache[Symbol.dispose]();
  });

  test("a key that decrypts to something else than 32 bytes is that record's fault", async () => {
    const { cache, newKey } = setUp();

    await expect(cache.lend(newKey(CONTEXT, 16))).rejects.toMatchObject({ code: "record-key-length" });
    cache[Symbol.dispose]();
  });

  test("a key longer than any that KMS makes costs no call", async () => {
    const { cache, kms } = setUp();

    await expect(cache.lend("A".repeat(8_196))).rejects.toMatchObject({ code: "record-key-length" });
    expect(kms.commands).toHaveLength(0);
    cache[Symbol.dispose]();
  });

  test("a missing right and an absent KMS are not remembered", async () => {
    const { cache, kms, calls, newKey } = setUp();
    const encrypted = newKey();
    kms.script.push(
      () => Promise.reject(serviceError("AccessDeniedException", 400)),
      () => Promise.reject(serviceError("KMSInternalException", 500)),
    );

    const refused: unknown = await cache.lend(encrypted).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({ code: "kms-access-denied", remedy: expect.stringContaining("kms:Decrypt") });
    expect(refused).toMatchObject({ remedy: expect.stringContaining(`aws:rds:db-id = ${RESOURCE_ID}`) });
    await expect(cache.lend(encrypted)).rejects.toBeInstanceOf(UnavailableError);
    expect(isZero(await borrow(cache, encrypted))).toBe(false);
    expect(calls.map((call) => call.error?.code)).toEqual(["kms-access-denied", "kms-unavailable", undefined]);
    cache[Symbol.dispose]();
  });
});

describe("closing", () => {
  test("zeroes all keys, lends none, and leaves no timer", async () => {
    const { cache, clock, kms, newKey } = setUp();
    const plaintexts = [await borrow(cache, newKey()), await borrow(cache, newKey())];
    const late = newKey();
    const open = Promise.withResolvers<void>();
    kms.script.push(() => open.promise);
    const waiting = cache.lend(late);
    cache[Symbol.dispose]();
    open.resolve();

    await expect(waiting).rejects.toMatchObject({ code: "cache-closed" });
    await expect(cache.lend(newKey())).rejects.toMatchObject({ code: "cache-closed" });
    await settled();
    expect(plaintexts.every(isZero)).toBe(true);
    expect(clock.sleeping).toBe(0);
  });
});

test("a cache that could keep nothing is refused", () => {
  expect(() => setUp({ maxKeys: 0 })).toThrow(ConfigurationError);
});
