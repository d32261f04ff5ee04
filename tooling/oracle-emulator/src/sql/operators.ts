/** What operators do with two values, and of which type the result is. */
import {
  date,
  interval,
  number,
  type SqlType,
  type SqlValue,
  timestamp,
  untyped,
  varchar2,
  zonedTimestamp,
} from "../sql-types.ts";
import { familyOf } from "./convert-value.ts";
import { add, compareNumbers, divide, type ExactNumber, limitScale, multiply, negate } from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import type { Comparison, Operator } from "./syntax.ts";
import { utcOfZoned, zonedText } from "./time-zone.ts";

export const COMPARISONS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
};

type Arithmetic = Exclude<Operator, Comparison | "and" | "or" | "||">;

export interface Calculation {
  readonly type: SqlType;
  /** What the two sides are brought to before. */
  readonly left: SqlType;
  readonly right: SqlType;
  calculate(left: SqlValue, right: SqlValue): SqlValue;
}

/** @throws OracleError 932, 30081 */
export function calculationOf(operator: Arithmetic, left: SqlType, right: SqlType): Calculation {
  const [a, b] = [familyOf(left), familyOf(right)];
  if (a === "time" || b === "time") return timeCalculation(operator, left, right);
  if (a === "interval" && b === "interval" && (operator === "+" || operator === "-")) {
    const sign = operator === "+" ? 1 : -1;
    const calculate = (x: SqlValue, y: SqlValue) => (x === null || y === null ? null : Number(x) + sign * Number(y));
    return { type: interval, left, right, calculate };
  }
  for (const type of [left, right]) {
    if (!["number", "text"].includes(familyOf(type)) || type.name === "CLOB")
      throw oracleError(932, ["NUMBER", type.name]);
  }
  const calculate = (x: SqlValue, y: SqlValue) =>
    x === null || y === null ? null : calculateNumbers(operator, x as ExactNumber, y as ExactNumber);
  return { type: number, left: number, right: number, calculate };
}

function calculateNumbers(operator: Arithmetic, left: ExactNumber, right: ExactNumber): ExactNumber {
  switch (operator) {
    case "+":
      return add(left, right);
    case "-":
      return add(left, negate(right));
    case "*":
      return multiply(left, right);
    case "/":
      if (compareNumbers(right, 0) === 0) throw oracleError(1476);
      return divide(left, right);
  }
}

const DAY = 86_400_000_000n;

function timeCalculation(operator: Arithmetic, left: SqlType, right: SqlType): Calculation {
  const [a, b] = [familyOf(left), familyOf(right)];
  if (operator !== "+" && operator !== "-") throw oracleError(932, ["NUMBER", a === "time" ? left.name : right.name]);
  if (a === "time" && b === "time") {
    if (operator === "+") throw oracleError(975);
    return difference(left, right);
  }
  const time = a === "time" ? left : right;
  const other = a === "time" ? right : left;
  if (operator === "-" && a !== "time") throw oracleError(932, [a === "number" ? "NUMBER" : "INTERVAL", right.name]);
  const sign = operator === "+" ? 1n : -1n;
  if (familyOf(other) === "interval") {
    const calculate = (x: SqlValue, y: SqlValue) => {
      if (x === null || y === null) return null;
      const [moment, by] = a === "time" ? [x, y] : [y, x];
      return moveTime(String(moment), time, sign * BigInt(Number(by)));
    };
    return { type: time, left, right, calculate };
  }
  // Days are added to a DATE, and make a DATE of a timestamp.
  const calculate = (x: SqlValue, y: SqlValue) => {
    if (x === null || y === null) return null;
    const [moment, days] = a === "time" ? [x, y] : [y, x];
    const microseconds = BigInt(limitScale(multiply(days as ExactNumber, 86_400), 0, "round")) * 1_000_000n;
    return moveTime(String(moment), date, sign * microseconds);
  };
  return a === "time"
    ? { type: date, left: date, right: number, calculate }
    : { type: date, left: number, right: date, calculate };
}

function difference(left: SqlType, right: SqlType): Calculation {
  if (left.name === "DATE" && right.name === "DATE") {
    const calculate = (x: SqlValue, y: SqlValue) =>
      x === null || y === null ? null : divideDays(microsecondsOf(String(x)) - microsecondsOf(String(y)));
    return { type: number, left, right, calculate };
  }
  const isZoned = [left, right].some(({ name }) => name.endsWith("TIME ZONE"));
  const both = isZoned ? zonedTimestamp : timestamp;
  const utc = (value: SqlValue) => microsecondsOf(isZoned ? utcOfZoned(String(value)) : String(value));
  const calculate = (x: SqlValue, y: SqlValue) => (x === null || y === null ? null : Number(utc(x) - utc(y)));
  return { type: interval, left: both, right: both, calculate };
}

function divideDays(microseconds: bigint): ExactNumber {
  return divide(microseconds, DAY);
}

function microsecondsOf(time: string): bigint {
  const milliseconds = Date.parse(`${time.slice(0, 10)}T${time.slice(11, 19)}Z`);
  return BigInt(milliseconds) * 1000n + BigInt(time.slice(20, 26).padEnd(6, "0"));
}

function moveTime(time: string, type: SqlType, microseconds: bigint): string {
  if (type.name === "TIMESTAMP WITH TIME ZONE")
    return zonedText(movePlain(utcOfZoned(time), microseconds, true), time.slice(-6));
  return movePlain(time, microseconds, type.name !== "DATE");
}

function movePlain(time: string, microseconds: bigint, hasFraction: boolean): string {
  const moved = microsecondsOf(time) + microseconds;
  const fraction = ((moved % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const milliseconds = Number((moved - fraction) / 1000n);
  if (Math.abs(milliseconds) > 253_402_300_799_999) throw oracleError(1841);
  const iso = new Date(milliseconds).toISOString();
  const plain = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  return hasFraction ? `${plain}.${String(fraction).padStart(6, "0")}` : plain;
}

/** Of CASE, DECODE, NVL and UNION: that of the first, wide enough for all. @throws OracleError 932 */
export function commonType(types: readonly SqlType[]): SqlType {
  const typed = types.filter((type) => type !== untyped);
  const [first = untyped] = typed;
  const families = new Set(typed.map(familyOf));
  if (families.size > 1) {
    const other = typed.find((type) => familyOf(type) !== familyOf(first)) ?? first;
    throw oracleError(932, [first.name, other.name]);
  }
  if (familyOf(first) === "text") {
    if (typed.some(({ name }) => name === "CLOB")) return { name: "CLOB" };
    return typed.length === 0 ? untyped : varchar2(Math.max(...typed.map(({ length = 4000 }) => length)));
  }
  if (families.has("time") && typed.some(({ name }) => name !== first.name))
    return typed.some(({ name }) => name.endsWith("TIME ZONE")) ? zonedTimestamp : timestamp;
  return first;
}
