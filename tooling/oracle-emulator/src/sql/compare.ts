/** Comparison: to which type both sides are brought, and the key by which they then compare. NULL is unknown. */
import {
  clob,
  number,
  type SqlType,
  type SqlValue,
  timestamp,
  untyped,
  varchar2,
  zonedTimestamp,
} from "../sql-types.ts";
import { convertValue, familyOf, type SessionFormats, utcOf } from "./convert-value.ts";
import { compareNumbers, type ExactNumber } from "./exact-number.ts";
import { oracleError } from "./messages.ts";

/** @throws OracleError 932 when the two cannot be compared */
export function comparisonType(left: SqlType, right: SqlType): SqlType {
  for (const type of [left, right]) if (type.name === clob.name) throw oracleError(932, ["-", "CLOB"]);
  if (left === untyped) return right;
  if (right === untyped) return left;
  const [a, b] = [familyOf(left), familyOf(right)];
  if (a !== b && a !== "text" && b !== "text") throw oracleError(932, [left.name, right.name]);
  if ((a === "boolean" || b === "boolean") && a !== b) throw oracleError(932, [left.name, right.name]);
  const families = new Set([a, b]);
  if (families.has("number")) return number;
  if (families.has("time")) {
    const isZoned = [left, right].some(({ name }) => name.endsWith("TIME ZONE"));
    return isZoned ? zonedTimestamp : timestamp;
  }
  if (a === "text" && b === "text") return left.name === "CHAR" && right.name === "CHAR" ? left : varchar2(4000);
  return a === "text" ? right : left;
}

/** A value as it compares with others that were brought to the same type: numbers as such, all else as text. */
export function comparable(value: SqlValue, from: SqlType, as: SqlType, session: SessionFormats): SqlValue {
  if (value === null) return null;
  if (as.name === "TIMESTAMP WITH TIME ZONE")
    return utcOf(String(convertValue(value, from, as, session)), as, session.timeZone);
  const converted = convertValue(value, from, as, session);
  return as.name === "CHAR" ? String(converted).trimEnd() : converted;
}

/** Negative, zero, positive; null when either side is NULL. */
function compareValues(left: SqlValue, right: SqlValue): number | null {
  if (left === null || right === null) return null;
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  if (typeof left === "boolean" || typeof right === "boolean") return Number(left) - Number(right);
  return compareNumbers(left, right);
}

/** Numbers with a fraction are text, too: whoever knows the type says so. */
export function compareTyped(left: SqlValue, right: SqlValue, type: SqlType): number | null {
  if (left === null || right === null) return null;
  return type.name === "NUMBER"
    ? compareNumbers(left as ExactNumber, right as ExactNumber)
    : compareValues(left, right);
}

/** NLS_SORT=BINARY: by the bytes of UTF-8, which is the order of the code points. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const isSimple = !/[\ud800-\udfff]/.test(left) && !/[\ud800-\udfff]/.test(right);
  if (isSimple) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** LIKE: `%`, `_`, and what ESCAPE makes of them. */
export function isLike(text: string, pattern: string, escapedBy: string | null): boolean {
  const characters = Array.from(pattern);
  let source = "";
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? "";
    if (character === escapedBy) {
      at += 1;
      const escaped = characters[at];
      if (escaped !== "%" && escaped !== "_" && escaped !== escapedBy) throw oracleError(1424);
      source += escapeRegExp(escaped);
    } else if (character === "%") source += "[\\s\\S]*";
    else source += character === "_" ? "[\\s\\S]" : escapeRegExp(character);
  }
  return new RegExp(`^${source}$`, "u").test(text);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replaceAll("\\-", "-");
}
