import { valueIn } from "../definitions/server-trigger.ts";
import { bigint, bit, isCharacterType, nvarchar, type SqlType, type SqlValue } from "../sql-types.ts";
import { compareValues, isLike, numberOf } from "./compare.ts";
import type { Aggregate, Compiled, Frame, Scope } from "./compiled.ts";
import { convertValue } from "./convert-value.ts";
import { COMPARISONS, calculate, commonType } from "./operators.ts";
import { ServerError, undeclaredVariable, unknownColumn, unknownFunction } from "./server-error.ts";
import type { Expression, Operator, Select } from "./syntax.ts";

export function compileExpression(expression: Expression, scope: Scope): Compiled {
  switch (expression.kind) {
    case "literal": {
      const { value, type } = expression;
      return { type, nullable: value === null, pure: true, evaluate: () => value };
    }
    case "column":
      return compileColumn(expression.table, expression.name, scope);
    case "variable":
      return compileVariable(expression.name, scope);
    case "call":
      return compileCall(expression.name, expression.arguments, scope);
    case "count":
      return aggregate({ kind: "count" }, bigint, scope);
    case "convert": {
      const operand = compileExpression(expression.operand, scope);
      const { type, style } = expression;
      const evaluate = (frame: Frame) => convertValue(operand.evaluate(frame), operand.type, type, style);
      return { ...operand, type, evaluate };
    }
    case "xmlValue": {
      const operand = compileExpression(expression.operand, scope);
      const { path, type } = expression;
      const evaluate = (frame: Frame) => {
        const xml = operand.evaluate(frame);
        return xml === null ? null : convertValue(valueIn(String(xml), path), nvarchar("max"), type);
      };
      return { ...operand, type, evaluate };
    }
    case "negate": {
      const operand = compileExpression(expression.operand, scope);
      const evaluate = (frame: Frame) => {
        const value = operand.evaluate(frame);
        return value === null ? null : -numberOf(value);
      };
      return { ...operand, evaluate };
    }
    case "operation":
      return compileOperation(expression.operator, expression.left, expression.right, scope);
    case "scalar": {
      const query = scope.compileSubquery(expression.query, scope);
      const [column] = query.columns;
      if (!column || query.columns.length > 1)
        throw new ServerError(
          116,
          "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
        );
      return { type: column.type, nullable: true, pure: false, evaluate: (frame) => onlyValue(query.run(frame)) };
    }
    case "case": {
      const branches = expression.branches.map(({ condition, result }) => ({
        condition: compileExpression(condition, scope),
        result: compileExpression(result, scope),
      }));
      const otherwise = expression.otherwise && compileExpression(expression.otherwise, scope);
      const all = [
        ...branches.flatMap(({ condition, result }) => [condition, result]),
        ...(otherwise ? [otherwise] : []),
      ];
      return {
        type: commonType([...branches.map(({ result }) => result.type), ...(otherwise ? [otherwise.type] : [])]),
        nullable: true,
        pure: all.every(({ pure }) => pure),
        evaluate: (frame) => {
          const taken = branches.find(({ condition }) => condition.evaluate(frame) === true);
          return taken ? taken.result.evaluate(frame) : (otherwise?.evaluate(frame) ?? null);
        },
      };
    }
    default:
      return compileCondition(expression, scope);
  }
}

type Condition = Extract<Expression, { kind: "not" | "isNull" | "in" | "like" | "exists" }>;

function compileCondition(expression: Condition, scope: Scope): Compiled {
  const condition = (parts: readonly Compiled[], evaluate: (frame: Frame) => SqlValue): Compiled => ({
    type: bit,
    nullable: true,
    pure: parts.every(({ pure }) => pure),
    evaluate,
  });
  if (expression.kind === "exists") {
    const query = scope.compileSubquery(expression.query, scope);
    return { ...condition([], (frame) => hasRow(query.run(frame))), pure: false };
  }
  const operand = compileExpression(expression.operand, scope);
  switch (expression.kind) {
    case "not":
      return condition([operand], (frame) => negate(operand.evaluate(frame)));
    case "isNull":
      return condition([operand], (frame) => (operand.evaluate(frame) === null) !== expression.negated);
    case "like": {
      const pattern = compileExpression(expression.pattern, scope);
      return condition([operand, pattern], (frame) => {
        const [text, wanted] = [operand.evaluate(frame), pattern.evaluate(frame)];
        return text === null || wanted === null ? null : isLike(String(text), String(wanted)) !== expression.negated;
      });
    }
    case "in": {
      const choices = compileChoices(expression.choices, scope);
      const compiled = condition([operand, ...choices.parts], (frame) => {
        const found = isIn(operand.evaluate(frame), choices.values(frame));
        return expression.negated ? negate(found) : found;
      });
      return { ...compiled, pure: compiled.pure && choices.parts.length > 0 };
    }
  }
}

function compileChoices(choices: readonly Expression[] | Select, scope: Scope) {
  if ("items" in choices) {
    const query = scope.compileSubquery(choices, scope);
    const values = (frame: Frame) => Array.from(query.run(frame), ([value = null]) => value);
    return { parts: [], values };
  }
  const parts = choices.map((choice) => compileExpression(choice, scope));
  return { parts, values: (frame: Frame) => parts.map((part) => part.evaluate(frame)) };
}

