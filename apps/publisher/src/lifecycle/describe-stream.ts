import {
  readOrderedEvents,
  type SourceReport,
  StreamAccount,
  type StreamReport,
  type ToldLossWindow,
} from "@das/consumer";
import { publisherSourceId } from "@das/core";
import { describeAnswer } from "./answers.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { StateKeeper } from "./state-keeper.ts";
import type { StreamState } from "./stream-state.ts";

/** What of a stream's life is known, and how far each source is published. */
export interface StreamDescription extends ReturnType<typeof describeAnswer> {
  /** null: nothing was ever started, so publishers that run were told to by hand. */
  readonly generation: number | null;
  readonly startedAt: string | null;
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  readonly sources: readonly DescribedSource[];
  readonly publishers: readonly { readonly instance: string; readonly lastHeard: Date | undefined }[];
}

export interface DescribedSource {
  readonly source: string;
  /** Of the last event that is known to be on the stream with all before it. */
  readonly lastEventTime: string | undefined;
  /** Everything before it is on the stream; opaque. */
  readonly watermark: string | undefined;
  /** Seconds since a publisher last said that everything up to the watermark is on the stream. */
  readonly lagSeconds: number | undefined;
  readonly lossWindows: readonly ToldLossWindow[];
}

/**
 * @param since reads the stream from then on: what was put before is not told
 * @returns undefined when there is no stream
 */
export async function describeActivityStream(
  parts: Omit<LifecycleParts, "provisioner" | "administrator">,
  since: Date,
): Promise<StreamDescription | undefined> {
  const { aws, configuration, clock, signal } = parts;
  const keeper = new StateKeeper(parts);
  const known = await keeper.look();
  if (!known) return undefined;
  const account = new StreamAccount();
  const now = clock.now();
  const items = readOrderedEvents({
    kinesis: aws.kinesis,
    kms: aws.kms,
    stream: keeper.streamName,
    resourceId: configuration.resource.id,
    from: { time: since },
    until: new Date(now),
    account,
    signal,
  });
  // The account is all that is wanted of what comes.
  for await (const _ of items);
  signal.throwIfAborted();
  return {
    ...describeAnswer(known.state, keeper.streamName),
    ...lifeOfState(known.state),
    ...sourcesOf(account.report(), known.state, now),
  };
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
  return {
    sources: trails.map((source) => describeSource(source, now)),
    publishers: current?.publishers.map(({ instance, lastHeard }) => ({ instance, lastHeard })) ?? [],
  };
}

function describeSource({ source, completeUpTo, lossWindows }: SourceReport, now: number): DescribedSource {
  const point = completeUpTo.at(-1);
  const arrival = point?.arrival?.getTime();
  return {
    source,
    lastEventTime: point?.eventTime,
    watermark: point?.watermark,
    lagSeconds: arrival === undefined ? undefined : Math.max(0, Math.round((now - arrival) / 100) / 10),
    lossWindows,
  };
}
