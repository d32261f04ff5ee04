import type { Micros } from "./micros.ts";

/** A hole in the numbers of a session's entries. */
export interface EntryGap {
  readonly session: string;
  /** First and last number that did not come. */
  readonly first: bigint;
  readonly last: bigint;
  /** When the entries around the hole happened. */
  readonly from: Micros;
  readonly to: Micros;
}

interface SessionEntries {
  highest: bigint;
  time: Micros;
}

/** Sessions that are watched at the same time; the one that was silent for longest is forgotten first. */
const MOST_SESSIONS = 20_000;
const MOST_GAPS = 10_000;

/**
 * Watches the numbers that a session gives its entries: 1, 2, 3, … in every sample, though nobody has shown that it holds
 * under load (Oracle notes §10), so a hole is a suspicion. Entries may come in any order; a hole counts when it is old.
 */
export class EntryGaps {
  readonly #sessions = new Map<string, SessionEntries>();
  #gaps: EntryGap[] = [];

  note(session: string, entry: bigint, time: Micros): void {
    const known = this.#sessions.get(session);
    if (!known) {
      this.#sessions.set(session, { highest: entry, time });
      this.#forgetOldest();
      return;
    }
    if (entry > known.highest + 1n && this.#gaps.length < MOST_GAPS) {
      this.#gaps.push({ session, first: known.highest + 1n, last: entry - 1n, from: known.time, to: time });
    }
    if (entry <= known.highest) {
      this.#fill(session, entry);
      return;
    }
    // Seen again, so it goes to the end of the queue of those that may be forgotten.
    this.#sessions.delete(session);
    this.#sessions.set(session, { highest: entry, time });
  }

  /** Takes the holes that were not filled although they are older than a moment. */
  takeBefore(time: Micros): readonly EntryGap[] {
    const due = this.#gaps.filter((gap) => gap.to < time);
    if (due.length > 0) this.#gaps = this.#gaps.filter((gap) => gap.to >= time);
    return due;
  }

  #fill(session: string, entry: bigint): void {
    const holds = (gap: EntryGap) => gap.session === session && gap.first <= entry && entry <= gap.last;
    if (!this.#gaps.some(holds)) return;
    this.#gaps = this.#gaps.flatMap((gap) =>
      holds(gap)
        ? [
            { ...gap, last: entry - 1n },
            { ...gap, first: entry + 1n },
          ].filter(isHole)
        : [gap],
    );
  }

  #forgetOldest(): void {
    if (this.#sessions.size <= MOST_SESSIONS) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}

function isHole({ first, last }: EntryGap): boolean {
  return first <= last;
}
