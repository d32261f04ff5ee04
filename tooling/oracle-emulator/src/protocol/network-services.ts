/** Oracle notes §7.6: the negotiation of encryption, which python-oracledb 1 begins whatever ACCEPT says. */
import type { ByteReader } from "./byte-reader.ts";

/** Begins both messages. */
const MAGIC = 0xdeadbeef;
export const NETWORK_SERVICES_BYTE = 0xde;

export function skipNetworkServices(reader: ByteReader): void {
  const header = reader.bytes(6);
  reader.bytes(Math.max(0, header.readUInt16BE(4) - header.length));
}

/** No service at all. */
export function networkServicesAnswer(): Buffer {
  const answer = Buffer.alloc(13);
  answer.writeUInt32BE(MAGIC, 0);
  answer.writeUInt16BE(answer.length, 4);
  answer.writeUInt32BE(0x0b200200, 6);
  return answer;
}
