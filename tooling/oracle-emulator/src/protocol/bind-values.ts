/** Oracle notes §7.3: ROW_DATA of a request, a value for each placeholder. */
import type { BindValue, ColumnType } from "../engine-session.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ColumnMetadata } from "./column-metadata.ts";
import { readDateTime } from "./date-time.ts";
import { MESSAGE_TYPE } from "./message-types.ts";
import { readNumber } from "./number.ts";
import { ProtocolError } from "./protocol-error.ts";
import { LONGEST_STRING, NATIONAL_FORM, TYPE_CODE } from "./types.ts";

/** @param longOnesLast as drivers do it outside of PL/SQL */
export function readBindRow(
  reader: ByteReader,
  columns: readonly ColumnMetadata[],
  longOnesLast: boolean,
): readonly BindValue[] {
  if (reader.u8() !== MESSAGE_TYPE.rowData) throw new ProtocolError("placeholders without their values");
  const values: BindValue[] = new Array(columns.length);
  const isLast = ({ maxSize }: ColumnMetadata) => longOnesLast && maxSize > LONGEST_STRING;
  for (const last of [false, true])
    for (const [index, column] of columns.entries())
      if (isLast(column) === last) values[index] = readValue(reader, column);
  return values;
}

function readValue(reader: ByteReader, { typeCode, characterForm }: ColumnMetadata): BindValue {
  switch (typeCode) {
    case TYPE_CODE.varchar:
    case TYPE_CODE.char:
    case TYPE_CODE.long:
      return bind("VARCHAR2", reader.clr(), characterForm === NATIONAL_FORM ? nationalText : plainText);
    case TYPE_CODE.number:
    case TYPE_CODE.integer:
      return bind("NUMBER", reader.clr(), readNumber);
    case TYPE_CODE.raw:
    case TYPE_CODE.longRaw:
      return bind("RAW", reader.clr(), (bytes) => bytes.toString("hex").toUpperCase());
    case TYPE_CODE.date:
      return bind("DATE", reader.clr(), (bytes) => readDateTime(bytes).slice(0, 19));
    case TYPE_CODE.timestamp:
    case TYPE_CODE.timestampWithLocalTimeZone:
      return bind("TIMESTAMP", reader.clr(), withFraction);
    case TYPE_CODE.timestampWithTimeZone:
      return bind("TIMESTAMP WITH TIME ZONE", reader.clr(), readDateTime);
    case TYPE_CODE.binaryDouble:
      return bind("NUMBER", reader.clr(), (bytes) => String(readDouble(bytes)));
    default:
      throw new ProtocolError(`a placeholder of type ${typeCode}`);
  }
}

function bind(type: ColumnType, bytes: Buffer | null, read: (bytes: Buffer) => string): BindValue {
  return { type, value: bytes === null ? null : read(bytes) };
}

function plainText(bytes: Buffer): string {
  return bytes.toString();
}

/** AL16UTF16 is big-endian. */
function nationalText(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString("utf16le");
}

/** A fraction of 0 may have been left out. */
function withFraction(bytes: Buffer): string {
  const text = readDateTime(bytes);
  return text.includes(".") ? text : `${text}.000000000`;
}

/** Sorted as bytes: the sign bit of positive ones is set, negative ones are inverted. */
function readDouble(bytes: Buffer): number {
  if (bytes.length !== 8) throw new ProtocolError(`a BINARY_DOUBLE of ${bytes.length} bytes`);
  const copy = Buffer.from(bytes);
  if ((copy.readUInt8(0) & 0x80) !== 0) copy[0] = copy.readUInt8(0) & 0x7f;
  else for (const [index, byte] of copy.entries()) copy[index] = ~byte & 0xff;
  return copy.readDoubleBE();
}
