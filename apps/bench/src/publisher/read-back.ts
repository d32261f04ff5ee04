import { readActivityStream } from "@das/consumer";
import { openAwsClients } from "@das/publisher";
import type { AwsAddress } from "../programs/local-aws.ts";

/** A record with events: heartbeats do not count. */
export interface Arrival {
  /** Milliseconds since 1970, by the stream's clock. */
  readonly at: number;
  /** On the stream with this record. */
  readonly eventsSoFar: number;
}

/**
 * What stands on a stream, read from its beginning as any consumer reads it.
 * @param records how many there are, heartbeats included
 * @throws Error when one cannot be opened
 */
export async function readBack(aws: AwsAddress, streamName: string, records: number): Promise<readonly Arrival[]> {
  using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
  const reading = new AbortController();
  const items = readActivityStream({
    kinesis: clients.kinesis,
    kms: clients.kms,
    stream: streamName,
    from: "oldest",
    recordsPerCall: 1_000,
    signal: reading.signal,
  });
  const arrivals: Arrival[] = [];
  let left = records;
  let eventsSoFar = 0;
  for await (const item of items) {
    if (item.kind === "unreadable" || item.kind === "lost-shard") throw new Error(`${streamName}: ${item.kind}`);
    if (item.kind === "events") {
      eventsSoFar += item.events.length;
      arrivals.push({ at: item.approximateArrivalTime?.getTime() ?? Number.NaN, eventsSoFar });
    }
    left -= 1;
    if (left === 0) break;
  }
  reading.abort();
  return arrivals;
}
