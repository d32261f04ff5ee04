/** Oracle notes §7.1: CONNECT, ACCEPT and REFUSE. */
import type { ConnectTarget } from "../engine-session.ts";
import { PACKET_TYPE, packet } from "./packets.ts";
import { ProtocolError } from "./protocol-error.ts";

/** The version of TNS that is spoken: 12.2's, from which on lengths take four bytes (315) and no fast log-on is offered. */
const VERSION = 318;
const OLDEST_VERSION = 315;
const SMALLEST_DATA_UNIT = 512;

export interface ConnectRequest {
  /** Bytes; absent when the client puts it into a packet of its own, for it is longer than 230 bytes. */
  readonly data: Buffer | undefined;
  readonly dataLength: number;
  /** The largest packet that the client takes. */
  readonly dataUnit: number;
}

/** `body`: behind the header, so all offsets are those of the notes less 8. @throws ProtocolError */
export function parseConnect(body: Buffer): ConnectRequest {
  if (body.length < 50) throw new ProtocolError("a CONNECT of too few bytes");
  const version = body.readUInt16BE(0);
  if (version < OLDEST_VERSION) throw new ProtocolError(`a client that speaks TNS ${version} only`);
  const dataLength = body.readUInt16BE(16);
  const from = body.readUInt16BE(18) - 8;
  const data = body.subarray(from, from + dataLength);
  const dataUnit = body.length >= 54 ? body.readUInt32BE(50) : body.readUInt16BE(6);
  return { data: data.length === dataLength ? data : undefined, dataLength, dataUnit };
}

/** `(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=…)…))`, upper or lower case. */
export function parseConnectData(data: Buffer): ConnectTarget {
  const text = data.toString();
  const serviceName = /\(\s*SERVICE_NAME\s*=\s*([^()]*?)\s*\)/i.exec(text)?.[1];
  if (serviceName !== undefined) return { serviceName };
  const sid = /\(\s*SID\s*=\s*([^()]*?)\s*\)/i.exec(text)?.[1];
  return sid === undefined ? {} : { sid };
}

/** Neither network services nor compression nor attention out of band (Oracle notes §7.6). */
export function acceptPacket(dataUnit: number): Buffer {
  const body = Buffer.alloc(37);
  body.writeUInt16BE(VERSION, 0);
  body.writeUInt16BE(Math.min(dataUnit, 0xffff), 4);
  body.writeUInt16BE(0xffff, 6);
  body.writeUInt16BE(1, 8);
  body.writeUInt16BE(body.length + 8, 12);
  body[14] = 0x04;
  body[15] = 0x08;
  body.writeUInt32BE(dataUnit, 24);
  body.writeUInt32BE(2_097_152, 28);
  return packet(PACKET_TYPE.accept, body, false);
}

/** The smaller of what the client and the server take. */
export function agreedDataUnit(asked: number, largest: number): number {
  return Math.max(SMALLEST_DATA_UNIT, Math.min(asked || largest, largest));
}

/** VSNNUM of 19.0.0.0.0; clients do not look at it. */
const LISTENER_VERSION = 318_767_104;

export function refusePacket(number: number): Buffer {
  const text = `(DESCRIPTION=(ERR=${number})(VSNNUM=${LISTENER_VERSION})(ERROR_STACK=(ERROR=(CODE=${number})(EMFI=4))))`;
  const body = Buffer.alloc(4 + text.length);
  body[0] = 0x22;
  body.writeUInt16BE(text.length, 2);
  body.write(text, 4, "ascii");
  return packet(PACKET_TYPE.refuse, body, false);
}
