import type { BindValue } from "./engine-session.ts";
import type { FunctionName } from "./protocol/message-types.ts";

/** An execution of a statement as it arrived, and what became of it. */
export interface StatementRecord {
  readonly sessionId: number;
  readonly user: string;
  readonly text: string;
  /** In the order in which the client sends them; several rows when it runs several times. */
  readonly binds: readonly (readonly BindValue[])[];
  /** Calls so far: the execution, and each further one for its definition and its rows. */
  roundTrips: number;
  rowsSent: number;
  bytesSent: number;
  /** `open`: rows are left, which the client has not asked for. */
  outcome: "running" | "open" | "completed" | "failed" | "cancelled" | "vanished" | "closed";
  /** The ORA number of the error that ended it. */
  error?: number;
}

const MOST_RECORDS = 10_000;

/** The newest executions, oldest first, and totals of all. */
export class StatementLog {
  #records: StatementRecord[] = [];
  #dropped = 0;
  totals = { statements: 0, rowsSent: 0, bytesSent: 0, roundTrips: 0 };
  /** How often each function was called. */
  readonly calls: Partial<Record<FunctionName, number>> = {};

  called(name: FunctionName): void {
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    this.totals.roundTrips += 1;
  }

  begin(request: Pick<StatementRecord, "sessionId" | "user" | "text" | "binds">): StatementRecord {
    const record: StatementRecord = { ...request, roundTrips: 0, rowsSent: 0, bytesSent: 0, outcome: "running" };
    this.#records.push(record);
    if (this.#records.length > 2 * MOST_RECORDS) {
      this.#dropped += MOST_RECORDS;
      this.#records = this.#records.slice(MOST_RECORDS);
    }
    this.totals.statements += 1;
    return record;
  }

  get records(): readonly StatementRecord[] {
    return this.#records;
  }

  /** How many of the oldest are no longer kept. */
  get dropped(): number {
    return this.#dropped;
  }

  matching(pattern: RegExp): readonly StatementRecord[] {
    return this.#records.filter((record) => pattern.test(record.text));
  }
}
