import { boolean, type SqlType, type SqlValue, untyped, varchar2, zonedTimestamp } from "../sql-types.ts";
import { canonicalText } from "./canonical-text.ts";
import { comparable, compareTyped, comparisonType, isLike } from "./compare.ts";
import { compileAggregate, compileCall } from "./compile-call.ts";
import { compileName } from "./compile-name.ts";
import { ALL_TABLES, type Compiled, type Frame, type Scope } from "./compiled.ts";
import { castValue, convertValue, familyOf, isConvertible } from "./convert-value.ts";
import { type ExactNumber, negate as negateNumber } from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import { COMPARISONS, calculationOf, commonType } from "./operators.ts";
import type { Comparison, Expression, Operator, Query } from "./syntax.ts";
import { utcOfZoned, zonedText } from "./time-zone.ts";

/** @throws OracleError when a name is unknown or a type does not fit */
export function compileExpression(expression: Expression, scope: Scope): Compiled {
  const { grouping } = scope;
  if (grouping && grouping.keys.size > 0) {
    const key = grouping.keys.get(canonicalText(expression, scope));
    if (key) return { type: key.type, nullable: true, uses: 0, evaluate: ({ keys }) => keys[key.index] ?? null };
  }
  switch (expression.kind) {
    case "literal": {
      const { value, type } = expression;
      return { type, nullable: value === null, uses: 0, evaluate: () => value };
    }
    case "bind": {
      const bind = scope.context.binds[expression.index];
      if (!bind) throw oracleError(1008);
      return { type: bind.value === null ? untyped : bind.type, nullable: true, uses: 0, evaluate: () => bind.value };
    }
    case "name":
      return compileName(expression, scope);
    case "call":
      return compileCall(expression, scope, compileExpression);
    case "countAll":
      return compileAggregate("count", undefined, false, scope);
    case "cast": {
      const operand = compileExpression(expression.operand, scope);
      demandConvertible(operand.type, expression.type);
      const { type } = expression;
      const { formats } = scope.context;
      return { ...operand, type, evaluate: (frame) => castValue(operand.evaluate(frame), operand.type, type, formats) };
    }
    case "atTimeZone":
      return compileAtTimeZone(expression, scope);
    case "negate": {
      const operand = converted(compileExpression(expression.operand, scope), { name: "NUMBER" }, scope);
      return {
        ...operand,
        evaluate: (frame) => {
          const value = operand.evaluate(frame);
          return value === null ? null : negateNumber(value as ExactNumber);
        },
      };
    }
    case "operation":
      return compileOperation(expression.operator, expression.left, expression.right, scope);
    case "scalar":
      return compileScalar(expression.query, scope);
    case "case":
      return compileCase(expression, scope);
    default:
      return compileCondition(expression, scope);
  }
}

function demandConvertible(from: SqlType, to: SqlType): void {
  if (from !== untyped && !isConvertible(from, to)) throw oracleError(932, [to.name, from.name]);
}

/** Brought to a type by the conversion that is implied. */
export function converted(operand: Compiled, type: SqlType, scope: Scope): Compiled {
  demandConvertible(operand.type, type);
  if (operand.type.name === type.name) return { ...operand, type };
  const { formats } = scope.context;
  return { ...operand, type, evaluate: (frame) => convertValue(operand.evaluate(frame), operand.type, type, formats) };
}

function compileAtTimeZone({ operand, zone }: Extract<Expression, { kind: "atTimeZone" }>, scope: Scope): Compiled {
  const time = compileExpression(operand, scope);
  if (!time.type.name.startsWith("TIMESTAMP")) throw oracleError(30084);
  const { formats } = scope.context;
  const where = zone && converted(compileExpression(zone, scope), varchar2(64), scope);
  const inZone = converted(time, zonedTimestamp, scope);
  return {
    type: zonedTimestamp,
    nullable: true,
    uses: inZone.uses | (where?.uses ?? 0),
    evaluate: (frame) => {
      const value = inZone.evaluate(frame);
      const name = where ? where.evaluate(frame) : formats.timeZone;
      return value === null || name === null ? null : zonedText(utcOfZoned(String(value)), String(name));
    },
  };
}

function compileScalar(query: Query, scope: Scope): Compiled {
  const compiled = scope.compileSubquery(query, scope);
  const [column] = compiled.columns;
  if (!column || compiled.columns.length > 1) throw oracleError(913);
  return { type: column.type, nullable: true, uses: ALL_TABLES, evaluate: (frame) => onlyValue(compiled.run(frame)) };
}

