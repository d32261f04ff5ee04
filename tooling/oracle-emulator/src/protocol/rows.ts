/** Oracle notes §7.3 and §7.5: ROW_HEADER and ROW_DATA, messages 6 and 7. */
import type { Column, SqlValue } from "../engine-session.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { ColumnMetadata } from "./column-metadata.ts";
import { writeDate, writeTimestamp, writeTimestampWithTimeZone } from "./date-time.ts";
import { MESSAGE_TYPE } from "./message-types.ts";
import { writeNumber } from "./number.ts";
import { CODE_OF_TYPE, TYPE_CODE } from "./types.ts";

/** Keeps a text for a client that wants to read it piece by piece, and gives the locator by which it will ask. */
export type MakeLocator = (text: string) => Buffer;

/** What the client is told of the size of chunks: that of a block of 8 KiB. */
export const LOB_CHUNK_SIZE = 8060;

export function writeRowHeader(out: ByteWriter): void {
  out.u8(MESSAGE_TYPE.rowHeader);
  for (let field = 0; field < 7; field += 1) out.u8(0);
}

type WriteCell = (out: ByteWriter, value: string) => void;

/** Writes the rows of one result as the client defined its columns, or else as they are. */
export class RowCodec {
  readonly #writers: readonly WriteCell[];
  /** Of these NULL is three bytes: the value, its indicator and its return code. */
  readonly #areLong: readonly boolean[];

  constructor(columns: readonly Column[], defines: readonly ColumnMetadata[] | undefined, makeLocator: MakeLocator) {
    const codes = columns.map(({ type }, index) => defines?.[index]?.typeCode ?? CODE_OF_TYPE[type]);
    this.#writers = codes.map((code, index) =>
      cellWriter(code, defines?.[index]?.wantsLobLength ?? false, makeLocator),
    );
    this.#areLong = codes.map((code) => code === TYPE_CODE.long || code === TYPE_CODE.longRaw);
  }

  /** @throws RangeError when a value is none of its column's type */
  write(out: ByteWriter, values: readonly SqlValue[]): void {
    const writers = this.#writers;
    out.u8(MESSAGE_TYPE.rowData);
    for (let index = 0; index < writers.length; index += 1) {
      const value = values[index];
      if (value === null || value === undefined || value === "") {
        out.u8(0);
        if (this.#areLong[index]) out.u16(0);
      } else writers[index]?.(out, typeof value === "string" ? value : String(value));
    }
  }
}

function cellWriter(code: number, wantsLobLength: boolean, makeLocator: MakeLocator): WriteCell {
  switch (code) {
    case TYPE_CODE.varchar:
    case TYPE_CODE.char:
      return (out, value) => out.clrText(value);
    case TYPE_CODE.long:
      return (out, value) => {
        out.clrText(value);
        out.u16(0);
      };
    case TYPE_CODE.number:
    case TYPE_CODE.integer:
      return writeNumber;
    case TYPE_CODE.raw:
      return (out, value) => out.clrHex(value);
    case TYPE_CODE.longRaw:
      return (out, value) => {
        out.clrHex(value);
        out.u16(0);
      };
    case TYPE_CODE.date:
      return writeDate;
    case TYPE_CODE.timestamp:
    case TYPE_CODE.timestampWithLocalTimeZone:
      return writeTimestamp;
    case TYPE_CODE.timestampWithTimeZone:
      return writeTimestampWithTimeZone;
    case TYPE_CODE.clob:
      return (out, value) => writeLocator(out, makeLocator(value), value.length, wantsLobLength);
    default:
      throw new RangeError(`a column wanted as type ${code}`);
  }
}

function writeLocator(out: ByteWriter, locator: Buffer, length: number, wantsLength: boolean): void {
  out.ub(locator.length);
  if (wantsLength) {
    out.ub(length);
    out.ub(LOB_CHUNK_SIZE);
  }
  out.clr(locator);
}
