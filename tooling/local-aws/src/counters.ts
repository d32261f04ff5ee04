import type { ServiceName } from "./operation.ts";

/** What one operation has done since the start or the last reset. */
export interface OperationCounters {
  /** Calls that came with a good signature and a JSON object, whatever became of them. */
  readonly calls: number;
  /** Calls whose connection was dropped by a scripted fault. */
  readonly dropped: number;
  /** Calls that were answered with an error, by its type. */
  readonly errors: Readonly<Record<string, number>>;
  /** Records written or read. */
  readonly records: number;
  /** Their data and, for writes, partition keys. */
  readonly bytes: number;
  /** Records of PutRecords that were answered with an ErrorCode. */
  readonly failedRecords: number;
}

/** What one call adds. */
export interface Tally {
  records: number;
  bytes: number;
  failedRecords: number;
}

const NOTHING: OperationCounters = { calls: 0, dropped: 0, errors: {}, records: 0, bytes: 0, failedRecords: 0 };

export class Counters {
  readonly #operations = new Map<string, OperationCounters>();

  /** All zero for an operation that was never called. */
  of(service: ServiceName, operation: string): OperationCounters {
    return this.#operations.get(`${service}.${operation}`) ?? NOTHING;
  }

  /** By `service.operation`, those that were called. */
  snapshot(): Record<string, OperationCounters> {
    return Object.fromEntries([...this.#operations].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  reset(): void {
    this.#operations.clear();
  }

  add(
    service: ServiceName,
    operation: string,
    tally: Tally,
    outcome: "answered" | "dropped" | { error: string },
  ): void {
    const before = this.of(service, operation);
    const failed = typeof outcome === "object" ? outcome.error : undefined;
    this.#operations.set(`${service}.${operation}`, {
      calls: before.calls + 1,
      dropped: before.dropped + (outcome === "dropped" ? 1 : 0),
      errors: failed === undefined ? before.errors : { ...before.errors, [failed]: (before.errors[failed] ?? 0) + 1 },
      records: before.records + tally.records,
      bytes: before.bytes + tally.bytes,
      failedRecords: before.failedRecords + tally.failedRecords,
    });
  }
}
