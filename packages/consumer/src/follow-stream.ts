import type { FollowOptions } from "./follow-options.ts";
import { followShards } from "./follow-shards.ts";
import type { LostShard, StreamRecord } from "./stream-record.ts";

export interface FollowStreamOptions extends FollowOptions {
  /** Told when records were lost because the reader fell behind the stream's retention; it is logged as an error, too. */
  readonly onLostShard?: (shard: LostShard) => void;
}

/**
 * The records of a stream, sealed as they are, from all its shards, across splits and merges.
 *
 * Each record comes once; those of a shard in order; those of a shard's parents before its own. Nothing is promised
 * between shards that exist side by side. A shard is read only as fast as records are pulled, and no shard waits for
 * another. Throttling and outages are waited out, without end.
 *
 * Ends, without an error, when the signal aborts or the caller leaves its loop; nothing goes on behind it.
 * @throws RefusedError when only a person can help: no such stream, or a right is missing; ConfigurationError
 */
export function followStream(options: FollowStreamOptions): AsyncGenerator<StreamRecord, void> {
  return followShards(options, {
    record: async (record) => [record],
    lost: (shard) => {
      options.onLostShard?.(shard);
      return [];
    },
  });
}
