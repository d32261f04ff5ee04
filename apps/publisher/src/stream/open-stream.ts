import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  type StreamDescriptionSummary,
} from "@aws-sdk/client-kinesis";
import { type Clock, type Logger, RefusedError, retryDelay } from "@das/core";
import { classifyAwsError } from "../aws/classify-aws-error.ts";
import { generationOf, readTags } from "./stream-tags.ts";

export interface StreamExpectation {
  readonly streamName: string;
  /** The account that must own it; undefined: any. */
  readonly account: string | undefined;
  /** What to create when it is missing; undefined: wait for whoever creates it. */
  readonly create: { readonly shards: number | undefined } | undefined;
}

/** What is known of a stream when it can be written. */
export interface OpenedStream {
  readonly generation: number;
  /** Milliseconds since 1970, by the clock of the stream. */
  readonly createdAt: number;
  readonly retentionHours: number;
}

/** Kinesis keeps records for so long unless it was told otherwise. */
const DEFAULT_RETENTION_HOURS = 24;

const POLL = { base: 2_000, cap: 15_000 };

/**
 * Waits until the stream can be written: exists, is active, is ours, and is not encrypted by Kinesis.
 * @returns undefined when the signal aborted before
 * @throws RefusedError when a person must act
 */
export async function openStream(
  client: Pick<KinesisClient, "send">,
  expectation: StreamExpectation,
  clock: Clock,
  random: () => number,
  logger: Logger,
  signal: AbortSignal,
): Promise<OpenedStream | undefined> {
  const { streamName, create } = expectation;
  let told: string | undefined;
  const tell = (message: string) => {
    if (told !== message) logger.info({ stream: streamName }, message);
    told = message;
  };
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const summary = await describe(client, streamName);
      if (summary?.StreamStatus === "ACTIVE" || summary?.StreamStatus === "UPDATING") {
        refuseForeign(summary, expectation);
        refuseEncrypted(summary, streamName);
        return {
          generation: generationOf(await readTags(client, streamName), streamName),
          createdAt: summary.StreamCreationTimestamp?.getTime() ?? 0,
          retentionHours: summary.RetentionPeriodHours ?? DEFAULT_RETENTION_HOURS,
        };
      }
      if (summary) tell("the stream is not active yet; waiting for it");
      else if (create) {
        tell("creating the stream");
        await createStream(client, streamName, create.shards);
      } else tell("the stream does not exist; waiting for it (das run --create-stream creates it)");
    } catch (error) {
      const classified = classifyAwsError(error, `stream ${streamName}`);
      if (!classified.retryable) throw classified;
      logger.warn({ stream: streamName, error: classified.message }, "Kinesis is not available; waiting for it");
    }
    // A stream takes seconds to be created; the first looks come quickly.
    await clock.sleep(attempt < 5 ? 250 * (attempt + 1) : retryDelay(POLL, attempt, random), signal);
  }
  return undefined;
}

async function describe(
  client: Pick<KinesisClient, "send">,
  streamName: string,
): Promise<StreamDescriptionSummary | undefined> {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }));
    return answer.StreamDescriptionSummary;
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

async function createStream(
  client: Pick<KinesisClient, "send">,
  streamName: string,
  shards: number | undefined,
): Promise<void> {
  const capacity =
    shards === undefined
      ? ({ StreamModeDetails: { StreamMode: "ON_DEMAND" } } as const)
      : ({ StreamModeDetails: { StreamMode: "PROVISIONED" }, ShardCount: shards } as const);
  try {
    await client.send(new CreateStreamCommand({ StreamName: streamName, ...capacity }));
  } catch (error) {
    // Another publisher of the resource was faster: that is the stream that both want.
    if ((error as Error).name !== "ResourceInUseException") throw error;
  }
}

function refuseForeign(summary: StreamDescriptionSummary, { streamName, account }: StreamExpectation): void {
  const owner = summary.StreamARN?.split(":")[4];
  if (account === undefined || owner === account) return;
  throw new RefusedError({
    who: "das",
    what: `stream.account is ${account}, but the stream ${streamName} that these credentials reach belongs to ${owner ?? "an unknown account"}`,
    remedy: "Use credentials of that account (AWS_PROFILE or a role), or correct stream.account",
    code: "stream-foreign",
  });
}

function refuseEncrypted(summary: StreamDescriptionSummary, streamName: string): void {
  if ((summary.EncryptionType ?? "NONE") === "NONE") return;
  throw new RefusedError({
    who: "das",
    what: `the stream ${streamName} has server-side encryption on, which activity streams do not work with: every record is already sealed under your key`,
    remedy: `Turn it off: aws kinesis stop-stream-encryption --stream-name ${streamName} --encryption-type KMS --key-id ${summary.KeyId ?? "…"}`,
    code: "stream-encrypted",
  });
}
