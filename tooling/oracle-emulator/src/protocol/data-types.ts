/** Oracle notes §7.3: DATA_TYPES, message 2. What the client lists is agreed to as it stands. */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";

export interface DataTypes {
  /** The newest fields of messages that the client knows. */
  readonly fieldVersion: number;
  /** It says its time zone here, and waits for that of the database (Oracle notes §7.6). */
  readonly exchangesTimeZone: boolean;
}

/** An interval of no days, with biases of 2^31 days and 60 hours and minutes: UTC. */
const UTC = Buffer.of(0x80, 0, 0, 0, 0x3c, 0x3c, 0x80, 0, 0, 0, 0);

export function readDataTypes(reader: ByteReader): DataTypes {
  reader.bytes(1 + 2 + 2 + 1);
  const compile = reader.clr() ?? Buffer.alloc(0);
  const runtime = reader.clr() ?? Buffer.alloc(0);
  const exchangesTimeZone = ((runtime[1] ?? 0) & 1) !== 0;
  if (exchangesTimeZone) reader.bytes(UTC.length);
  while (reader.u16() !== 0) {
    const converted = reader.u16();
    if (converted !== 0) reader.bytes(4);
  }
  return { fieldVersion: compile[7] ?? 0, exchangesTimeZone };
}

export function writeDataTypes(out: ByteWriter, { exchangesTimeZone }: DataTypes): void {
  out.u8(MESSAGE_TYPE.dataTypes);
  if (exchangesTimeZone) out.bytes(UTC);
  out.u16(0);
}
