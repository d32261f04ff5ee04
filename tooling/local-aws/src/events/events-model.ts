import type { BusEvent, EventBusStore } from "./event-bus-store.ts";

/** The buses seen from inside, for tests: nothing here is checked, denied or counted. */
export class EventsModel {
  readonly #buses: EventBusStore;
  readonly #accountId: string;

  constructor(buses: EventBusStore, accountId: string) {
    this.#buses = buses;
    this.#accountId = accountId;
  }

  /** A bus of the server's own account. @returns its ARN */
  createBus(name: string): string {
    const arn = this.#buses.arnOf(name, this.#accountId);
    this.#buses.create(arn);
    return arn;
  }

  /** What the buses took, in the order in which it came. */
  get taken(): readonly BusEvent[] {
    return this.#buses.events;
  }

  /** So many entries of PutEvents fail from now on, while their calls succeed. */
  failEntries(times: number, errorCode: string): void {
    this.#buses.fail(times, errorCode);
  }
}
