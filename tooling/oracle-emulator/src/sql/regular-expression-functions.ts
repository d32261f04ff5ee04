/** REGEXP_LIKE and its like. */
import { boolean, number } from "../sql-types.ts";
import type { ScalarFunction } from "./context.ts";
import { oracleError } from "./messages.ts";
import { emptyIsNull, text, textLikeFirst, whole } from "./scalar-function.ts";

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

export const REGULAR_EXPRESSION_FUNCTIONS: readonly (readonly [name: string, called: ScalarFunction])[] = [
  ["REGEXP_LIKE", REGEXP_LIKE],
  ["REGEXP_REPLACE", REGEXP_REPLACE],
  ["REGEXP_SUBSTR", REGEXP_SUBSTR],
];
