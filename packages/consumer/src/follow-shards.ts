import { type FollowOptions, type FollowSettings, followSettings } from "./follow-options.ts";
import { KinesisCalls } from "./kinesis-calls.ts";
import { isMissing, streamMissing } from "./kinesis-errors.ts";
import type { ListedShard } from "./start-position.ts";
import { type ShardItems, StreamLife } from "./stream-life.ts";

/**
 * Reads all shards of a stream at once, each at its own pace, and hands out what is made of their records.
 * @throws RefusedError, ConfigurationError
 */
export async function* followShards<Item>(options: FollowOptions, items: ShardItems<Item>): AsyncGenerator<Item, void> {
  const settings = followSettings(options);
  const calls = new KinesisCalls(options.kinesis, options.stream, settings.recordsPerCall, settings);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  options.signal?.addEventListener("abort", end, { once: true });
  if (options.signal?.aborted) end();
  try {
    let from = options.from;
    while (!stop.signal.aborted) {
      const found = await findStream(calls, options.stream, settings, stop.signal);
      // A stream that came after us holds nothing but what came after us.
      if (found.appeared) from = "oldest";
      const isGone = yield* new StreamLife(found.shards, from, calls, settings, items, stop.signal).items();
      if (stop.signal.aborted || !isGone) return;
      if (settings.whenMissing === "refuse") throw streamMissing(options.stream);
      from = "oldest";
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    end();
    options.signal?.removeEventListener("abort", end);
  }
}

async function findStream(
  calls: KinesisCalls,
  stream: string,
  { whenMissing, logger, clock, pollInterval }: FollowSettings,
  signal: AbortSignal,
): Promise<{ readonly shards: readonly ListedShard[]; readonly appeared: boolean }> {
  for (let appeared = false; ; appeared = true) {
    try {
      return { shards: await calls.listShards(signal), appeared };
    } catch (error) {
      if (signal.aborted || !isMissing(error)) throw error;
      if (whenMissing === "refuse") throw streamMissing(stream, error);
    }
    if (!appeared) logger.info({ stream }, "waiting for the stream to appear");
    await clock.sleep(pollInterval, signal);
  }
}
