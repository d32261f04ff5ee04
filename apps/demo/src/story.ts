import { type Clock, systemClock } from "@das/core";

/** What happened while the demo ran, for people. */
export class Story {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #tell: (line: string) => void;
  readonly #lines: string[] = [];
  #began: number;

  /** @param tell is called with each line as it is added */
  constructor(tell: (line: string) => void, clock: Pick<Clock, "monotonic"> = systemClock) {
    this.#tell = tell;
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  /** Times are counted from now on. */
  begin(): void {
    this.#began = this.#clock.monotonic();
  }

  add(text: string): void {
    const seconds = (this.#clock.monotonic() - this.#began) / 1_000;
    const line = `${seconds.toFixed(1).padStart(5)} s  ${text}`;
    this.#lines.push(line);
    this.#tell(line);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
