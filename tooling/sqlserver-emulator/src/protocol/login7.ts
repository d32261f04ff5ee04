/** MS-TDS 2.2.6.4 LOGIN7. */
import { ProtocolError } from "./packets.ts";

export interface Login {
  readonly tdsVersion: number;
  readonly packetSize: number;
  readonly hostName: string;
  readonly userName: string;
  readonly password: string;
  readonly applicationName: string;
  readonly libraryName: string;
  readonly database: string;
  readonly readOnlyIntent: boolean;
}

/** TDS versions as LOGIN7 writes them; what a version lacks is not sent to it. */
const TDS_VERSION = { v72: 0x72090002, v73a: 0x730a0003, v73b: 0x730b0003, v74: 0x74000004, v80: 0x08000000 };

const FIXED_PART = 94;
const READ_ONLY_INTENT = 0x20;

export function parseLogin(payload: Buffer): Login {
  if (payload.length < FIXED_PART) throw new ProtocolError(`LOGIN7 of ${payload.length} bytes`);
  const field = (at: number): Buffer => {
    const offset = payload.readUInt16LE(at);
    return payload.subarray(offset, offset + 2 * payload.readUInt16LE(at + 2));
  };
  const text = (at: number): string => field(at).toString("utf16le");
  return {
    tdsVersion: payload.readUInt32LE(4),
    packetSize: payload.readUInt32LE(8),
    readOnlyIntent: (payload.readUInt8(26) & READ_ONLY_INTENT) !== 0,
    hostName: text(36),
    userName: text(40),
    password: revealPassword(field(44)),
    applicationName: text(48),
    libraryName: text(60),
    database: text(68),
  };
}

/** Hidden only from a glance: each byte has its halves swapped and is then combined with 0xA5. */
function revealPassword(hidden: Buffer): string {
  const bytes = Buffer.from(hidden.map((byte) => ((byte ^ 0xa5) >>> 4) | (((byte ^ 0xa5) & 0x0f) << 4)));
  return bytes.toString("utf16le");
}

/**
 * What the reply names: the client's own version if it is one that this server speaks, else 7.4.
 * TDS 7.1 and older write columns and DONE differently; such a client is turned away (SQL Server notes §9.1).
 */
export function agreedVersion(asked: number): number {
  if (asked === TDS_VERSION.v80) return asked;
  if (asked < TDS_VERSION.v72) throw new ProtocolError(`TDS version ${asked.toString(16)} is not spoken`);
  return Math.min(asked, TDS_VERSION.v74);
}

/** Does a version have the NULL-bitmap rows (7.3.B), and date and time types (7.3)? */
export function hasNullBitmapRows(tdsVersion: number): boolean {
  return tdsVersion >= TDS_VERSION.v73b || tdsVersion === TDS_VERSION.v80;
}

export function hasTimeTypes(tdsVersion: number): boolean {
  return tdsVersion >= TDS_VERSION.v73a || tdsVersion === TDS_VERSION.v80;
}
