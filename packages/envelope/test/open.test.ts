import { randomBytes } from "node:crypto";
import { crc32, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AlgorithmSuiteIdentifier, CommitmentPolicy } from "@aws-crypto/material-management-node";
import { RecordError } from "@das/core";
import { describe, expect, test } from "vitest";
import { decryptMessage } from "../src/decrypt-message.ts";
import { open } from "../src/index.ts";
import { wrappingKeyring } from "../src/wrapping-keyring.ts";
import { encodeMessage } from "./independent-encoder.ts";
import { always, newDataKey, RESOURCE_ID } from "./keys.ts";

const INNER = {
  type: "DatabaseActivityMonitoringRecord",
  clusterId: "",
  instanceId: RESOURCE_ID,
  databaseActivityEventList: [{ type: "record", command: "SELECT", commandText: "select name from patients" }],
};

const dataKey = newDataKey();
const wrappingKey = Buffer.from(dataKey.plaintext);
const keys = always(dataKey);

function outerOf(message: Buffer | string, changes: Record<string, unknown> = {}): Buffer {
  const databaseActivityEvents = typeof message === "string" ? message : message.toString("base64");
  return Buffer.from(
    JSON.stringify({
      type: "DatabaseActivityMonitoringRecords",
      version: "1.4",
      databaseActivityEvents,
      key: dataKey.encrypted,
      ...changes,
    }),
  );
}

function messageOf(plaintext: Buffer, frameLength = 4096): Buffer {
  return encodeMessage({ plaintext, wrappingKey, frameLength });
}

function recordOf(inner: unknown, changes?: Record<string, unknown>): Buffer {
  return outerOf(messageOf(gzipSync(JSON.stringify(inner))), changes);
}

/** A gzip member of exactly so many bytes: its comment field (RFC 1952 §2.3.1) fills it up. */
function gzipOfLength(content: string, length: number): Buffer {
  const body = deflateRawSync(content, { level: 0 });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(Buffer.byteLength(content), 4);
  const header = Buffer.from("1f8b08100000000000ff", "hex");
  const comment = Buffer.alloc(length - header.length - body.length - trailer.length, "-");
  comment[comment.length - 1] = 0;
  return Buffer.concat([header, comment, body, trailer]);
}

