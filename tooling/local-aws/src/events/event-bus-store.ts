import { formatArn, parseArn } from "../arn.ts";

/** An event as a rule would see it: what EventBridge took. */
export interface BusEvent {
  readonly id: string;
  /** ARN of the bus. */
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  /** Parsed: EventBridge takes JSON objects only. */
  readonly detail: unknown;
  readonly resources: readonly string[];
  /** Milliseconds since 1970: as the caller said, else when it came. */
  readonly time: number;
}

/** The buses that there are, and what they were given. In memory: EventBridge itself keeps no events. */
export class EventBusStore {
  readonly #region: string;
  readonly #created = new Set<string>();
  readonly #events: BusEvent[] = [];
  #failures: { times: number; readonly errorCode: string } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** @param reference a name or an ARN, as callers give it */
  arnOf(reference: string, accountId: string): string {
    if (parseArn(reference)) return reference;
    return formatArn({ service: "events", region: this.#region, accountId, resource: `event-bus/${reference}` });
  }

  create(arn: string): void {
    this.#created.add(arn);
  }

  /** Every account has a bus `default`. */
  has(arn: string): boolean {
    return this.#created.has(arn) || arn.endsWith(":event-bus/default");
  }

  add(event: BusEvent): void {
    this.#events.push(event);
  }

  get events(): readonly BusEvent[] {
    return this.#events;
  }

  fail(times: number, errorCode: string): void {
    this.#failures = { times, errorCode };
  }

  /** The error that one entry is to be answered with. */
  nextFailure(): string | undefined {
    if (!this.#failures || this.#failures.times <= 0) return undefined;
    this.#failures.times -= 1;
    return this.#failures.errorCode;
  }
}
