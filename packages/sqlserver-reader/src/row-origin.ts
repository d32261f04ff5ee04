import type { AuditBatch, Logger } from "@das/core";
import type { ConnectedInstance } from "./instance.ts";
import type { SqlServerRow } from "./row.ts";

type Batch = AuditBatch<SqlServerRow>;

/**
 * Whose rows a trail's rows are. No row is dropped for the name that it bears: servers are renamed, files restored and
 * copied. Only the rows of instances that are configured to share the folder are left to their own publishers, and
 * counted; every other foreign name is told once and published (SQL Server notes §4.3).
 */
export class RowOrigin {
  readonly #sourceId: string;
  readonly #sharedWith: ReadonlySet<string>;
  readonly #logger: Logger;
  readonly #told = new Set<string>();
  #ownNames: ReadonlySet<string> = new Set();
  #nameIndex = -1;
  /** The name of the last row that was looked at: nearly always that of the next one, too. */
  #usual: unknown;

  constructor(sourceId: string, sharedWith: readonly string[], logger: Logger) {
    this.#sourceId = sourceId;
    this.#sharedWith = new Set(sharedWith.map((name) => name.toLowerCase()));
    this.#logger = logger;
  }

  connected({ serverName, oldServerName, trail }: ConnectedInstance): void {
    this.#ownNames = new Set(["", serverName.toLowerCase(), oldServerName.toLowerCase()]);
    this.#nameIndex = trail.columns.findIndex(({ name }) => name === "server_instance_name");
    this.#usual = undefined;
  }

  withoutOthers(batch: Batch): Batch {
    const rows = batch.rows.filter((row) => this.#isPublishedHere(row));
    return rows.length === batch.rows.length ? batch : { ...batch, rows };
  }

  #isPublishedHere(row: SqlServerRow): boolean {
    const value = row.values[this.#nameIndex];
    if (value === this.#usual) return true;
    const name = String(value ?? "").toLowerCase();
    const isShared = this.#sharedWith.has(name) && !this.#ownNames.has(name);
    if (!isShared) this.#usual = value;
    if (!this.#ownNames.has(name)) this.#tell(name, isShared);
    return !isShared;
  }

  #tell(name: string, isShared: boolean): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#logger.warn(
      { source: this.#sourceId, serverInstanceName: name },
      isShared
        ? "the audit's folder holds rows of another instance; its own publisher has them, this one leaves them out"
        : "rows bear the name of another server: it was renamed, or files were copied here; they are published",
    );
  }
}