describe("messages of other writers", () => {
  const sizes = [0, 1, 4095, 4096, 4097, 8192, 12288];

  test.each(sizes.flatMap((size) => [4096, 1_048_576].map((frameLength) => ({ size, frameLength }))))(
    "$size bytes in frames of $frameLength are decrypted",
    async ({ size, frameLength }) => {
      const plaintext = randomBytes(size);

      const decrypted = await decryptMessage(messageOf(plaintext, frameLength), dataKey.plaintext);

      expect(decrypted.equals(plaintext)).toBe(true);
    },
  );

  test.each([0, 4096, 8192])("%i bytes may end in an empty final frame", async (size) => {
    const plaintext = randomBytes(size);
    const message = encodeMessage({ plaintext, wrappingKey, frameLength: 4096, emptyFinalFrame: true });

    expect((await decryptMessage(message, dataKey.plaintext)).equals(plaintext)).toBe(true);
  });

  test.each(sizes.filter((size) => size > 1))(
    "a record of %i bytes gzip opens in one frame and in many",
    async (size) => {
      const gzip = gzipOfLength(JSON.stringify(INNER), size);
      expect(gzip).toHaveLength(size);

      for (const frameLength of [1, 4096, 1_048_576]) {
        if (frameLength === 1 && size > 4096) continue;
        expect(await open(outerOf(messageOf(gzip, frameLength)), keys)).toEqual({ version: "1.4", inner: INNER });
      }
    },
  );

  test("an encryption context in the message is authenticated, not demanded", async () => {
    const pairs = { "aws:rds:db-id": RESOURCE_ID, Zeta: "ü", alpha: "1" };
    // Sorted by UTF-8 bytes, upper case first, as the format says.
    const aad = Buffer.concat(
      [Buffer.from([0, 3])].concat(
        Object.entries(pairs)
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .flat()
          .flatMap((text) => [Buffer.from([0, Buffer.byteLength(text)]), Buffer.from(text)]),
      ),
    );
    const plaintext = gzipSync(JSON.stringify(INNER));
    const message = encodeMessage({ plaintext, wrappingKey, frameLength: 4096, aad });

    expect((await open(outerOf(message), keys)).inner).toEqual(INNER);
  });

  describe("suite 0x0378, signed, with AAD", () => {
    const { encrypt } = buildEncrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
    const sign = async (frameLength: number): Promise<Buffer> => {
      const { result } = await encrypt(wrappingKeyring(dataKey.plaintext), gzipSync(JSON.stringify(INNER)), {
        suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
        encryptionContext: { "aws:rds:db-id": RESOURCE_ID },
        frameLength,
      });
      return result;
    };

    /** The footer is a length in two bytes and a DER signature of about 103 bytes. */
    const footerLength = (message: Buffer): number => {
      const lengths = Array.from({ length: 30 }, (_, index) => 90 + index);
      const found = lengths.find((length) => message.readUInt16BE(message.length - 2 - length) === length);
      if (found === undefined) throw new Error("no signature footer");
      return 2 + found;
    };

    test.each([16, 4096, 1_048_576])("opens, frames of %i bytes", async (frameLength) => {
      const message = await sign(frameLength);

      expect(message.toString("hex", 2, 4)).toBe("0378");
      expect((await open(outerOf(message), keys)).inner).toEqual(INNER);
    });

    test("does not open when its signature is another's, wrong or missing", async () => {
      const message = await sign(4096);
      const another = await sign(4096);
      const unsigned = message.subarray(0, -footerLength(message));
      const swapped = Buffer.concat([unsigned, another.subarray(-footerLength(another))]);
      const wrong = Buffer.from(message);
      wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;

      for (const broken of [unsigned, wrong, swapped, message.subarray(0, -1)]) {
        await expect(open(outerOf(broken), keys)).rejects.toMatchObject({ code: "record-tampered" });
      }
    });
  });
});

describe("a record is taken as it is", () => {
  test.each(["1.0", "1.1", "1.2", "1.3", "1.4", "1.12"])("version %s", async (version) => {
    expect(await open(recordOf(INNER, { version }), keys)).toEqual({ version, inner: INNER });
  });

  test("unknown members of the outer record are ignored", async () => {
    expect((await open(recordOf(INNER, { more: { nested: true } }), keys)).inner).toEqual(INNER);
  });

  test("events without type are records, and fields that we do not know stay", async () => {
    const events = [
      { command: "SELECT", logTime: "2020-01-01 00:00:00", dbid: 1559204751, engineNativeAuditFields: {} },
      { type: "heartbeat" },
      { type: "of a later version", more: [1, { deep: null }] },
    ];
    const inner = {
      ...INNER,
      clusterId: "cluster-ABC",
      provenance: { sequence: 17 },
      databaseActivityEventList: events,
    };

    const opened = await open(recordOf(inner), keys);

    expect(opened.inner).toEqual({
      ...inner,
      databaseActivityEventList: [{ ...events[0], type: "record" }, events[1], events[2]],
    });
  });

  test("integers beyond 2^53 are exact", async () => {
    const json = JSON.stringify(INNER).replace('"command"', '"scn":18446744073709551615,"command"');

    const opened = await open(outerOf(messageOf(gzipSync(json))), keys);

    expect(opened.inner.databaseActivityEventList[0]).toMatchObject({ scn: 18446744073709551615n });
  });

  test("an empty list of events is a list", async () => {
    const inner = { ...INNER, databaseActivityEventList: [] };

    expect((await open(recordOf(inner), keys)).inner).toEqual(inner);
  });
});

