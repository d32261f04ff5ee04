import { clob, type SqlType, type SqlValue, untyped, varchar2 } from "../sql-types.ts";
import type { ScalarFunction, SqlContext } from "./context.ts";
import { type ExactNumber, limitScale } from "./exact-number.ts";

export const text = varchar2(4000);

/** NULL in, NULL out, unless `evaluate` is told otherwise. */
export function strict(
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

export function emptyIsNull(value: SqlValue): SqlValue {
  return value === "" ? null : value;
}

export const textLikeFirst = ([first = untyped]: readonly SqlType[]): SqlType => (first.name === "CLOB" ? clob : text);

export const whole = (value: SqlValue | undefined) => Number(limitScale((value ?? 0) as ExactNumber, 0, "cut"));
