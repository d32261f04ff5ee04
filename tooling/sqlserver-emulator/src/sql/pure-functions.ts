/** Functions of their arguments alone. */
import { int, isCharacterType, nvarchar, type SqlType, type SqlValue, untyped } from "../sql-types.ts";
import type { ScalarFunction } from "./context.ts";
import { commonType } from "./operators.ts";

type Evaluate = (args: readonly SqlValue[]) => SqlValue;

function pure(type: ScalarFunction["type"], evaluate: Evaluate): ScalarFunction {
  return { type, pure: true, evaluate: (args) => evaluate(args) };
}

/** NULL in the first argument gives NULL. */
function ofText(evaluate: (text: string, args: readonly SqlValue[]) => SqlValue, type?: SqlType): ScalarFunction {
  return pure(
    ([first = nvarchar(4000)]) => type ?? (isCharacterType(first) ? variableLength(first) : nvarchar(4000)),
    (args) => (args[0] === null || args[0] === undefined ? null : evaluate(String(args[0]), args)),
  );
}

function variableLength(type: SqlType): SqlType {
  return { ...type, name: type.name.startsWith("n") ? "nvarchar" : "varchar" };
}

const number = (value: SqlValue | undefined) => Number(value ?? 0);
const firstOf = (types: readonly SqlType[]) => types.find((type) => type !== untyped) ?? int;

export const PURE_FUNCTIONS: readonly (readonly [string, ScalarFunction])[] = [
  ["rtrim", ofText((text) => text.replace(/ +$/, ""))],
  ["ltrim", ofText((text) => text.replace(/^ +/, ""))],
  ["trim", ofText((text) => text.replace(/^ +| +$/g, ""))],
  ["upper", ofText((text) => text.toUpperCase())],
  ["lower", ofText((text) => text.toLowerCase())],
  ["len", ofText((text) => text.replace(/ +$/, "").length, int)],
  ["datalength", ofText((text) => text.length, int)],
  ["substring", ofText((text, [, from, count]) => text.substring(number(from) - 1, number(from) - 1 + number(count)))],
  ["left", ofText((text, [, count]) => text.slice(0, number(count)))],
  ["right", ofText((text, [, count]) => (number(count) === 0 ? "" : text.slice(-number(count))))],
  ["replace", ofText((text, [, from, to]) => text.replaceAll(String(from), String(to)))],
  ["quotename", ofText((text) => `[${text.replaceAll("]", "]]")}]`, nvarchar(258))],
  [
    "charindex",
    ofText(
      (wanted, [, text]) =>
        String(text ?? "")
          .toLowerCase()
          .indexOf(wanted.toLowerCase()) + 1,
      int,
    ),
  ],
  [
    "concat",
    pure(
      () => nvarchar(4000),
      (args) => args.map((value) => (value === null ? "" : String(value))).join(""),
    ),
  ],
  ["isnull", pure(firstOf, ([value = null, otherwise = null]) => value ?? otherwise)],
  ["coalesce", pure(commonType, (args) => args.find((value) => value !== null) ?? null)],
  ["nullif", pure(firstOf, ([value = null, other = null]) => (value === other ? null : value))],
  [
    "iif",
    pure(
      ([, then = int, otherwise = int]) => commonType([then, otherwise]),
      ([test, then = null, otherwise = null]) => (test === true ? then : otherwise),
    ),
  ],
];