function onlyValue(rows: Iterable<readonly SqlValue[]>): SqlValue {
  let found: SqlValue | undefined;
  for (const [value = null] of rows) {
    if (found !== undefined) throw oracleError(1427);
    found = value;
  }
  return found ?? null;
}

function compileCase({ branches, otherwise }: Extract<Expression, { kind: "case" }>, scope: Scope): Compiled {
  const conditions = branches.map(({ condition }) => compileAsCondition(condition, scope));
  const results = [...branches.map(({ result }) => result), ...(otherwise ? [otherwise] : [])].map((result) =>
    compileExpression(result, scope),
  );
  const type = commonType(results.map((result) => result.type));
  const brought = results.map((result) => converted(result, type, scope));
  return {
    type,
    nullable: true,
    uses: [...conditions, ...brought].reduce((all, { uses }) => all | uses, 0),
    evaluate: (frame) => {
      const taken = conditions.findIndex((condition) => condition.evaluate(frame) === true);
      const result = taken < 0 ? (otherwise ? brought.at(-1) : undefined) : brought[taken];
      return result?.evaluate(frame) ?? null;
    },
  };
}

/** What decides: TRUE, FALSE or unknown. @throws OracleError 920 when it is a value */
export function compileAsCondition(expression: Expression, scope: Scope): Compiled {
  const compiled = compileExpression(expression, scope);
  if (compiled.type.name !== "BOOLEAN" && compiled.type !== untyped) throw oracleError(920);
  return compiled;
}

type Condition = Extract<Expression, { kind: "not" | "isNull" | "in" | "like" | "exists" }>;

function compileCondition(expression: Condition, scope: Scope): Compiled {
  const condition = (parts: readonly Compiled[], evaluate: (frame: Frame) => SqlValue): Compiled => ({
    type: boolean,
    nullable: true,
    uses: parts.reduce((all, { uses }) => all | uses, 0),
    evaluate,
  });
  switch (expression.kind) {
    case "exists": {
      const query = scope.compileSubquery(expression.query, scope);
      return { ...condition([], (frame) => hasRow(query.run(frame))), uses: ALL_TABLES };
    }
    case "not": {
      const operand = compileAsCondition(expression.operand, scope);
      return condition([operand], (frame) => not(operand.evaluate(frame)));
    }
    case "isNull": {
      const operand = compileExpression(expression.operand, scope);
      return condition([operand], (frame) => (operand.evaluate(frame) === null) !== expression.negated);
    }
    case "like":
      return compileLike(expression, scope, condition);
    case "in":
      return compileIn(expression, scope);
  }
}

function compileLike(
  expression: Extract<Expression, { kind: "like" }>,
  scope: Scope,
  condition: (parts: readonly Compiled[], evaluate: (frame: Frame) => SqlValue) => Compiled,
): Compiled {
  const asText = (part: Expression) => converted(compileExpression(part, scope), varchar2(4000), scope);
  const operand = asText(expression.operand);
  const pattern = asText(expression.pattern);
  const escapedBy = expression.escapedBy && asText(expression.escapedBy);
  return condition([operand, pattern, ...(escapedBy ? [escapedBy] : [])], (frame) => {
    const [text, wanted] = [operand.evaluate(frame), pattern.evaluate(frame)];
    if (text === null || wanted === null) return null;
    const character = escapedBy ? escapedBy.evaluate(frame) : null;
    return isLike(String(text), String(wanted), character === null ? null : String(character)) !== expression.negated;
  });
}

function compileIn(expression: Extract<Expression, { kind: "in" }>, scope: Scope): Compiled {
  const { choices, negated } = expression;
  if ("kind" in choices) return compileInQuery(expression, choices, scope);
  const tests = choices.map((choice) => compileOperation("=", expression.operand, choice, scope));
  return {
    type: boolean,
    nullable: true,
    uses: tests.reduce((all, { uses }) => all | uses, 0),
    evaluate: (frame) => {
      let found: SqlValue = false;
      for (const test of tests) {
        const result = test.evaluate(frame);
        if (result === true) return !negated;
        if (result === null) found = null;
      }
      return negated ? not(found) : found;
    },
  };
}

