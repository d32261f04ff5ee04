/** MS-TDS 2.2.7.13 NBCROW and 2.2.7.19 ROW. */
import type { SqlType, SqlValue } from "../sql-types.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { NULL_BITMAP_ROW_TOKEN, type ResultColumn, ROW_TOKEN } from "./tokens.ts";
import { codecOf, type TypeCodec } from "./types.ts";

/** Writes rows of one result: as NBCROW where something is NULL and the client knows it, as ROW otherwise. */
export class RowCodec {
  readonly #codecs: readonly TypeCodec[];
  readonly #nullBitmapRows: boolean;
  readonly #bitmap: Buffer;

  constructor(columns: readonly { readonly type: SqlType }[], nullBitmapRows: boolean) {
    this.#codecs = columns.map((column) => codecOf(column.type));
    this.#nullBitmapRows = nullBitmapRows;
    this.#bitmap = Buffer.alloc(Math.ceil(columns.length / 8));
  }

  write(out: ByteWriter, values: readonly SqlValue[]): void {
    const codecs = this.#codecs;
    const bitmap = this.#nullBitmapRows && this.#markNulls(values);
    out.u8(bitmap ? NULL_BITMAP_ROW_TOKEN : ROW_TOKEN);
    if (bitmap) out.bytes(this.#bitmap);
    for (let index = 0; index < codecs.length; index += 1) {
      const value = values[index];
      if (value !== null && value !== undefined) codecs[index]?.value(out, value);
      else if (!bitmap) codecs[index]?.nothing(out);
    }
  }

  #markNulls(values: readonly SqlValue[]): boolean {
    let any = false;
    this.#bitmap.fill(0);
    for (let index = 0; index < values.length; index += 1) {
      if (values[index] !== null) continue;
      any = true;
      this.#bitmap[index >> 3] = (this.#bitmap[index >> 3] ?? 0) | (1 << (index & 7));
    }
    return any;
  }
}

/** Clients before TDS 7.3 get times as text, as SQL Server gives them. */
export function withoutTimeTypes(columns: readonly ResultColumn[]): readonly ResultColumn[] {
  return columns.map((column) =>
    column.type.name === "datetime2" ? { ...column, type: { name: "nvarchar", length: 27 } } : column,
  );
}
