import type { Stretch } from "@das/consumer";
import type { SourceRecord } from "./source-record.ts";

export interface SourceRecords {
  /** Where reading began: earlier than asked when that has not come yet by the clock of the stream. */
  readonly from: number;
  /** In no order; the same one may be there twice. */
  readonly records: readonly SourceRecord[];
}

/** What one source put on the stream, by when it arrived; records of other generations are left out. */
export interface SourceStretches {
  /** Every record of the source that arrived in the stretch. */
  read(stretch: Stretch, signal: AbortSignal): Promise<SourceRecords>;
  /** When some record of the source that is in the stretch arrived; undefined: there is none. */
  probe(stretch: Stretch, signal: AbortSignal): Promise<number | undefined>;
  /** Bytes that the busiest shard has given so far: they are what reading takes its time for. */
  readonly bytesRead: number;
}
