import { type Clock, type Logger, retryDelay } from "@das/core";
import { classifyAwsError } from "../aws/classify-aws-error.ts";
import { readState } from "../lifecycle/read-state.ts";
import { isPublished } from "../lifecycle/stream-life.ts";
import type { StreamState } from "../lifecycle/stream-state.ts";
import {
  createStream,
  describeStream,
  isActive,
  type Kinesis,
  refuseEncrypted,
  refuseForeign,
} from "./kinesis-stream.ts";

export interface StreamExpectation {
  readonly streamName: string;
  /** The account that must own it; undefined: any. */
  readonly account: string | undefined;
  /** What to create when it is missing; undefined: wait for whoever creates it. */
  readonly create: { readonly shards: number | undefined } | undefined;
  /** Milliseconds between two looks at a stream that is not to be published yet. */
  readonly pollInterval: number;
  /** Tags may answer stale: of this stream, what is older than this revision was seen already. */
  readonly seen: SeenStream | undefined;
}

/** A stream that was published before. One that was deleted and created anew counts its revisions from the beginning. */
export interface SeenStream {
  /** As `OpenedStream` has it. */
  readonly createdAt: number;
  readonly leastRevision: number;
}

/** What is known of a stream when it can be written. */
export interface OpenedStream {
  /** undefined: nothing was ever started on it. */
  readonly state: StreamState | undefined;
  /** Milliseconds since 1970, by the clock of the stream. */
  readonly createdAt: number;
  readonly retentionHours: number;
}

/** Kinesis keeps records for so long unless it was told otherwise. */
const DEFAULT_RETENTION_HOURS = 24;

/** Milliseconds: the first looks come quickly, and later ones of a stream that is being created. */
const QUICK_LOOKS = { count: 5, step: 250, later: 2_000 };
const FAILED = { base: 2_000, cap: 15_000 };

/**
 * Waits until the stream can be written: exists, is active, is ours, is not encrypted by Kinesis, and was started.
 * @returns undefined when the signal aborted before
 * @throws RefusedError when a person must act
 */
export async function openStream(
  client: Kinesis,
  expectation: StreamExpectation,
  clock: Clock,
  random: () => number,
  logger: Logger,
  signal: AbortSignal,
): Promise<OpenedStream | undefined> {
  const { streamName, create, pollInterval, seen } = expectation;
  let told: string | undefined;
  const tell = (message: string) => {
    if (told !== message) logger.info({ stream: streamName }, message);
    told = message;
  };
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    // Jitter, so that the publishers of an account do not look all at once.
    let wait = attempt < QUICK_LOOKS.count ? QUICK_LOOKS.step * (attempt + 1) : pollInterval * (0.5 + random() / 2);
    try {
      const summary = await describeStream(client, streamName);
      if (summary && isActive(summary)) {
        refuseForeign(summary, streamName, expectation.account);
        refuseEncrypted(summary, streamName);
        const state = await readState(client, streamName);
        const createdAt = summary.StreamCreationTimestamp?.getTime() ?? 0;
        const leastRevision = seen?.createdAt === createdAt ? seen.leastRevision : 0;
        if (isPublished(state) && (state?.revision ?? 0) >= leastRevision) {
          return { state, createdAt, retentionHours: summary.RetentionPeriodHours ?? DEFAULT_RETENTION_HOURS };
        }
        tell("the stream is stopped; waiting for das start");
      } else if (summary) {
        tell("the stream is not active yet; waiting for it");
        wait = Math.min(wait, QUICK_LOOKS.later);
      } else if (create) {
        tell("creating the stream");
        wait = Math.min(wait, QUICK_LOOKS.later);
        await createStream(client, streamName, create.shards);
      } else tell("the stream does not exist; waiting for it (das start creates it)");
    } catch (error) {
      // It was deleted between two calls: the next look says so.
      if ((error as Error).name !== "ResourceNotFoundException") {
        const classified = classifyAwsError(error, `stream ${streamName}`);
        if (!classified.retryable) throw classified;
        logger.warn({ stream: streamName, error: classified.message }, "Kinesis is not available; waiting for it");
        wait = retryDelay(FAILED, attempt, random);
      }
    }
    await clock.sleep(wait, signal);
  }
  return undefined;
}
