import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/**
 * The ciphertext blobs of this KMS. They have AWS's beginning and AWS's length (184 bytes for a 32-byte key, as captured;
 * wire format §3.1), but their inside is ours: whoever uses them must not look.
 *
 *     01 02 02 00 78 | key id, 16 bytes | padding, 103 bytes | IV, 12 bytes | AES-256-GCM ciphertext | tag, 16 bytes
 *
 * Everything before the ciphertext is authenticated along with the encryption context, so that a blob of which one bit
 * was changed is refused.
 */
const MAGIC = Buffer.from("0102020078", "hex");
const KEY_ID_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 152;
const PADDING_BYTES = OVERHEAD_BYTES - MAGIC.length - KEY_ID_BYTES - IV_BYTES - TAG_BYTES;
const IV_START = MAGIC.length + KEY_ID_BYTES + PADDING_BYTES;
const HEADER_BYTES = IV_START + IV_BYTES;

export type EncryptionContext = Readonly<Record<string, string>>;

export function seal(keyId: string, material: Buffer, plaintext: Uint8Array, context: EncryptionContext): Buffer {
  const header = Buffer.concat([
    MAGIC,
    Buffer.from(keyId.replaceAll("-", ""), "hex"),
    randomBytes(PADDING_BYTES + IV_BYTES),
  ]);
  const cipher = createCipheriv("aes-256-gcm", material, header.subarray(IV_START));
  cipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The id of the key that sealed a blob; undefined when it is none of ours. */
export function keyIdOf(blob: Buffer): string | undefined {
  if (blob.length < OVERHEAD_BYTES || !blob.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const hex = blob.toString("hex", MAGIC.length, MAGIC.length + KEY_ID_BYTES);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Undefined when the blob was changed or sealed with another encryption context. */
export function open(material: Buffer, blob: Buffer, context: EncryptionContext): Buffer | undefined {
  const header = blob.subarray(0, HEADER_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", material, header.subarray(IV_START), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  decipher.setAuthTag(blob.subarray(-TAG_BYTES));
  const plaintext = decipher.update(blob.subarray(HEADER_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** One text for one context: pairs in order, every part with its length before it. */
function encodeContext(context: EncryptionContext): Buffer {
  const parts = Object.entries(context)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flat();
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(""));
}
