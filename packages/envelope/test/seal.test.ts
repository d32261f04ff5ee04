import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { COMPRESSED_MAX_BYTES, RECORD_MAX_BYTES, stringifyExact } from "@das/core";
import { decodeMessage } from "@das/independent-decoder";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encryptMessage } from "../src/encrypt-message.ts";
import { open, RecordTooLargeError, seal } from "../src/index.ts";
import { wrappingKeyring } from "../src/wrapping-keyring.ts";
import { DOCUMENTED_OUTER } from "./fixtures.ts";
import { always, newDataKey, RESOURCE_ID } from "./keys.ts";

const HEARTBEAT = JSON.stringify({
  type: "DatabaseActivityMonitoringRecord",
  clusterId: "",
  instanceId: RESOURCE_ID,
  databaseActivityEventList: [{ type: "heartbeat" }],
});

async function sealedOuter(inner: string | Uint8Array, dataKey = newDataKey()) {
  const sealed = await seal(inner, dataKey, "1.4");
  const outer: Record<string, string> = JSON.parse(Buffer.from(sealed.bytes).toString());
  return { ...sealed, outer, message: Buffer.from(String(outer.databaseActivityEvents), "base64"), dataKey };
}

describe("the outer record", () => {
  test("has the captured members in the captured order, compact", async () => {
    const { bytes, outer, dataKey } = await sealedOuter(HEARTBEAT);

    expect(Object.keys(outer)).toEqual(Object.keys(DOCUMENTED_OUTER));
    expect(outer).toMatchObject({ type: DOCUMENTED_OUTER.type, version: "1.4", key: dataKey.encrypted });
    expect(Buffer.from(bytes).toString()).toBe(JSON.stringify(outer));
    expect(outer.databaseActivityEvents).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
  });

  test("may be transferred by a worker: its buffer holds nothing else", async () => {
    const { bytes } = await sealedOuter(HEARTBEAT);

    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    expect(structuredClone(bytes, { transfer: [bytes.buffer] }).byteLength).toBeGreaterThan(0);
  });
});

describe("the message", () => {
  test("has every field at its offset (wire format §3.2)", async () => {
    const { message, compressedBytes } = await sealedOuter(HEARTBEAT);
    const hex = (offset: number, length: number) => message.toString("hex", offset, offset + length);

    expect(hex(0, 4)).toBe("01800178");
    expect(hex(20, 4)).toBe("00000001");
    expect(hex(24, 4)).toBe("00024243");
    expect(hex(28, 2)).toBe("001b");
    expect(message.toString("ascii", 30, 37)).toBe("DataKey");
    expect(hex(37, 8)).toBe("000000800000000c");
    expect(hex(57, 2)).toBe("0030");
    expect(hex(107, 10)).toBe("0200000000" + "0c" + "00100000");
    expect(hex(117, 12)).toBe("00".repeat(12));
    expect(hex(145, 8)).toBe("ffffffff00000001");
    expect(hex(153, 12)).toBe("000000000000000000000001");
    expect(message.readUInt32BE(165)).toBe(compressedBytes);
    expect(message).toHaveLength(169 + compressedBytes + 16);
  });

  test("holds one gzip member, without time and file name", async () => {
    const { message, dataKey, compressedBytes } = await sealedOuter(HEARTBEAT);

    const { plaintext } = decodeMessage(message, Buffer.from(dataKey.plaintext));

    expect(plaintext).toHaveLength(compressedBytes);
    expect(plaintext.toString("hex", 0, 8)).toBe("1f8b080000000000");
    expect(gunzipSync(plaintext).toString()).toBe(HEARTBEAT);
  });

  test.each([0, 1, 4095, 4096, 4097, 8192, 12288, COMPRESSED_MAX_BYTES])(
    "of %i bytes is read by the independent decoder and by the Encryption SDK",
    async (size) => {
      const plaintext = randomBytes(size);
      const { plaintext: dataKey } = newDataKey();

      const message = await encryptMessage(plaintext, dataKey);

      const decoded = decodeMessage(message, Buffer.from(dataKey));
      expect(decoded.frameLength).toBe(1_048_576);
      expect(decoded.frames).toEqual([size]);
      expect(decoded.plaintext.equals(plaintext)).toBe(true);
      const { decrypt } = buildDecrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
      const judged = await decrypt(wrappingKeyring(dataKey), message);
      expect(judged.plaintext.equals(plaintext)).toBe(true);
      expect(judged.messageHeader.encryptionContext).toEqual({});
    },
  );

  test("is refused by a reader that requires key commitment, as AWS's own records are", async () => {
    const { message, dataKey } = await sealedOuter(HEARTBEAT);
    const { decrypt } = buildDecrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

    await expect(decrypt(wrappingKeyring(dataKey.plaintext), message)).rejects.toThrow(
      /requiring only committed messages/,
    );
  });

  test("shares nothing random with another of the same content and data key", async () => {
    const dataKey = newDataKey();
    const key = Buffer.from(dataKey.plaintext);
    const seen = new Set<string>();
    const count = 200;

    for (let record = 0; record < count; record += 1) {
      const { message } = await sealedOuter(HEARTBEAT, dataKey);
      const { contentKey, messageId, wrappingIv } = decodeMessage(message, key);
      for (const value of [contentKey, messageId, wrappingIv]) seen.add(value.toString("hex"));
    }

    expect(seen.size).toBe(3 * count);
  });
});

