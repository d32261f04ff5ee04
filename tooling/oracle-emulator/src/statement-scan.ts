/** What a statement looked at: so that tests can see whether a poll reads a partition or the whole trail. */
export interface StatementScan {
  readonly sql: string;
  readonly user: string;
  /** Of AUD$UNIFIED. */
  partitionsRead: number;
  partitionsPruned: number;
  /** Rows in the partitions that were read, whether they are in the result or not. */
  rowsScanned: number;
  /** Spillover files: there is no way to leave one out (Oracle notes §2.2). */
  filesParsed: number;
  rowsReturned: number;
}

const MOST_SCANS = 10_000;

/** The newest statements, oldest first. */
export class StatementScans {
  #scans: StatementScan[] = [];

  begin(sql: string, user: string): StatementScan {
    const scan = {
      sql,
      user,
      partitionsRead: 0,
      partitionsPruned: 0,
      rowsScanned: 0,
      filesParsed: 0,
      rowsReturned: 0,
    };
    this.#scans.push(scan);
    if (this.#scans.length > 2 * MOST_SCANS) this.#scans = this.#scans.slice(MOST_SCANS);
    return scan;
  }

  get all(): readonly StatementScan[] {
    return this.#scans;
  }

  matching(pattern: RegExp): readonly StatementScan[] {
    return this.#scans.filter(({ sql }) => pattern.test(sql));
  }
}