describe("a broken record says how it is broken", () => {
  const gzip = gzipSync(JSON.stringify(INNER));
  const message = messageOf(gzip);
  const inner = (json: string | Buffer): Buffer => outerOf(messageOf(gzipSync(json)));
  const changed = (position: number): Buffer => {
    const copy = Buffer.from(message);
    copy[position] = (copy.at(position) ?? 0) ^ 0x40;
    return outerOf(copy);
  };
  const cases: Record<string, readonly [code: string, record: Buffer]> = {
    "no data": ["outer-not-json", Buffer.alloc(0)],
    "not JSON": ["outer-not-json", Buffer.from("patients: 7")],
    "cut JSON": ["outer-not-json", recordOf(INNER).subarray(0, -1)],
    "two records": ["outer-not-json", Buffer.concat([recordOf(INNER), recordOf(INNER)])],
    "not UTF-8": ["outer-not-json", Buffer.from('{"a":"\xff"}', "latin1")],
    "no object": ["outer-type", Buffer.from("[]")],
    null: ["outer-type", Buffer.from("null")],
    "another type": ["outer-type", recordOf(INNER, { type: INNER.type })],
    "no events member": ["outer-type", recordOf(INNER, { databaseActivityEvents: undefined })],
    "events as an object, as documentation pictures it": [
      "outer-type",
      recordOf(INNER, { databaseActivityEvents: INNER }),
    ],
    "no key": ["outer-type", recordOf(INNER, { key: undefined })],
    "no version": ["version", recordOf(INNER, { version: undefined })],
    "a number for a version": ["version", recordOf(INNER, { version: 1.4 })],
    "version 2": ["version", recordOf(INNER, { version: "2.0" })],
    "not base64": ["base64", outerOf("%%%%")],
    "base64 with a line break": ["base64", outerOf(`${message.toString("base64").slice(0, 76)}\n`)],
    base64url: ["base64", outerOf("_-_-")],
    "base64 without padding": ["base64", outerOf("AA")],
    "base64 with bits beyond its end": ["base64", outerOf("AB==")],
    "nothing in base64": ["base64", outerOf("")],
    "a key that is not base64": ["base64", recordOf(INNER, { key: "?" })],
    "not a message": ["message", outerOf(randomBytes(400).fill(7, 0, 1))],
    "gzip where a message should be": ["message", outerOf(gzip)],
    "message of one byte": ["message", outerOf(Buffer.from([1]))],
    "message cut in its header": ["message", outerOf(message.subarray(0, 100))],
    "message of an unknown suite": ["message", changed(3)],
    "message cut in its header's tag": ["message", outerOf(message.subarray(0, 140))],
    "another wrapping key": [
      "content-key",
      outerOf(encodeMessage({ plaintext: gzip, wrappingKey: randomBytes(32), frameLength: 4096 })),
    ],
    "another key name": ["content-key", changed(30)],
    "changed content key": ["content-key", changed(60)],
    "changed message id": ["tampered", changed(4)],
    "changed frame length": ["tampered", changed(115)],
    "changed header tag": ["tampered", changed(130)],
    "changed sequence number": ["tampered", changed(152)],
    "changed frame IV": ["tampered", changed(160)],
    "changed content length": ["tampered", changed(168)],
    "changed body": ["tampered", changed(175)],
    "changed tag": ["tampered", changed(message.length - 1)],
    "message cut after its header": ["tampered", outerOf(message.subarray(0, 145))],
    "message cut in its body": ["tampered", outerOf(message.subarray(0, 180))],
    "message cut in its tag": ["tampered", outerOf(message.subarray(0, -1))],
    "a frame missing": ["tampered", outerOf(withoutFrame(1))],
    "the final frame missing": ["tampered", outerOf(withoutFrame(2))],
    "plain JSON in the message": ["gzip", outerOf(messageOf(Buffer.from(JSON.stringify(INNER))))],
    "zlib instead of gzip": ["gzip", outerOf(messageOf(deflateSync(JSON.stringify(INNER))))],
    "nothing in the message": ["gzip", outerOf(messageOf(Buffer.alloc(0)))],
    "cut gzip": ["gzip", outerOf(messageOf(gzip.subarray(0, -9)))],
    "inner not JSON": ["inner-not-json", inner("select * from patients")],
    "inner cut": ["inner-not-json", inner(JSON.stringify(INNER).slice(0, -1))],
    "inner not UTF-8": ["inner-not-json", inner(Buffer.from(JSON.stringify({ ...INNER, name: "ü" }), "latin1"))],
    "inner empty": ["inner-not-json", inner("")],
    "inner an array": ["inner-type", inner("[]")],
    "inner of the outer's type": ["inner-type", recordOf({ ...INNER, type: "DatabaseActivityMonitoringRecords" })],
    "inner without list": ["inner-type", recordOf({ ...INNER, databaseActivityEventList: undefined })],
    "inner with null for a list": ["inner-type", recordOf({ ...INNER, databaseActivityEventList: null })],
    "inner with a text in its list": ["inner-type", recordOf({ ...INNER, databaseActivityEventList: ["select 1"] })],
    "inner with null in its list": ["inner-type", recordOf({ ...INNER, databaseActivityEventList: [null] })],
    "inner without clusterId": ["inner-type", recordOf({ ...INNER, clusterId: undefined })],
    "inner with a number for instanceId": ["inner-type", recordOf({ ...INNER, instanceId: 7 })],
  };

  function withoutFrame(number: number): Buffer {
    // Two frames of 64 bytes and a final one; the second one starts after 4 + 12 + 64 + 16 bytes.
    const plaintext = randomBytes(150);
    const framed = encodeMessage({ plaintext, wrappingKey, frameLength: 64 });
    const start = 145 + (number === 1 ? 0 : 2 * 96);
    return Buffer.concat([framed.subarray(0, start), number === 1 ? framed.subarray(start + 96) : Buffer.alloc(0)]);
  }

  test.each(Object.entries(cases))("%s", async (_, [code, record]) => {
    const error: unknown = await open(record, keys).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(RecordError);
    expect(error).toMatchObject({ code: `record-${code}`, who: "envelope", retryable: false, cause: undefined });
  });

  test("cut after any byte, it gives a RecordError and never waits for more", async () => {
    for (let end = 0; end < message.length; end += 1) {
      await expect(open(outerOf(message.subarray(0, end)), keys)).rejects.toBeInstanceOf(RecordError);
    }
  });
});

