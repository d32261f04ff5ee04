import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";

/**
 * An AWS Encryption SDK message of any frame length, written from wire format §§3.2 and 3.3 alone. Shares no code with
 * the package or with the SDK, so that what it writes is evidence about what they read.
 */
export interface MessageParts {
  readonly plaintext: Buffer;
  readonly wrappingKey: Buffer;
  readonly frameLength: number;
  readonly contentKey?: Buffer;
  readonly messageId?: Buffer;
  readonly wrappingIv?: Buffer;
  /** Of the serialized encryption context, without its length; empty when absent. */
  readonly aad?: Buffer;
  /** A payload that is an exact multiple of the frame length may end in an empty final frame (§3.3). */
  readonly emptyFinalFrame?: boolean;
}

export function encodeMessage(parts: MessageParts): Buffer {
  const { plaintext, wrappingKey, frameLength, aad = Buffer.alloc(0) } = parts;
  const contentKey = parts.contentKey ?? randomBytes(32);
  const messageId = parts.messageId ?? randomBytes(16);
  const wrappingIv = parts.wrappingIv ?? randomBytes(12);

  const wrapped = gcm(wrappingKey, wrappingIv, aad, contentKey);
  const header = Buffer.concat([
    Buffer.from("01800178", "hex"),
    messageId,
    uint16(aad.length),
    aad,
    uint16(1),
    uint16(2),
    Buffer.from("BC"),
    uint16(27),
    Buffer.from("DataKey"),
    uint32(128),
    uint32(12),
    wrappingIv,
    uint16(48),
    wrapped.ciphertext,
    wrapped.tag,
    Buffer.from("0200000000", "hex"),
    Buffer.from([12]),
    uint32(frameLength),
  ]);
  const info = Buffer.concat([Buffer.from("0178", "hex"), messageId]);
  const derivedKey = Buffer.from(hkdfSync("sha256", contentKey, Buffer.alloc(32), info, 32));
  const headerTag = gcm(derivedKey, Buffer.alloc(12), header, Buffer.alloc(0)).tag;

  const frames: Buffer[] = [];
  let sequence = 1;
  let offset = 0;
  const isFinal = (): boolean =>
    plaintext.length - offset < frameLength || (!parts.emptyFinalFrame && plaintext.length - offset === frameLength);
  for (; !isFinal(); sequence += 1, offset += frameLength) {
    const chunk = plaintext.subarray(offset, offset + frameLength);
    const frame = gcm(derivedKey, uint96(sequence), frameAad(messageId, "Frame", sequence, chunk.length), chunk);
    frames.push(uint32(sequence), uint96(sequence), frame.ciphertext, frame.tag);
  }
  const rest = plaintext.subarray(offset);
  const last = gcm(derivedKey, uint96(sequence), frameAad(messageId, "Final Frame", sequence, rest.length), rest);
  frames.push(uint32(0xffffffff), uint32(sequence), uint96(sequence), uint32(rest.length), last.ciphertext, last.tag);

  return Buffer.concat([header, Buffer.alloc(12), headerTag, ...frames]);
}

function gcm(key: Buffer, iv: Buffer, aad: Buffer, plaintext: Buffer): { ciphertext: Buffer; tag: Buffer } {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { ciphertext, tag: cipher.getAuthTag() };
}

function frameAad(messageId: Buffer, label: "Frame" | "Final Frame", sequence: number, length: number): Buffer {
  return Buffer.concat([
    messageId,
    Buffer.from(`AWSKMSEncryptionClient ${label}`),
    uint32(sequence),
    uint32(0),
    uint32(length),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint96(value: number): Buffer {
  return Buffer.concat([Buffer.alloc(8), uint32(value)]);
}
