import type { HeldSource } from "@das/core";
import type { ToldLossWindow } from "./loss-window-book.ts";
import type { Gap } from "./sequence-ranges.ts";

/** What a `StreamAccount` knows: plain data, made for `JSON.stringify`. */
export interface StreamReport {
  /** In ascending order: what one life of the stream says does not count for another. */
  readonly generations: readonly GenerationReport[];
  /** Records without provenance: AWS's own, or of a publisher that does not write it. */
  readonly withoutProvenance: number;
  /** Records whose provenance cannot be used, and records that could not be opened: their sequences show as holes. */
  readonly malformed: number;
  readonly unreadable: number;
  /** Shards that left the stream before they were read to their end. */
  readonly lostShards: number;
  /** Records of sources that were too many to be accounted for. */
  readonly unaccounted: number;
}

export interface GenerationReport {
  readonly generation: number;
  readonly sources: readonly SourceReport[];
  readonly publishers: readonly PublisherReport[];
}

/** What a publisher last said of itself. */
export interface PublisherReport {
  /** The id of its instance in the configuration. */
  readonly instance: string;
  readonly lastHeard: Date | undefined;
  readonly sources: readonly HeldSource[];
}

export interface SourceReport {
  readonly source: string;
  /** What its events are unique in, together with those of the trail's other sources. */
  readonly trail: string;
  /** In the order in which they began. */
  readonly epochs: readonly EpochReport[];
  /** All epochs, also those that are not listed any more because there were too many. */
  readonly epochsSeen: number;
  readonly records: number;
  readonly heartbeats: number;
  readonly events: number;
  /** Events that had been given already, as far as the account was told (`StreamAccount.dropped`). */
  readonly doublesDropped: number;
  /** Records that stood on the stream more than once. */
  readonly repeatedRecords: number;
  readonly holes: readonly Hole[];
  /** Holes that are not listed any more because there were too many, and how many of them were open. */
  readonly forgottenHoles: number;
  readonly forgottenOpenHoles: number;
  readonly lossWindows: readonly ToldLossWindow[];
  /** One for each history of the trail, in the order in which they began; nothing where no watermark is complete yet. */
  readonly completeUpTo: readonly CompletePoint[];
  readonly firstArrival: Date | undefined;
  readonly lastArrival: Date | undefined;
  /** Instances whose publishers say that they read it, and that they wait for it. */
  readonly readBy: readonly string[];
  readonly waitedForBy: readonly string[];
}

export interface EpochReport {
  readonly epoch: string;
  readonly history: string;
  readonly firstArrival: Date | undefined;
  readonly lastArrival: Date | undefined;
  readonly records: number;
  /** The watermark that it went on from; undefined when its first record was not seen, or it began from nothing. */
  readonly resumed: string | undefined;
  readonly lanes: readonly LaneReport[];
}

export interface LaneReport {
  readonly lane: number;
  /**
   * The first and the last sequence that were seen. What is before the first is "not seen", and no hole unless the
   * epoch is known to have begun while its lane was read.
   */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Everything up to here was on the stream by its publisher's own account; -1: nothing. */
  readonly acked: number;
}

/**
 * Sequences that were not seen between others, or though their publisher had them acknowledged.
 *
 * `closed`: they were never acknowledged, and a later epoch read their rows again. `open`: they are missing; while they
 * are not acknowledged either, they may still come.
 */
export interface Hole extends Gap {
  readonly epoch: string;
  readonly lane: number;
  readonly state: "open" | "closed";
  /** Kinesis had taken them, by their publisher's own account: they will not come any more. */
  readonly acknowledged: boolean;
  /** A loss window that covers all of the hole's event time. */
  readonly explainedBy?: ToldLossWindow;
}

/** Every row of the source before the watermark is on the stream and was seen, as far back as reading began. */
export interface CompletePoint {
  readonly history: string;
  /** Opaque: only the source's reader can read it. */
  readonly watermark: string;
  /** Of the record that says so. */
  readonly arrival: Date | undefined;
  /** `logTime` of the last event before it that was seen; undefined with several lanes, and where none was seen. */
  readonly eventTime: string | undefined;
}

/** Holes that somebody has to look at: open, and no loss window says why. */
export function unexplainedHoles(report: StreamReport): readonly { source: SourceReport; hole: Hole }[] {
  return report.generations.flatMap(({ sources }) =>
    sources.flatMap((source) => source.holes.filter(isUnexplained).map((hole) => ({ source, hole }))),
  );
}

export function isUnexplained(hole: Hole): boolean {
  return hole.state === "open" && hole.explainedBy === undefined;
}