describe("a record that decompresses to too much", () => {
  const bomb = (bytes: number): Buffer => {
    const text = "0".repeat(bytes - JSON.stringify({ ...INNER, text: "" }).length);
    return recordOf({ ...INNER, text });
  };

  test("is refused beyond the limit that was set, and opens at it", async () => {
    expect((await open(bomb(100_000), keys, { maxInnerBytes: 100_000 })).inner).toMatchObject({ clusterId: "" });
    await expect(open(bomb(100_001), keys, { maxInnerBytes: 100_000 })).rejects.toMatchObject({
      code: "record-inner-too-large",
    });
  });

  test("is refused beyond 64 MiB when none was set", async () => {
    const record = bomb(64 * 1_048_576 + 1);
    expect(record.byteLength).toBeLessThan(200_000);

    await expect(open(record, keys)).rejects.toMatchObject({ code: "record-inner-too-large" });
  });
});

test("the lease goes back whether the record opens or not", async () => {
  let out = 0;
  const counting = {
    lend: async () => {
      out += 1;
      return {
        ...dataKey,
        [Symbol.dispose]: () => {
          out -= 1;
        },
      };
    },
  };

  await open(recordOf(INNER), counting);
  expect(out).toBe(0);
  await open(outerOf(randomBytes(300)), counting).catch(() => undefined);
  expect(out).toBe(0);
});
