import { findTable } from "../definitions/define-object.ts";
import type { AuditReadPart } from "../model/read-rows.ts";
import { findDatabase, sameName } from "../principals.ts";
import type { ResultColumn } from "../protocol/tokens.ts";
import type { SqlValue } from "../sql-types.ts";
import { demandAccess } from "./access.ts";
import { compareValues, foldText } from "./compare.ts";
import { compileExpression } from "./compile-expression.ts";
import type { Aggregate, Compiled, Frame, Scope } from "./compiled.ts";
import type { CatalogTable, SqlContext } from "./context.ts";
import { ServerError, unknownObject } from "./server-error.ts";
import type { Join, Select, SelectItem, TableReference } from "./syntax.ts";
import { tableSource } from "./table-source.ts";

export interface CompiledSelect {
  readonly columns: readonly ResultColumn[];
  /** Names of the variables that take the values, when it is SELECT @a = …, … */
  readonly assigns: readonly string[];
  run(outer?: Frame): Iterable<readonly SqlValue[]>;
  /** A plain read of sys.fn_get_audit_file, which can be answered block by block. */
  readonly audit?: AuditSelect;
}

export interface AuditSelect {
  /** The query as it was parsed: the same object for the same text, so that what was made for it is found again. */
  readonly query: Select;
  readonly items: readonly Compiled[];
  /** Does the result of a row depend on the row alone, so that an encoded block can be used again? */
  readonly pure: boolean;
  parts(): Iterable<AuditReadPart>;
}

interface BoundTable {
  readonly alias: string;
  readonly table: CatalogTable;
  readonly args: readonly Compiled[];
  /** As it looks from another database, when it was named with one. */
  readonly seenFrom?: SqlContext;
  readonly join?: Join;
}

export function compileSelect(select: Select, context: SqlContext, outer?: Scope): CompiledSelect {
  const aggregates: Aggregate[] = [];
  const compileSubquery: Scope["compileSubquery"] = (query, scope) => compileSelect(query, context, scope);
  const withoutTables: Scope = { context, tables: [], outer, compileSubquery };
  const bound = bindTables(select, withoutTables);
  const rowScope: Scope = { ...withoutTables, tables: bound };
  const scope: Scope = { ...rowScope, aggregates };

  const items = select.items.flatMap((item) => compileItem(item, scope, bound));
  const where = select.where && compileExpression(select.where, rowScope);
  const joins = bound.map(({ join }) => join?.on && compileExpression(join.on, rowScope));
  const top = select.top && compileExpression(select.top, withoutTables);
  const order = select.order.map(({ expression, descending }) => {
    // ORDER BY sees the names of the select list first.
    const named =
      expression.kind === "column" && items.find(({ name }) => name.toLowerCase() === expression.name.toLowerCase());
    return { by: named ? named.compiled : compileExpression(expression, scope), descending };
  });

  function* frames(outerFrame: Frame | undefined): Generator<Frame> {
    const frame: Frame = { rows: [], aggregated: [], outer: outerFrame };
    yield* descend(frame, 0);
  }

  function* descend(frame: Frame, depth: number): Generator<Frame> {
    const table = bound[depth];
    if (!table) {
      if (!where || where.evaluate(frame) === true) yield frame;
      return;
    }
    const on = joins[depth];
    let found = false;
    for (const row of table.table.rows(
      table.seenFrom ?? context,
      table.args.map((argument) => argument.evaluate(frame)),
    )) {
      frame.rows[depth] = row;
      if (on && on.evaluate(frame) !== true) continue;
      found = true;
      yield* descend(frame, depth + 1);
    }
    if (found || table.join?.kind !== "left") return;
    frame.rows[depth] = undefined;
    yield* descend(frame, depth + 1);
  }

  function* run(outerFrame?: Frame): Generator<readonly SqlValue[]> {
    const valuesOf = (frame: Frame) => items.map(({ compiled }) => compiled.evaluate(frame));
    let results: Iterable<readonly SqlValue[]>;
    if (aggregates.length > 0) results = [valuesOf(aggregated(aggregates, frames(outerFrame)))];
    else if (order.length > 0) results = sorted(frames(outerFrame), order, valuesOf);
    else results = mapped(frames(outerFrame), valuesOf);
    if (select.distinct) results = distinct(results);
    let left = top ? Number(top.evaluate({ rows: [], aggregated: [], outer: outerFrame })) : Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    for (const values of results) {
      yield values;
      left -= 1;
      if (left <= 0) return;
    }
  }

  const [source] = bound;
  const isPlain =
    bound.length === 1 && !where && !top && !select.distinct && order.length === 0 && aggregates.length === 0;
  const partsOf = isPlain ? source?.table.parts?.bind(source.table) : undefined;
  const audit: AuditSelect | undefined =
    source && partsOf
      ? {
          query: select,
          items: items.map(({ compiled }) => compiled),
          pure: items.every(({ compiled }) => compiled.pure),
          parts: () =>
            partsOf(
              context,
              source.args.map((argument) => argument.evaluate({ rows: [], aggregated: [], outer: undefined })),
            ),
        }
      : undefined;
  return {
    columns: items.map(({ name, compiled: { type, nullable } }) => ({ name, type, nullable })),
    assigns: assignedVariables(select.items),
    run,
    ...(audit && { audit }),
  };
}

