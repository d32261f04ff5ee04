/** Oracle notes §7.4: the 12C verifier, with which both sides prove that they know the password. */
import { createCipheriv, createDecipheriv, createHash, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Parameter } from "./authentication.ts";
import { ProtocolError } from "./protocol-error.ts";

const derive = promisify(pbkdf2);

const VERIFIER_12C = 0x4815;
const GENERATION_ROUNDS = 4096;
const DERIVATION_ROUNDS = 3;
const KEY_SIZE = 32;
const BLOCK_SIZE = 16;

/** What was sent to the client in phase one. */
export interface Challenge {
  readonly parameters: readonly Parameter[];
  /** @returns AUTH_SVR_RESPONSE, which proves to the client that this is the server; undefined when it has another password */
  answer(sessionKey: string, encryptedPassword: string): Promise<string | undefined>;
}

export async function makeChallenge(password: string): Promise<Challenge> {
  const salt = randomBytes(16);
  const mixingSalt = randomBytes(16);
  const serverKey = randomBytes(KEY_SIZE);
  const passwordKey = await derive(
    password,
    Buffer.concat([salt, Buffer.from("AUTH_PBKDF2_SPEEDY_KEY")]),
    GENERATION_ROUNDS,
    64,
    "sha512",
  );
  const hash = createHash("sha512").update(passwordKey).update(salt).digest().subarray(0, KEY_SIZE);
  return {
    parameters: [
      { key: "AUTH_SESSKEY", value: hex(encrypt(hash, serverKey)) },
      { key: "AUTH_VFR_DATA", value: hex(salt), flags: VERIFIER_12C },
      { key: "AUTH_PBKDF2_CSK_SALT", value: hex(mixingSalt) },
      { key: "AUTH_PBKDF2_VGEN_COUNT", value: String(GENERATION_ROUNDS) },
      { key: "AUTH_PBKDF2_SDER_COUNT", value: String(DERIVATION_ROUNDS) },
    ],
    answer: async (sessionKey, encryptedPassword) => {
      const clientKey = decrypt(hash, blocks(sessionKey)).subarray(0, KEY_SIZE);
      const mixed = Buffer.from(hex(Buffer.concat([clientKey, serverKey])));
      const combined = await derive(mixed, mixingSalt, DERIVATION_ROUNDS, KEY_SIZE, "sha512");
      const sent = unpadded(decrypt(combined, blocks(encryptedPassword)))?.toString();
      if (sent !== password) return undefined;
      const proof = Buffer.concat([randomBytes(BLOCK_SIZE), Buffer.from("SERVER_TO_CLIENT")]);
      return hex(encrypt(combined, proof));
    },
  };
}

/** Without the random block before it; undefined when what a wrong key gave is no text with padding. */
function unpadded(text: Buffer): Buffer | undefined {
  const padding = text.at(-1) ?? 0;
  if (padding < 1 || padding > BLOCK_SIZE || text.length < BLOCK_SIZE + padding) return undefined;
  return text.subarray(BLOCK_SIZE, text.length - padding);
}

const NO_VECTOR = Buffer.alloc(BLOCK_SIZE);

function encrypt(key: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-cbc", key, NO_VECTOR).setAutoPadding(false);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

function decrypt(key: Buffer, text: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-cbc", key, NO_VECTOR).setAutoPadding(false);
  return Buffer.concat([decipher.update(text), decipher.final()]);
}

function blocks(digits: string): Buffer {
  const bytes = Buffer.from(digits, "hex");
  if (bytes.length === 0 || bytes.length % BLOCK_SIZE !== 0) throw new ProtocolError("a key of no whole blocks");
  return bytes;
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex").toUpperCase();
}
