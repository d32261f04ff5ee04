import type { UserTable } from "../database.ts";
import { hasSystemPrivilege } from "../privileges.ts";
import type { SqlContext } from "../sql/context.ts";
import { resolveTable } from "../sql/find-object.ts";
import { oracleError } from "../sql/messages.ts";
import type { Definition } from "./definition.ts";
import { ddlTime, ownerOf } from "./schema.ts";

type Path = readonly string[];

export function createTable(path: Path, columns: UserTable["columns"], context: SqlContext): void {
  const { dictionary } = context;
  const owner = ownerOf(path, context);
  const name = path.at(-1) ?? "";
  demandOutsideAudsys(owner, name);
  if (resolveTable([owner, name], context)) throw oracleError(955);
  const { container } = context.session;
  const created = { owner, name, columns, rows: [], changedAt: ddlTime(context), container };
  dictionary.changeDatabase({ tables: [...dictionary.database.tables, created] });
}

/** For SYS, too (Oracle notes §1.1). @throws OracleError 46385 */
export function demandOutsideAudsys(owner: string, name: string): void {
  if (owner === "AUDSYS") throw oracleError(46385, [owner, name]);
}

export function changeTable(
  action: Extract<Definition, { kind: "changeTable" }>["action"],
  path: Path,
  context: SqlContext,
): void {
  const { dictionary } = context;
  const found = resolveTable(path, context);
  if (!found) throw oracleError(942);
  demandOutsideAudsys(found.owner, found.name);
  const { rights } = context;
  if (found.owner !== rights.user && !hasSystemPrivilege(dictionary.database, rights, "CREATE ANY TABLE"))
    throw oracleError(1031);
  const isIt = (table: UserTable) => table.owner === found.owner && table.name === found.name;
  if (!dictionary.database.tables.some(isIt)) throw oracleError(1031);
  const { tables } = dictionary.database;
  if (action === "DROP TABLE") dictionary.changeDatabase({ tables: tables.filter((table) => !isIt(table)) });
  if (action === "TRUNCATE TABLE")
    dictionary.changeDatabase({ tables: tables.map((table) => (isIt(table) ? { ...table, rows: [] } : table)) });
}
