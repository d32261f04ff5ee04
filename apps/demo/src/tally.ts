/** What was audited against what arrived, as multisets. */
export interface Outcome {
  readonly audited: number;
  readonly decoded: number;
  readonly missing: number;
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
  compare(keys: Iterable<string>): Outcome {
    const left = new Map(this.#arrived);
    let audited = 0;
    let missing = 0;
    for (const key of keys) {
      audited += 1;
      const count = left.get(key) ?? 0;
      if (count === 0) missing += 1;
      else left.set(key, count - 1);
    }
    // What is left over arrived more often than it was audited, or was never audited at all.
    const duplicates = left.values().reduce((sum, count) => sum + count, 0);
    return { audited, decoded: this.#decoded, missing, duplicates };
  }
}

export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const sum = (member: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[member], 0);
  return {
    audited: sum("audited"),
    decoded: sum("decoded"),
    missing: sum("missing"),
    duplicates: sum("duplicates"),
  };
}
