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
  /** False: it stands in files of an instance that is down. */
  readonly isWithinReach: boolean;
}

interface Place {
  readonly rows: Map<string, Omit<Counted, "isWithinReach">>;
  isWithinReach: boolean;
}

/**
 * Everything that was ever audited, as multisets: what a database holds is noted again and again, so that what a failover
 * discards, or a clean-up deletes, is still known to have been there.
 */
export class AuditedRows {
  readonly #places = new Map<string, Place>();

  /** @param name of a table or of the files of one instance: a row that stands in two places was audited twice */
  note(name: string, trail: string, rows: Iterable<AuditedRow>): void {
    const place = this.#placeOf(name);
    place.isWithinReach = true;
    const seen = new Map<string, number>();
    for (const { key, time } of rows) {
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      if (count > (place.rows.get(key)?.count ?? 0)) place.rows.set(key, { key, time, trail, count });
    }
  }

  /** Nobody can look at the place, until it is noted again. */
  outOfReach(name: string): void {
    this.#placeOf(name).isWithinReach = false;
  }

  get size(): number {
    let size = 0;
    for (const { count } of this.all()) size += count;
    return size;
  }

  *all(): Generator<Counted> {
    for (const { rows, isWithinReach } of this.#places.values()) {
      for (const row of rows.values()) yield { ...row, isWithinReach };
    }
  }

  #placeOf(name: string): Place {
    const known = this.#places.get(name);
    if (known) return known;
    const place = { rows: new Map(), isWithinReach: true };
    this.#places.set(name, place);
    return place;
  }
}
