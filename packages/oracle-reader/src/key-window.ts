import type { RowKey } from "./key.ts";
import type { Micros } from "./micros.ts";

/** The rows of one key that were given out: their time, which is the same, and what tells them apart beyond the key. */
interface KnownRows {
  readonly time: Micros;
  readonly contents: readonly string[];
}

const NONE: readonly string[] = [];

/**
 * The rows that were given out lately, by key: what tells a row that was committed late from one that is known (Oracle
 * notes §2.4). Of rows with equal keys only those beyond the known ones are new; their contents tell which.
 *
 * Bounded by time: whoever moves the place on evicts what no read comes back to.
 */
export class KeyWindow {
  readonly #known = new Map<RowKey, KnownRows>();

  get size(): number {
    return this.#known.size;
  }

  count(key: RowKey): number {
    return this.#known.get(key)?.contents.length ?? 0;
  }

  /** Of the known rows of a key. */
  contents(key: RowKey): readonly string[] {
    return this.#known.get(key)?.contents ?? NONE;
  }

  add(key: RowKey, time: Micros, contents: readonly string[]): void {
    this.#known.set(key, { time, contents: [...this.contents(key), ...contents] });
  }

  /** The known keys of a half-open slice that are not among `seen`, or fewer times: rows that are gone. */
  missingFrom(seen: ReadonlyMap<RowKey, number>, from: Micros, to: Micros): readonly (readonly [RowKey, Micros])[] {
    const missing: [RowKey, Micros][] = [];
    for (const [key, { time, contents }] of this.#known) {
      if (time >= from && time < to && (seen.get(key) ?? 0) < contents.length) missing.push([key, time]);
    }
    return missing;
  }

  forget(key: RowKey): void {
    this.#known.delete(key);
  }

  /** Keys from before this moment are not read again. */
  evictBefore(time: Micros): void {
    // Keys enter nearly in the order of their time, so what is old stands at the front; what entered late waits longer.
    for (const [key, known] of this.#known) {
      if (known.time >= time) break;
      this.#known.delete(key);
    }
  }
}
