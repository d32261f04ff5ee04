import {
  readOrderedEvents,
  type SourceReport,
  StreamAccount,
  type StreamReport,
  StretchReader,
  type ToldLossWindow,
} from "@das/consumer";
import { epochMillisecondsOf, publisherSourceId, RefusedError } from "@das/core";
import { findAffordablePast } from "./affordable-past.ts";
import { describeAnswer } from "./answers.ts";
import { DriftBook, type ToldDrift } from "./drift-book.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { type KnownStream, StateKeeper } from "./state-keeper.ts";
import type { StreamState } from "./stream-state.ts";

/** What of a stream's life is known, and how far each source is published. */
export interface StreamDescription extends ReturnType<typeof describeAnswer> {
  /** null: nothing was ever started, so publishers that run were told to by hand. */
  readonly generation: number | null;
  readonly startedAt: string | null;
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  /** What arrived on the stream before was not looked at. */
  readonly readFrom: Date | null;
  /** Why nothing of the stream could be read, so that no source, publisher or drift is told; null: it was read. */
  readonly notRead: string | null;
  /** Of the audit policy, as the publishers told it since then. */
  readonly drift: readonly ToldDrift[];
  readonly sources: readonly DescribedSource[];
  readonly publishers: readonly { readonly instance: string; readonly lastHeard: Date | undefined }[];
}

export interface DescribedSource {
  readonly source: string;
  /** Of the last event that is known to be on the stream with all before it. */
  readonly lastEventTime: string | undefined;
  /** Everything before it is on the stream; opaque. */
  readonly watermark: string | undefined;
  /** Seconds since a publisher last said that everything up to the watermark is on the stream; undefined when stopped. */
  readonly lagSeconds: number | undefined;
  readonly lossWindows: readonly ToldLossWindow[];
}

type DescribeParts = Omit<LifecycleParts, "provisioner" | "administrator">;

/**
 * @param since reads the stream from then on; undefined: as far back in this generation as takes seconds
 * @returns undefined when there is no stream
 */
export async function describeActivityStream(
  parts: DescribeParts,
  since: Date | undefined,
): Promise<StreamDescription | undefined> {
  const keeper = new StateKeeper(parts);
  const known = await keeper.look();
  if (!known) return undefined;
  return {
    ...describeAnswer(known.state, keeper.streamName),
    ...lifeOfState(known.state),
    ...(await readStream(parts, known, keeper.streamName, since)),
  };
}

type ReadPart = Pick<StreamDescription, "readFrom" | "notRead" | "drift" | "sources" | "publishers">;

async function readStream(
  parts: DescribeParts,
  known: KnownStream,
  stream: string,
  since: Date | undefined,
): Promise<ReadPart> {
  const { aws, configuration, clock, signal } = parts;
  const account = new StreamAccount();
  const book = new DriftBook();
  const now = clock.now();
  const generation = known.state?.generation ?? 0;
  try {
    const readFrom = since ?? new Date(await pastOf(known, parts, stream));
    const items = readOrderedEvents({
      ...{ kinesis: aws.kinesis, kms: aws.kms, stream, resourceId: configuration.resource.id },
      ...{ from: { time: readFrom }, until: new Date(now), account, signal },
    });
    for await (const item of items) {
      if (item.kind !== "events" || item.provenance?.generation !== generation) continue;
      for (const event of item.inner.databaseActivityEventList) if (event.type === "record") book.add(event);
    }
    signal.throwIfAborted();
    return { readFrom, notRead: null, drift: book.drifts, ...sourcesOf(account.report(), known.state, now) };
  } catch (error) {
    // The state stands in the tags: that the records cannot be read or opened does not hide it.
    if (signal.aborted || !(error instanceof RefusedError)) throw error;
    return { readFrom: null, notRead: error.message, drift: [], sources: [], publishers: [] };
  }
}

/** By how much the clocks of this machine, the database and the stream may be apart; milliseconds. */
const CLOCK_MARGIN = 5 * 60_000;
/** A publisher is heard within one heartbeat interval; what it said of its events may be older. */
const HEARTBEATS = 3;

function pastOf(known: KnownStream, parts: DescribeParts, stream: string): Promise<number> {
  const { aws, configuration, clock, random, signal } = parts;
  const now = clock.now();
  const { StreamCreationTimestamp: created, RetentionPeriodHours: hours = 24 } = known.summary;
  const startedAt = known.state ? epochMillisecondsOf(known.state["started-at"]) : 0;
  const begin = Math.max(created?.getTime() ?? 0, startedAt) - CLOCK_MARGIN;
  const reader = new StretchReader({ kinesis: aws.kinesis, stream, clock, random });
  return findAffordablePast(
    reader,
    {
      now,
      horizon: Math.max(begin, now - hours * 3_600_000),
      least: HEARTBEATS * configuration.publisher.heartbeatSeconds * 1_000,
    },
    signal,
  );
}

function lifeOfState(state: StreamState | undefined) {
  return {
    generation: state?.generation ?? null,
    startedAt: state?.["started-at"] ?? null,
    changedAt: state?.["changed-at"] ?? null,
    changedBy: state?.["changed-by"] ?? null,
  };
}

/** Of the generation that the stream is in; what others left is over. */
function sourcesOf(report: StreamReport, state: StreamState | undefined, now: number) {
  const current = report.generations.find(({ generation }) => generation === (state?.generation ?? 0));
  const trails = current?.sources.filter(({ source }) => !source.startsWith(publisherSourceId(""))) ?? [];
  const isStopped = state?.status === "stopped";
  return {
    sources: trails.map((source) => describeSource(source, isStopped ? undefined : now)).toSorted(bySource),
    publishers: current?.publishers.map(({ instance, lastHeard }) => ({ instance, lastHeard })) ?? [],
  };
}

function bySource({ source: one }: DescribedSource, { source: other }: DescribedSource): number {
  return one < other ? -1 : 1;
}

function describeSource({ source, completeUpTo, lossWindows }: SourceReport, now: number | undefined): DescribedSource {
  const point = completeUpTo.at(-1);
  const arrival = point?.arrival?.getTime();
  return {
    source,
    lastEventTime: point?.eventTime,
    watermark: point?.watermark,
    lagSeconds:
      arrival === undefined || now === undefined ? undefined : Math.max(0, Math.round((now - arrival) / 100) / 10),
    lossWindows,
  };
}
