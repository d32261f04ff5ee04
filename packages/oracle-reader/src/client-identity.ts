import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/**
 * A key and a certificate that say nothing about anybody, made anew for each connection, as PEM.
 *
 * The driver reads one and the same wallet as authorities, as certificate and as key, and does not accept one without
 * a key. Whoever wants to name an authority only, as most do, needs a key all the same. A server sees the certificate
 * only if it asks for one, and such a server lets nobody in without a wallet of its own making.
 */
export function meaninglessIdentity(): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const name = sequence(element(0x31, sequence(COMMON_NAME, element(0x0c, Buffer.from("das")))));
  const validity = sequence(element(0x17, Buffer.from("000101000000Z")), element(0x18, Buffer.from("99991231235959Z")));
  const content = sequence(
    element(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = element(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", content, privateKey)]));
  const certificate =
    sequence(content, algorithm, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  return `-----BEGIN CERTIFICATE-----\n${certificate.join("\n")}\n-----END CERTIFICATE-----\n${key}`;
}

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
/** 2.5.4.3 */
const COMMON_NAME = Buffer.from("0603550403", "hex");

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** One value in the distinguished encoding of ASN.1 (X.690 §8.1); shorter than 64 KiB. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
