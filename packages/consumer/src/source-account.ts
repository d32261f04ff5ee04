import { type DatabaseActivityEvent, type Provenance, partitionKeyOf, trailOf } from "@das/core";
import { type CompletePoint, type Hole, isUnexplained, type SourceReport } from "./account-report.ts";
import { EpochAccount, earlier, later } from "./epoch-account.ts";
import { explanationOf } from "./explain-hole.ts";
import { isLossWindow, LossWindowBook } from "./loss-window-book.ts";

/** Of one source; beyond that the oldest epochs are only counted. */
const MOST_EPOCHS = 500;

/** What has become of the epochs that are not kept any more. */
interface Settled {
  epochs: number;
  holes: number;
  openHoles: number;
  complete: CompletePoint | undefined;
}

/** One source of a stream, in one generation. */
export class SourceAccount {
  readonly source: string;
  records = 0;
  heartbeats = 0;
  events = 0;
  doublesDropped = 0;
  repeatedRecords = 0;
  #firstArrival: Date | undefined;
  #lastArrival: Date | undefined;
  /** By partition key: what has the same one is in one shard, or in its children. */
  readonly #readSince = new Map<string, Date>();
  /** In the order in which they were first seen. */
  readonly #epochs = new Map<string, EpochAccount>();
  readonly #lossWindows = new LossWindowBook();
  readonly #settled: Settled = { epochs: 0, holes: 0, openHoles: 0, complete: undefined };

  constructor(source: string) {
    this.source = source;
  }

  add(provenance: Provenance, arrival: Date | undefined, events: readonly DatabaseActivityEvent[]): void {
    this.records += 1;
    if (events.length === 0) this.heartbeats += 1;
    this.events += events.length;
    this.#firstArrival = earlier(this.#firstArrival, arrival);
    this.#lastArrival = later(this.#lastArrival, arrival);
    const rows = events.filter((event) => !isLossWindow(event));
    const times = { arrival, firstEvent: rows[0]?.logTime, lastEvent: rows.at(-1)?.logTime };
    const keyOf = (lane: number) => partitionKeyOf(this.source, lane, provenance.behind.length);
    const key = keyOf(provenance.lane);
    const first = earlier(this.#readSince.get(key), arrival);
    if (first) this.#readSince.set(key, first);
    const isNew = this.#epochOf(provenance).add(provenance, times, (lane) => this.#readSince.get(keyOf(lane)));
    if (!isNew) this.repeatedRecords += 1;
    if (rows.length === events.length) return;
    for (const event of events) if (isLossWindow(event)) this.#lossWindows.tell(this.source, event);
  }

  report(): Omit<SourceReport, "readBy" | "waitedForBy"> {
    const epochs = this.#inOrder();
    const holes = epochs.flatMap((epoch, index) => this.#holesOf(epoch, index < epochs.length - 1));
    const forgotten = epochs.reduce((sum, epoch) => sum + epoch.forgottenHoles, 0);
    return {
      source: this.source,
      trail: trailOf(this.source),
      epochs: epochs.map((epoch) => epoch.report()),
      epochsSeen: this.#settled.epochs + epochs.length,
      records: this.records,
      heartbeats: this.heartbeats,
      events: this.events,
      doublesDropped: this.doublesDropped,
      repeatedRecords: this.repeatedRecords,
      holes,
      forgottenHoles: this.#settled.holes + forgotten,
      // Nobody knows any more whether they were filled or closed: they count as open.
      forgottenOpenHoles: this.#settled.openHoles + forgotten,
      lossWindows: this.#lossWindows.windows,
      completeUpTo: this.#completeUpTo(epochs, holes),
      firstArrival: this.#firstArrival,
      lastArrival: this.#lastArrival,
    };
  }

  #epochOf(provenance: Provenance): EpochAccount {
    const known = this.#epochs.get(provenance.epoch);
    if (known) return known;
    const epoch = new EpochAccount(provenance);
    this.#epochs.set(provenance.epoch, epoch);
    if (this.#epochs.size > MOST_EPOCHS) this.#settleOldest();
    return epoch;
  }

  /**
   * In the order in which they began, by the stream's clock: lanes may be read at different speeds, so an epoch can be
   * seen before an older one. Without arrival times the order in which they were seen has to do.
   */
  #inOrder(): EpochAccount[] {
    return [...this.#epochs.values()].sort((one, other) => {
      if (!one.firstArrival || !other.firstArrival) return 0;
      return one.firstArrival.getTime() - other.firstArrival.getTime();
    });
  }

  #holesOf(epoch: EpochAccount, hasLater: boolean): Hole[] {
    return epoch.holes.map((hole) => {
      if (!hole.acknowledged && hasLater) return { ...hole, state: "closed" };
      const explainedBy = explanationOf(hole, this.#lossWindows.windows);
      return { ...hole, state: "open", ...(explainedBy && { explainedBy }) };
    });
  }

  /** Nothing counts as complete beyond an epoch in which something is missing that nobody will publish again. */
  #completeUpTo(epochs: readonly EpochAccount[], holes: readonly Hole[]): CompletePoint[] {
    const points = new Map<string, CompletePoint>();
    const { complete, openHoles } = this.#settled;
    if (complete) points.set(complete.history, complete);
    if (openHoles > 0) return [...points.values()];
    for (const epoch of epochs) {
      const point = pointOf(epoch, points);
      if (point) points.set(point.history, point);
      if (epoch.forgottenHoles > 0 || holes.some((hole) => hole.epoch === epoch.epoch && isUnexplained(hole))) break;
    }
    return [...points.values()];
  }

  #settleOldest(): void {
    const [oldest] = this.#inOrder();
    if (!oldest) return;
    const holes = this.#holesOf(oldest, true);
    this.#settled.complete = this.#completeUpTo([oldest], holes).at(-1);
    this.#settled.epochs += 1;
    this.#settled.holes += holes.length + oldest.forgottenHoles;
    this.#settled.openHoles += holes.filter(isUnexplained).length + oldest.forgottenHoles;
    this.#epochs.delete(oldest.epoch);
  }
}

/** Two epochs of one history may overlap while their publisher changes; the later word counts. */
function pointOf(epoch: EpochAccount, points: ReadonlyMap<string, CompletePoint>): CompletePoint | undefined {
  const { complete } = epoch;
  if (!complete) return undefined;
  const { history, watermark, arrival } = complete;
  const before = points.get(history);
  if (before?.arrival && arrival && arrival < before.arrival) return undefined;
  return { history, watermark, arrival, eventTime: epoch.eventTime ?? before?.eventTime };
}
