import type { EventIdentity } from "@das/core";

/** An event and when it arrived, in seconds. */
export type RememberedEvent = readonly [identity: EventIdentity, arrived: number];

/** The events of one trail, the one that was added first to be forgotten first. */
export class TrailMemory {
  readonly #arrivals = new Map<EventIdentity, number>();
  /** One iterator for good: a new one would step over all that was deleted before it. */
  #iterator: Iterator<RememberedEvent> | undefined;
  #oldest: RememberedEvent | undefined;
  /** How far each source of the trail has been read, in seconds. */
  readonly #clocks = new Map<string, number>();

  get size(): number {
    return this.#arrivals.size;
  }

  has(identity: EventIdentity): boolean {
    return this.#arrivals.has(identity);
  }

  add(identity: EventIdentity, arrived: number): void {
    this.#arrivals.set(identity, arrived);
  }

  /** @returns whether the source was read further by it */
  advance(source: string, seconds: number): boolean {
    if ((this.#clocks.get(source) ?? Number.NEGATIVE_INFINITY) >= seconds) return false;
    this.#clocks.set(source, seconds);
    return true;
  }

  /** How far all sources were read. */
  get clock(): number {
    return Math.min(...this.#clocks.values());
  }

  get oldest(): RememberedEvent | undefined {
    if (this.#oldest) return this.#oldest;
    this.#iterator ??= this.#arrivals.entries();
    const next = this.#iterator.next();
    // An iterator that has ended stays so, whatever is added later.
    if (next.done) this.#iterator = undefined;
    else this.#oldest = next.value;
    return this.#oldest;
  }

  forgetOldest(): void {
    if (!this.oldest) return;
    this.#arrivals.delete(this.oldest[0]);
    this.#oldest = undefined;
  }
}
