import { createDecipheriv, hkdfSync } from "node:crypto";

/**
 * Reads an AWS Encryption SDK message by wire format §§3.2 and 3.3 alone, and accepts nothing but what they say we
 * emit. Shares no code with the package or with the SDK, so that what it reads is evidence about what they write.
 */
export interface DecodedMessage {
  readonly messageId: Buffer;
  readonly wrappingIv: Buffer;
  readonly contentKey: Buffer;
  readonly derivedKey: Buffer;
  readonly frameLength: number;
  /** Plaintext length of each frame, the final one last. */
  readonly frames: readonly number[];
  readonly plaintext: Buffer;
}

export function decodeMessage(message: Buffer, wrappingKey: Buffer): DecodedMessage {
  const reader = new Reader(message);
  reader.expect("format version", "01");
  reader.expect("type", "80");
  reader.expect("algorithm suite", "0178");
  const messageId = reader.take(16);
  reader.expect("AAD length", "0000");
  reader.expect("EDK count", "0001");
  reader.expect("provider id", "00024243");
  reader.expect("provider info length", "001b");
  reader.expect("key name", Buffer.from("DataKey").toString("hex"));
  reader.expect("tag length in bits", "00000080");
  reader.expect("IV length", "0000000c");
  const wrappingIv = reader.take(12);
  reader.expect("EDK length", "0030");
  const contentKey = open(wrappingKey, wrappingIv, Buffer.alloc(0), reader.take(32), reader.take(16));
  reader.expect("content type", "02");
  reader.expect("reserved", "00000000");
  reader.expect("IV length", "0c");
  const frameLength = reader.take(4).readUInt32BE();

  const header = message.subarray(0, reader.position);
  const info = Buffer.concat([Buffer.from([0x01, 0x78]), messageId]);
  const derivedKey = Buffer.from(hkdfSync("sha256", contentKey, Buffer.alloc(0), info, 32));
  reader.expect("header auth IV", "00".repeat(12));
  open(derivedKey, Buffer.alloc(12), header, Buffer.alloc(0), reader.take(16));

  const chunks: Buffer[] = [];
  for (let sequence = 1, final = false; !final; sequence += 1) {
    final = message.readUInt32BE(reader.position) === 0xffffffff;
    if (final) reader.take(4);
    const number = Buffer.alloc(12);
    number.writeUInt32BE(sequence, 8);
    reader.expect("sequence number", number.toString("hex", 8));
    reader.expect("frame IV", number.toString("hex"));
    const length = final ? reader.take(4).readUInt32BE() : frameLength;
    if (length > frameLength) throw new Error("final frame is longer than the frame length");
    const label = final ? "AWSKMSEncryptionClient Final Frame" : "AWSKMSEncryptionClient Frame";
    const lengthBytes = Buffer.alloc(8);
    lengthBytes.writeBigUInt64BE(BigInt(length));
    const aad = Buffer.concat([messageId, Buffer.from(label, "ascii"), number.subarray(8), lengthBytes]);
    chunks.push(open(derivedKey, number, aad, reader.take(length), reader.take(16)));
  }
  if (reader.position !== message.length) throw new Error("something follows the final frame");
  const frames = chunks.map((chunk) => chunk.length);
  return { messageId, wrappingIv, contentKey, derivedKey, frameLength, frames, plaintext: Buffer.concat(chunks) };
}

class Reader {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.position, this.position + length);
    if (taken.length !== length) throw new Error(`cut at byte ${this.#bytes.length}`);
    this.position += length;
    return taken;
  }

  expect(field: string, hex: string): void {
    const at = this.position;
    const found = this.take(hex.length / 2).toString("hex");
    if (found !== hex) throw new Error(`${field} at byte ${at} is ${found}, expected ${hex}`);
  }
}

function open(key: Buffer, iv: Buffer, aad: Buffer, ciphertext: Buffer, tag: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(aad).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
