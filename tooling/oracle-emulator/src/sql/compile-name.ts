/** What a name stands for: a column, a variable, a constant, a function without arguments. */
import { number, type SqlValue } from "../sql-types.ts";
import { callRoutine, findRoutine } from "./call-routine.ts";
import { ALL_TABLES, type Compiled, type Frame, type Scope, type VisibleTable } from "./compiled.ts";
import { type CatalogColumn, findVariable, type SqlContext, type Variable } from "./context.ts";
import { findPackage } from "./find-object.ts";
import { oracleError } from "./messages.ts";
import type { Expression } from "./syntax.ts";

export interface FoundColumn {
  readonly index: number;
  readonly table: VisibleTable;
  readonly column: CatalogColumn;
}

type Name = Extract<Expression, { kind: "name" }>;

/** In the tables of the query itself. @throws OracleError 918 */
export function findColumn(path: readonly string[], { tables }: Scope): FoundColumn | undefined {
  const name = path.at(-1);
  const prefix = path.slice(0, -1).join(".");
  const found: FoundColumn[] = [];
  for (const [index, table] of tables.entries()) {
    if (prefix !== "" && prefix !== table.alias && prefix !== table.fullName) continue;
    // A subquery may have the same name twice, which is then of no use.
    for (const column of table.columns) if (column.name === name) found.push({ index, table, column });
  }
  if (found.length > 1) throw oracleError(918);
  return found[0];
}

export function compileName(name: Name, scope: Scope): Compiled {
  let depth = 0;
  for (let current: Scope | undefined = scope; current; current = current.outer, depth += 1) {
    const found = findColumn(name.path, current);
    if (!found) continue;
    if (current.grouping && depth === 0) throw oracleError(current.grouping.isExplicit ? 979 : 937, [], name.at);
    return compileColumn(found, depth, scope.context);
  }
  return (
    compileVariable(name, scope) ??
    compilePseudoColumn(name, scope) ??
    compileNiladic(name, scope) ??
    compileConstant(name, scope) ??
    compileRoutine(name, scope) ??
    unknown(name)
  );
}

function unknown({ path, at }: Name): never {
  throw oracleError(904, [path.map((part) => `"${part}"`).join(".")], at);
}

function compileColumn({ index, column, table }: FoundColumn, depth: number, context: SqlContext): Compiled {
  // The catalog's row types differ from table to table; a table's columns read its own rows only.
  const read = column.read as (row: unknown, context: SqlContext) => SqlValue;
  const { type } = column;
  const nullable = column.nullable || table.isOptional;
  if (depth === 0) {
    const evaluate = ({ rows }: Frame) => {
      const row = rows[index];
      return row === undefined ? null : read(row, context);
    };
    return { type, nullable, uses: 1 << index, evaluate };
  }
  const evaluate = (frame: Frame) => {
    let from: Frame | undefined = frame;
    for (let step = 0; step < depth; step += 1) from = from?.outer;
    const row = from?.rows[index];
    return row === undefined ? null : read(row, context);
  };
  return { type, nullable, uses: 0, evaluate };
}

function compileVariable({ path }: Name, { context }: Scope): Compiled | undefined {
  const [name = "", field] = path;
  const variable = findVariable(name, context.variables);
  if (!variable || path.length > 2) return undefined;
  const { type } = variable;
  if (field === undefined) return { type, nullable: true, uses: 0, evaluate: () => variable.value };
  const known = variable.fields?.get(field);
  return known && { type: known.type, nullable: true, uses: 0, evaluate: () => fieldOf(variable, field) };
}

function fieldOf({ fields }: Variable, name: string): SqlValue {
  return fields?.get(name)?.value ?? null;
}

function compilePseudoColumn({ path }: Name, scope: Scope): Compiled | undefined {
  if (path.length !== 1 || path[0] !== "ROWNUM" || scope.tables.length === 0) return undefined;
  return { type: number, nullable: false, uses: ALL_TABLES, evaluate: ({ rowNumber }) => rowNumber };
}

/** SYSDATE, USER, and whatever else is called without parentheses. */
function compileNiladic({ path }: Name, { context }: Scope): Compiled | undefined {
  if (path.length !== 1) return undefined;
  const called = context.catalog.functions.get(path[0] ?? "");
  if (!called || called.least > 0) return undefined;
  return { type: called.type([]), nullable: true, uses: 0, evaluate: () => called.evaluate([], context, []) };
}

/** `DBMS_AUDIT_MGMT.GET_AUDIT_COMMIT_DELAY`, `das_owner.das_is_locked`. */
function compileRoutine({ path }: Name, { context }: Scope): Compiled | undefined {
  const routine = findRoutine(path, context);
  if (!routine?.result || routine.parameters.some(({ isOptional }) => !isOptional)) return undefined;
  return { type: routine.result, nullable: true, uses: ALL_TABLES, evaluate: () => callRoutine(routine, [], context) };
}

/** `DBMS_LOCK.X_MODE`, in PL/SQL only. */
function compileConstant({ path }: Name, { context }: Scope): Compiled | undefined {
  if (!context.variables || path.length < 2) return undefined;
  const owner = findPackage(path.slice(0, -1), context);
  const constant = owner?.constants.get(path.at(-1) ?? "");
  return constant && { type: constant.type, nullable: false, uses: 0, evaluate: () => constant.value };
}
