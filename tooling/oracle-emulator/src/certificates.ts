/**
 * A certificate authority and a server certificate that live as long as the emulator. Node signs but does not write
 * X.509, and the libraries that do bring a dozen packages: what is needed of DER (X.690) and RFC 5280 is this page.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface ServerCertificate {
  /** PEM of the authority that a client is told to trust. */
  readonly ca: string;
  /** PEM of the server's certificate, and of its key. */
  readonly certificate: string;
  readonly key: string;
  /** PEM for a client: its own key and certificate, and the authority. Drivers want all three in `ewallet.pem`. */
  readonly wallet: string;
}

const OBJECT_ID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  clientAuthentication: "1.3.6.1.5.5.7.3.2",
};

const TEN_YEARS = 10 * 365 * 86_400_000;
const ONE_DAY = 86_400_000;

/** For `localhost`, 127.0.0.1, ::1 and the given names. `now`: milliseconds since 1970. */
export function makeServerCertificate(now: number, hostNames: readonly string[] = []): ServerCertificate {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const client = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const authorityName = "oracle-emulator test authority";
  const from = { issuer: authorityName, signer: authority.privateKey, signerPublic: authority.publicKey, now };
  const ca = writeCertificate({
    ...from,
    subject: authorityName,
    publicKey: authority.publicKey,
    extensions: AUTHORITY_EXTENSIONS,
  });
  const clientCertificate = writeCertificate({
    ...from,
    subject: "oracle-emulator test client",
    publicKey: client.publicKey,
    extensions: CLIENT_EXTENSIONS,
  });
  return {
    ca,
    certificate: writeCertificate({
      ...from,
      subject: "localhost",
      publicKey: server.publicKey,
      extensions: serverExtensions(["localhost", ...hostNames]),
    }),
    key: pemOf(server.privateKey),
    wallet: pemOf(client.privateKey) + clientCertificate + ca,
  };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly signerPublic: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly now: number;
}

/** RFC 5280 4.1. */
function writeCertificate(parts: CertificateParts): string {
  const algorithm = sequence(objectId(OBJECT_ID.ecdsaWithSha256));
  const identifiers = [
    extension(OBJECT_ID.subjectKeyIdentifier, der(0x04, keyIdentifier(parts.publicKey))),
    extension(OBJECT_ID.authorityKeyIdentifier, sequence(der(0x80, keyIdentifier(parts.signerPublic)))),
  ];
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(0x01), randomBytes(15)])),
    algorithm,
    name(parts.issuer),
    sequence(time(parts.now - ONE_DAY), time(parts.now + TEN_YEARS)),
    name(parts.subject),
    parts.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...parts.extensions, ...identifiers)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, parts.signer)]));
  const base64 = sequence(body, algorithm, signature)
    .toString("base64")
    .replaceAll(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

const TRUE = der(0x01, Buffer.of(0xff));

const AUTHORITY_EXTENSIONS = [
  extension(OBJECT_ID.basicConstraints, sequence(TRUE), true),
  // keyCertSign, cRLSign.
  extension(OBJECT_ID.keyUsage, der(0x03, Buffer.of(1, 0b0000_0110)), true),
];

const CLIENT_EXTENSIONS = [
  extension(OBJECT_ID.basicConstraints, sequence(), true),
  // digitalSignature.
  extension(OBJECT_ID.keyUsage, der(0x03, Buffer.of(7, 0b1000_0000)), true),
  extension(OBJECT_ID.extendedKeyUsage, sequence(objectId(OBJECT_ID.clientAuthentication))),
];

function serverExtensions(hostNames: readonly string[]): readonly Buffer[] {
  const addresses = [Buffer.of(127, 0, 0, 1), Buffer.concat([Buffer.alloc(15), Buffer.of(1)])];
  const names = [
    ...hostNames.map((hostName) => der(0x82, Buffer.from(hostName))),
    ...addresses.map((address) => der(0x87, address)),
  ];
  return [
    extension(OBJECT_ID.basicConstraints, sequence(), true),
    // digitalSignature.
    extension(OBJECT_ID.keyUsage, der(0x03, Buffer.of(7, 0b1000_0000)), true),
    extension(OBJECT_ID.extendedKeyUsage, sequence(objectId(OBJECT_ID.serverAuthentication))),
    extension(OBJECT_ID.subjectAlternativeName, sequence(...names)),
  ];
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), der(0x04, value));
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId(OBJECT_ID.commonName), der(0x0c, Buffer.from(commonName)))));
}

/** UTCTime: two digits of the year, so until 2049. */
function time(epochMilliseconds: number): Buffer {
  const digits = new Date(epochMilliseconds).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function sequence(...members: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(members));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** Tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
