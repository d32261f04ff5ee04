import { readActivityStream } from "@das/consumer";
import { openAwsClients } from "@das/publisher";
import type { AwsAddress } from "../programs/local-aws.ts";

/** What stands on a stream, read as any consumer reads it. */
export interface Published {
  readonly events: number;
  /** Records with events in them: heartbeats do not count. */
  readonly records: number;
  /** Of the first and the last record with events: milliseconds since 1970, by the stream's clock. */
  readonly firstArrival: number;
  readonly lastArrival: number;
}

/** Reads a stream from its beginning up to its present end. @throws Error when a record cannot be opened */
export async function readBack(aws: AwsAddress, streamName: string, records: number): Promise<Published> {
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
  let left = records;
  const arrivals: number[] = [];
  let events = 0;
  for await (const item of items) {
    if (item.kind === "unreadable" || item.kind === "lost-shard") throw new Error(`${streamName}: ${item.kind}`);
    if (item.kind === "events") {
      events += item.events.length;
      arrivals.push(item.approximateArrivalTime?.getTime() ?? Number.NaN);
    }
    left -= 1;
    if (left === 0) break;
  }
  reading.abort();
  return {
    events,
    records: arrivals.length,
    firstArrival: arrivals[0] ?? Number.NaN,
    lastArrival: arrivals.at(-1) ?? Number.NaN,
  };
}
