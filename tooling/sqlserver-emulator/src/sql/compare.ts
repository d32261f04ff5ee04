/** Comparison as the default collation does it: without regard to case and to blanks at the end. NULL is unknown. */
import type { SqlValue } from "../sql-types.ts";
import { conversionFailed } from "./server-error.ts";

/** Negative, zero, positive; null when either side is NULL. */
export function compareValues(left: SqlValue, right: SqlValue): number | null {
  if (left === null || right === null) return null;
  if (typeof left === "string" && typeof right === "string") {
    const [a, b] = [foldText(left), foldText(right)];
    return a === b ? 0 : a < b ? -1 : 1;
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  return a < b ? -1 : Number(a > b);
}

export function foldText(text: string): string {
  return text.trimEnd().toLowerCase();
}

/** A bit is 0 or 1; a text is the number that it writes, exactly. @throws ServerError 245 */
export function numberOf(value: Exclude<SqlValue, null>): number | bigint {
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (!/^[-+]?\d*(?:\.\d*)?(?:e[-+]?\d+)?$/i.test(text)) throw conversionFailed(value, "int");
  return /^[-+]?\d{16,}$/.test(text) ? BigInt(text) : Number(text);
}

/** LIKE: `%`, `_` and `[…]`. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern.replaceAll(/\[[^\]]*\]|%|_|[\\^$.*+?()[\]{}|]/g, (part) => {
    if (part === "%") return "[\\s\\S]*";
    if (part === "_") return "[\\s\\S]";
    if (part.startsWith("[") && part.length > 1) return part.replaceAll("\\", "\\\\");
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`, "iu").test(text);
}
