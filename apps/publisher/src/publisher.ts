import { randomBytes } from "node:crypto";
import {
  type AuditReader,
  type AuditSource,
  type Clock,
  ENGINE_TRAITS,
  type Logger,
  type StartPosition,
  streamNameOf,
} from "@das/core";
import { DataKeyLender } from "@das/envelope";
import type { AwsClients } from "./aws/clients.ts";
import type { Configuration } from "./configuration/schema.ts";
import type { PublishCounters, PublishParts } from "./pipeline/publish-source.ts";
import { publishSources } from "./pipeline/publish-sources.ts";
import { Putting } from "./pipeline/put.ts";
import { Sealing } from "./pipeline/seal.ts";
import { SealPool } from "./pipeline/seal-pool.ts";
import { HintFile } from "./stream/hint-file.ts";
import { KinesisMemory } from "./stream/kinesis-memory.ts";
import { openStream } from "./stream/open-stream.ts";
import { startWithoutStream } from "./stream/start-without-stream.ts";

export interface PublisherParts {
  readonly configuration: Configuration;
  /** The instance that is published, by its id in the configuration. */
  readonly instanceId: string;
  readonly reader: AuditReader<unknown>;
  readonly aws: AwsClients;
  /** Create the stream when it is missing, instead of waiting for whoever does. */
  readonly createStream: boolean;
  /** Where the reader begins with a source that was never published. */
  readonly startAt: StartPosition;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** PutRecords calls under way at once, over all sources and lanes. */
const PUT_CONCURRENCY = 4;
/** Bytes of JSON of one source between reading and the stream; what is beyond waits in the database's own trail. */
const MAX_UNDER_WAY = 2 * 1_048_576;
/** Milliseconds between two lines of figures in the log. */
const REPORT_INTERVAL = 60_000;

/**
 * Publishes what one instance owns until `stopping` aborts; then flushes, sends a last heartbeat and returns.
 * @returns whether everything that was read is on the stream
 * @throws ConfigurationError, RefusedError: a person must act
 */
export async function runPublisher(parts: PublisherParts, stopping: AbortSignal): Promise<boolean> {
  const { configuration, reader, aws, clock, random, logger } = parts;
  const { resource, stream, publisher } = configuration;
  const streamName = streamNameOf(resource.id);
  const opened = await openStream(
    aws.kinesis,
    { streamName, account: stream.account, create: parts.createStream ? { shards: stream.shards } : undefined },
    clock,
    random,
    logger,
    stopping,
  );
  if (!opened) return true;

  const { generation } = opened;
  await using hints = await openHints(parts, generation);
  const { fractionDigits } = ENGINE_TRAITS[resource.engine];
  const withoutStream = ({ id }: Pick<AuditSource<unknown>, "id">) =>
    startWithoutStream({
      stream: opened,
      hint: hints?.find(id),
      startAt: parts.startAt,
      fractionDigits,
      now: clock.now(),
    });

  const counters: PublishCounters & { kmsCalls: number } = {
    events: 0,
    records: 0,
    heartbeats: 0,
    bytes: 0,
    cutEvents: 0,
    lossWindows: 0,
    kmsCalls: 0,
  };
  using lender = new DataKeyLender({
    kms: aws.kms,
    keyId: stream.kmsKeyId,
    resourceId: resource.id,
    clock,
    random,
    onKmsCall: () => {
      counters.kmsCalls += 1;
    },
  });
  using memory = new KinesisMemory({
    kinesis: aws.kinesis,
    kms: aws.kms,
    resourceId: resource.id,
    stream: opened,
    heartbeatInterval: publisher.heartbeatSeconds * 1_000,
    withoutStream,
    onKmsCall: () => {
      counters.kmsCalls += 1;
    },
    clock,
    random,
    logger,
  });
  await using sealer = new SealPool(publisher.sealingThreads, ENGINE_TRAITS[resource.engine].recordVersion);
  const concurrency = 2 * publisher.sealingThreads;
  const pipeline: PublishParts = {
    settings: {
      resourceId: resource.id,
      generation,
      nativeAuditFields: nativeAuditFieldsOf(stream.nativeAuditFields),
      lanes: publisher.lanes,
      maxEvents: publisher.maxEventsPerRecord,
      targetBytes: publisher.recordTargetBytes,
      heartbeatInterval: publisher.heartbeatSeconds * 1_000,
      maxUnderWay: MAX_UNDER_WAY,
    },
    memory,
    hints,
    nameEpoch: () => randomBytes(9).toString("base64url"),
    sealing: new Sealing({ sealer, lender, concurrency, clock, random, logger }),
    putting: new Putting({ client: aws.kinesis, streamName, concurrency: PUT_CONCURRENCY, clock, random, logger }),
    clock,
    random,
    logger,
    counters,
  };

  const giveUp = new AbortController();
  const over = new AbortController();
  stopping.addEventListener("abort", () => void giveUpAfter(publisher.stopSeconds * 1_000, clock, giveUp, over.signal));
  const reports = reportFigures(counters, clock, logger, over.signal);
  logger.info({ stream: streamName }, "publishing");
  try {
    await publishSources(reader, parts.instanceId, pipeline, stopping, giveUp.signal);
  } finally {
    over.abort();
    await reports;
  }
  logger.info({ ...counters }, giveUp.signal.aborted ? "stopped before everything was on the stream" : "stopped");
  return !giveUp.signal.aborted;
}

async function openHints(
  { configuration, instanceId, clock, logger }: PublisherParts,
  generation: number,
): Promise<HintFile | undefined> {
  const { resource, publisher } = configuration;
  const { hintDirectory: directory } = publisher;
  if (directory === undefined) return undefined;
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

async function reportFigures(counters: object, clock: Clock, logger: Logger, over: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(REPORT_INTERVAL, over);
    if (over.aborted) return;
    logger.info({ ...counters }, "figures");
  }
}

function nativeAuditFieldsOf(setting: boolean | "empty"): "include" | "omit" | "empty" {
  if (setting === "empty") return "empty";
  return setting ? "include" : "omit";
}
