/** What was audited against what arrived, as multisets. */
export interface Comparison {
  readonly audited: number;
  /** Events that arrived, each once as far as the consumer could tell. */
  readonly decoded: number;
  readonly missing: number;
  /** Events that arrived more often than they were audited, or were never audited at all. */
  readonly duplicates: number;
}

/** Counts what arrives by a key that tells one audited row from the others. */
export class Tally {
  readonly #arrived = new Map<string, number>();
  #decoded = 0;

  get decoded(): number {
    return this.#decoded;
  }

  arrived(key: string): void {
    this.#arrived.set(key, (this.#arrived.get(key) ?? 0) + 1);
    this.#decoded += 1;
  }

  /** @param keys of everything that was audited */
  compare(keys: Iterable<string>): Comparison {
    const left = new Map(this.#arrived);
    let audited = 0;
    let missing = 0;
    for (const key of keys) {
      audited += 1;
      const count = left.get(key) ?? 0;
      if (count === 0) missing += 1;
      else left.set(key, count - 1);
    }
    const duplicates = left.values().reduce((sum, count) => sum + count, 0);
    return { audited, decoded: this.#decoded, missing, duplicates };
  }
}
