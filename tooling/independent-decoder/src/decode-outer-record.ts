import { gunzipSync } from "node:zlib";
import { decodeMessage } from "./decode-message.ts";

const MEMBERS = ["type", "version", "databaseActivityEvents", "key"];

/**
 * Opens one Kinesis record by wire format §§2 and 3 alone, and accepts nothing but what they say we emit.
 * @param decryptKey what KMS Decrypt makes of the ciphertext blob: the 32 bytes of the wrapping key
 * @returns the inner record, parsed
 */
export async function decodeOuterRecord(
  data: Uint8Array,
  decryptKey: (ciphertextBlob: Buffer) => Promise<Buffer>,
): Promise<unknown> {
  const outer = JSON.parse(Buffer.from(data).toString("utf8")) as Record<string, string>;
  if (Object.keys(outer).join() !== MEMBERS.join()) throw new Error(`the outer record has ${Object.keys(outer)}`);
  const { type, databaseActivityEvents = "", key = "" } = outer;
  if (type !== "DatabaseActivityMonitoringRecords") throw new Error("the outer record's type is another");
  const wrappingKey = await decryptKey(Buffer.from(key, "base64"));
  const { plaintext } = decodeMessage(Buffer.from(databaseActivityEvents, "base64"), wrappingKey);
  return JSON.parse(gunzipSync(plaintext).toString("utf8"));
}
