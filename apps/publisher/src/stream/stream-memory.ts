import type { AuditSource, ResumePoint, StreamNotice, UtcTime } from "@das/core";

/** What the stream holds of the sources: it is the publisher's only memory (architecture §5). */
export interface StreamMemory {
  /**
   * Reads the stream until it is known where the source goes on and which of its events are there already. As long as
   * Kinesis or KMS cannot be reached it waits for them.
   * @throws RefusedError when only a person can help; whatever error when the signal aborted meanwhile
   */
  recall(source: AuditSource<unknown>, signal: AbortSignal): Promise<Recollection>;
}

export interface Recollection {
  /** undefined: nothing is known of the source, so reading begins at the start position. */
  readonly point: ResumePoint | undefined;
  /** Arrival time of the earliest record that was needed (ms, Kinesis's clock); undefined when nothing was found. */
  readonly since: number | undefined;
  /** What is to be told on the stream because the place was not found on it. */
  readonly notices: readonly StreamNotice[];
  /** Records carry `repeat` until the watermark has passed this moment of event time; undefined: nothing can be doubled. */
  readonly repeatUntil?: UtcTime;
}
