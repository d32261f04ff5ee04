import { gunzipSync } from "node:zlib";
import { decodeMessage } from "@das/independent-decoder";
import { describe, expect, test } from "vitest";
import { decryptMessage } from "../src/decrypt-message.ts";
import { DataKeyCache, open } from "../src/index.ts";
import { DOCUMENTED_RECORD, VECTOR, VECTOR_OUTER, VECTOR_RECORD, VECTOR_RESOURCE_ID } from "./fixtures.ts";
import { encodeMessage } from "./independent-encoder.ts";
import { always, newDataKey } from "./keys.ts";
import { KmsStub } from "./kms-stub.ts";

const HEARTBEAT = {
  type: "DatabaseActivityMonitoringRecord",
  clusterId: "",
  instanceId: VECTOR_RESOURCE_ID,
  databaseActivityEventList: [{ type: "heartbeat" }],
};

describe("the golden heartbeat record", () => {
  test("opens, with its key from KMS", async () => {
    const kms = new KmsStub();
    kms.store(String(VECTOR_OUTER.key), VECTOR.wrappingKey, { "aws:rds:db-id": VECTOR_RESOURCE_ID });
    using keys = new DataKeyCache({ kms, resourceId: VECTOR_RESOURCE_ID });

    expect(await open(VECTOR_RECORD, keys)).toEqual({ version: "1.4", inner: HEARTBEAT });
    expect(kms.commands).toHaveLength(1);
    expect(kms.commands[0]?.input).not.toHaveProperty("KeyId");
  });

  test("has a message that decrypts to its gzip", async () => {
    const plaintext = await decryptMessage(VECTOR.message, VECTOR.wrappingKey);

    expect(plaintext).toEqual(VECTOR.gzip);
    expect(gunzipSync(plaintext).toString()).toBe(VECTOR.innerJson);
    expect(JSON.parse(VECTOR.innerJson)).toEqual(HEARTBEAT);
  });

  test("has the documented lengths and one message in both files", () => {
    expect(Buffer.byteLength(VECTOR.innerJson)).toBe(154);
    expect(VECTOR.gzip).toHaveLength(148);
    expect(VECTOR.message).toHaveLength(333);
    expect(Buffer.from(String(VECTOR_OUTER.key), "base64")).toHaveLength(184);
    expect(VECTOR_OUTER.databaseActivityEvents).toBe(VECTOR.messageBase64);
    expect(VECTOR.message.toString("base64")).toBe(VECTOR.messageBase64);
  });
});

// The tests of seal and open lean on these two: they must agree with the vector in every step.
describe("the independent decoder and encoder", () => {
  test("read every intermediate value out of the golden message", () => {
    const decoded = decodeMessage(VECTOR.message, VECTOR.wrappingKey);

    expect(decoded).toEqual({
      messageId: VECTOR.messageId,
      wrappingIv: VECTOR.wrappingIv,
      contentKey: VECTOR.contentKey,
      derivedKey: VECTOR.derivedKey,
      frameLength: 4096,
      frames: [148],
      plaintext: VECTOR.gzip,
    });
  });

  test("write the golden message byte for byte", () => {
    const { gzip: plaintext, wrappingKey, contentKey, messageId, wrappingIv } = VECTOR;

    const message = encodeMessage({ plaintext, wrappingKey, contentKey, messageId, wrappingIv, frameLength: 4096 });

    expect(message.toString("hex")).toBe(VECTOR.message.toString("hex"));
  });
});

test("the documented record, which has placeholders for values, is told to be no base64", async () => {
  await expect(open(DOCUMENTED_RECORD, always(newDataKey()))).rejects.toMatchObject({ code: "record-base64" });
});
