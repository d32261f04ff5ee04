import {
  boolean,
  char,
  clob,
  date,
  interval,
  localTimestamp,
  number,
  raw,
  type SqlType,
  timestamp,
  varchar2,
  zonedTimestamp,
} from "../sql-types.ts";
import type { TokenStream } from "./token-stream.ts";

const INTERVAL_FIELDS = ["day", "hour", "minute", "second"] as const;

/** A field of an interval, with its digits. */
export function takeField(tokens: TokenStream): (typeof INTERVAL_FIELDS)[number] {
  const field = INTERVAL_FIELDS.find((word) => tokens.takeWords(word));
  if (!field) throw tokens.failure(30089);
  takeSizes(tokens);
  return field;
}

/** `(10)`, `(10, 2)`, `(128 BYTE)`. */
function takeSizes(tokens: TokenStream): readonly number[] {
  if (!tokens.takeSymbol("(")) return [];
  const sizes: number[] = [];
  do {
    const negative = tokens.takeSymbol("-");
    sizes.push((negative ? -1 : 1) * tokens.expectInteger(910));
    if (!tokens.takeWords("byte")) tokens.takeWords("char");
  } while (tokens.takeSymbol(","));
  tokens.expectSymbol(")");
  return sizes;
}

/** As in CAST, a table's definition and PL/SQL: `VARCHAR2(30)`, `TIMESTAMP(6) WITH LOCAL TIME ZONE`, `PLS_INTEGER`. */
export function parseType(tokens: TokenStream): SqlType {
  const written = tokens.next();
  if (written.kind !== "word") throw tokens.failure(902, written);
  const name = written.text.toUpperCase();
  if (name === "TIMESTAMP") {
    takeSizes(tokens);
    if (tokens.takeWords("with", "local", "time", "zone")) return localTimestamp;
    return tokens.takeWords("with", "time", "zone") ? zonedTimestamp : timestamp;
  }
  if (name === "INTERVAL") {
    takeField(tokens);
    tokens.expectWord("to");
    takeField(tokens);
    return interval;
  }
  const [first, second] = takeSizes(tokens);
  switch (name) {
    case "VARCHAR2":
    case "VARCHAR":
    case "NVARCHAR2":
      if (first === undefined && !tokens.inBlock) throw tokens.failure(906);
      return varchar2(first ?? 32_767);
    case "CHAR":
    case "NCHAR":
      return char(first ?? 1);
    case "NUMBER":
    case "NUMERIC":
    case "DECIMAL":
      return first === undefined ? number : { name: "NUMBER", precision: first, scale: second ?? 0 };
    case "INTEGER":
    case "INT":
    case "SMALLINT":
      return { name: "NUMBER", precision: 38, scale: 0 };
    case "DATE":
      return date;
    case "CLOB":
    case "NCLOB":
      return clob;
    case "RAW":
      if (first === undefined) throw tokens.failure(906);
      return raw(first);
    case "PLS_INTEGER":
    case "BINARY_INTEGER":
      if (tokens.inBlock) return { name: "NUMBER", precision: 10, scale: 0 };
      break;
    case "BOOLEAN":
      if (tokens.inBlock) return boolean;
      break;
  }
  throw tokens.failure(902, written);
}
