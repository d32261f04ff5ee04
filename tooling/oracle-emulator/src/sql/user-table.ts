import type { UserTable } from "../database.ts";
import type { SqlValue } from "../sql-types.ts";
import type { CatalogTable, SqlContext } from "./context.ts";

/** A table that somebody created. */
export function userTable(owner: string, name: string, { dictionary }: SqlContext): CatalogTable | undefined {
  const found = dictionary.database.tables.find((table) => table.owner === owner && table.name === name);
  return found && tableOf(found);
}

function tableOf({ owner, name, columns, rows }: UserTable): CatalogTable {
  const table: CatalogTable<readonly SqlValue[]> = {
    owner,
    name,
    columns: columns.map((column, index) => ({ ...column, read: (values) => values[index] ?? null })),
    rows: () => rows,
  };
  return table as CatalogTable;
}
