import { type EventIdentity, trailOf } from "@das/core";
import { wrongOption } from "./follow-options.ts";
import { TrailMemory } from "./trail-memory.ts";

export interface EventMemoryOptions {
  /** Identities that are remembered at a time, of all trails together; 500,000 when absent: about 50 MB. */
  readonly mostEvents?: number;
  /** Milliseconds on the stream's clock for which an event is remembered; 24 hours when absent. */
  readonly maxAge?: number;
}

/** How far back a double can be told. */
export interface MemoryHorizon {
  readonly remembered: number;
  /** Events that had to be forgotten because there were too many, and because they were too old. */
  readonly forgottenForCount: number;
  readonly forgottenForAge: number;
  /** Arrival time of the newest forgotten event: what arrived up to then may come again unnoticed. undefined: nothing was forgotten. */
  readonly forgottenUpTo: Date | undefined;
}

const MOST_EVENTS = 500_000;
const MAX_AGE = 24 * 3_600_000;

/**
 * Tells an event that was there before: in another record, of another epoch or of another source of the same trail.
 *
 * Bounded: the oldest events are forgotten when there are too many, and when every source of their trail has been read
 * so much further that nobody publishes them again. What was forgotten is said (`horizon`).
 */
export class EventMemory {
  readonly #trails = new Map<string, TrailMemory>();
  readonly #mostEvents: number;
  readonly #maxAge: number;
  #remembered = 0;
  #forgottenForCount = 0;
  #forgottenForAge = 0;
  #forgottenUpTo = Number.NEGATIVE_INFINITY;

  /** @throws ConfigurationError */
  constructor({ mostEvents = MOST_EVENTS, maxAge = MAX_AGE }: EventMemoryOptions = {}) {
    if (!(Number.isInteger(mostEvents) && mostEvents > 0)) {
      throw wrongOption("mostEvents", mostEvents, "a whole number, more than 0");
    }
    if (!(maxAge > 0)) throw wrongOption("maxAge", maxAge, "milliseconds, more than 0");
    this.#mostEvents = mostEvents;
    this.#maxAge = maxAge / 1_000;
  }

  /**
   * Remembers the event.
   * @param source where it was published from; events are compared within the trail that the source is of
   * @returns false when it is remembered already
   */
  add(source: string, identity: EventIdentity, arrival: Date | undefined): boolean {
    const trail = this.#trailOf(source);
    const seconds = Math.floor((arrival?.getTime() ?? 0) / 1_000);
    if (trail.advance(source, seconds)) this.#forgetForAge(trail);
    if (trail.has(identity)) return false;
    trail.add(identity, seconds);
    this.#remembered += 1;
    if (this.#remembered > this.#mostEvents) this.#forgetForCount();
    return true;
  }

  get horizon(): MemoryHorizon {
    return {
      remembered: this.#remembered,
      forgottenForCount: this.#forgottenForCount,
      forgottenForAge: this.#forgottenForAge,
      forgottenUpTo: Number.isFinite(this.#forgottenUpTo) ? new Date(this.#forgottenUpTo * 1_000 + 999) : undefined,
    };
  }

  #trailOf(source: string): TrailMemory {
    const name = trailOf(source);
    const known = this.#trails.get(name);
    if (known) return known;
    const fresh = new TrailMemory();
    this.#trails.set(name, fresh);
    return fresh;
  }

  #forgetForAge(trail: TrailMemory): void {
    const limit = trail.clock - this.#maxAge;
    while (trail.oldest && trail.oldest[1] < limit) {
      this.#forgetOldest(trail);
      this.#forgottenForAge += 1;
    }
  }

  /** Of the trail that holds most, so that a busy trail does not make a quiet one forget. */
  #forgetForCount(): void {
    let largest: TrailMemory | undefined;
    for (const trail of this.#trails.values()) if (trail.size > (largest?.size ?? 0)) largest = trail;
    if (!largest) return;
    this.#forgetOldest(largest);
    this.#forgottenForCount += 1;
  }

  #forgetOldest(trail: TrailMemory): void {
    const [, arrived = 0] = trail.oldest ?? [];
    trail.forgetOldest();
    this.#remembered -= 1;
    this.#forgottenUpTo = Math.max(this.#forgottenUpTo, arrived);
  }
}
