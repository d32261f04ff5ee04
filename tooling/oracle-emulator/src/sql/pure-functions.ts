/** Functions of their arguments alone, and of what the session says of formats and zones. */
import {
  boolean,
  char,
  clob,
  date,
  interval,
  isText,
  isTime,
  number,
  raw,
  type SqlType,
  type SqlValue,
  timestamp,
  untyped,
  varchar2,
  zonedTimestamp,
} from "../sql-types.ts";
import { comparable, compareTyped, comparisonType } from "./compare.ts";
import type { ScalarFunction, SqlContext } from "./context.ts";
import { convertValue, readTimeAs, showTime, toText, utcOf } from "./convert-value.ts";
import {
  canonicalNumber,
  compareNumbers,
  type ExactNumber,
  isNumberText,
  limitScale,
  modulo,
  negate,
} from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import { formatNumber } from "./number-format.ts";
import { commonType } from "./operators.ts";
import { fromZone, zonedText } from "./time-zone.ts";

type Entry = readonly [name: string, called: ScalarFunction];

const text = varchar2(4000);

/** NULL in, NULL out, unless `evaluate` is told otherwise. */
function strict(
  takes: readonly (SqlType | undefined)[],
  result: SqlType | ((args: readonly SqlType[]) => SqlType),
  evaluate: (args: readonly Exclude<SqlValue, null>[], context: SqlContext, types: readonly SqlType[]) => SqlValue,
  least = takes.length,
): ScalarFunction {
  return {
    least,
    most: takes.length,
    takes,
    type: (args) => (typeof result === "function" ? result(args) : result),
    evaluate: (args, context, types) => {
      const present = args.filter((value) => value !== null);
      if (present.length < args.length) return null;
      return emptyIsNull(evaluate(present, context, types));
    },
  };
}

function emptyIsNull(value: SqlValue): SqlValue {
  return value === "" ? null : value;
}

const sameAsFirst = ([first = untyped]: readonly SqlType[]): SqlType => first;
const textLikeFirst = ([first = untyped]: readonly SqlType[]): SqlType => (first.name === "CLOB" ? clob : text);
const whole = (value: SqlValue | undefined) => Number(limitScale((value ?? 0) as ExactNumber, 0, "cut"));

/** TO_CHAR of text, numbers, times. */
const TO_CHAR: ScalarFunction = {
  least: 1,
  most: 3,
  type: ([first = untyped]) => {
    if (first.name === "BOOLEAN" || first.name === "RECORD") throw oracleError(932, ["CHAR", first.name]);
    return isTime(first) ? varchar2(100) : first.name === "NUMBER" ? varchar2(64) : text;
  },
  evaluate: ([value = null, format], { formats }, [type = untyped]) => {
    if (value === null || format === null) return null;
    if (format === undefined) return toText(value, type, formats);
    if (isTime(type)) return emptyIsNull(showTime(String(value), type, String(format), formats));
    const asNumber = convertValue(value, type, number, formats);
    return asNumber === null ? null : formatNumber(asNumber as ExactNumber, String(format));
  },
};

function toTimeAs(to: SqlType, formatOf: (context: SqlContext) => string): ScalarFunction {
  return {
    least: 1,
    most: 3,
    takes: [undefined, text, text],
    type: () => to,
    evaluate: ([value = null, format], context, [type = untyped]) => {
      if (value === null || format === null) return null;
      const { formats } = context;
      // A time is shown by the session's format and read again, as the server does it.
      const shown = isText(type) ? String(value) : toText(value, type, formats);
      return shown === null
        ? null
        : readTimeAs(shown, to, format === undefined ? formatOf(context) : String(format), formats);
    },
  };
}

const TO_NUMBER: ScalarFunction = {
  least: 1,
  most: 3,
  takes: [undefined, text, text],
  type: ([first = untyped]) => {
    if (isTime(first)) throw oracleError(932, ["NUMBER", first.name]);
    return number;
  },
  evaluate: ([value = null, format], { formats }, [type = untyped]) => {
    if (value === null) return null;
    if (format === undefined || format === null || !isText(type)) return convertValue(value, type, number, formats);
    const digits = String(value).trim();
    if (/^x+$/i.test(String(format))) {
      if (!/^[0-9a-f]+$/i.test(digits)) throw oracleError(1722);
      return canonicalNumber(BigInt(`0x${digits}`).toString());
    }
    const plain = digits.replaceAll(/[,$]/g, "");
    if (!isNumberText(plain)) throw oracleError(1722);
    return canonicalNumber(plain);
  },
};

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

