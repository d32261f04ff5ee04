import type { CatalogTable, SqlContext, TimeBounds } from "../sql/context.ts";
import { type SqlType, type SqlValue, varchar2 } from "../sql-types.ts";

export type Column<Row> = readonly [name: string, type: SqlType, read: (row: Row, context: SqlContext) => SqlValue];

/** A table or view of the catalog: each column with its type and how it is read from what the rows are made of. */
export function table<Row>(
  owner: string,
  name: string,
  columns: readonly Column<Row>[],
  rows: (context: SqlContext, bounds: TimeBounds) => Iterable<Row>,
): CatalogTable {
  const found: CatalogTable<Row> = {
    owner,
    name,
    columns: columns.map(([columnName, type, read]) => ({ name: columnName, type, nullable: true, read })),
    rows,
  };
  // A table's rows are read by its own columns only: what they are made of is nobody else's business.
  return found as unknown as CatalogTable;
}

export const name128 = varchar2(128);
export const flag = varchar2(3);

export function yesOrNo(value: boolean): string {
  return value ? "YES" : "NO";
}
