/** Oracle notes §7.3: DESCRIBE_INFO, message 16. */
import type { Column } from "../engine-session.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";
import { CHARACTER_SET, CODE_OF_TYPE } from "./types.ts";

const DEFAULT_SIZE = 4000;
/** Scale of a NUMBER without precision: it floats. */
const NO_SCALE = -127;
const DEFAULT_FRACTION_DIGITS = 6;

/** How the client reads the scale of numbers and times: python-oracledb before 2.0 as an sb2 (Oracle notes §7.6). */
export type ScaleStyle = "byte" | "sb2";

export function writeDescribe(out: ByteWriter, columns: readonly Column[], scaleStyle: ScaleStyle): void {
  out.u8(MESSAGE_TYPE.describe);
  out.u8(0);
  out.ub(columns.reduce((sum, column) => sum + bufferSizeOf(column), 0));
  out.ub(columns.length);
  if (columns.length > 0) out.u8(0);
  for (const [index, column] of columns.entries()) writeColumn(out, column, index + 1, scaleStyle);
  // Current date, four numbers of the cursor, and a registration.
  for (let field = 0; field < 6; field += 1) out.ub(0);
}

function writeColumn(out: ByteWriter, column: Column, position: number, scaleStyle: ScaleStyle): void {
  const isText = column.type === "VARCHAR2" || column.type === "CLOB";
  const hasScale = column.type === "NUMBER" || column.type.startsWith("TIMESTAMP");
  out.u8(CODE_OF_TYPE[column.type]);
  out.u8(0);
  out.u8(column.type === "NUMBER" ? (column.precision ?? 0) : 0);
  const scale = scaleOf(column);
  if (hasScale && scaleStyle === "sb2") out.sb(scale);
  else out.u8(scale & 0xff);
  out.ub(bufferSizeOf(column));
  out.ub(0);
  out.ub(0);
  out.ub(0);
  out.ub(0);
  out.ub(isText ? CHARACTER_SET.utf8 : 0);
  out.u8(isText ? 1 : 0);
  out.ub(column.type === "VARCHAR2" || column.type === "RAW" ? (column.size ?? DEFAULT_SIZE) : 0);
  out.ub(0);
  out.u8(column.nullable ? 1 : 0);
  out.u8(0);
  out.text(column.name);
  out.text("");
  out.text("");
  out.ub(position);
  out.ub(0);
}

function scaleOf({ type, precision, scale }: Column): number {
  if (type === "NUMBER") return scale ?? ((precision ?? 0) === 0 ? NO_SCALE : 0);
  return type.startsWith("TIMESTAMP") ? (scale ?? DEFAULT_FRACTION_DIGITS) : 0;
}

function bufferSizeOf({ type, size = DEFAULT_SIZE }: Column): number {
  switch (type) {
    case "VARCHAR2":
    case "RAW":
      return size;
    case "NUMBER":
      return 22;
    case "DATE":
      return 7;
    case "TIMESTAMP":
      return 11;
    case "TIMESTAMP WITH TIME ZONE":
      return 13;
    case "CLOB":
      return DEFAULT_SIZE;
  }
}
