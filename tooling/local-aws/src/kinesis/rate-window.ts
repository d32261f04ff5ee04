const SECOND = 1000;

/** How much was used in a second that begins with the first use after the last one ended. */
export class RateWindow {
  #start = Number.NEGATIVE_INFINITY;
  #length = SECOND;
  #used = 0;

  /** Takes `amount` if that leaves the window within `limit`. */
  take(now: number, amount: number, limit: number): boolean {
    this.#turn(now);
    if (this.#used + amount > limit) return false;
    this.#used += amount;
    return true;
  }

  /** Is there anything left? For amounts that are known only after the fact. */
  isOpen(now: number, limit: number): boolean {
    this.#turn(now);
    return this.#used < limit;
  }

  /**
   * Counts what was used although it was more than the limit. The window then lasts until the average is within the
   * limit again: after a GetRecords of 10 MiB the next five seconds are refused, as AWS documents.
   */
  charge(now: number, amount: number, limit: number): void {
    this.#turn(now);
    this.#used += amount;
    this.#length = Math.max(SECOND, Math.ceil((this.#used / limit) * SECOND));
  }

  #turn(now: number): void {
    // A clock that was set back begins a new window as well.
    if (now < this.#start + this.#length && now >= this.#start) return;
    this.#start = now;
    this.#length = SECOND;
    this.#used = 0;
  }
}
