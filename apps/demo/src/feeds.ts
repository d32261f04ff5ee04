import type { HeldSource, Provenance } from "@das/core";

/** Which publisher feeds what, as the publishers themselves say it on the stream. */
export class Feeds {
  /** By instance: what its publisher last said of itself. */
  readonly #held = new Map<string, readonly HeldSource[]>();
  /** By source and history: the instance whose publisher reads it. */
  readonly #feeders = new Map<string, string>();
  /** By source and history: events, doubles left out. */
  readonly #events = new Map<string, number>();

  /** @param instanceId whose publisher it was */
  heard(instanceId: string, sources: readonly HeldSource[]): void {
    this.#held.set(instanceId, sources);
    for (const { id, history, state } of sources) {
      if (state === "reading") this.#feeders.set(keyOf(id, history), instanceId);
    }
  }

  arrived({ source, history }: Pick<Provenance, "source" | "history">, events: number): void {
    const key = keyOf(source, history);
    this.#events.set(key, (this.#events.get(key) ?? 0) + events);
  }

  isHeard(instanceId: string): boolean {
    return this.#held.has(instanceId);
  }

  /** Ids of the sources that its publisher reads. */
  readBy(instanceId: string): readonly string[] {
    const held = this.#held.get(instanceId) ?? [];
    return held.filter(({ state }) => state === "reading").map(({ id }) => id);
  }

  /** How many events came through its publisher. */
  eventsOf(instanceId: string): number {
    let sum = 0;
    for (const [key, events] of this.#events) if (this.#feeders.get(key) === instanceId) sum += events;
    return sum;
  }
}

function keyOf(source: string, history: string): string {
  return JSON.stringify([source, history]);
}
