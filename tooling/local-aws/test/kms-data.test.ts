import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandInput,
} from "@aws-sdk/client-kms";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyIdOf, open, seal } from "../src/kms/ciphertext.ts";
import { clientsOf, refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";

const EncryptionContext = { "aws:rds:db-id": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ" };

/** A server with one key. */
async function setUp(): Promise<RunningServer & { readonly KeyId: string }> {
  const running = await runServer();
  return { ...running, KeyId: running.server.kms.createKey({ alias: "alias/das" }).arn };
}

const dataKey = ({ kms }: Pick<RunningServer, "kms">, input: Omit<GenerateDataKeyCommandInput, "EncryptionContext">) =>
  kms.send(new GenerateDataKeyCommand({ EncryptionContext, ...input }));

describe("data keys", () => {
  test("a blob of a 32-byte key has the 184 bytes that AWS's have, and opens without KeyId", async () => {
    await using setup = await setUp();
    const { kms, KeyId } = setup;
    const { CiphertextBlob, Plaintext, KeyId: arn } = await dataKey(setup, { KeyId, KeySpec: "AES_256" });
    expect([CiphertextBlob?.length, Plaintext?.length, arn]).toEqual([184, 32, KeyId]);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(opened).toMatchObject({ KeyId, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" });
    expect(opened.Plaintext).toEqual(Plaintext);
  });

  test("they have the length that is asked for, and never repeat", async () => {
    await using setup = await setUp();
    const { KeyId } = setup;
    const lengths = await Promise.all(
      [{ KeySpec: "AES_128" } as const, { NumberOfBytes: 1 }, { NumberOfBytes: 1024 }].map(
        async (size) => (await dataKey(setup, { KeyId, ...size })).Plaintext?.length,
      ),
    );
    expect(lengths).toEqual([16, 1, 1024]);
    const keys = await Promise.all(Array.from({ length: 10 }, () => dataKey(setup, { KeyId, KeySpec: "AES_256" })));
    const texts = keys.map(({ Plaintext }) => Buffer.from(Plaintext ?? []).toString("hex"));
    expect(new Set(texts).size).toBe(10);
  });

  test("exactly one size has to be named", async () => {
    await using setup = await setUp();
    const { KeyId } = setup;
    expect(await refusal(dataKey(setup, { KeyId }))).toBe("ValidationException");
    const both = dataKey(setup, { KeyId, KeySpec: "AES_256", NumberOfBytes: 32 });
    expect((await rejection(both)).message).toBe("Please specify either number of bytes or key spec.");
    expect(await refusal(dataKey(setup, { KeyId, NumberOfBytes: 1025 }))).toBe("ValidationException");
  });

  test("DryRun checks everything and makes nothing", async () => {
    await using setup = await setUp();
    const { KeyId, server } = setup;
    const call = () => dataKey(setup, { KeyId, KeySpec: "AES_256", DryRun: true });
    expect(await refusal(call())).toBe("DryRunOperationException");
    server.deny({ action: "kms:GenerateDataKey" });
    expect(await refusal(call())).toBe("AccessDeniedException");
  });
});

describe("the encryption context", () => {
  test("has to be the same, pair by pair; their order does not matter", async () => {
    await using setup = await setUp();
    const { kms, KeyId } = setup;
    const sealed = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from("secret"), EncryptionContext: { a: "1", b: "2" } }),
    );
    const decrypt = (context: Record<string, string> | undefined) =>
      kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context }));
    const { Plaintext } = await decrypt({ b: "2", a: "1" });
    expect(Buffer.from(Plaintext ?? []).toString()).toBe("secret");
    for (const wrong of [
      undefined,
      {},
      { a: "1" },
      { a: "1", b: "3" },
      { a: "1", b: "2", c: "3" },
      { a: "1b", "": "2" },
    ]) {
      const error = await rejection(decrypt(wrong));
      expect([wrong, error.name]).toEqual([wrong, "InvalidCiphertextException"]);
    }
  });

  test("no two contexts are sealed as the same, and no changed blob opens", () => {
    const material = Buffer.alloc(32, 7);
    const keyId = "12345678-1234-1234-1234-123456789012";
    const blob = seal(keyId, material, Buffer.from("x"), { a: "bc", d: "" });
    for (const shifted of [{ ab: "c", d: "" }, { a: "b", cd: "" }, { a: "bcd" }]) {
      expect(open(material, blob, shifted)).toBeUndefined();
    }
    const contexts = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });
    fc.assert(
      fc.property(contexts, contexts, fc.uint8Array({ maxLength: 64 }), fc.nat(), (sealed, other, plaintext, flip) => {
        const blob = seal(keyId, material, plaintext, sealed);
        expect(keyIdOf(blob)).toBe(keyId);
        expect(open(material, blob, sealed)).toEqual(Buffer.from(plaintext));
        const same =
          JSON.stringify(Object.entries(sealed).toSorted()) === JSON.stringify(Object.entries(other).toSorted());
        expect(open(material, blob, other) !== undefined).toBe(same);
        const bit = flip % (blob.length * 8);
        const changed = Buffer.from(blob);
        changed[bit >> 3] = (blob[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(open(material, changed, sealed)).toBeUndefined();
      }),
    );
  });
});

describe("a ciphertext", () => {
  test("of another key is refused when the key is named, and found when it is not", async () => {
    await using setup = await setUp();
    const { kms, KeyId, server } = setup;
    const { CiphertextBlob } = await dataKey(setup, { KeyId, KeySpec: "AES_256" });
    const other = server.kms.createKey().arn;
    const decrypt = (named: object) => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext, ...named }));
    expect(await refusal(decrypt({ KeyId: other }))).toBe("IncorrectKeyException");
    expect((await decrypt({ KeyId: "alias/das" })).KeyId).toBe(KeyId);
  });

  test("that is none is refused", async () => {
    await using setup = await setUp();
    const decrypt = (blob: Buffer) => setup.kms.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }));
    for (const blob of [Buffer.from("x"), Buffer.alloc(184), Buffer.alloc(184, 0xff)]) {
      expect(await refusal(decrypt(blob))).toBe("InvalidCiphertextException");
    }
    expect(await refusal(decrypt(Buffer.alloc(6145)))).toBe("ValidationException");
  });

  test("of a key of another account is refused as if the key did not exist", async () => {
    await using setup = await setUp();
    const { server, KeyId } = setup;
    const { CiphertextBlob } = await dataKey(setup, { KeyId, KeySpec: "AES_256" });
    using strangers = clientsOf(server, server.addPrincipal({ userName: "stranger", accountId: "210987654321" }));
    const error = await rejection(strangers.kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })));
    expect([error.name, error.message]).toEqual([
      "AccessDeniedException",
      "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    ]);
    expect(await refusal(dataKey(strangers, { KeyId, KeySpec: "AES_256" }))).toBe("AccessDeniedException");
  });
});
