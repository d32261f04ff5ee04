/** What a table in FROM is. */
import { compileExpression } from "./compile-expression.ts";
import type { Frame, Scope, VisibleTable } from "./compiled.ts";
import type { CatalogColumn, CatalogTable, TimeBounds } from "./context.ts";
import { findTable } from "./find-object.ts";
import { oracleError } from "./messages.ts";
import type { Query, TableReference } from "./syntax.ts";

export interface BoundTable {
  readonly visible: Omit<VisibleTable, "isOptional">;
  readonly partitionKey: string | undefined;
  rows(bounds: TimeBounds, frame: Frame): Iterable<unknown>;
}

/** @throws OracleError 942 for what is not there, and for what may not be seen */
export function bindTable(reference: TableReference, scope: Scope): BoundTable {
  switch (reference.kind) {
    case "query":
      return bindQuery(reference.query, reference.alias, scope);
    case "collection":
      return bindCollection(reference, scope);
    case "table": {
      const table = findTable(reference.path, scope.context, reference.at);
      // Rows are plain objects of the table's own kind, which only its own columns read.
      const { rows } = table as CatalogTable<unknown>;
      return {
        visible: {
          alias: reference.alias,
          fullName: `${table.owner}.${table.name}`,
          columns: table.columns,
        },
        partitionKey: table.partitionKey,
        rows: (bounds) => rows(scope.context, bounds),
      };
    }
  }
}

function bindQuery(query: Query, alias: string, scope: Scope): BoundTable {
  const compiled = scope.compileSubquery(query, scope);
  return {
    visible: { alias, columns: compiled.columns.map((column, index) => valueColumn(column, index)) },
    partitionKey: undefined,
    rows: (_, { outer }) => compiled.run(outer),
  };
}

function valueColumn(column: Pick<CatalogColumn, "name" | "type" | "nullable">, index: number): CatalogColumn {
  const read: CatalogColumn<readonly unknown[]>["read"] = (values) => (values[index] ?? null) as never;
  return { ...column, read: read as CatalogColumn["read"] };
}

/** TABLE(sys.odcivarchar2list('a', 'b')). */
function bindCollection({ call, alias }: Extract<TableReference, { kind: "collection" }>, scope: Scope): BoundTable {
  const name = call.kind === "call" ? call.path.at(-1) : undefined;
  if (call.kind !== "call" || (name !== "ODCIVARCHAR2LIST" && name !== "ODCINUMBERLIST")) throw oracleError(22905);
  const items = call.arguments.map(({ value }) => compileExpression(value, scope));
  const type =
    name === "ODCINUMBERLIST" ? ({ name: "NUMBER" } as const) : ({ name: "VARCHAR2", length: 4000 } as const);
  return {
    visible: { alias, columns: [valueColumn({ name: "COLUMN_VALUE", type, nullable: true }, 0)] },
    partitionKey: undefined,
    rows: (_, frame) => items.map((item) => [item.evaluate(frame)]),
  };
}
