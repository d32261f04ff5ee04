import { type AuditReader, type Clock, type Logger, type StartPosition, streamNameOf } from "@das/core";
import type { AwsClients } from "./aws/clients.ts";
import type { Configuration } from "./configuration/schema.ts";
import type { ReaderSettings } from "./engines/open-reader.ts";
import { StateFollowing } from "./lifecycle/follow-state.ts";
import { stateNotices } from "./lifecycle/state-notice.ts";
import { isSameLife, lifeOf } from "./lifecycle/stream-life.ts";
import type { StreamState } from "./lifecycle/stream-state.ts";
import type { Notifier } from "./notify/notifier.ts";
import { StreamNews } from "./pipeline/stream-news.ts";
import { publishLife } from "./publish-life.ts";
import { type OpenedStream, openStream, type SeenStream } from "./stream/open-stream.ts";

export interface PublisherParts {
  readonly configuration: Configuration;
  /** The instance that is published, by its id in the configuration. */
  readonly instanceId: string;
  /** Called for each life of the stream. */
  readonly openReader: (settings: Pick<ReaderSettings, "startAt" | "nativeAuditFields">) => AuditReader<unknown>;
  readonly aws: AwsClients;
  /** Create the stream when it is missing, instead of waiting for whoever does. */
  readonly createStream: boolean;
  /** Where the reader begins with a source that was never published; undefined: where the stream's start says. */
  readonly resumeFrom?: StartPosition;
  readonly notifier?: Pick<Notifier, "tell" | "figures"> | undefined;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** How one life of the stream ended for this publisher. */
interface Ending {
  readonly isComplete: boolean;
  readonly seen: SeenStream;
}

/**
 * Publishes what one instance owns until `stopping` aborts; then flushes, sends a last heartbeat and returns. It follows
 * the state of the stream: it waits while the stream is stopped, and begins anew when it is started.
 * @returns whether everything that was read is on the stream
 * @throws ConfigurationError, RefusedError: a person must act
 */
export async function runPublisher(parts: PublisherParts, stopping: AbortSignal): Promise<boolean> {
  const { configuration, aws, clock, random, logger } = parts;
  const { resource, stream, publisher } = configuration;
  let seen: SeenStream | undefined;
  for (let isComplete = true; ; ) {
    const opened = await openStream(
      aws.kinesis,
      {
        streamName: streamNameOf(resource.id),
        account: stream.account,
        create: parts.createStream ? { shards: stream.shards } : undefined,
        pollInterval: publisher.statePollSeconds * 1_000,
        seen,
      },
      clock,
      random,
      logger,
      stopping,
    );
    if (!opened) return isComplete;
    ({ isComplete, seen } = await publishUntilChanged(parts, opened, stopping));
    if (stopping.aborted) return isComplete;
  }
}

async function publishUntilChanged(
  parts: PublisherParts,
  opened: OpenedStream,
  stopping: AbortSignal,
): Promise<Ending> {
  const { configuration, aws, clock, random, logger, resumeFrom } = parts;
  const { state } = opened;
  const life = lifeOf(state, configuration);
  const following = new StateFollowing({
    client: aws.kinesis,
    streamName: streamNameOf(configuration.resource.id),
    pollInterval: configuration.publisher.statePollSeconds * 1_000,
    clock,
    random,
    logger,
  });
  const news = new StreamNews();
  const lifeOver = new AbortController();
  const gone = new AbortController();
  const over = new AbortController();
  const told = new Set<string>();
  const hear = (heard: StreamState): void => {
    const notices = stateNotices(heard).filter(({ startTime }) => !told.has(startTime));
    for (const { startTime } of notices) told.add(startTime);
    news.heard(heard.revision, notices);
    if (heard.status === "stopping") news.close(heard["changed-at"]);
  };
  if (state) hear(state);
  const follow = async (): Promise<number> => {
    let seen = state?.revision ?? 0;
    let isStopping = state?.status === "stopping";
    for await (const next of following.after(state, over.signal)) {
      if (!next) {
        gone.abort();
        break;
      }
      seen = next.revision;
      isStopping = next.status === "stopping";
      logger.info({ revision: next.revision, status: next.status, policy: next.policy }, "the stream's state changed");
      const isOver = next.status === "stopped" || !isSameLife(life, lifeOf(next, configuration));
      // What begins another life is told in that one; a stop has none after it, and may not have waited for anybody.
      if (!isOver || next.status === "stopped") hear(next);
      if (isOver) lifeOver.abort();
    }
    // A stop that was carried out here is not to be begun again.
    return isStopping ? seen + 1 : seen;
  };
  const followed = follow();
  const isComplete = await publishLife(
    {
      ...parts,
      life: resumeFrom === undefined ? life : { ...life, startAt: resumeFrom },
      opened,
      news,
      gone: gone.signal,
      onRefused: () => following.hurry(),
    },
    AbortSignal.any([stopping, lifeOver.signal, gone.signal]),
  ).finally(() => over.abort());
  return { isComplete, seen: { createdAt: opened.createdAt, leastRevision: await followed } };
}
