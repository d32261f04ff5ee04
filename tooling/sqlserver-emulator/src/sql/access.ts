import type { Database } from "../instance.ts";
import { isOnline, userOf } from "../principals.ts";
import type { SqlContext } from "./context.ts";
import { ServerError } from "./server-error.ts";

/** May the session work in a database? @throws ServerError 916, 942, 976 */
export function demandAccess(database: Database, { engine, session }: SqlContext): void {
  const { name } = database;
  if (!isOnline(database))
    throw new ServerError(942, `Database '${name}' cannot be opened because it is offline.`, 14, 4);
  if (database.isPrimaryReplica === false && database.isReadable === false)
    throw new ServerError(
      976,
      `The target database, '${name}', is participating in an availability group and is currently not accessible for queries.`,
      14,
    );
  if (!userOf(engine.instance, database, session.login))
    throw new ServerError(
      916,
      `The server principal "${session.login.name}" is not able to access the database "${name}" under the current security context.`,
      14,
    );
}
