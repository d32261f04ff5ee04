/** INSERT, UPDATE and DELETE, on tables that somebody created. */

import type { UserTable } from "../database.ts";
import { demandOutsideAudsys } from "../definitions/define-table.ts";
import { hasObjectPrivilege } from "../privileges.ts";
import type { SqlValue } from "../sql-types.ts";
import { compileAsCondition, compileExpression } from "./compile-expression.ts";
import { compileQuery } from "./compile-query.ts";
import { emptyFrame, type Scope, type VisibleTable } from "./compiled.ts";
import type { SqlContext } from "./context.ts";
import { castValue } from "./convert-value.ts";
import { resolveTable } from "./find-object.ts";
import { oracleError } from "./messages.ts";
import type { Change } from "./parse-statement.ts";
import type { Expression } from "./syntax.ts";

type Row = UserTable["rows"][number];

/** @returns how many rows were changed. @throws OracleError 46385 for a table of AUDSYS, whoever asks */
export function runChange(change: Change, context: SqlContext): number {
  const { dictionary, engine, rights, session, site } = context;
  const found = resolveTable(change.path, context);
  if (!found) throw oracleError(942);
  const { owner, name } = found;
  demandOutsideAudsys(owner, name);
  if (!hasObjectPrivilege(dictionary.database, rights, owner, name, [change.kind.toUpperCase()])) {
    const isVisible = hasObjectPrivilege(dictionary.database, rights, owner, name, ["READ", "SELECT"]);
    throw oracleError(isVisible ? 1031 : 942);
  }
  if (engine.isReadOnly(site, session.container)) throw oracleError(16000);
  const table = dictionary.database.tables.find((each) => each.owner === owner && each.name === name);
  // Views of the dictionary are not changed, by SYS neither.
  if (!table) throw oracleError(1031);
  const { rows, count } = changedRows(change, table, context);
  dictionary.changeDatabase({
    tables: dictionary.database.tables.map((each) => (each === table ? { ...table, rows } : each)),
  });
  return count;
}

function changedRows(change: Change, table: UserTable, context: SqlContext): { rows: readonly Row[]; count: number } {
  const scope: Scope = {
    context,
    tables: change.kind === "insert" ? [] : [visible(table, change.alias)],
    outer: undefined,
    compileSubquery: (query, around) => compileQuery(query, context, around),
  };
  if (change.kind === "insert") {
    const added = insertedRows(change, table, scope);
    return { rows: [...table.rows, ...added], count: added.length };
  }
  const holds = conditionOn(change.where, scope);
  if (change.kind === "delete") {
    const rows = table.rows.filter((row) => !holds(row));
    return { rows, count: table.rows.length - rows.length };
  }
  const assignments = change.assignments.map(({ column, value }) => ({
    index: columnIndex(table, column),
    compiled: compileExpression(value, scope),
  }));
  let count = 0;
  const rows = table.rows.map((row) => {
    if (!holds(row)) return row;
    count += 1;
    const changed = [...row];
    for (const { index, compiled } of assignments) {
      const value = compiled.evaluate({ ...emptyFrame(), rows: [row] });
      changed[index] = stored(value, compiled.type, table, index, scope);
    }
    return changed;
  });
  return { rows, count };
}

function visible({ owner, name, columns }: UserTable, alias: string): VisibleTable {
  const read = (index: number) => (values: Row) => values[index] ?? null;
  return {
    alias,
    fullName: `${owner}.${name}`,
    isOptional: false,
    columns: columns.map((column, index) => ({ ...column, read: read(index) as never })),
  };
}

function conditionOn(where: Expression | undefined, scope: Scope): (row: Row) => boolean {
  if (!where) return () => true;
  const compiled = compileAsCondition(where, scope);
  return (row) => compiled.evaluate({ ...emptyFrame(), rows: [row] }) === true;
}

function columnIndex({ columns }: UserTable, name: string): number {
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) throw oracleError(904, [`"${name}"`]);
  return index;
}

function insertedRows(
  { columns, values }: Extract<Change, { kind: "insert" }>,
  table: UserTable,
  scope: Scope,
): readonly Row[] {
  const targets = columns ? columns.map((name) => columnIndex(table, name)) : table.columns.map((_, index) => index);
  const isQuery = "kind" in values;
  const query = isQuery ? scope.compileSubquery(values, scope) : undefined;
  const compiled = isQuery ? [] : values.map((value) => compileExpression(value, scope));
  const types = query ? query.columns.map(({ type }) => type) : compiled.map(({ type }) => type);
  if (types.length !== targets.length) throw oracleError(types.length > targets.length ? 913 : 947);
  const given = query ? Array.from(query.run()) : [compiled.map((each) => each.evaluate(emptyFrame()))];
  return given.map((source) => {
    const row: Row[number][] = table.columns.map(() => null);
    for (const [at, index] of targets.entries()) {
      const type = types[at];
      if (type) row[index] = stored(source[at] ?? null, type, table, index, scope);
    }
    for (const [index, column] of table.columns.entries()) {
      if (!column.nullable && row[index] === null) throw nullRefused(table, column.name);
    }
    return row;
  });
}

function stored(
  value: SqlValue,
  from: UserTable["columns"][number]["type"],
  table: UserTable,
  index: number,
  { context }: Scope,
) {
  const column = table.columns[index];
  if (!column || value === null) {
    if (column && !column.nullable) throw nullRefused(table, column.name);
    return null;
  }
  const { name, type } = column;
  if (type.name === "VARCHAR2" && Buffer.byteLength(String(value)) > (type.length ?? 4000)) {
    const written = `"${table.owner}"."${table.name}"."${name}"`;
    throw oracleError(12899, [written, String(Buffer.byteLength(String(value))), String(type.length)]);
  }
  const converted = castValue(value, from, type, context.formats);
  return typeof converted === "boolean" ? null : converted;
}

function nullRefused({ owner, name }: UserTable, column: string) {
  return oracleError(1400, [`"${owner}"."${name}"."${column}"`]);
}