function compileInQuery(
  { operand: left, negated }: Extract<Expression, { kind: "in" }>,
  choices: Query,
  scope: Scope,
): Compiled {
  const operand = compileExpression(left, scope);
  const query = scope.compileSubquery(choices, scope);
  const [column] = query.columns;
  if (!column || query.columns.length > 1) throw oracleError(913);
  const type = comparisonType(operand.type, column.type);
  const { formats } = scope.context;
  return {
    type: boolean,
    nullable: true,
    uses: ALL_TABLES,
    evaluate: (frame) => {
      const value = comparable(operand.evaluate(frame), operand.type, type, formats);
      if (value === null) return null;
      let found: SqlValue = false;
      for (const [choice = null] of query.run(frame)) {
        const order = compareTyped(value, comparable(choice, column.type, type, formats), type);
        if (order === 0) return !negated;
        if (order === null) found = null;
      }
      return negated ? not(found) : found;
    },
  };
}

function not(value: SqlValue): SqlValue {
  return value === null ? null : value !== true;
}

function hasRow(rows: Iterable<unknown>): boolean {
  for (const _ of rows) return true;
  return false;
}

const COMPARISON_NAMES: ReadonlySet<string> = new Set(Object.keys(COMPARISONS));

function isComparison(operator: Operator): operator is Comparison {
  return COMPARISON_NAMES.has(operator);
}

function compileOperation(operator: Operator, leftSide: Expression, rightSide: Expression, scope: Scope): Compiled {
  if (operator === "and" || operator === "or") return compileLogic(operator, leftSide, rightSide, scope);
  const left = compileExpression(leftSide, scope);
  const right = compileExpression(rightSide, scope);
  const compiled = (type: SqlType, evaluate: (frame: Frame) => SqlValue): Compiled => ({
    type,
    nullable: true,
    uses: left.uses | right.uses,
    evaluate,
  });
  if (isComparison(operator)) {
    const type = comparisonType(left.type, right.type);
    const test = COMPARISONS[operator];
    const a = comparableSide(left, type, scope);
    const b = comparableSide(right, type, scope);
    return compiled(boolean, (frame) => {
      const order = compareTyped(a(frame), b(frame), type);
      return order === null ? null : test(order);
    });
  }
  if (operator === "||") return compileConcatenation(left, right, scope, compiled);
  const { type, calculate, ...sides } = calculationOf(operator, left.type, right.type);
  const [a, b] = [converted(left, sides.left, scope), converted(right, sides.right, scope)];
  return compiled(type, (frame) => calculate(a.evaluate(frame), b.evaluate(frame)));
}

/** One side of a comparison, brought to its type; what depends on no row is brought there once. */
function comparableSide(side: Compiled, type: SqlType, scope: Scope): (frame: Frame) => SqlValue {
  const { formats } = scope.context;
  const bring = (frame: Frame) => comparable(side.evaluate(frame), side.type, type, formats);
  if (side.uses !== 0 || scope.grouping || scope.outer || scope.context.variables) return bring;
  let known: { readonly value: SqlValue } | undefined;
  return (frame) => {
    known ??= { value: bring(frame) };
    return known.value;
  };
}

function compileLogic(operator: "and" | "or", leftSide: Expression, rightSide: Expression, scope: Scope): Compiled {
  const left = compileAsCondition(leftSide, scope);
  const right = compileAsCondition(rightSide, scope);
  const decisive = operator === "or";
  return {
    type: boolean,
    nullable: true,
    uses: left.uses | right.uses,
    evaluate: (frame) => {
      const first = left.evaluate(frame);
      if (first === decisive) return decisive;
      const second = right.evaluate(frame);
      if (second === decisive) return decisive;
      return first === null || second === null ? null : !decisive;
    },
  };
}

/** NULL adds nothing. */
function compileConcatenation(
  left: Compiled,
  right: Compiled,
  scope: Scope,
  compiled: (type: SqlType, evaluate: (frame: Frame) => SqlValue) => Compiled,
): Compiled {
  for (const { type } of [left, right]) {
    if (familyOf(type) === "boolean" || familyOf(type) === "record") throw oracleError(932, ["CHAR", type.name]);
  }
  const isClob = left.type.name === "CLOB" || right.type.name === "CLOB";
  const length = Math.min(4000, (left.type.length ?? 40) + (right.type.length ?? 40));
  const [a, b] = [converted(left, varchar2(4000), scope), converted(right, varchar2(4000), scope)];
  return compiled(isClob ? { name: "CLOB" } : varchar2(length), (frame) => {
    const [x, y] = [a.evaluate(frame), b.evaluate(frame)];
    if (x === null) return y;
    return y === null ? x : `${x}${y}`;
  });
}
