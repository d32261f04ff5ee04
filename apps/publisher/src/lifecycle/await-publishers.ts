import { followStream } from "@das/consumer";
import { publisherSourceId, RecordError, streamNameOf } from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import type { LifecycleParts } from "./lifecycle-parts.ts";

/** What a publisher says of itself in its heartbeat. */
export interface HeardPublisher {
  readonly generation: number;
  /** Of the stream's state, that it goes by. */
  readonly revision: number;
  /** The stream is being stopped, and all that belongs on it is there. */
  readonly isLast: boolean;
}

export interface AwaitedPublishers {
  /** Milliseconds since 1970: what they say is put after this. */
  readonly since: number;
  /** Milliseconds. */
  readonly timeout: number;
  isThere(publisher: HeardPublisher): boolean;
}

/** Milliseconds between two looks at a shard: a person waits. */
const POLL_INTERVAL = 400;
/** By how much this machine's clock may be ahead of the stream's; milliseconds. */
const CLOCK_MARGIN = 60_000;

/**
 * Reads the stream until the publisher of every configured instance has said what is waited for.
 * @returns the instances whose publishers did not in time
 * @throws RefusedError when the stream cannot be read or opened
 */
export async function awaitPublishers(
  { configuration, aws, clock, signal }: Pick<LifecycleParts, "configuration" | "aws" | "clock" | "signal">,
  { since, timeout, isThere }: AwaitedPublishers,
): Promise<readonly string[]> {
  const { resource, instances } = configuration;
  const silent = new Map(instances.map(({ id }) => [publisherSourceId(id), id]));
  if (timeout <= 0) return [...silent.values()];
  const enough = new AbortController();
  const timer = clock.sleep(timeout, enough.signal).then(() => enough.abort());
  using keys = new DataKeyCache({ kms: aws.kms, resourceId: resource.id });
  try {
    const records = followStream({
      kinesis: aws.kinesis,
      stream: streamNameOf(resource.id),
      from: { time: new Date(since - CLOCK_MARGIN) },
      pollInterval: POLL_INTERVAL,
      clock,
      signal: AbortSignal.any([signal, enough.signal]),
    });
    for await (const { partitionKey, data } of records) {
      if (!silent.has(partitionKey)) continue;
      const heard = await openHeartbeat(data, keys);
      if (heard && isThere(heard)) silent.delete(partitionKey);
      if (silent.size === 0) break;
    }
  } finally {
    enough.abort();
    await timer;
  }
  signal.throwIfAborted();
  return [...silent.values()];
}

/** @returns undefined when it is none of a publisher that follows a state */
async function openHeartbeat(data: Uint8Array, keys: DataKeyCache): Promise<HeardPublisher | undefined> {
  try {
    const { provenance } = (await open(data, keys)).inner;
    if (provenance?.revision === undefined || provenance.markers !== "") return undefined;
    const { generation, revision, last } = provenance;
    return { generation, revision, isLast: last === true };
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
