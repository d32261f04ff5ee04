/** Oracle notes §7.3: how a request describes its placeholders, and the columns as it wants them. */
import type { ByteReader } from "./byte-reader.ts";
import { ProtocolError } from "./protocol-error.ts";

export interface ColumnMetadata {
  readonly typeCode: number;
  readonly maxSize: number;
  /** 2: NCHAR. */
  readonly characterForm: number;
  /** A locator comes with the length of its LOB and the size of its chunks. */
  readonly wantsLobLength: boolean;
}

const ARRAY_FLAG = 0x40;
const LOB_LENGTH_FLAG = 0x200_0000;
const FIELD_VERSION_12_2 = 8;

export function readColumnMetadata(reader: ByteReader, fieldVersion: number): ColumnMetadata {
  const typeCode = reader.u8();
  const flags = reader.u8();
  reader.bytes(2);
  const maxSize = reader.ub();
  reader.ub();
  const further = reader.ub();
  if (reader.ub() > 0) reader.clr();
  reader.ub();
  reader.ub();
  const characterForm = reader.u8();
  reader.ub();
  if (fieldVersion >= FIELD_VERSION_12_2) reader.ub();
  if ((flags & ARRAY_FLAG) !== 0) throw new ProtocolError("an array for a placeholder");
  return { typeCode, maxSize, characterForm, wantsLobLength: (further & LOB_LENGTH_FLAG) !== 0 };
}
