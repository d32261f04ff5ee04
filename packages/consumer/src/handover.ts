/**
 * Where several producers hand items to one consumer, each item in person: `offer` resolves when its item is taken, so
 * a producer is never more than one item ahead. First come, first served, so no producer can starve another.
 */
export class Handover<Item> {
  readonly #offers: { readonly item: Item; readonly taken: () => void }[] = [];
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  #closed = false;
  #wakeConsumer: (() => void) | undefined;

  /** Resolves when the item is taken, or dropped because the hand-over was closed. */
  offer(item: Item): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      this.#offers.push({ item, taken });
      this.#wakeConsumer?.();
    });
  }

  /** The next item, or undefined when none will come. @throws what `fail` was given, at once */
  async take(): Promise<{ readonly item: Item } | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      if (this.#failure) throw this.#failure.error;
      const offer = this.#offers.shift();
      if (offer) {
        offer.taken();
        return offer;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((wake) => {
        this.#wakeConsumer = wake;
      });
    }
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeConsumer?.();
  }

  /** No more offers will come. */
  end(): void {
    this.#ended = true;
    this.#wakeConsumer?.();
  }

  /** Lets everybody go; what was not taken is dropped. */
  close(): void {
    this.#closed = true;
    for (const offer of this.#offers.splice(0)) offer.taken();
    this.#wakeConsumer?.();
  }
}
