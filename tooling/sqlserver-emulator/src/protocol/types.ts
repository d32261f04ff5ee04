/** MS-TDS 2.2.5.4 TYPE_INFO, 2.2.5.5 values: how each type is written. */
import type { SqlType, SqlValue } from "../sql-types.ts";
import { daysOf, ticksOf } from "../time-text.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Writes one column. */
export interface TypeCodec {
  typeInfo(out: ByteWriter): void;
  /** Never called with null. */
  value(out: ByteWriter, value: Exclude<SqlValue, null>): void;
  /** NULL in a ROW; a NBCROW has nothing in its place. */
  nothing(out: ByteWriter): void;
}

/** SQL_Latin1_General_CP1_CI_AS: language 0409, ignore case, sort order 52. */
const COLLATION = Buffer.of(0x09, 0x04, 0xd0, 0x00, 0x34);

const MAX = 0xffff;
const DAYS_TO_1900 = 693_595;
const TICKS_PER_300TH = 10_000_000 / 300;

export function codecOf(type: SqlType): TypeCodec {
  switch (type.name) {
    case "tinyint":
      return integer(1);
    case "smallint":
      return integer(2);
    case "int":
      return integer(4);
    case "bigint":
      return integer(8);
    case "bit":
      return fixed(0x68, 1, (out, value) => out.u8(value === true || value === 1 ? 1 : 0));
    case "float":
      return fixed(0x6d, 8, (out, value) => out.f64(Number(value)));
    case "decimal":
      return decimal(type.scale ?? 0);
    case "uniqueidentifier":
      return fixed(0x24, 16, (out, value) => guid(out, String(value)));
    case "datetime":
      return fixed(0x6f, 8, (out, value) => dateTime(out, String(value)));
    case "datetime2":
      return dateTime2();
    case "char":
    case "varchar":
      return text(type.name === "char" ? 0xaf : 0xa7, type.length, 1);
    case "nchar":
    case "nvarchar":
      return text(type.name === "nchar" ? 0xef : 0xe7, type.length, 2);
    case "binary":
    case "varbinary":
      return binary(type.name === "binary" ? 0xad : 0xa5, type.length);
    default:
      throw new Error(`sqlserver-emulator: a column of type ${type.name} is not served; CONVERT it`);
  }
}

function fixed(token: number, size: number, write: TypeCodec["value"]): TypeCodec {
  return {
    typeInfo: (out) => {
      out.u8(token);
      out.u8(size);
    },
    value: (out, value) => {
      out.u8(size);
      write(out, value);
    },
    nothing: (out) => out.u8(0),
  };
}

function integer(size: 1 | 2 | 4 | 8): TypeCodec {
  return fixed(0x26, size, (out, value) => {
    if (size === 4) out.u32(Number(value));
    else if (size === 8)
      out.i64(typeof value === "string" ? BigInt(value) : typeof value === "boolean" ? +value : value);
    else if (size === 2) out.u16(Number(value));
    else out.u8(Number(value));
  });
}

/** 17 bytes: sign, and the digits without the point. */
function decimal(scale: number): TypeCodec {
  return {
    typeInfo: (out) => {
      out.bytes(Buffer.of(0x6c, 17, 38, scale));
    },
    value: (out, value) => {
      const [whole = "0", fraction = ""] = String(value).replace("-", "").split(".");
      const digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
      out.u8(17);
      out.u8(String(value).startsWith("-") ? 0 : 1);
      out.i64(BigInt.asIntN(64, digits));
      out.i64(BigInt.asIntN(64, digits >> 64n));
    },
    nothing: (out) => out.u8(0),
  };
}

/** The first three groups are little-endian numbers. */
const GUID_BYTES = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34];

function guid(out: ByteWriter, value: string): void {
  for (const at of GUID_BYTES) out.hexByte(value, at);
}

function dateTime(out: ByteWriter, value: string): void {
  out.u32(daysOf(value) - DAYS_TO_1900);
  out.u32(Math.round(ticksOf(value) / TICKS_PER_300TH));
}

function dateTime2(): TypeCodec {
  // The rows of a result fall on few days.
  let day = "";
  let days = 0;
  return {
    typeInfo: (out) => {
      out.u8(0x2a);
      out.u8(7);
    },
    value: (out, value) => {
      const moment = String(value);
      if (!moment.startsWith(day) || day === "") {
        day = moment.slice(0, 10);
        days = daysOf(day);
      }
      out.u8(8);
      out.u40(ticksOf(moment));
      out.u24(days);
    },
    nothing: (out) => out.u8(0),
  };
}

function text(token: number, length: SqlType["length"] = "max", bytesPerCharacter: 1 | 2): TypeCodec {
  const write = (out: ByteWriter, value: string) => (bytesPerCharacter === 2 ? out.utf16(value) : out.latin1(value));
  const isMax = length === "max";
  const padding = token === 0xaf || token === 0xef ? (isMax ? 0 : length) : 0;
  return {
    typeInfo: (out) => {
      out.u8(token);
      out.u16(isMax ? MAX : length * bytesPerCharacter);
      out.bytes(COLLATION);
    },
    value: (out, value) => {
      const given = typeof value === "string" ? value : String(value);
      const characters = given.length < padding ? given.padEnd(padding) : given;
      const size = characters.length * bytesPerCharacter;
      if (isMax) partlyLengthPrefixed(out, size, () => write(out, characters));
      else {
        out.u16(size);
        write(out, characters);
      }
    },
    nothing: (out) => nothingOf(out, isMax),
  };
}

function binary(token: number, length: SqlType["length"] = "max"): TypeCodec {
  const isMax = length === "max";
  return {
    typeInfo: (out) => {
      out.u8(token);
      out.u16(isMax ? MAX : length);
    },
    value: (out, value) => {
      const hex = String(value);
      const size = (hex.length - 2) >> 1;
      if (isMax) partlyLengthPrefixed(out, size, () => out.hex(hex));
      else {
        out.u16(size);
        out.hex(hex);
      }
    },
    nothing: (out) => nothingOf(out, isMax),
  };
}

/** 2.2.5.2.3 PLP: the total, one chunk, and an empty one. */
function partlyLengthPrefixed(out: ByteWriter, size: number, write: () => void): void {
  out.i64(size);
  if (size > 0) {
    out.u32(size);
    write();
  }
  out.u32(0);
}

function nothingOf(out: ByteWriter, isMax: boolean): void {
  if (isMax) out.i64(-1n);
  else out.u16(MAX);
}
