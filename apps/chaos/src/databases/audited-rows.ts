import type { UtcTime } from "@das/core";

/** A row as an engine audited it. */
export interface AuditedRow {
  /** What tells it from others, in the form of `AuditedDatabase.keyOf`. */
  readonly key: string;
  readonly time: UtcTime;
}

interface Counted extends AuditedRow {
  /** The source id up to `#` that it has to come from. */
  readonly trail: string;
  readonly count: number;
}

/**
 * Everything that was ever audited, as multisets: what a database holds is noted again and again, so that what a failover
 * discards, or a clean-up deletes, is still known to have been there.
 */
export class AuditedRows {
  readonly #places = new Map<string, Map<string, Counted>>();

  /** @param place a table or the files of one instance: a row that stands in two of them was audited twice */
  note(place: string, trail: string, rows: Iterable<AuditedRow>): void {
    const known = this.#places.get(place) ?? new Map<string, Counted>();
    this.#places.set(place, known);
    const seen = new Map<string, number>();
    for (const { key, time } of rows) {
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      if (count > (known.get(key)?.count ?? 0)) known.set(key, { key, time, trail, count });
    }
  }

  get size(): number {
    let size = 0;
    for (const { count } of this.all()) size += count;
    return size;
  }

  *all(): Generator<Counted> {
    for (const place of this.#places.values()) yield* place.values();
  }
}
