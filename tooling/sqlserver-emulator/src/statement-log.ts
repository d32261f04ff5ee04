import type { SqlValue } from "./sql-types.ts";

/** A request as it arrived, and what became of it. */
export interface StatementRecord {
  readonly sessionId: number;
  readonly login: string;
  readonly kind: "batch" | "rpc";
  /** The text of a batch or of sp_executesql, else the procedure's name. */
  readonly text: string;
  readonly parameters: Readonly<Record<string, SqlValue>>;
  rowsSent: number;
  bytesSent: number;
  outcome: "running" | "completed" | "failed" | "cancelled" | "vanished";
  /** The error that ended it. */
  error?: number;
}

const MOST_RECORDS = 10_000;

/** The newest requests, oldest first, and totals of all. */
export class StatementLog {
  #records: StatementRecord[] = [];
  #dropped = 0;
  totals = { statements: 0, rowsSent: 0, bytesSent: 0 };

  begin(request: Pick<StatementRecord, "sessionId" | "login" | "kind" | "text" | "parameters">): StatementRecord {
    const record: StatementRecord = { ...request, rowsSent: 0, bytesSent: 0, outcome: "running" };
    this.#records.push(record);
    if (this.#records.length > 2 * MOST_RECORDS) {
      this.#dropped += MOST_RECORDS;
      this.#records = this.#records.slice(MOST_RECORDS);
    }
    this.totals.statements += 1;
    return record;
  }

  end(record: StatementRecord, outcome: Exclude<StatementRecord["outcome"], "running">): void {
    record.outcome = outcome;
    this.totals.rowsSent += record.rowsSent;
    this.totals.bytesSent += record.bytesSent;
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
