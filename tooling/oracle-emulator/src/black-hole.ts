import type { Duplex } from "node:stream";

/**
 * A link that swallows everything: while it is on, nothing is read and nothing is written on any connection, and none
 * is closed, whatever the clients do; not even that they go is noticed.
 */
export class BlackHole {
  readonly #streams = new Set<Duplex>();
  #lifted: Promise<void> | undefined;
  #lift: () => void = () => undefined;

  get isOn(): boolean {
    return this.#lifted !== undefined;
  }

  turnOn(): void {
    if (this.#lifted) return;
    this.#lifted = new Promise((resolve) => {
      this.#lift = resolve;
    });
    for (const stream of this.#streams) stream.pause();
  }

  /** What was held back goes on its way. */
  turnOff(): void {
    this.#lifted = undefined;
    this.#lift();
    for (const stream of this.#streams) stream.resume();
  }

  /** From when on the stream is read. */
  include(stream: Duplex): void {
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    if (this.#lifted) stream.pause();
  }

  /** Until it is off, or the stream is gone; undefined when it is off. */
  wait(stream: Duplex): Promise<void> | undefined {
    if (!this.#lifted || stream.destroyed) return undefined;
    const gone = new Promise<void>((resolve) => stream.once("close", resolve));
    return Promise.race([this.#lifted, gone]);
  }
}
