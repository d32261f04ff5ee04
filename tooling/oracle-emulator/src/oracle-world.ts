import type { Clock } from "@das/core";
import type { Database } from "./database.ts";
import type { World } from "./model/world.ts";
import { advance } from "./model/write-rows.ts";

/**
 * The one place where something changes: it holds the plain data of a database and its standbys, and the transitions are
 * applied to it here. The servers of all sites share it.
 */
export class OracleWorld {
  readonly #clock: Clock;
  #world: World;
  /** Users, grants and programs: replicated, so the same on all sites. */
  database: Database;
  #lastNumber = 0;
  readonly #watchers = new Set<() => void>();

  constructor({
    world,
    database,
    clock,
  }: { readonly world: World; readonly database: Database; readonly clock: Clock }) {
    this.#clock = clock;
    this.#world = world;
    this.database = database;
  }

  /** True time in milliseconds since 1970; the clock of a site may differ from it. */
  now(): number {
    return this.#clock.now();
  }

  /** As it is now: what is due has become visible. */
  get world(): World {
    this.#world = advance(this.#world, this.now());
    return this.#world;
  }

  change(transition: (world: World, now: number) => World): void {
    this.#world = transition(this.world, this.now());
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls back after each change, until it is disposed of. */
  watch(watcher: () => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  changeDatabase(change: Partial<Database>): void {
    this.database = { ...this.database, ...change };
  }

  /** A number that rises, for sessions. */
  nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }
}