describe("limits", () => {
  test("what compresses to more than 700 KiB is refused with its compressed size", async () => {
    const inner = randomBytes(COMPRESSED_MAX_BYTES);

    const refused = await seal(inner, newDataKey(), "1.4").catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(RecordTooLargeError);
    expect(refused).toMatchObject({ code: "record-too-large", retryable: false });
    expect((refused as RecordTooLargeError).compressedBytes).toBeGreaterThan(COMPRESSED_MAX_BYTES);
  });

  test("just below it, the outer record is below 1 MiB and opens", async () => {
    const dataKey = newDataKey();
    const text = randomBytes(COMPRESSED_MAX_BYTES).toString("base64").slice(0, 940_000);
    const inner = JSON.stringify({ ...JSON.parse(HEARTBEAT), text });

    const { bytes, compressedBytes } = await seal(inner, dataKey, "1.4");

    expect(compressedBytes).toBeGreaterThan(COMPRESSED_MAX_BYTES - 10_000);
    expect(bytes.byteLength).toBeLessThan(RECORD_MAX_BYTES);
    expect((await open(bytes, always(dataKey))).inner).toMatchObject({ text });
  });

  test("an outer record of more than 1 MiB is refused, whatever made it so large", async () => {
    const dataKey = { ...newDataKey(), encrypted: "A".repeat(RECORD_MAX_BYTES) };

    await expect(seal(HEARTBEAT, dataKey, "1.4")).rejects.toBeInstanceOf(RecordTooLargeError);
  });

  test("a raw lone surrogate is refused, for UTF-8 would replace it silently", async () => {
    await expect(seal('{"text":"\ud800"}', newDataKey(), "1.4")).rejects.toMatchObject({ code: "lone-surrogate" });
  });

  test("a data key that has been zeroed seals nothing", async () => {
    const dataKey = { ...newDataKey(), plaintext: new Uint8Array(32) };

    await expect(seal(HEARTBEAT, dataKey, "1.4")).rejects.toMatchObject({ code: "data-key-gone" });
  });

  test("a data key of another length is refused, by its length alone", async () => {
    const dataKey = { ...newDataKey(), plaintext: new Uint8Array(randomBytes(16)) };

    await expect(seal(HEARTBEAT, dataKey, "1.4")).rejects.toMatchObject({ code: "data-key-length" });
  });
});

test("sealing leaves the caller's data key as it was", async () => {
  const dataKey = newDataKey();
  const before = Buffer.from(dataKey.plaintext);

  await seal(HEARTBEAT, dataKey, "1.4");

  expect(Buffer.from(dataKey.plaintext)).toEqual(before);
});

/** Any text of UTF-16 code units: lone surrogates and U+0000 included. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));
const anyInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 128n }),
  fc.bigInt({ min: -(2n ** 128n), max: -(2n ** 53n) }),
);
const anyValue = fc.oneof(anyText, anyInteger, fc.boolean(), fc.constant(null), fc.array(anyText, { maxLength: 3 }));
/** `__proto__` is no key that an object literal could hold; JSON could, but no trail has such a column. */
const anyFields = fc.dictionary(
  anyText.filter((name) => name !== "__proto__" && name !== "type"),
  anyValue,
  { maxKeys: 8, noNullPrototype: true },
);

describe("what is sealed", () => {
  test("opens to the same, whatever the events hold", async () => {
    const dataKey = newDataKey();
    await fc.assert(
      fc.asyncProperty(fc.array(anyFields, { maxLength: 5 }), anyText, fc.boolean(), async (events, text, asBytes) => {
        const inner = {
          ...JSON.parse(HEARTBEAT),
          databaseActivityEventList: events.map((event) => ({ ...event, type: "record" })),
          provenance: { text },
        };
        const json = stringifyExact(inner);

        const { bytes } = await seal(asBytes ? Buffer.from(json) : json, dataKey, "1.3");

        expect(await open(bytes, always(dataKey))).toEqual({ version: "1.3", inner });
      }),
      { numRuns: 300 },
    );
  });
});
