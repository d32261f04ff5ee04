/** MS-TDS 3.3.5: from the first byte of a connection to its LOGIN7, with TLS around all, inside, for the login, or not. */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { ServerCertificate } from "./certificates.ts";
import type { FaultPlan } from "./faults.ts";
import { MessageSource } from "./message-source.ts";
import { type Login, parseLogin } from "./protocol/login7.ts";
import { type Message, PACKET_TYPE, ProtocolError, packMessage } from "./protocol/packets.ts";
import {
  ENCRYPTION,
  type EncryptionPolicy,
  negotiateEncryption,
  parsePreloginEncryption,
  preloginAnswer,
} from "./protocol/prelogin.ts";
import { HandshakeChannel, TLS_HANDSHAKE_RECORD } from "./protocol/tls-in-tds.ts";

/** The server's certificate, for TLS inside TDS 7 and around TDS 8. */
export interface SecureContexts {
  readonly inside: SecureContext;
  readonly around: SecureContext;
}

/** TLS 1.3 sends session tickets after the handshake, which clients with GnuTLS do not expect inside TDS. */
export function secureContextsOf(certificate: ServerCertificate): SecureContexts {
  const { certificate: cert, key } = certificate;
  return {
    inside: createSecureContext({ cert, key, maxVersion: "TLSv1.2" }),
    around: createSecureContext({ cert, key }),
  };
}

export interface GreetingOptions {
  readonly productVersion: string;
  /** Absent: the server has no certificate. */
  readonly secureContexts: SecureContexts | undefined;
  readonly encryption: EncryptionPolicy;
  /** Only TDS 8 is spoken. */
  readonly strictOnly: boolean;
  readonly faults: FaultPlan;
}

export interface Greeted {
  /** What replies are written to: the socket, or TLS. */
  readonly stream: Socket;
  readonly source: MessageSource;
  readonly login: Login;
  /** Also after the login. */
  readonly isEncrypted: boolean;
}

/** TDS 8 names itself in the handshake. */
const STRICT_PROTOCOL = "tds/8.0";

/** @throws ProtocolError when the client leaves, or says something else than what the protocol wants next. */
export async function greet(socket: Socket, options: GreetingOptions, onAttention: () => void): Promise<Greeted> {
  const begin = await peekFirstByte(socket);
  if (begin === TLS_HANDSHAKE_RECORD) return greetStrictly(socket, options, onAttention);
  if (options.strictOnly) throw new ProtocolError("TDS without TLS around it");

  const prelogin = new MessageSource(socket, onAttention);
  const asked = parsePreloginEncryption(await expect(prelogin, PACKET_TYPE.prelogin));
  const agreed = negotiateEncryption(options.encryption, asked);
  const answer = options.faults.take("prelogin")?.encryption ?? agreed;
  socket.write(packMessage(PACKET_TYPE.reply, preloginAnswer(options.productVersion, answer)));
  if (agreed === ENCRYPTION.notSupported || answer === ENCRYPTION.notSupported) {
    const login = parseLogin(await expect(prelogin, PACKET_TYPE.login7));
    return { stream: socket, source: prelogin, login, isEncrypted: false };
  }

  socket.pause();
  const channel = new HandshakeChannel(socket, prelogin.detach());
  const tls = serverSide(channel, options.secureContexts?.inside);
  const encrypted = new MessageSource(tls, onAttention);
  const login = parseLogin(await expect(encrypted, PACKET_TYPE.login7));
  if (answer !== ENCRYPTION.off) return { stream: tls, source: encrypted, login, isEncrypted: true };

  encrypted.detach();
  channel.release();
  tls.destroy();
  return { stream: socket, source: new MessageSource(socket, onAttention), login, isEncrypted: false };
}

/** TDS 8: TLS first, and inside of it PRELOGIN, which has nothing left to negotiate. */
async function greetStrictly(socket: Socket, options: GreetingOptions, onAttention: () => void): Promise<Greeted> {
  const tls = serverSide(socket, options.secureContexts?.around, [STRICT_PROTOCOL]);
  const source = new MessageSource(tls, onAttention);
  await expect(source, PACKET_TYPE.prelogin);
  tls.write(packMessage(PACKET_TYPE.reply, preloginAnswer(options.productVersion, ENCRYPTION.notSupported)));
  const login = parseLogin(await expect(source, PACKET_TYPE.login7));
  return { stream: tls, source, login, isEncrypted: true };
}

function serverSide(stream: Duplex, secureContext: SecureContext | undefined, ALPNProtocols: string[] = []): TLSSocket {
  if (!secureContext) throw new ProtocolError("TLS without a certificate");
  const tls = new TLSSocket(stream, { isServer: true, secureContext, ALPNProtocols });
  // An alert of the client, or a handshake cut off: the messages end, which is all that matters here.
  tls.on("error", () => tls.destroy());
  return tls;
}

async function peekFirstByte(socket: Socket): Promise<number | undefined> {
  const gone = new AbortController();
  const leave = () => gone.abort(new ProtocolError("the client left"));
  socket.once("close", leave);
  const [chunk] = (await once(socket, "data", { signal: gone.signal })) as [Buffer];
  socket.off("close", leave);
  socket.pause();
  socket.unshift(chunk);
  return chunk[0];
}

async function expect(source: MessageSource, type: number): Promise<Buffer> {
  const message: Message | undefined = await source.next();
  if (message?.type !== type) throw new ProtocolError(`packet type ${message?.type} where ${type} comes next`);
  return message.payload;
}
