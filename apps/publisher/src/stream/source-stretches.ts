import type { Stretch } from "@das/consumer";
import type { SourceRecord } from "./source-record.ts";

/** What one source put on the stream, by when it arrived; records of other generations are left out. */
export interface SourceStretches {
  /**
   * Every record of the source that arrived in the stretch, in no order; the same one may come twice.
   * @returns from: where reading began, earlier than asked when that has not come yet by the clock of the stream
   */
  read(
    stretch: Stretch,
    signal: AbortSignal,
  ): Promise<{ readonly from: number; readonly records: readonly SourceRecord[] }>;
  /** When some record of the source that is in the stretch arrived; undefined: there is none. */
  probe(stretch: Stretch, signal: AbortSignal): Promise<number | undefined>;
  /** Bytes that the busiest shard has given so far: they are what reading takes its time for. */
  readonly bytesRead: number;
}
