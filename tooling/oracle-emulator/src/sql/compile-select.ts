/** One SELECT: FROM and its joins, WHERE, GROUP BY, HAVING, the list, DISTINCT. */
import { type ResultColumn, type SqlType, type SqlValue, untyped } from "../sql-types.ts";
import { groups } from "./aggregate.ts";
import { canonicalText } from "./canonical-text.ts";
import { hasAggregate } from "./compile-call.ts";
import { compileAsCondition, compileExpression } from "./compile-expression.ts";
import { compileFrom } from "./compile-from.ts";
import type { Compiled, Frame, Grouping, Scope } from "./compiled.ts";
import { oracleError } from "./messages.ts";
import type { Expression, Ordering, Select, SelectItem } from "./syntax.ts";

export interface ResultRow {
  readonly values: readonly SqlValue[];
  /** What ORDER BY goes by and is no column of the result. */
  readonly sortValues: readonly SqlValue[];
}

export interface CompiledSelect {
  readonly columns: readonly ResultColumn[];
  readonly sortKeys: ReadonlyMap<Expression, { readonly index: number; readonly type: SqlType }>;
  run(outer?: Frame): Iterable<ResultRow>;
}

/** @param order the expressions of ORDER BY that may be other than columns of the result */
export function compileSelect(select: Select, around: Scope, order: readonly Ordering[]): CompiledSelect {
  if (!select.from && around.context.engine.profile.major < 23) throw oracleError(923);
  const from = compileFrom(select, around);
  const rowScope = from.scope;
  const listed = [...select.items, select.having, ...order.map(({ expression }) => expression)];
  const isGrouped = select.groupBy.length > 0 || select.having !== undefined || listed.some(hasAggregate);
  const grouping = isGrouped ? groupingOf(select, rowScope) : undefined;
  const scope: Scope = grouping ? { ...rowScope, grouping } : rowScope;

  const items = select.items.flatMap((item) => compileItem(item, scope));
  const having = select.having && compileAsCondition(select.having, scope);
  const columns = items.map(({ name, compiled: { type, nullable } }) => {
    if (type.name === "BOOLEAN" || type.name === "RECORD") throw oracleError(902);
    return { name, type, nullable };
  });
  const sorts = order
    .map(({ expression }) => expression)
    .filter((expression) => !isColumnOfResult(expression, columns))
    .map((expression) => ({ expression, compiled: compileExpression(expression, scope) }));
  if (select.distinct && sorts.length > 0) throw oracleError(1791);
  const sortKeys = new Map(
    sorts.map(({ expression, compiled }, index) => [expression, { index, type: compiled.type }]),
  );
  const keys = grouping ? select.groupBy.map((expression) => compileExpression(expression, rowScope)) : [];

  function* run(outer?: Frame): Generator<ResultRow> {
    const frames = grouping
      ? groups(from.frames(outer), keys, grouping, scope.context.formats, outer)
      : from.frames(outer);
    for (const frame of frames) {
      if (having && having.evaluate(frame) !== true) continue;
      yield {
        values: items.map(({ compiled }) => compiled.evaluate(frame)),
        sortValues: sorts.map(({ compiled }) => compiled.evaluate(frame)),
      };
    }
  }

  return { columns, sortKeys, run: select.distinct ? (outer) => distinct(run(outer), columns) : run };
}

function isColumnOfResult(expression: Expression, columns: readonly ResultColumn[]): boolean {
  if (expression.kind === "literal") return true;
  return (
    expression.kind === "name" &&
    expression.path.length === 1 &&
    columns.some(({ name }) => name === expression.path[0])
  );
}

function groupingOf(select: Select, rowScope: Scope): Grouping {
  const keys = new Map<string, { index: number; type: SqlType }>();
  for (const [index, expression] of select.groupBy.entries()) {
    const { type } = compileExpression(expression, rowScope);
    if (type.name === "CLOB") throw oracleError(932, ["-", "CLOB"]);
    keys.set(canonicalText(expression, rowScope), { index, type });
  }
  return { keys, isExplicit: select.groupBy.length > 0, aggregates: [] };
}

function compileItem(
  item: SelectItem,
  scope: Scope,
): readonly { readonly name: string; readonly compiled: Compiled }[] {
  if (item.kind === "expression") {
    const compiled = compileExpression(item.expression, scope);
    return [{ name: item.name, compiled: compiled.type === untyped ? { ...compiled, nullable: true } : compiled }];
  }
  const wanted = scope.tables.filter(({ alias }) => item.table === undefined || alias === item.table);
  if (wanted.length === 0) throw oracleError(904, [`"${item.table ?? "*"}"`], item.at);
  return wanted.flatMap((table) =>
    table.columns.map(({ name }) => {
      // By the place of its table: a name alone may stand in two of them.
      const only: Scope = { ...scope, tables: scope.tables.map((other) => (other === table ? other : HIDDEN)) };
      return { name, compiled: compileExpression({ kind: "name", path: [name], at: item.at }, only) };
    }),
  );
}

const HIDDEN = { alias: "", columns: [], isOptional: false };

function* distinct(rows: Iterable<ResultRow>, columns: readonly ResultColumn[]): Generator<ResultRow> {
  if (columns.some(({ type }) => type.name === "CLOB")) throw oracleError(932, ["-", "CLOB"]);
  const seen = new Set<string>();
  for (const row of rows) {
    const key = JSON.stringify(row.values, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
    if (seen.has(key)) continue;
    seen.add(key);
    yield row;
  }
}
