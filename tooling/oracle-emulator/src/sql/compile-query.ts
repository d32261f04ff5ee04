/** A query with UNION, ORDER BY, OFFSET and FETCH FIRST, made of its SELECTs. */
import type { ResultColumn, SqlType, SqlValue } from "../sql-types.ts";
import { comparable, compareTyped } from "./compare.ts";
import { compileExpression } from "./compile-expression.ts";
import { type CompiledSelect, compileSelect, type ResultRow } from "./compile-select.ts";
import { type CompiledQuery, emptyFrame, type Frame, type Scope } from "./compiled.ts";
import type { SqlContext } from "./context.ts";
import { convertValue, familyOf } from "./convert-value.ts";
import { oracleError } from "./messages.ts";
import { commonType } from "./operators.ts";
import type { Expression, Ordering, Query, SetOperator } from "./syntax.ts";

export function compileQuery(query: Query, context: SqlContext, outer?: Scope): CompiledQuery {
  const scope: Scope = {
    context,
    tables: [],
    outer,
    compileSubquery: (inner, around) => compileQuery(inner, context, around),
  };
  const isPlain = query.others.length === 0;
  const first = compileSelect(query.first, scope, isPlain ? query.order : []);
  const others = query.others.map(({ operator, select }) => ({ operator, select: compileSelect(select, scope, []) }));
  const columns = others.length === 0 ? first.columns : unitedColumns(first, others);
  const order = query.order.map((ordering) => orderingOf(ordering, columns, first, isPlain));
  const offset = query.offset && rowCount(query.offset, scope);
  const limit = query.limit && rowCount(query.limit, scope);

  function* run(outerFrame?: Frame): Generator<readonly SqlValue[]> {
    let rows: Iterable<ResultRow> = first.run(outerFrame);
    if (others.length > 0) rows = united(first, others, columns, context, outerFrame);
    if (order.length > 0) rows = sorted(rows, order, context);
    let skipped = offset?.(outerFrame) ?? 0;
    let left = limit?.(outerFrame) ?? Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    for (const { values } of rows) {
      if (skipped > 0) {
        skipped -= 1;
        continue;
      }
      yield values;
      left -= 1;
      if (left <= 0) return;
    }
  }

  return { columns, run };
}

function rowCount(expression: Expression, scope: Scope): (frame: Frame | undefined) => number {
  const compiled = compileExpression(expression, scope);
  if (familyOf(compiled.type) !== "number" && familyOf(compiled.type) !== "text")
    throw oracleError(932, ["NUMBER", compiled.type.name]);
  return (frame) => {
    const value = convertValue(
      compiled.evaluate(emptyFrame(frame)),
      compiled.type,
      { name: "NUMBER" },
      scope.context.formats,
    );
    return value === null ? 0 : Math.floor(Number(value));
  };
}

interface CompiledOrdering {
  readonly type: SqlType;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  keyOf(row: ResultRow): SqlValue;
}

/** By a column's number or name, or, where the rows come from one SELECT, by any expression. */
function orderingOf(
  { expression, descending, nullsFirst }: Ordering,
  columns: readonly ResultColumn[],
  first: CompiledSelect,
  isPlain: boolean,
): CompiledOrdering {
  const index = columnIndex(expression, columns);
  const column = index === undefined ? undefined : columns[index];
  if (column && index !== undefined) {
    demandOrder(column.type);
    return { type: column.type, descending, nullsFirst, keyOf: ({ values }) => values[index] ?? null };
  }
  const key = isPlain ? first.sortKeys.get(expression) : undefined;
  if (!key)
    throw oracleError(expression.kind === "name" ? 904 : 1785, [
      `"${expression.kind === "name" ? expression.path.join('"."') : ""}"`,
    ]);
  demandOrder(key.type);
  return { type: key.type, descending, nullsFirst, keyOf: ({ sortValues }) => sortValues[key.index] ?? null };
}

function demandOrder({ name }: SqlType): void {
  if (name === "CLOB") throw oracleError(932, ["-", "CLOB"]);
}

function columnIndex(expression: Expression, columns: readonly { readonly name: string }[]): number | undefined {
  if (expression.kind === "literal" && typeof expression.value === "number") {
    const index = expression.value - 1;
    if (!columns[index]) throw oracleError(1785);
    return index;
  }
  if (expression.kind !== "name" || expression.path.length !== 1) return undefined;
  const index = columns.findIndex(({ name }) => name === expression.path[0]);
  return index < 0 ? undefined : index;
}

function sorted(
  rows: Iterable<ResultRow>,
  order: readonly CompiledOrdering[],
  { formats }: SqlContext,
): readonly ResultRow[] {
  const keyed = Array.from(rows, (row) => ({
    row,
    keys: order.map(({ keyOf, type }) => comparable(keyOf(row), type, type, formats)),
  }));
  keyed.sort((a, b) => {
    for (const [index, { descending, nullsFirst, type }] of order.entries()) {
      const [x = null, y = null] = [a.keys[index], b.keys[index]];
      const compared = compareTyped(x, y, type);
      const byNull = (Number(x === null) - Number(y === null)) * (nullsFirst ? -1 : 1);
      const difference = compared === null ? byNull : descending ? -compared : compared;
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

interface Other {
  readonly operator: SetOperator;
  readonly select: CompiledSelect;
}

function unitedColumns(first: CompiledSelect, others: readonly Other[]): readonly ResultColumn[] {
  for (const { select } of others) if (select.columns.length !== first.columns.length) throw oracleError(1789);
  return first.columns.map((column, index) => {
    const types = [column.type, ...others.map(({ select }) => select.columns[index]?.type ?? column.type)];
    try {
      return { ...column, type: commonType(types), nullable: true };
    } catch {
      throw oracleError(1790);
    }
  });
}

function* united(
  first: CompiledSelect,
  others: readonly Other[],
  columns: readonly ResultColumn[],
  { formats }: SqlContext,
  frame: Frame | undefined,
): Generator<ResultRow> {
  const brought = function* (select: CompiledSelect): Generator<ResultRow> {
    for (const { values } of select.run(frame)) {
      const converted = values.map((value, index) => {
        const [from, to] = [select.columns[index], columns[index]];
        return from && to ? convertValue(value, from.type, to.type, formats) : value;
      });
      yield { values: converted, sortValues: [] };
    }
  };
  let rows: Iterable<ResultRow> = brought(first);
  for (const { operator, select } of others) rows = combined(rows, brought(select), operator);
  yield* rows;
}

function* combined(left: Iterable<ResultRow>, right: Iterable<ResultRow>, operator: SetOperator): Generator<ResultRow> {
  if (operator === "union all") {
    yield* left;
    yield* right;
    return;
  }
  const seen = new Set<string>();
  const others = operator === "union" ? undefined : new Set(Array.from(right, rowKey));
  const all = operator === "union" ? chain(left, right) : left;
  for (const row of all) {
    const key = rowKey(row);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!others || others.has(key) === (operator === "intersect")) yield row;
  }
}

function* chain<Value>(left: Iterable<Value>, right: Iterable<Value>): Generator<Value> {
  yield* left;
  yield* right;
}

/** Equal for equal rows: NULLs count as equal here. */
function rowKey({ values }: Pick<ResultRow, "values">): string {
  return JSON.stringify(values, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}
