/** MS-TDS 2.2.5.4, 2.2.5.5: the types in which a client may send a parameter. */
import type { SqlType, SqlValue } from "../sql-types.ts";
import { clockText, dateText } from "../time-text.ts";
import type { ByteReader } from "./byte-reader.ts";
import { ProtocolError } from "./packets.ts";

interface TypedValue {
  readonly type: SqlType;
  readonly value: SqlValue;
}

const DAYS_TO_1900 = 693_595;
const NOTHING = 0xffff;
const NOTHING_LONG = 0xffffffff;
const COLLATION_SIZE = 5;

export function readParameterValue(reader: ByteReader): TypedValue {
  const token = reader.u8();
  switch (token) {
    case 0x1f:
      return { type: { name: "nvarchar", length: 1 }, value: null };
    case 0x30:
      return { type: { name: "tinyint" }, value: reader.u8() };
    case 0x32:
      return { type: { name: "bit" }, value: reader.u8() !== 0 };
    case 0x34:
      return integer(reader.bytes(2));
    case 0x38:
      return integer(reader.bytes(4));
    case 0x7f:
      return integer(reader.bytes(8));
    case 0x3b:
    case 0x3e:
      return float(reader.bytes(token === 0x3b ? 4 : 8));
    case 0x3d:
      return { type: { name: "datetime" }, value: dateTime(reader.bytes(8)) };
    case 0x26:
      return nullable(reader, integer, integerType);
    case 0x68:
      return nullable(
        reader,
        (bytes) => ({ type: { name: "bit" }, value: bytes[0] !== 0 }),
        () => ({ name: "bit" }),
      );
    case 0x6d:
      return nullable(reader, float, () => ({ name: "float" }));
    case 0x6e:
      return nullable(reader, money, () => ({ name: "decimal", scale: 4 }));
    case 0x6f:
      return nullable(
        reader,
        (bytes) => ({ type: { name: "datetime" }, value: dateTime(bytes) }),
        () => ({ name: "datetime" }),
      );
    case 0x24:
      return nullable(reader, guid, () => ({ name: "uniqueidentifier" }));
    case 0x28:
      return counted(reader, { name: "date" }, (bytes) => dateText(bytes.readUIntLE(0, 3)));
    case 0x29:
    case 0x2a:
    case 0x2b:
      return time(reader, token);
    case 0x6a:
    case 0x6c:
      return decimal(reader);
    case 0xa7:
    case 0xaf:
      return characters(reader, token === 0xaf ? "char" : "varchar", "latin1");
    case 0xe7:
    case 0xef:
      return characters(reader, token === 0xef ? "nchar" : "nvarchar", "utf16le");
    case 0xa5:
    case 0xad:
      return binary(reader, token === 0xad ? "binary" : "varbinary");
    case 0x23:
    case 0x63:
      return long(reader, token === 0x63 ? "nvarchar" : "varchar", token === 0x63 ? "utf16le" : "latin1");
    case 0x22:
      return long(reader, "varbinary", "binary");
    default:
      throw new ProtocolError(`a parameter of type 0x${token.toString(16)}`);
  }
}

/** TYPE_INFO with a greatest length, and a value with its own. */
function nullable(
  reader: ByteReader,
  read: (bytes: Buffer) => TypedValue,
  typeOf: (size: number) => SqlType,
): TypedValue {
  const type = typeOf(reader.u8());
  const bytes = reader.bytes(reader.u8());
  return bytes.length === 0 ? { type, value: null } : { type, value: read(bytes).value };
}

function counted(reader: ByteReader, type: SqlType, read: (bytes: Buffer) => SqlValue): TypedValue {
  const bytes = reader.bytes(reader.u8());
  return { type, value: bytes.length === 0 ? null : read(bytes) };
}

function integerType(size: number): SqlType {
  if (size === 1) return { name: "tinyint" };
  if (size === 2) return { name: "smallint" };
  return { name: size === 4 ? "int" : "bigint" };
}

function integer(bytes: Buffer): TypedValue {
  const type = integerType(bytes.length);
  if (bytes.length === 1) return { type, value: bytes.readUInt8() };
  if (bytes.length < 8) return { type, value: bytes.readIntLE(0, bytes.length) };
  const value = bytes.readBigInt64LE();
  return { type, value: Number.isSafeInteger(Number(value)) ? Number(value) : value };
}

function float(bytes: Buffer): TypedValue {
  return { type: { name: "float" }, value: bytes.length === 4 ? bytes.readFloatLE() : bytes.readDoubleLE() };
}

