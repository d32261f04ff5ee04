const BARS = "▁▂▃▄▅▆▇█";
/** Seconds that are remembered. */
const LONGEST = 120;

/** How many of something there were in each of the last seconds. */
export class RateChart {
  readonly #total: () => number;
  /** Of each second, newest last. */
  readonly #rates: number[] = [];
  #counted = 0;

  /** @param total of all there were so far */
  constructor(total: () => number) {
    this.#total = total;
  }

  /** A second is over. */
  count(): void {
    const total = this.#total();
    // What is ascribed to another one later is not negative.
    this.#rates.push(Math.max(0, total - this.#counted));
    this.#rates.splice(0, this.#rates.length - LONGEST);
    this.#counted = total;
  }

  /** In the last second. */
  get rate(): number {
    return this.#rates.at(-1) ?? 0;
  }

  /** A bar for each of the last seconds; nothing at all is a blank. */
  bars(width: number): string {
    const peak = Math.max(1, ...this.#rates);
    return this.#rates
      .slice(width > 0 ? -width : LONGEST)
      .map((rate) => (rate === 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor((rate / peak) * BARS.length))]))
      .join("");
  }
}
