/** Oracle notes §7.3: what a client sends along in front of a function. */
import type { EndToEnd } from "../engine-session.ts";
import { readText, type TextStyle } from "./authentication.ts";
import type { ByteReader } from "./byte-reader.ts";
import { PIGGYBACK } from "./message-types.ts";
import { ProtocolError } from "./protocol-error.ts";

export type Piggyback =
  | { readonly kind: "closeCursors"; readonly cursorIds: readonly number[] }
  /** What is left of their results is given up; the cursors stay. */
  | { readonly kind: "cancelCursors"; readonly cursorIds: readonly number[] }
  | { readonly kind: "endToEnd"; readonly values: EndToEnd }
  | { readonly kind: "setSchema"; readonly schema: string }
  /** Temporary LOBs are given back; none was given out. */
  | { readonly kind: "freeLobs" };

export function readPiggyback(reader: ByteReader, code: number, style: TextStyle): Piggyback {
  switch (code) {
    case PIGGYBACK.closeCursors:
      return { kind: "closeCursors", cursorIds: readCursorIds(reader) };
    case PIGGYBACK.cancelCursors:
      return { kind: "cancelCursors", cursorIds: readCursorIds(reader) };
    case PIGGYBACK.endToEnd:
      return { kind: "endToEnd", values: readEndToEnd(reader, style) };
    case PIGGYBACK.setSchema:
      reader.u8();
      return { kind: "setSchema", schema: readText(reader, reader.ub(), style) };
    case PIGGYBACK.lobOperation:
      skipFreedLobs(reader);
      return { kind: "freeLobs" };
    default:
      throw new ProtocolError(`piggyback ${code}`);
  }
}

function readCursorIds(reader: ByteReader): readonly number[] {
  reader.u8();
  const count = reader.count();
  return Array.from({ length: count }, () => reader.ub());
}

function readEndToEnd(reader: ByteReader, style: TextStyle): EndToEnd {
  reader.bytes(2);
  reader.ub();
  const length = (): number | undefined => {
    const isSent = reader.u8() !== 0;
    const size = reader.ub();
    return isSent ? size : undefined;
  };
  const sizes = { clientIdentifier: length(), module: length(), action: length() };
  const executionContext = length();
  reader.u8();
  reader.ub();
  const clientInfo = length();
  reader.u8();
  reader.ub();
  reader.u8();
  reader.ub();
  const dbop = length();
  const values: Record<string, string> = {};
  for (const [name, size] of Object.entries({ ...sizes, executionContext, clientInfo, dbop }))
    if (size !== undefined) values[name] = size === 0 ? "" : readText(reader, size, style);
  const { executionContext: _, ...told } = values;
  return told;
}

function skipFreedLobs(reader: ByteReader): void {
  reader.u8();
  const size = reader.ub();
  reader.u8();
  reader.ub();
  reader.ub();
  reader.ub();
  reader.bytes(3);
  reader.ub();
  reader.u8();
  reader.ub();
  reader.ub();
  reader.ub();
  reader.u8();
  for (let field = 0; field < 3; field += 1) {
    reader.u8();
    reader.ub();
  }
  reader.bytes(size);
}