function bindTables(select: Select, scope: Scope): readonly BoundTable[] {
  if (!select.from) return [];
  const first = bindTable(select.from, scope);
  return [first, ...select.joins.map((join) => ({ ...bindTable(join.table, scope), join }))];
}

function bindTable(reference: TableReference, scope: Scope): BoundTable {
  const { catalog, engine, session } = scope.context;
  const inMaster = sameName(reference.database ?? session.database, "master");
  const made = inMaster ? findTable(engine.instance, reference.name) : undefined;
  const table = catalog.tables.get(reference.name) ?? (made && tableSource(made));
  if (!table) throw unknownObject(reference.written);
  const args = (reference.arguments ?? []).map((argument) => compileExpression(argument, scope));
  const seenFrom =
    reference.database === undefined ? undefined : contextIn(reference.database, reference.written, scope.context);
  return { alias: reference.alias, table, args, ...(seenFrom && { seenFrom }) };
}

/** `[Sales].sys.…` shows, and does, what it does to somebody who works in that database. */
export function contextIn(name: string, written: string, context: SqlContext): SqlContext {
  const database = findDatabase(context.engine.instance, name);
  if (!database) throw unknownObject(written);
  demandAccess(database, context);
  const { session } = context;
  return { ...context, session: { ...session, database: database.name } };
}

function compileItem(item: SelectItem, scope: Scope, bound: readonly BoundTable[]) {
  if (item.kind !== "star") {
    return [{ name: item.kind === "expression" ? item.name : "", compiled: compileExpression(item.expression, scope) }];
  }
  const tables = bound.filter(
    ({ alias }) => item.table === undefined || alias.toLowerCase() === item.table.toLowerCase(),
  );
  if (tables.length === 0)
    throw new ServerError(
      107,
      `The column prefix '${item.table ?? "*"}' does not match with a table name or alias name used in the query.`,
      15,
    );
  return tables.flatMap(({ alias, table }) =>
    table.columns.map(({ name }) => ({
      name,
      compiled: compileExpression({ kind: "column", table: alias, name }, scope),
    })),
  );
}

function assignedVariables(items: readonly SelectItem[]): readonly string[] {
  const variables = items.flatMap((item) => (item.kind === "assignment" ? [item.variable] : []));
  if (variables.length > 0 && variables.length < items.length) {
    throw new ServerError(
      141,
      "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
      15,
    );
  }
  return variables;
}

function* mapped<From, To>(values: Iterable<From>, map: (value: From) => To): Generator<To> {
  for (const value of values) yield map(value);
}

function* distinct(results: Iterable<readonly SqlValue[]>): Generator<readonly SqlValue[]> {
  const seen = new Set<string>();
  for (const values of results) {
    const key = values
      .map((value) => (typeof value === "string" ? `'${foldText(value)}` : String(value)))
      .join("\u0000");
    if (seen.has(key)) continue;
    seen.add(key);
    yield values;
  }
}

function sorted(
  frames: Iterable<Frame>,
  order: readonly { readonly by: Compiled; readonly descending: boolean }[],
  valuesOf: (frame: Frame) => readonly SqlValue[],
): Iterable<readonly SqlValue[]> {
  const rows = Array.from(frames, (frame) => ({
    keys: order.map(({ by }) => by.evaluate(frame)),
    values: valuesOf(frame),
  }));
  rows.sort((a, b) => {
    for (const [index, { descending }] of order.entries()) {
      const difference = compareWithNulls(a.keys[index] ?? null, b.keys[index] ?? null);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
  return rows.map(({ values }) => values);
}

/** NULL sorts first. */
function compareWithNulls(left: SqlValue, right: SqlValue): number {
  return compareValues(left, right) ?? Number(left !== null) - Number(right !== null);
}

function aggregated(aggregates: readonly Aggregate[], frames: Iterable<Frame>): Frame {
  const results: SqlValue[] = aggregates.map(({ kind }) => (kind === "count" ? 0 : null));
  for (const frame of frames) {
    for (const [index, { kind, operand }] of aggregates.entries()) {
      const value = operand ? operand.evaluate(frame) : true;
      if (value === null) continue;
      const before = results[index] ?? null;
      if (kind === "count") results[index] = Number(before) + 1;
      else {
        const difference = compareValues(value, before) ?? (kind === "min" ? -1 : 1);
        if (kind === "min" ? difference < 0 : difference > 0) results[index] = value;
      }
    }
  }
  return { rows: [], aggregated: results, outer: undefined };
}
