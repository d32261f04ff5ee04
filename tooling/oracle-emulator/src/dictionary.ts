/** What one container knows of users, programs and grants: its own, and what is common. */
import type { Database, DatabaseUser } from "./database.ts";
import type { OracleWorld } from "./oracle-world.ts";

type Placed = { readonly container?: string };

/** The data dictionary of one container. */
export class Dictionary {
  readonly #world: OracleWorld;
  readonly #container: string;
  /** Of `#world.database` as it was when it was made. */
  #view: { readonly of: Database; readonly database: Database } | undefined;

  /** @param container GUID */
  constructor(world: OracleWorld, container: string) {
    this.#world = world;
    this.#container = container;
  }

  /** As this container shows it. */
  get database(): Database {
    const { database } = this.#world;
    if (this.#view?.of !== database) this.#view = { of: database, database: this.#viewOf(database) };
    return this.#view.database;
  }

  /** What other containers have stays. */
  changeDatabase({ users, routines, triggers, tables, vault, ...others }: Partial<Database>): void {
    const { database } = this.#world;
    this.#world.changeDatabase({
      ...others,
      ...(users && { users: [...this.#elsewhere(database.users), ...users.map((user) => this.#whole(user))] }),
      ...(routines && { routines: [...this.#elsewhere(database.routines), ...routines] }),
      ...(triggers && { triggers: [...this.#elsewhere(database.triggers), ...triggers] }),
      ...(tables && { tables: [...this.#elsewhere(database.tables), ...tables] }),
      ...(vault && {
        vault: {
          ...vault,
          rules: [...this.#elsewhere(database.vault.rules), ...vault.rules],
          ruleSets: [...this.#elsewhere(database.vault.ruleSets), ...vault.ruleSets],
          commandRules: [...this.#elsewhere(database.vault.commandRules), ...vault.commandRules],
        },
      }),
    });
  }

  #isHere({ container }: Placed): boolean {
    return container === undefined || container === this.#container;
  }

  #elsewhere<Item extends Placed>(items: readonly Item[]): readonly Item[] {
    return items.filter((item) => !this.#isHere(item));
  }

  #viewOf(database: Database): Database {
    const here = <Item extends Placed>(items: readonly Item[]) => items.filter((item) => this.#isHere(item));
    return {
      ...database,
      users: here(database.users).map((user) => ({ ...user, objectGrants: here(user.objectGrants) })),
      routines: here(database.routines),
      triggers: here(database.triggers),
      tables: here(database.tables),
      vault: {
        ...database.vault,
        rules: here(database.vault.rules),
        ruleSets: here(database.vault.ruleSets),
        commandRules: here(database.vault.commandRules),
      },
    };
  }

  /** With what a common user was granted in other containers. */
  #whole(user: DatabaseUser): DatabaseUser {
    const known = this.#world.database.users.find(
      ({ name, container }) => name === user.name && container === user.container,
    );
    return known ? { ...user, objectGrants: [...this.#elsewhere(known.objectGrants), ...user.objectGrants] } : user;
  }
}
