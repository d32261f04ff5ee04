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

/** The value before held a bigint: of some trails every event does, of most none. It only decides what is tried first. */
let isLikely = false;

/** Compact JSON; a bigint is written as an integer literal. */
export function stringifyExact(value: unknown): string {
  if (!isLikely) {
    try {
      return JSON.stringify(value);
    } catch (error) {
      // JSON.stringify refuses a bigint, which costs more than to look for one, which costs more than to write none.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const written = withRawBigints(value);
  isLikely = written !== value;
  return JSON.stringify(written);
}

/**
 * The same with every bigint as `JSON.rawJSON`; what holds none is not copied. A replacer would do it, too, and make
 * the writing of every other member several times slower.
 *
 * @param around what the value stands in; a cycle is left for `JSON.stringify` to refuse
 */
function withRawBigints(value: unknown, around: readonly object[] = []): unknown {
  if (typeof value === "bigint") return JSON.rawJSON(value.toString());
  if (typeof value !== "object" || value === null || "toJSON" in value || around.includes(value)) return value;
  const inside = [...around, value];
  const original = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(original)) {
    const member = original[key];
    if (typeof member !== "bigint" && typeof member !== "object") continue;
    const written = withRawBigints(member, inside);
    if (written === member) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...original }) as Record<string, unknown>;
    copy[key] = written;
  }
  return copy ?? value;
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
