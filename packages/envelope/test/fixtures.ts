import { readFileSync } from "node:fs";

function read(name: string): Buffer {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
}

function readObject(name: string): Readonly<Record<string, string>> {
  return JSON.parse(read(name).toString());
}

const steps = readObject("vector-heartbeat-steps.json");

function step(name: string): string {
  const value = steps[name];
  if (value === undefined) throw new Error(`no ${name} in the vector`);
  return value;
}

/** Every intermediate value of the golden heartbeat record. */
export const VECTOR = {
  wrappingKey: Buffer.from(step("wrapping_key_hex(=KMS Plaintext)"), "hex"),
  contentKey: Buffer.from(step("content_data_key_hex"), "hex"),
  messageId: Buffer.from(step("message_id_hex"), "hex"),
  wrappingIv: Buffer.from(step("edk_iv_hex"), "hex"),
  derivedKey: Buffer.from(step("derived_key_hex"), "hex"),
  innerJson: step("inner_json"),
  gzip: Buffer.from(step("gzip_hex"), "hex"),
  message: Buffer.from(step("esdk_message_hex"), "hex"),
  messageBase64: step("esdk_message_b64"),
} as const;

/** The golden heartbeat record itself, as the data of a Kinesis record. */
export const VECTOR_RECORD = read("vector-heartbeat-outer-record.json");
export const VECTOR_OUTER = readObject("vector-heartbeat-outer-record.json");
export const VECTOR_RESOURCE_ID = "db-4JCWQLUZVFYP7DIWP6JVQ77O3Q";

/** The outer record as documented, with placeholders for values. */
export const DOCUMENTED_RECORD = read("doc-outer-v1.3.json");
export const DOCUMENTED_OUTER = readObject("doc-outer-v1.3.json");
