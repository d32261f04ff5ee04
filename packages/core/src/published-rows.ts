import type { EventIdentity } from "./identity.ts";

/**
 * What was on the stream when reading began, for a reader that leaves it out: hundreds of thousands of identities, so it
 * is let go of as soon as reading has passed everything that it can be about.
 */
export class PublishedRows {
  #identities: ReadonlySet<EventIdentity> | undefined;
  /** How many were not met yet. */
  #left: number;

  constructor(identities?: ReadonlySet<EventIdentity>) {
    this.#identities = identities;
    this.#left = identities?.size ?? 0;
    this.#releaseIfMet();
  }

  /** It may still be about rows that were not read yet (`AuditBatch.resuming`). */
  get isNeeded(): boolean {
    return this.#identities !== undefined;
  }

  /** Whether the row that is read now was published; to be asked once for each row. */
  meet(identity: EventIdentity): boolean {
    if (!this.#identities?.has(identity)) return false;
    this.#left -= 1;
    this.#releaseIfMet();
    return true;
  }

  /** The end of the trail was reached: what was not met until now is not in it. */
  release(): void {
    this.#identities = undefined;
  }

  #releaseIfMet(): void {
    if (this.#left <= 0) this.#identities = undefined;
  }
}
