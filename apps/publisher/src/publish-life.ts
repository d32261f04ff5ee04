import { randomBytes } from "node:crypto";
import { type AuditSource, type Clock, ENGINE_TRAITS, type Logger, publisherSourceId, streamNameOf } from "@das/core";
import { DataKeyLender } from "@das/envelope";
import type { StreamLife } from "./lifecycle/stream-life.ts";
import type { PublishCounters, PublishParts } from "./pipeline/publish-source.ts";
import { publishSources } from "./pipeline/publish-sources.ts";
import { Putting } from "./pipeline/put.ts";
import { Sealing } from "./pipeline/seal.ts";
import { SealPool } from "./pipeline/seal-pool.ts";
import type { StreamNews } from "./pipeline/stream-news.ts";
import type { PublisherParts } from "./publisher.ts";
import { HintFile } from "./stream/hint-file.ts";
import { KinesisMemory } from "./stream/kinesis-memory.ts";
import type { OpenedStream } from "./stream/open-stream.ts";
import { startWithoutStream } from "./stream/start-without-stream.ts";

export interface LifeParts extends PublisherParts {
  readonly life: StreamLife;
  readonly opened: OpenedStream;
  readonly news: StreamNews;
  /** There is no stream any more: nothing can be flushed. */
  readonly gone: AbortSignal;
  /** The stream or the key is refused. */
  readonly onRefused: () => void;
}

/** PutRecords calls under way at once, over all sources and lanes. */
const PUT_CONCURRENCY = 4;
/** Bytes of JSON of one source between reading and the stream; what is beyond waits in the database's own trail. */
const MAX_UNDER_WAY = 2 * 1_048_576;
/** Milliseconds between two lines of figures in the log. */
const REPORT_INTERVAL = 60_000;

/**
 * Publishes what one instance owns in one life of the stream: until `stopping` aborts or the stream is being stopped.
 * @returns whether everything that was read is on the stream
 * @throws ConfigurationError, RefusedError: a person must act
 */
export async function publishLife(parts: LifeParts, stopping: AbortSignal): Promise<boolean> {
  const { configuration, instanceId, aws, life, news, onRefused, clock, random, logger } = parts;
  const { resource, publisher, instances } = configuration;
  const { startAt, nativeAuditFields, generation } = life;
  const streamName = streamNameOf(resource.id);
  await using reader = parts.openReader({ startAt, nativeAuditFields });
  await using hints = await openHints(parts);
  const living = {
    generation,
    createdAt: Math.max(parts.opened.createdAt, life.startedAt),
    retentionHours: parts.opened.retentionHours,
  };
  const { fractionDigits } = ENGINE_TRAITS[resource.engine];
  const withoutStream = ({ id }: Pick<AuditSource<unknown>, "id">) =>
    startWithoutStream({ stream: living, hint: hints?.find(id), startAt, fractionDigits, now: clock.now() });

  const counters: PublishCounters & { kmsCalls: number } = {
    events: 0,
    records: 0,
    heartbeats: 0,
    bytes: 0,
    cutEvents: 0,
    lossWindows: 0,
    kmsCalls: 0,
  };
  const onKmsCall = () => {
    counters.kmsCalls += 1;
  };
  using lender = new DataKeyLender({
    kms: aws.kms,
    keyId: life.kmsKeyId,
    resourceId: resource.id,
    clock,
    random,
    onKmsCall,
  });
  using memory = new KinesisMemory({
    kinesis: aws.kinesis,
    kms: aws.kms,
    resourceId: resource.id,
    stream: living,
    heartbeatInterval: publisher.heartbeatSeconds * 1_000,
    withoutStream,
    onKmsCall,
    clock,
    random,
    logger,
  });
  await using sealer = new SealPool(publisher.sealingThreads, ENGINE_TRAITS[resource.engine].recordVersion);
  const common = { onRefused, clock, random, logger };
  const pipeline: PublishParts = {
    settings: {
      resourceId: resource.id,
      generation,
      nativeAuditFields,
      lanes: publisher.lanes,
      maxEvents: publisher.maxEventsPerRecord,
      targetBytes: publisher.recordTargetBytes,
      heartbeatInterval: publisher.heartbeatSeconds * 1_000,
      maxUnderWay: MAX_UNDER_WAY,
    },
    memory,
    hints,
    notify: parts.notifier?.tell,
    nameEpoch: () => randomBytes(9).toString("base64url"),
    sealing: new Sealing({ sealer, lender, concurrency: 2 * publisher.sealingThreads, ...common }),
    putting: new Putting({ client: aws.kinesis, streamName, concurrency: PUT_CONCURRENCY, ...common }),
    clock,
    random,
    logger,
    counters,
  };
  const instance = instances.find(({ id }) => id === instanceId);
  const self = {
    engine: resource.engine,
    sourceId: publisherSourceId(instanceId),
    news,
    instance: {
      serverHost: instance?.serverHost ?? instance?.host ?? "",
      serverVersion: "",
      serviceName: "",
      databaseName: null,
    },
  };

  const giveUp = new AbortController();
  const over = new AbortController();
  parts.gone.addEventListener("abort", () => giveUp.abort());
  stopping.addEventListener("abort", () => void giveUpAfter(publisher.stopSeconds * 1_000, clock, giveUp, over.signal));
  const figures = () => ({ ...counters, ...parts.notifier?.figures });
  const reports = reportFigures(figures, clock, logger, over.signal);
  logger.info({ stream: streamName, generation }, "publishing");
  try {
    await publishSources(reader, self, pipeline, stopping, giveUp.signal);
  } finally {
    over.abort();
    await reports;
  }
  logger.info(figures(), giveUp.signal.aborted ? "stopped before everything was on the stream" : "stopped");
  return !giveUp.signal.aborted;
}

async function openHints({ configuration, instanceId, life, clock, logger }: LifeParts): Promise<HintFile | undefined> {
  const { resource, publisher } = configuration;
  const { hintDirectory: directory } = publisher;
  if (directory === undefined) return undefined;
  const { generation } = life;
  return HintFile.open({ directory, instanceId, resourceId: resource.id, generation, clock, logger });
}

async function giveUpAfter(
  milliseconds: number,
  clock: Clock,
  giveUp: AbortController,
  over: AbortSignal,
): Promise<void> {
  await clock.sleep(milliseconds, over);
  if (!over.aborted) giveUp.abort();
}

async function reportFigures(figures: () => object, clock: Clock, logger: Logger, over: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(REPORT_INTERVAL, over);
    if (over.aborted) return;
    logger.info(figures(), "figures");
  }
}
