/** Oracle notes §7.3: PROTOCOL, message 1: the server says what it is and what it can. */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";
import { CHARACTER_SET } from "./types.ts";

/**
 * What a server of release 19 advertises (TNS_CCAP_FIELD_VERSION): the fields that later ones added to messages are
 * left out. What the release of the profile is, AUTH_VERSION_NO says.
 */
export const FIELD_VERSION = 12;

const PROTOCOL_VERSION = 6;
const LONGEST_BANNER = 46;
/** Where the national character set stands in it depends on two of its bytes, which are 0 here. */
const DESCRIPTION_SIZE = 20;
const NATIONAL_SET_AT = 9;

/** @returns how the driver names itself */
export function readProtocol(reader: ByteReader): string {
  reader.u8();
  // The versions that it speaks, up to a zero.
  reader.zeroTerminated();
  return reader.zeroTerminated().toString();
}

export function writeProtocol(out: ByteWriter, banner: string): void {
  out.u8(MESSAGE_TYPE.protocol);
  out.u8(PROTOCOL_VERSION);
  out.u8(0);
  out.bytes(Buffer.from(`${banner.slice(0, LONGEST_BANNER)}\0`, "latin1"));
  out.u16le(CHARACTER_SET.utf8);
  out.u8(1);
  out.u16le(0);
  const description = Buffer.alloc(DESCRIPTION_SIZE);
  description.writeUInt16BE(CHARACTER_SET.utf16, NATIONAL_SET_AT);
  out.u16(description.length);
  out.bytes(description);
  out.clr(compileCapabilities());
  out.clr(runtimeCapabilities());
}

function compileCapabilities(): Buffer {
  const capabilities = Buffer.alloc(53);
  // Kinds of log-on, fields of messages, LOBs.
  capabilities[4] = 0xff;
  capabilities[7] = FIELD_VERSION;
  capabilities[23] = 0xff;
  return capabilities;
}

function runtimeCapabilities(): Buffer {
  const capabilities = Buffer.alloc(7);
  // The time zone of the database goes along with the data types; strings of up to 32 767 bytes.
  capabilities[1] = 1;
  capabilities[6] = 4;
  return capabilities;
}
