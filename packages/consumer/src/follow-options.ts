import { type Clock, ConfigurationError, type Logger, silentLogger, systemClock } from "@das/core";
import type { KinesisReader } from "./kinesis-calls.ts";
import type { ShardReaderSettings } from "./shard-reader.ts";
import type { StartPosition } from "./start-position.ts";

export interface FollowOptions {
  /**
   * Made by the caller, with `requestHandler: new NodeHttpHandler()` of `@smithy/node-http-handler`: the SDK's default
   * for Kinesis is HTTP/2, one connection for all shards. `maxAttempts: 1` is best, because calls are repeated here.
   */
  readonly kinesis: KinesisReader;
  /** Name or ARN; the ARN where the stream belongs to another account. */
  readonly stream: string;
  readonly from: StartPosition;
  /** Reading ends, on every shard, with the last record that arrived before this moment; without it, it never ends by itself. */
  readonly until?: Date;
  /**
   * When there is no such stream, or it is deleted while it is read: `refuse` (default) ends with a RefusedError;
   * `wait` waits for it. A stream that appears while it is waited for is read from its oldest record.
   */
  readonly whenMissing?: "refuse" | "wait";
  /**
   * Milliseconds between two GetRecords calls on a shard of which the newest record was read; a shard that is behind is
   * asked again at once. Default 1000: a shard answers 5 calls a second to all its readers together.
   */
  readonly pollInterval?: number;
  /** Most records of one GetRecords call, 1 to 10,000 (default); with at most 10 MB a call it bounds the memory of a shard. */
  readonly recordsPerCall?: number;
  /** Ends reading, without an error. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** The jitter of retries; uniform in [0, 1). */
  readonly random?: () => number;
  readonly logger?: Logger;
}

export interface FollowSettings extends ShardReaderSettings {
  readonly recordsPerCall: number;
  readonly whenMissing: "refuse" | "wait";
}

const POLL_INTERVAL_MILLISECONDS = 1_000;
/** What GetRecords gives at most. */
const RECORDS_PER_CALL = 10_000;

/** @throws ConfigurationError */
export function followSettings(options: FollowOptions): FollowSettings {
  const { pollInterval = POLL_INTERVAL_MILLISECONDS, recordsPerCall = RECORDS_PER_CALL } = options;
  if (!(Number.isFinite(pollInterval) && pollInterval > 0)) {
    throw wrongOption("pollInterval", pollInterval, "milliseconds, more than 0");
  }
  if (!(Number.isInteger(recordsPerCall) && recordsPerCall >= 1 && recordsPerCall <= RECORDS_PER_CALL)) {
    throw wrongOption("recordsPerCall", recordsPerCall, `a whole number from 1 to ${RECORDS_PER_CALL}`);
  }
  return {
    pollInterval,
    recordsPerCall,
    until: options.until?.getTime() ?? Number.POSITIVE_INFINITY,
    whenMissing: options.whenMissing ?? "refuse",
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    logger: options.logger ?? silentLogger,
  };
}

export function wrongOption(name: string, value: unknown, expected: string): ConfigurationError {
  return new ConfigurationError({
    who: "consumer",
    what: `option ${name} is ${String(value)}`,
    remedy: `Give ${expected}`,
    code: "option",
  });
}
