/** Oracle notes §7.3 and §7.4: AUTH_PHASE_ONE and _TWO, and the PARAMETER with which they are answered. */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";

/** python-oracledb 1 sends user names, SQL and end-to-end texts as bare bytes, all others as a CLR (Oracle notes §7.6). */
export type TextStyle = "counted" | "bare";

export interface Authentication {
  readonly user: string;
  readonly mode: number;
  readonly values: ReadonlyMap<string, string>;
  readonly textStyle: TextStyle;
}

export function readAuthentication(reader: ByteReader): Authentication {
  reader.u8();
  const userLength = reader.ub();
  const mode = reader.ub();
  reader.u8();
  const pairs = reader.count();
  reader.bytes(2);
  // Bare text begins with a letter, which is larger than the length of most names.
  const textStyle = userLength === 0 || reader.peek() === userLength ? "counted" : "bare";
  const user = userLength === 0 ? "" : readText(reader, userLength, textStyle);
  const values = new Map<string, string>();
  for (let pair = 0; pair < pairs; pair += 1) {
    const key = reader.text();
    values.set(key, reader.text());
    reader.ub();
  }
  return { user, mode, values, textStyle };
}

/** A text whose length in bytes was said before. */
export function readText(reader: ByteReader, length: number, style: TextStyle): string {
  return style === "bare" ? reader.bytes(length).toString() : (reader.clr() ?? "").toString();
}

export interface Parameter {
  readonly key: string;
  readonly value: string;
  readonly flags?: number;
}

export function writeParameters(out: ByteWriter, parameters: readonly Parameter[]): void {
  out.u8(MESSAGE_TYPE.parameter);
  out.ub(parameters.length);
  for (const { key, value, flags = 0 } of parameters) {
    out.text(key);
    out.text(value);
    out.ub(flags);
  }
}
