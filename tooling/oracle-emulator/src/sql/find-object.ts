/** Which table or package a name stands for, and whether it may be seen: what may not be is not there. */
import { hasObjectPrivilege } from "../privileges.ts";
import type { CatalogTable, Package, SqlContext } from "./context.ts";
import { oracleError } from "./messages.ts";
import { userTable } from "./user-table.ts";

/** @throws OracleError 942 */
export function findTable(path: readonly string[], context: SqlContext, at?: number): CatalogTable {
  const table = resolveTable(path, context);
  const { dictionary, rights } = context;
  if (!table || !hasObjectPrivilege(dictionary.database, rights, table.owner, table.name, ["READ", "SELECT"]))
    throw oracleError(942, [], at);
  const isBranch = table.name === "AUD$UNIFIED" || table.name === "GV_$UNIFIED_AUDIT_TRAIL";
  if (isBranch && rights.user !== "SYS" && !dictionary.database.directReadsWork) throw oracleError(1031, [], at);
  return table;
}

/** Without asking who may see it. */
export function resolveTable(path: readonly string[], context: SqlContext): CatalogTable | undefined {
  const { catalog, session } = context;
  if (path.length > 2) return undefined;
  const [first = "", second] = path;
  if (second !== undefined) return catalog.tables.get(`${first}.${second}`) ?? userTable(first, second, context);
  const own =
    catalog.tables.get(`${session.currentSchema}.${first}`) ?? userTable(session.currentSchema, first, context);
  const synonym = catalog.synonyms.get(first);
  return own ?? (synonym === undefined ? undefined : catalog.tables.get(synonym));
}

/** A package that may be executed; undefined when there is none. */
export function findPackage(
  path: readonly string[],
  { catalog, dictionary, rights, session }: SqlContext,
): Package | undefined {
  const [first = "", second] = path;
  const full =
    second === undefined
      ? [`${session.currentSchema}.${first}`, catalog.synonyms.get(first) ?? ""]
      : [`${first}.${second}`];
  const found = full.flatMap((name) => catalog.packages.get(name) ?? [])[0];
  if (!found || path.length > 2) return undefined;
  const mayExecute =
    found.isPublic || hasObjectPrivilege(dictionary.database, rights, found.owner, found.name, ["EXECUTE"]);
  return mayExecute ? found : undefined;
}
