/** AUD$UNIFIED of one container: range partitions by EVENT_TIMESTAMP with an interval (Oracle notes §§1.1, 2.2). */
import type { AuditRow } from "./audit-row.ts";

export type IntervalUnit = "YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND";

export interface PartitionInterval {
  readonly number: number;
  readonly unit: IntervalUnit;
}

/** Rows in the order in which they became visible; bounded, so that adding to the last one is cheap. */
export interface RowChunk {
  readonly rows: readonly AuditRow[];
  /** The least and the greatest EVENT_TIMESTAMP_UTC in it. */
  readonly earliest: string;
  readonly latest: string;
}

export interface Partition {
  /** AUD_UNIFIED_P0, SYS_P181, … */
  readonly name: string;
  /** Its rows are before this moment: `YYYY-MM-DD HH24:MI:SS.FF6`, UTC. */
  readonly highValue: string;
  /** INTERVAL of DBA_TAB_PARTITIONS: made by itself, not by a definition. */
  readonly isInterval: boolean;
  readonly chunks: readonly RowChunk[];
  readonly rowCount: number;
}

export interface AuditTable {
  /** By their high values, rising. */
  readonly partitions: readonly Partition[];
  readonly interval: PartitionInterval;
  /** Partitions from here on are made by the interval, counted from this moment. */
  readonly transition: string;
  /** Of the partition that was made last, for its name. */
  readonly lastPartition: number;
}