function isIn(value: SqlValue, choices: readonly SqlValue[]): SqlValue {
  if (value === null) return null;
  if (choices.some((choice) => compareValues(value, choice) === 0)) return true;
  return choices.includes(null) ? null : false;
}

function negate(value: SqlValue): SqlValue {
  return value === null ? null : value !== true;
}

function hasRow(rows: Iterable<unknown>): boolean {
  for (const _ of rows) return true;
  return false;
}

function onlyValue(rows: Iterable<readonly SqlValue[]>): SqlValue {
  let found: SqlValue | undefined;
  for (const [value = null] of rows) {
    if (found !== undefined) throw new ServerError(512, "Subquery returned more than 1 value.");
    found = value;
  }
  return found ?? null;
}

function compileColumn(alias: string | undefined, name: string, scope: Scope): Compiled {
  let depth = 0;
  for (let current: Scope | undefined = scope; current; current = current.outer, depth += 1) {
    for (const [index, bound] of current.tables.entries()) {
      if (alias !== undefined && bound.alias.toLowerCase() !== alias.toLowerCase()) continue;
      const column = bound.table.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
      if (!column) continue;
      // The catalog's row types differ from table to table; a table's columns read its own rows only.
      const read = column.read as (row: unknown) => SqlValue;
      const { type, nullable } = column;
      const evaluate = depth === 0 ? readHere(read, index) : readOuter(read, index, depth);
      return { type, nullable, pure: true, evaluate };
    }
  }
  throw unknownColumn(name);
}

function readHere(read: (row: unknown) => SqlValue, index: number) {
  return (frame: Frame): SqlValue => {
    const row = frame.rows[index];
    return row === undefined ? null : read(row);
  };
}

function readOuter(read: (row: unknown) => SqlValue, index: number, depth: number) {
  return (frame: Frame): SqlValue => {
    let from: Frame | undefined = frame;
    for (let step = 0; step < depth; step += 1) from = from?.outer;
    const row = from?.rows[index];
    return row === undefined ? null : read(row);
  };
}

function compileVariable(name: string, scope: Scope): Compiled {
  if (name.startsWith("@@")) return compileCall(name, [], scope);
  const { variables } = scope.context;
  const variable = variables.get(name);
  if (!variable) throw undeclaredVariable(name);
  return { type: variable.type, nullable: true, pure: false, evaluate: () => variables.get(name)?.value ?? null };
}

const AGGREGATES: Readonly<Record<string, Aggregate["kind"]>> = {
  count: "count",
  count_big: "count",
  min: "min",
  max: "max",
};

function compileCall(name: string, args: readonly Expression[], scope: Scope): Compiled {
  const kind = Object.hasOwn(AGGREGATES, name) ? AGGREGATES[name] : undefined;
  if (kind && args[0]) {
    const operand = compileExpression(args[0], { ...scope, aggregates: [] });
    return aggregate({ kind, operand }, kind === "count" ? bigint : operand.type, scope);
  }
  const called = scope.context.catalog.functions.get(name.replace(/^sys\./, ""));
  if (!called) throw unknownFunction(name);
  const compiled = args.map((argument) => compileExpression(argument, scope));
  const { context } = scope;
  return {
    type: called.type(compiled.map(({ type }) => type)),
    nullable: true,
    pure: called.pure && compiled.every(({ pure }) => pure),
    evaluate: (frame) =>
      called.evaluate(
        compiled.map((argument) => argument.evaluate(frame)),
        context,
      ),
  };
}

function aggregate(found: Aggregate, type: SqlType, scope: Scope): Compiled {
  if (!scope.aggregates) throw new ServerError(147, "An aggregate may not appear in the WHERE clause.", 15);
  const index = scope.aggregates.push(found) - 1;
  return { type, nullable: true, pure: false, evaluate: (frame) => frame.aggregated[index] ?? null };
}

function compileOperation(operator: Operator, leftSide: Expression, rightSide: Expression, scope: Scope): Compiled {
  const left = compileExpression(leftSide, scope);
  const right = compileExpression(rightSide, scope);
  const pure = left.pure && right.pure;
  const compiled = (type: SqlType, evaluate: (frame: Frame) => SqlValue): Compiled => ({
    type,
    nullable: true,
    pure,
    evaluate,
  });
  if (operator === "and" || operator === "or") {
    const decisive = operator === "or";
    return compiled(bit, (frame) => {
      const first = left.evaluate(frame);
      if (first === decisive) return decisive;
      const second = right.evaluate(frame);
      if (second === decisive) return decisive;
      return first === null || second === null ? null : !decisive;
    });
  }
  const test = COMPARISONS[operator];
  if (test) {
    return compiled(bit, (frame) => {
      const order = compareValues(left.evaluate(frame), right.evaluate(frame));
      return order === null ? null : test(order);
    });
  }
  const type =
    operator === "+" && isCharacterType(left.type) && isCharacterType(right.type)
      ? nvarchar(4000)
      : commonType([left.type, right.type]);
  return compiled(type, (frame) => calculate(operator, left.evaluate(frame), right.evaluate(frame), type));
}
