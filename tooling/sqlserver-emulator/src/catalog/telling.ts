import type { ScalarFunction, SqlContext } from "../sql/context.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";

/** A function that tells something about the session or the instance, so that its value is not its arguments' alone. */
export function telling(
  type: SqlType,
  evaluate: (context: SqlContext, args: readonly SqlValue[]) => SqlValue,
): ScalarFunction {
  return { type: () => type, pure: false, evaluate: (args, context) => evaluate(context, args) };
}
