import { DAY, type Micros, SECOND } from "./micros.ts";

/** Rows of a slice: so many that reading pays, so few that they fit in memory (Oracle notes §2.3). */
const WANTED_ROWS = 10_000;
/** A slice that turns out to hold more is read again in smaller ones. */
export const MOST_ROWS = 40_000;

const SHORTEST: Micros = SECOND;
const LONGEST: Micros = DAY;

/** How long a slice of time is read at once: it follows how busy the trail is. */
export class SliceSize {
  #length: Micros = 10 * SECOND;

  get length(): Micros {
    return this.#length;
  }

  /** A slice of this length held so many rows. */
  note(length: Micros, rows: number): void {
    const factor = rows === 0 ? 2 : Math.min(2, WANTED_ROWS / rows);
    this.#length = clamp(Math.round(length * factor));
  }

  /** The slice holds too many. @returns whether it can be shorter */
  shorten(): boolean {
    if (this.#length <= SHORTEST) return false;
    this.#length = clamp(Math.floor(this.#length / 4));
    return true;
  }
}

function clamp(length: Micros): Micros {
  return Math.min(LONGEST, Math.max(SHORTEST, length));
}
