/**
 * JSON whose integers are exact at any size.
 *
 * JSON itself sets no limit to a number; JavaScript's `number` does, at 2^53. Audit trails exceed it (SCNs, bigint
 * columns, session ids of recent Oracle releases), so beyond that limit we hold a bigint in memory and write its
 * digits (wire format §4).
 */

declare global {
  // Both are in Node since version 22; TypeScript's own declarations do not have them yet.
  interface JSON {
    rawJSON(text: string): object;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

const writeBigints = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? JSON.rawJSON(value.toString()) : value;

/** Compact JSON; a bigint is written as an integer literal. */
export function stringifyExact(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.stringify refuses a bigint. Few events hold one, and a replacer is several times slower for all the others.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, writeBigints);
  }
}

const INTEGER = /^-?\d+$/;
/**
 * Could the text hold an integer beyond 2^53, which has at least 16 digits? One stands at the very beginning or after
 * `:`, `[` or `,`. Where a string looks the same the slower way is taken for nothing; hexadecimal ids do not.
 */
const MAYBE_UNSAFE = /(?:^|[:[,])\s*-?\d{16}/;

const readBigints = (_key: string, value: unknown, context: { readonly source?: string }): unknown =>
  typeof value === "number" &&
  !Number.isSafeInteger(value) &&
  context.source !== undefined &&
  INTEGER.test(context.source)
    ? BigInt(context.source)
    : value;

/**
 * Parses JSON without rounding: an integer literal beyond 2^53 becomes a bigint.
 * @throws SyntaxError when the text is no JSON; its message may quote the text, so never log it.
 */
export function parseExact(text: string): unknown {
  return MAYBE_UNSAFE.test(text) ? JSON.parse(text, readBigints) : JSON.parse(text);
}

/**
 * The integer that decimal digits spell, as a number where that is exact and as a bigint otherwise.
 * @throws SyntaxError when the text is no decimal integer.
 */
export function exactInteger(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}
