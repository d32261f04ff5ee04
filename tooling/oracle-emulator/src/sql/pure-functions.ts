/** Functions of their arguments alone, and of what the session says of formats and zones. */
import { char, date, interval, isText, isTime, number, raw, type SqlType, untyped, varchar2 } from "../sql-types.ts";
import { comparable, compareTyped, comparisonType } from "./compare.ts";
import type { ScalarFunction } from "./context.ts";
import { CONVERSION_FUNCTIONS } from "./conversion-functions.ts";
import { convertValue } from "./convert-value.ts";
import { compareNumbers, type ExactNumber, limitScale, modulo, negate } from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import { commonType } from "./operators.ts";
import { REGULAR_EXPRESSION_FUNCTIONS } from "./regular-expression-functions.ts";
import { emptyIsNull, strict, text, textLikeFirst, whole } from "./scalar-function.ts";

type Entry = readonly [name: string, called: ScalarFunction];

const sameAsFirst = ([first = untyped]: readonly SqlType[]): SqlType => first;

const DECODE: ScalarFunction = {
  least: 3,
  most: 255,
  type: (types) => {
    const [subject = untyped, ...pairs] = types;
    for (let index = 0; index + 1 < pairs.length; index += 2) comparisonType(subject, pairs[index] ?? untyped);
    return commonType(pairs.filter((_, index) => index % 2 === 1 || index === pairs.length - 1));
  },
  evaluate: ([subject = null, ...pairs], { formats }, [subjectType = untyped, ...pairTypes]) => {
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const choice = pairs[index] ?? null;
      const type = comparisonType(subjectType, pairTypes[index] ?? untyped);
      const [a, b] = [
        comparable(subject, subjectType, type, formats),
        comparable(choice, pairTypes[index] ?? untyped, type, formats),
      ];
      // Here, and only here, NULL equals NULL.
      if (a === null ? b === null : compareTyped(a, b, type) === 0) return pairs[index + 1] ?? null;
    }
    return pairs.length % 2 === 1 ? (pairs.at(-1) ?? null) : null;
  },
};

function firstPresent(least: number, most: number): ScalarFunction {
  return {
    least,
    most,
    type: ([first = untyped, ...others]) => {
      if (first !== untyped && others.every((other) => isText(other)) && !isText(first)) return first;
      return commonType([first, ...others]);
    },
    evaluate: (args, { formats }, types) => {
      const at = args.findIndex((value) => value !== null);
      const [first = untyped] = types;
      if (at < 0) return null;
      const value = args[at] ?? null;
      const isOther = at > 0 && first !== untyped && isText(types[at] ?? untyped) && !isText(first);
      return isOther ? convertValue(value, types[at] ?? untyped, first, formats) : value;
    },
  };
}

function extreme(wanted: (order: number) => boolean): ScalarFunction {
  return {
    least: 1,
    most: 255,
    type: ([first = untyped]) => (isText(first) ? text : first),
    evaluate: (args, { formats }, [first = untyped, ...others]) => {
      let best = args[0] ?? null;
      for (const [index, raw] of args.slice(1).entries()) {
        const value = convertValue(raw, others[index] ?? untyped, first, formats);
        const order = compareTyped(value, best, first);
        if (order === null) return null;
        if (wanted(order)) best = value;
      }
      return best;
    },
  };
}

/** Where a part begins, counted in characters from 1; a negative start searches backwards. */
function position(haystack: string, needle: string, start: number, occurrence: number): number {
  const [characters, wanted] = [Array.from(haystack), Array.from(needle)];
  const matches = (at: number) => wanted.every((character, offset) => characters[at + offset] === character);
  const step = start < 0 ? -1 : 1;
  let at = start < 0 ? characters.length + start : start - 1;
  for (let left = occurrence; at >= 0 && at <= characters.length - wanted.length; at += step) {
    if (matches(at)) left -= 1;
    if (left === 0) return at + 1;
  }
  return 0;
}

function part(value: string, start: number, length: number | undefined): string {
  const characters = Array.from(value);
  const from = start > 0 ? start - 1 : start < 0 ? characters.length + start : 0;
  if (from < 0) return "";
  return characters.slice(from, length === undefined ? undefined : from + Math.max(0, length)).join("");
}

function trimmed(side: "both" | "left" | "right"): ScalarFunction {
  return strict(
    [text, text],
    textLikeFirst,
    ([value = "", characters = " "]) => {
      const set = new Set(Array.from(String(characters)));
      const all = Array.from(String(value));
      let [from, to] = [0, all.length];
      if (side !== "right") while (from < to && set.has(all[from] ?? "")) from += 1;
      if (side !== "left") while (to > from && set.has(all[to - 1] ?? "")) to -= 1;
      return all.slice(from, to).join("");
    },
    1,
  );
}

function padded(side: "left" | "right"): ScalarFunction {
  return strict(
    [text, number, text],
    textLikeFirst,
    ([value = "", width = 0, filler = " "]) => {
      const count = whole(width);
      const cut = Array.from(String(value)).slice(0, Math.max(0, count)).join("");
      return side === "left" ? cut.padStart(count, String(filler)) : cut.padEnd(count, String(filler));
    },
    2,
  );
}

