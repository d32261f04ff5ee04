/** Oracle notes §7.1: from the first byte of a connection to ACCEPT or REFUSE, with TLS around it or not. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { BlackHole } from "./black-hole.ts";
import type { ConnectTarget, Engine } from "./engine-session.ts";
import type { FaultPlan } from "./faults.ts";
import { PacketSource } from "./packet-source.ts";
import { acceptPacket, agreedDataUnit, parseConnect, parseConnectData, refusePacket } from "./protocol/connect.ts";
import { PACKET_TYPE, type Packet, ReplyWriter } from "./protocol/packets.ts";
import { ProtocolError } from "./protocol/protocol-error.ts";

export interface GreetingOptions {
  readonly engine: Engine;
  readonly faults: FaultPlan;
  readonly blackHole: BlackHole;
  /** Absent: the server has no certificate. */
  readonly secureContext: SecureContext | undefined;
  /** Only TCPS is served. */
  readonly tlsOnly: boolean;
  /** The largest packet, in bytes. */
  readonly dataUnit: number;
  delay(milliseconds: number): Promise<void>;
}

export interface Greeted {
  readonly source: PacketSource;
  readonly writer: ReplyWriter;
  readonly target: ConnectTarget;
}

/** The first byte of a TLS handshake; CONNECT begins with the high byte of a small length. */
const TLS_HANDSHAKE_RECORD = 0x16;

/** The socket itself, or TLS on it. @throws ProtocolError when the client leaves, or comes the other way than is served */
export async function openStream(socket: Socket, { secureContext, tlsOnly }: GreetingOptions): Promise<Socket> {
  const first = await peekFirstByte(socket);
  if (first !== TLS_HANDSHAKE_RECORD) {
    if (tlsOnly) throw new ProtocolError("TCP where only TCPS is served");
    return socket;
  }
  if (!secureContext) throw new ProtocolError("TCPS without a certificate");
  const tls = new TLSSocket(socket, { isServer: true, secureContext });
  // An alert of the client, or a handshake cut off: the packets end, which is all that matters here.
  tls.on("error", () => tls.destroy());
  return tls;
}

/** Undefined when the client was refused. @throws ProtocolError */
export async function greet(
  stream: Socket,
  options: GreetingOptions,
  onMarker: (kind: "break" | "reset") => void,
): Promise<Greeted | undefined> {
  const { engine, faults, blackHole } = options;
  const source = new PacketSource(stream, onMarker);
  blackHole.include(stream);
  const writer = new ReplyWriter(stream, () => delayOf(stream, options));
  const connect = await expect(source, PACKET_TYPE.connect);
  const { data, dataLength, dataUnit } = parseConnect(connect.body);
  const connectData = data ?? (await connectDataBehind(source, dataLength));
  const target = parseConnectData(connectData);
  const refused = faults.take("listener")?.number ?? engine.refusalOf(target);
  if (refused !== undefined) {
    writer.send(refusePacket(refused));
    return undefined;
  }
  const agreed = agreedDataUnit(dataUnit, options.dataUnit);
  writer.setPacketSize(agreed);
  source.useLongLengths();
  writer.send(acceptPacket(agreed));
  return { source, writer, target };
}

function delayOf(stream: Socket, { blackHole, faults, delay }: GreetingOptions): Promise<void> | undefined {
  const held = blackHole.wait(stream);
  const { latency } = faults;
  if (latency <= 0) return held;
  return held ? held.then(() => delay(latency)) : delay(latency);
}

/** More than 230 bytes come in a packet of their own, or in several. */
async function connectDataBehind(source: PacketSource, length: number): Promise<Buffer> {
  let data: Buffer = Buffer.alloc(0);
  while (data.length < length) data = Buffer.concat([data, (await expect(source, PACKET_TYPE.data)).body]);
  return data;
}

async function expect(source: PacketSource, type: number): Promise<Packet> {
  const packet = await source.next();
  if (packet?.type !== type) throw new ProtocolError(`packet ${packet?.type} where ${type} comes next`);
  return packet;
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
