/** INSERT … VALUES, UPDATE and DELETE of the tables of database master. */
import { findTable } from "../definitions/define-object.ts";
import type { UserTable } from "../instance.ts";
import { findDatabase, holdsDatabasePermission, sameName } from "../principals.ts";
import type { SqlValue } from "../sql-types.ts";
import { compileExpression } from "./compile-expression.ts";
import { compileSelect } from "./compile-select.ts";
import type { Frame, Scope } from "./compiled.ts";
import type { SqlContext } from "./context.ts";
import { convertValue } from "./convert-value.ts";
import { ServerError, unknownColumn, unknownObject } from "./server-error.ts";
import type { Expression, Statement } from "./syntax.ts";
import { tableSource } from "./table-source.ts";

type Write = Extract<Statement, { kind: "insert" | "update" | "delete" }>;

/** Only who controls the database writes here. @throws ServerError 208, 229, 2627 */
export function writeTable(statement: Write, context: SqlContext): void {
  const { engine, session, lent } = context;
  const table = findTable(engine.instance, statement.table);
  if (!table) throw unknownObject(statement.table);
  const database = findDatabase(engine.instance, "master");
  if (!database || !holdsDatabasePermission(engine.instance, database, session.login, "CONTROL", lent))
    throw writeDenied(statement.kind.toUpperCase(), table.name);
  const rows = rowsAfter(statement, table, context);
  checkPrimaryKey(table, rows);
  const changed: UserTable = { ...table, rows };
  engine.changeInstance({ tables: engine.instance.tables.map((known) => (known === table ? changed : known)) });
}

function writeDenied(permission: string, name: string): ServerError {
  const object = name.split(".").at(-1);
  const text = `The ${permission} permission was denied on the object '${object}', database 'master', schema 'dbo'.`;
  return new ServerError(229, text, 14, 5);
}

function rowsAfter(statement: Write, table: UserTable, context: SqlContext): UserTable["rows"] {
  const scope: Scope = {
    context,
    tables: [{ alias: statement.table, table: tableSource(table) }],
    outer: undefined,
    compileSubquery: (select, outer) => compileSelect(select, context, outer),
  };
  const evaluate = (expression: Expression, row: readonly SqlValue[]): SqlValue => {
    const frame: Frame = { rows: [row], aggregated: [], outer: undefined };
    return compileExpression(expression, scope).evaluate(frame);
  };
  if (statement.kind === "insert") {
    const places = statement.columns.map((name) => indexOf(table, name));
    const added = statement.rows.map((values) => {
      const row: SqlValue[] = table.columns.map(() => null);
      for (const [at, place] of places.entries()) {
        const value = values[at];
        if (value) row[place] = stored(evaluate(value, row), table, place);
      }
      return row;
    });
    return [...table.rows, ...added];
  }
  const { where } = statement;
  const isMeant = (row: readonly SqlValue[]) => where === undefined || evaluate(where, row) === true;
  if (statement.kind === "delete") return table.rows.filter((row) => !isMeant(row));
  return table.rows.map((row) => {
    if (!isMeant(row)) return row;
    const after = [...row];
    for (const { column, value } of statement.changes) {
      const place = indexOf(table, column);
      after[place] = stored(evaluate(value, row), table, place);
    }
    return after;
  });
}

function indexOf(table: UserTable, name: string): number {
  const index = table.columns.findIndex((column) => sameName(column.name, name));
  if (index < 0) throw unknownColumn(name);
  return index;
}

function stored(value: SqlValue, { columns }: UserTable, place: number): SqlValue {
  const type = columns[place]?.type;
  return value === null || !type ? value : convertValue(value, type, type);
}

/** The first column is the key of every table that is made here. */
function checkPrimaryKey({ name }: UserTable, rows: UserTable["rows"]): void {
  const keys = new Set(rows.map(([key]) => String(key).toLowerCase()));
  if (keys.size === rows.length) return;
  throw new ServerError(
    2627,
    `Violation of PRIMARY KEY constraint. Cannot insert duplicate key in object '${name}'.`,
    14,
  );
}
