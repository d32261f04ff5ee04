/** MS-TDS 2.2.6.5 PRELOGIN: version and encryption are agreed upon. */
import { ByteWriter } from "./byte-writer.ts";
import { ProtocolError } from "./packets.ts";

export const ENCRYPTION = { off: 0, on: 1, notSupported: 2, required: 3 } as const;
export type Encryption = (typeof ENCRYPTION)[keyof typeof ENCRYPTION];

const TOKEN = { version: 0x00, encryption: 0x01, instance: 0x02, threadId: 0x03, mars: 0x04, terminator: 0xff };

/** What the client asks for; absent means that it says nothing about encryption. */
export function parsePreloginEncryption(payload: Buffer): Encryption {
  for (let at = 0; payload[at] !== TOKEN.terminator; at += 5) {
    if (at + 5 > payload.length) throw new ProtocolError("PRELOGIN without terminator");
    if (payload[at] !== TOKEN.encryption) continue;
    const value = payload[payload.readUInt16BE(at + 1)];
    if (value === 0 || value === 1 || value === 2 || value === 3) return value;
    throw new ProtocolError(`PRELOGIN encryption ${value}`);
  }
  return ENCRYPTION.notSupported;
}

/** How the server is set up: without a certificate, with one, or with one and Force Encryption. */
export type EncryptionPolicy = "off" | "on" | "required";

/** The table of 2.2.6.5: `off` as the answer to `off` encrypts the login only. */
export function negotiateEncryption(policy: EncryptionPolicy, client: Encryption): Encryption {
  if (policy === "off") return ENCRYPTION.notSupported;
  if (policy === "required") return ENCRYPTION.required;
  if (client === ENCRYPTION.notSupported) return ENCRYPTION.notSupported;
  return client === ENCRYPTION.off ? ENCRYPTION.off : ENCRYPTION.on;
}

export function preloginAnswer(productVersion: string, encryption: Encryption): Buffer {
  const [major = 0, minor = 0, build = 0] = productVersion.split(".").map(Number);
  const version = new ByteWriter();
  version.u8(major);
  version.u8(minor);
  version.u16be(build);
  version.u16be(0);
  const options: readonly (readonly [number, Buffer])[] = [
    [TOKEN.version, version.take()],
    [TOKEN.encryption, Buffer.of(encryption)],
    [TOKEN.instance, Buffer.of(0)],
    [TOKEN.threadId, Buffer.alloc(0)],
    [TOKEN.mars, Buffer.of(0)],
  ];
  const answer = new ByteWriter();
  let offset = options.length * 5 + 1;
  for (const [token, value] of options) {
    answer.u8(token);
    answer.u16be(offset);
    answer.u16be(value.length);
    offset += value.length;
  }
  answer.u8(TOKEN.terminator);
  for (const [, value] of options) answer.bytes(value);
  return answer.take();
}