/** POSIX classes and `(?` apart, the expressions of Oracle are those of ECMAScript. */
function regularExpression(pattern: string, flags: string | undefined, global = false): RegExp {
  const classes: Readonly<Record<string, string>> = {
    alpha: "\\p{L}",
    digit: "\\d",
    alnum: "\\p{L}\\d",
    space: "\\s",
    upper: "\\p{Lu}",
    lower: "\\p{Ll}",
    punct: "\\p{P}\\p{S}",
    xdigit: "0-9A-Fa-f",
    blank: " \\t",
    cntrl: "\\p{Cc}",
  };
  const translated = pattern.replaceAll(/\[:(\w+):\]/g, (_, name: string) => classes[name] ?? "");
  const given = flags ?? "";
  const wanted = `${given.includes("i") ? "i" : ""}${given.includes("n") ? "s" : ""}${given.includes("m") ? "m" : ""}`;
  try {
    return new RegExp(translated, `u${wanted}${global ? "g" : ""}`);
  } catch {
    try {
      return new RegExp(translated, `${wanted}${global ? "g" : ""}`);
    } catch {
      throw oracleError(12726);
    }
  }
}

const REGEXP_LIKE: ScalarFunction = {
  least: 2,
  most: 3,
  takes: [text, text, text],
  type: () => boolean,
  evaluate: ([value = null, pattern = null, flags = null]) =>
    value === null || pattern === null
      ? null
      : regularExpression(String(pattern), flags === null ? undefined : String(flags)).test(String(value)),
};

const REGEXP_REPLACE: ScalarFunction = {
  least: 2,
  most: 6,
  takes: [text, text, text, number, number, text],
  type: textLikeFirst,
  evaluate: ([value = null, pattern = null, replacement = null, start = 1, occurrence = 0, flags = null]) => {
    if (value === null) return null;
    if (pattern === null) return value;
    const expression = regularExpression(String(pattern), flags === null ? undefined : String(flags), true);
    const by = String(replacement ?? "")
      .replaceAll("$", "$$$$")
      .replaceAll(/\\(\d)/g, "$$$1");
    const from = whole(start) - 1;
    const [before, rest] = [String(value).slice(0, from), String(value).slice(from)];
    let seen = 0;
    const single = new RegExp(expression.source, expression.flags.replace("g", ""));
    const replaced = rest.replaceAll(expression, (match) => {
      seen += 1;
      return whole(occurrence) === 0 || whole(occurrence) === seen ? match.replace(single, by) : match;
    });
    return emptyIsNull(before + replaced);
  },
};

const REGEXP_SUBSTR: ScalarFunction = {
  least: 2,
  most: 6,
  takes: [text, text, number, number, text, number],
  type: textLikeFirst,
  evaluate: ([value = null, pattern = null, start = 1, occurrence = 1, flags = null, group = 0]) => {
    if (value === null || pattern === null) return null;
    const expression = regularExpression(String(pattern), flags === null ? undefined : String(flags), true);
    const matches = [
      ...String(value)
        .slice(whole(start) - 1)
        .matchAll(expression),
    ];
    return emptyIsNull(matches[whole(occurrence) - 1]?.[whole(group)] ?? null);
  },
};

const EXTRACT: ScalarFunction = {
  least: 2,
  most: 2,
  type: () => number,
  evaluate: ([field = null, value = null], { formats }, [, type = untyped]) => {
    if (value === null) return null;
    if (!isTime(type)) throw oracleError(30076);
    const shown = showTime(String(value), type, "YYYY-MM-DD HH24:MI:SS", formats);
    const hasClock = type.name !== "DATE";
    switch (field) {
      case "YEAR":
        return Number(shown.slice(0, 4));
      case "MONTH":
        return Number(shown.slice(5, 7));
      case "DAY":
        return Number(shown.slice(8, 10));
      case "HOUR":
        if (hasClock) return Number(utcOf(String(value), type, formats.timeZone).slice(11, 13));
        break;
      case "MINUTE":
        if (hasClock) return Number(shown.slice(14, 16));
        break;
      case "SECOND":
        if (hasClock) return canonicalNumber(`${shown.slice(17, 19)}.${showTime(String(value), type, "FF6", formats)}`);
        break;
    }
    throw oracleError(30076);
  },
};

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
  ["TO_CHAR", TO_CHAR],
  ["TO_NUMBER", TO_NUMBER],
  ["TO_DATE", toTimeAs(date, ({ formats }) => formats.dateFormat)],
  ["TO_TIMESTAMP", toTimeAs(timestamp, ({ formats }) => formats.timestampFormat)],
  ["TO_TIMESTAMP_TZ", toTimeAs(zonedTimestamp, ({ formats }) => formats.zonedFormat)],
  ["TO_CLOB", strict([text], clob, ([value = null]) => value)],
  [
    "FROM_TZ",
    strict([timestamp, text], zonedTimestamp, ([value = "", zone = ""]) =>
      zonedText(fromZone(String(value), String(zone)), String(zone)),
    ),
  ],
  [
    "SYS_EXTRACT_UTC",
    strict(
      [undefined],
      ([type = untyped]) => {
        if (type !== untyped && (!isTime(type) || type.name === "DATE"))
          throw oracleError(932, ["TIMESTAMP", type.name]);
        return timestamp;
      },
      ([value = ""], { formats }, [type = untyped]) => utcOf(String(value), type, formats.timeZone),
    ),
  ],
  ["EXTRACT", EXTRACT],
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
  ["REGEXP_LIKE", REGEXP_LIKE],
  ["REGEXP_REPLACE", REGEXP_REPLACE],
  ["REGEXP_SUBSTR", REGEXP_SUBSTR],
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