const toCut = (how: "round" | "cut") =>
  strict(
    [undefined, undefined],
    ([first = untyped]) => (isTime(first) ? date : number),
    ([value = 0, digits = 0], { formats }, [type = untyped]) => {
      if (isTime(type)) {
        const day = String(convertValue(value, type, date, formats)).slice(0, 10);
        return `${day} 00:00:00`;
      }
      return limitScale(convertValue(value, type, number, formats) as ExactNumber, whole(digits), how);
    },
    1,
  );

export const PURE_FUNCTIONS: readonly Entry[] = [
  ...CONVERSION_FUNCTIONS,
  ...REGULAR_EXPRESSION_FUNCTIONS,
  [
    "RAWTOHEX",
    strict([undefined], varchar2(4000), ([value = ""], _, [type = untyped]) =>
      isText(type) ? Buffer.from(String(value)).toString("hex").toUpperCase() : value,
    ),
  ],
  ["HEXTORAW", strict([text], raw(2000), ([value = ""], { formats }) => convertValue(value, text, raw(2000), formats))],
  ["MOD", strict([number, number], number, ([value = 0, by = 0]) => modulo(value as ExactNumber, by as ExactNumber))],
  [
    "ABS",
    strict([number], number, ([value = 0]) =>
      compareNumbers(value as ExactNumber, 0) < 0 ? negate(value as ExactNumber) : value,
    ),
  ],
  ["SIGN", strict([number], number, ([value = 0]) => Math.sign(compareNumbers(value as ExactNumber, 0)))],
  ["FLOOR", strict([number], number, ([value = 0]) => limitScale(value as ExactNumber, 0, "down"))],
  ["CEIL", strict([number], number, ([value = 0]) => limitScale(value as ExactNumber, 0, "up"))],
  ["ROUND", toCut("round")],
  ["TRUNC", toCut("cut")],
  ["UPPER", strict([text], textLikeFirst, ([value = ""]) => String(value).toUpperCase())],
  ["LOWER", strict([text], textLikeFirst, ([value = ""]) => String(value).toLowerCase())],
  [
    "INITCAP",
    strict([text], textLikeFirst, ([value = ""]) =>
      String(value)
        .toLowerCase()
        .replaceAll(/(?<![\p{L}\d])\p{L}/gu, (letter) => letter.toUpperCase()),
    ),
  ],
  ["LENGTH", strict([text], number, ([value = ""]) => Array.from(String(value)).length)],
  ["LENGTHB", strict([text], number, ([value = ""]) => Buffer.byteLength(String(value)))],
  [
    "SUBSTR",
    strict(
      [text, number, number],
      textLikeFirst,
      ([value = "", start = 1, length]) =>
        part(String(value), whole(start), length === undefined ? undefined : whole(length)),
      2,
    ),
  ],
  [
    "INSTR",
    strict(
      [text, text, number, number],
      number,
      ([value = "", wanted = "", start = 1, occurrence = 1]) =>
        position(String(value), String(wanted), whole(start), whole(occurrence)),
      2,
    ),
  ],
  [
    "REPLACE",
    {
      least: 2,
      most: 3,
      takes: [text, text, text],
      type: textLikeFirst,
      evaluate: ([value = null, wanted = null, by = null]) =>
        value === null || wanted === null
          ? value
          : emptyIsNull(String(value).replaceAll(String(wanted), () => String(by ?? ""))),
    },
  ],
  ["TRIM", trimmed("both")],
  ["LTRIM", trimmed("left")],
  ["RTRIM", trimmed("right")],
  ["LPAD", padded("left")],
  ["RPAD", padded("right")],
  ["CHR", strict([number], char(4), ([value = 0]) => String.fromCodePoint(whole(value)))],
  ["ASCII", strict([text], number, ([value = ""]) => String(value).codePointAt(0) ?? null)],
  [
    "CONCAT",
    {
      least: 2,
      most: 2,
      takes: [text, text],
      type: textLikeFirst,
      evaluate: ([a = null, b = null]) => (a === null && b === null ? null : `${a ?? ""}${b ?? ""}`),
    },
  ],
  ["NVL", firstPresent(2, 2)],
  // NVL evaluates both, whatever the first is.
  ["COALESCE", { ...firstPresent(2, 255), stopsAtFirst: true }],
  [
    "NVL2",
    {
      least: 3,
      most: 3,
      type: ([, a = untyped, b = untyped]) => commonType([a, b]),
      evaluate: ([value = null, a = null, b = null]) => (value === null ? b : a),
    },
  ],
  [
    "NULLIF",
    {
      least: 2,
      most: 2,
      type: sameAsFirst,
      evaluate: ([a = null, b = null], { formats }, [typeA = untyped, typeB = untyped]) => {
        const type = comparisonType(typeA, typeB);
        const order = compareTyped(comparable(a, typeA, type, formats), comparable(b, typeB, type, formats), type);
        return order === 0 ? null : a;
      },
    },
  ],
  ["DECODE", DECODE],
  ["GREATEST", extreme((order) => order > 0)],
  ["LEAST", extreme((order) => order < 0)],
  [
    "NUMTODSINTERVAL",
    strict([number, text], interval, ([value = 0, unit = ""]) => {
      const seconds = { DAY: 86_400, HOUR: 3600, MINUTE: 60, SECOND: 1 }[String(unit).toUpperCase()];
      if (seconds === undefined) throw oracleError(1760);
      return Math.round(Number(value) * seconds * 1e6);
    }),
  ],
  [
    "TO_DSINTERVAL",
    strict([text], interval, ([value = ""], { formats }) => convertValue(value, text, interval, formats)),
  ],
];
