import { ConfigurationError, RecordError, type ResourceId, resourceIdOf } from "@das/core";
import { DataKeyCache, type KmsCallSink, type KmsClient, open } from "@das/envelope";
import type { IntegerForm } from "./activity-event.ts";
import type { EventFilter } from "./event-filter.ts";
import { type FollowOptions, followSettings } from "./follow-options.ts";
import { followShards } from "./follow-shards.ts";
import { isTransient } from "./kinesis-errors.ts";
import { type EventView, openedItems, unreadableItem } from "./record-items.ts";
import { repeat } from "./repeat.ts";
import type { StreamItem } from "./stream-item.ts";

export interface ReadOptions<Integers extends IntegerForm = "bigint"> extends FollowOptions {
  /** A client for the region of the stream's KMS key. `Decrypt` is called once for each data key: ten an hour. */
  readonly kms: KmsClient;
  /** The resource whose stream it is; taken from the stream's name, `aws-rds-das-<resource id>`, when absent. */
  readonly resourceId?: ResourceId;
  /** Events to leave out; none when absent. */
  readonly exclude?: EventFilter;
  /** How integers beyond 2^53 are given: `bigint` (default) or `string`. */
  readonly integers?: Integers;
  /** Told of every call to KMS. Must not throw. */
  readonly onKmsCall?: KmsCallSink;
}

/**
 * The events of a database activity stream, ours or AWS's own: followed as `followStream` does, opened, told apart.
 *
 * A record that cannot be opened is reported, with its sequence number, and reading goes on. When KMS cannot be
 * reached, the records wait for it, in their order. When KMS refuses the key itself, reading ends: the next records
 * would fare no better.
 *
 * At least once: the publisher may have put an event twice.
 * @throws RefusedError when only a person can help: no such stream, a missing right, a disabled key; ConfigurationError
 */
export async function* readActivityStream<Integers extends IntegerForm = "bigint">(
  options: ReadOptions<Integers>,
): AsyncGenerator<StreamItem<Integers>, void> {
  const settings = followSettings(options);
  const view: EventView = { exclude: options.exclude ?? {}, integers: options.integers ?? "bigint" };
  const keys = new DataKeyCache({
    kms: options.kms,
    resourceId: options.resourceId ?? resourceOf(options.stream),
    clock: settings.clock,
    ...(options.onKmsCall && { onKmsCall: options.onKmsCall }),
  });
  try {
    yield* followShards<StreamItem<Integers>>(options, {
      record: async (record, signal) => {
        try {
          const opened = await repeat("kms:Decrypt", () => open(record.data, keys), isTransient, settings, signal);
          return openedItems<Integers>(record, opened, view);
        } catch (error) {
          if (error instanceof RecordError) return [unreadableItem(record, error)];
          throw error;
        }
      },
      lost: (shard) => [{ kind: "lost-shard", ...shard }],
    });
  } finally {
    keys[Symbol.dispose]();
  }
}

/** @throws ConfigurationError when the stream's name does not tell it */
function resourceOf(stream: string): ResourceId {
  const resourceId = resourceIdOf(stream.replace(/^arn:.*:stream\//, ""));
  if (resourceId !== undefined) return resourceId;
  throw new ConfigurationError({
    who: "consumer",
    what: `the name of stream ${stream} is not aws-rds-das-<resource id>, so the resource whose keys open it is unknown`,
    remedy: "Give the option resourceId",
    code: "resource-unknown",
  });
}
