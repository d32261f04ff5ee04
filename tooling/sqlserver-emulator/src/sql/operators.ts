/** What operators do with two values, and to which type they bring them. */
import { int, isCharacterType, isIntegerType, type SqlType, type SqlValue, untyped } from "../sql-types.ts";
import { numberOf } from "./compare.ts";
import { ServerError } from "./server-error.ts";
import type { Operator } from "./syntax.ts";

export const COMPARISONS: Partial<Record<Operator, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
};

export function calculate(operator: Operator, left: SqlValue, right: SqlValue, type: SqlType): SqlValue {
  if (left === null || right === null) return null;
  if (isCharacterType(type)) return String(left) + String(right);
  const [a, b] = [Number(numberOf(left)), Number(numberOf(right))];
  if ((operator === "/" || operator === "%") && b === 0)
    throw new ServerError(8134, "Divide by zero error encountered.");
  const result = { "+": a + b, "-": a - b, "*": a * b, "/": a / b, "%": a % b }[operator as "+"];
  return isIntegerType(type) ? Math.trunc(result) : result;
}

/** The type that the others are converted to: text gives way to numbers, narrow to wide. */
export function commonType(given: readonly SqlType[]): SqlType {
  const typed = given.filter((type) => type !== untyped);
  const types = typed.length > 0 ? typed : given;
  const [first = int] = types;
  if (types.every(isCharacterType)) {
    const lengths = types.map(({ length }) => length);
    const length = lengths.includes("max") ? "max" : Math.max(...lengths.map(Number));
    return { name: types.some(({ name }) => name.startsWith("n")) ? "nvarchar" : "varchar", length };
  }
  const order = ["bit", "tinyint", "smallint", "int", "bigint", "float"];
  const widest = Math.max(...types.map(({ name }) => order.indexOf(name)));
  const found = types.find(({ name }) => order.indexOf(name) === widest);
  return widest < 0 ? first : (found ?? first);
}