function money(bytes: Buffer): TypedValue {
  const units =
    bytes.length === 4
      ? BigInt(bytes.readInt32LE())
      : (BigInt(bytes.readInt32LE(0)) << 32n) + BigInt(bytes.readUInt32LE(4));
  return { type: { name: "decimal", scale: 4 }, value: pointed(units, 4) };
}

/** Days since 1900 and 1/300 s, or days and minutes. */
function dateTime(bytes: Buffer): string {
  const [days, ticks] =
    bytes.length === 4
      ? [bytes.readUInt16LE(0), bytes.readUInt16LE(2) * 60 * 10_000_000]
      : [bytes.readInt32LE(0), Math.round((bytes.readUInt32LE(4) * 10) / 3) * 10_000];
  return `${dateText(days + DAYS_TO_1900)} ${clockText(ticks, 3)}`;
}

function guid(bytes: Buffer): TypedValue {
  const hex = (from: number, to: number, reversed: boolean) => {
    const part = Buffer.from(bytes.subarray(from, to));
    return (reversed ? part.reverse() : part).toString("hex").toUpperCase();
  };
  const groups = [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)];
  return { type: { name: "uniqueidentifier" }, value: groups.join("-") };
}

function time(reader: ByteReader, token: number): TypedValue {
  const scale = reader.u8();
  const name = token === 0x29 ? "time" : token === 0x2a ? "datetime2" : "datetimeoffset";
  return counted(reader, { name, scale }, (bytes) => {
    const tail = token === 0x29 ? 0 : token === 0x2a ? 3 : 5;
    const clockSize = bytes.length - tail;
    const clock = clockText(bytes.readUIntLE(0, clockSize) * 10 ** (7 - scale), scale);
    if (token === 0x29) return clock;
    const moment = `${dateText(bytes.readUIntLE(clockSize, 3))} ${clock}`;
    if (token === 0x2a) return moment;
    const minutes = bytes.readInt16LE(clockSize + 3);
    const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
    return `${moment} ${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
  });
}

function decimal(reader: ByteReader): TypedValue {
  reader.u8();
  reader.u8();
  const scale = reader.u8();
  return counted(reader, { name: "decimal", scale }, (bytes) => {
    const magnitude = bytes.subarray(1).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return pointed(bytes[0] === 0 ? -magnitude : magnitude, scale);
  });
}

function pointed(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const sign = units < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function characters(
  reader: ByteReader,
  name: "char" | "varchar" | "nchar" | "nvarchar",
  encoding: "latin1" | "utf16le",
): TypedValue {
  const size = reader.u16();
  reader.bytes(COLLATION_SIZE);
  const type: SqlType = { name, length: size === NOTHING ? "max" : size / (encoding === "latin1" ? 1 : 2) };
  const bytes = lengthPrefixed(reader, size);
  return { type, value: bytes === null ? null : bytes.toString(encoding) };
}

function binary(reader: ByteReader, name: "binary" | "varbinary"): TypedValue {
  const size = reader.u16();
  const type: SqlType = { name, length: size === NOTHING ? "max" : size };
  const bytes = lengthPrefixed(reader, size);
  return { type, value: bytes === null ? null : `0x${bytes.toString("hex")}` };
}

/** A length and bytes, or, for `max`, 2.2.5.2.3 PLP: the total (or unknown) and chunks up to an empty one. */
function lengthPrefixed(reader: ByteReader, size: number): Buffer | null {
  if (size !== NOTHING) {
    const length = reader.u16();
    return length === NOTHING ? null : reader.bytes(length);
  }
  if (reader.i64() === -1n) return null;
  const chunks: Buffer[] = [];
  for (let length = reader.u32(); length > 0; length = reader.u32()) chunks.push(reader.bytes(length));
  return Buffer.concat(chunks);
}

/** text, ntext, image. */
function long(
  reader: ByteReader,
  name: "varchar" | "nvarchar" | "varbinary",
  encoding: "latin1" | "utf16le" | "binary",
): TypedValue {
  reader.u32();
  if (encoding !== "binary") reader.bytes(COLLATION_SIZE);
  const type: SqlType = { name, length: "max" };
  const length = reader.u32();
  if (length === NOTHING_LONG) return { type, value: null };
  const bytes = reader.bytes(length);
  return { type, value: encoding === "binary" ? `0x${bytes.toString("hex")}` : bytes.toString(encoding) };
}
