import type { UserTable } from "../instance.ts";
import { findDatabase, holdsDatabasePermission, isRoleMember, userOf } from "../principals.ts";
import type { SqlValue } from "../sql-types.ts";
import type { CatalogTable } from "./context.ts";
import { ServerError } from "./server-error.ts";

/** A table of database master as a query sees it. Reading it takes CONTROL, or SELECT granted to the user or a role. */
export function tableSource(table: UserTable): CatalogTable<readonly SqlValue[]> {
  const { name, columns, readableBy } = table;
  return {
    columns: columns.map((column, index) => ({
      name: column.name,
      type: column.type,
      nullable: true,
      read: (row) => row[index] ?? null,
    })),
    rows: ({ engine, session, lent }) => {
      const master = findDatabase(engine.instance, "master");
      const user = master && userOf(engine.instance, master, session.login);
      const mayRead =
        master &&
        user &&
        (holdsDatabasePermission(engine.instance, master, session.login, "CONTROL", lent) ||
          readableBy.some(
            (reader) => reader.toLowerCase() === user.name.toLowerCase() || isRoleMember(master, user, reader),
          ));
      if (mayRead) return table.rows;
      const object = name.split(".").at(-1);
      const text = `The SELECT permission was denied on the object '${object}', database 'master', schema 'dbo'.`;
      throw new ServerError(229, text, 14, 5);
    },
  };
}
