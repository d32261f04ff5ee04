import { holdsPermission } from "../principals.ts";
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { permissionError } from "../sql/server-error.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";

type Column<Row> = readonly [name: string, type: SqlType, read: (row: Row) => SqlValue];

/** A view of the catalog: each column with its type and how it is read from what the view is made of. */
export function view<Row>(
  columns: readonly Column<Row>[],
  rows: (context: SqlContext, args: readonly SqlValue[]) => Iterable<Row>,
): CatalogTable<Row> {
  return { columns: columns.map(([name, type, read]) => ({ name, type, nullable: true, read })), rows };
}

/** @throws ServerError when the session lacks the permission, as the engine's views of the server's state do. */
function demandPermission(context: SqlContext, permission: string): void {
  if (!holdsPermission(context.engine.instance, context.session.login, permission, context.lent))
    throw permissionError(300, permission, "server");
}

/** VIEW SERVER STATE was split in 2022 (SQL Server notes §6.1). */
export function stateView<Row>(
  columns: readonly Column<Row>[],
  rows: (context: SqlContext, args: readonly SqlValue[]) => Iterable<Row>,
  part: "SECURITY" | "PERFORMANCE" = "PERFORMANCE",
): CatalogTable<Row> {
  return view(columns, (context, args) => {
    const isSplit = context.engine.profile.year >= 2022;
    demandPermission(context, isSplit ? `VIEW SERVER ${part} STATE` : "VIEW SERVER STATE");
    return rows(context, args);
  });
}

const SEEN_WITH = ["VIEW ANY DEFINITION", "VIEW ANY SECURITY DEFINITION", "ALTER ANY SERVER AUDIT"];

/** Whoever may not see definitions sees an empty view, without an error. */
export function definitionView<Row>(
  columns: readonly Column<Row>[],
  rows: (context: SqlContext, args: readonly SqlValue[]) => Iterable<Row>,
): CatalogTable<Row> {
  return view(columns, (context, args) => (seesDefinitions(context) ? rows(context, args) : []));
}

export function seesDefinitions({ engine, session, lent }: SqlContext): boolean {
  return SEEN_WITH.some((permission) => holdsPermission(engine.instance, session.login, permission, lent));
}
