import type { Provenance } from "@das/core";
import type { EpochReport, Hole } from "./account-report.ts";
import { EpochClaims, type LaneSeen } from "./epoch-claims.ts";
import { type Gap, type RecordTimes, SequenceRanges } from "./sequence-ranges.ts";

/** Of one lane; beyond that the oldest holes are closed up and counted. */
const MOST_RANGES = 1_000;
/** Moments of event time that wait for their watermark. */
const MOST_EVENT_TIMES = 1_024;

interface EventTime {
  readonly sequence: number;
  readonly time: string;
}

interface Lane extends LaneSeen {
  ownAcked: number;
}

/** A hole as far as its own epoch can tell. */
export type EpochHole = Omit<Hole, "state" | "explainedBy">;

/** One run of a source's publishing: which of its records were seen, by lane. */
export class EpochAccount {
  readonly epoch: string;
  /** Of its newest record. */
  history: string;
  records = 0;
  firstArrival: Date | undefined;
  lastArrival: Date | undefined;
  /** `logTime` of the last event before the complete claim. */
  eventTime: string | undefined;
  readonly #lanes = new Map<number, Lane>();
  readonly #acked = new Map<number, number>();
  readonly #claims = new EpochClaims();
  #eventTimes: EventTime[] = [];
  #resumed: string | undefined;

  constructor({ epoch, history }: Provenance) {
    this.epoch = epoch;
    this.history = history;
  }

  get complete() {
    return this.#claims.complete;
  }

  /**
   * @param readSince when the first record of a lane was seen, of whatever epoch
   * @returns false when the same record had been seen already
   */
  add(provenance: Provenance, times: RecordTimes, readSince: (lane: number) => Date | undefined): boolean {
    const { lane, sequence, acked, lanes = [] } = provenance;
    this.#noteBeginnings(provenance, readSince);
    const seen = this.#laneOf(lane);
    if (!seen.sequences.add(sequence, times)) return false;
    seen.ownAcked = Math.max(acked, seen.ownAcked);
    this.records += 1;
    this.history = provenance.history;
    this.firstArrival = earlier(this.firstArrival, times.arrival);
    this.lastArrival = later(this.lastArrival, times.arrival);
    this.#resumed ??= provenance.resumed;
    this.#noteAcked(lane, acked);
    for (const [index, upTo] of lanes.entries()) this.#noteAcked(index, upTo);
    this.#claim(provenance, times);
    return true;
  }

  get holes(): EpochHole[] {
    return [...this.#lanes].flatMap(([lane, { sequences }]) => {
      const acked = this.#acked.get(lane) ?? -1;
      const parts = sequences.gapsUpTo(acked).flatMap((gap) => splitAt(gap, acked));
      return parts.map((part) => ({ epoch: this.epoch, lane, ...part, acknowledged: part.to <= acked }));
    });
  }

  get forgottenHoles(): number {
    return [...this.#lanes.values()].reduce((sum, { sequences }) => sum + sequences.forgottenGaps, 0);
  }

  report(): EpochReport {
    const { epoch, history, firstArrival, lastArrival, records } = this;
    const lanes = [...this.#lanes].map(([lane, { sequences }]) => {
      const { first, last } = sequences;
      return { lane, first, last, acked: this.#acked.get(lane) ?? -1 };
    });
    return {
      epoch,
      history,
      firstArrival,
      lastArrival,
      records,
      resumed: this.#resumed,
      lanes: lanes.sort((one, other) => one.lane - other.lane),
    };
  }

  #laneOf(lane: number): Lane {
    const known = this.#lanes.get(lane);
    if (known) return known;
    const fresh = { sequences: new SequenceRanges(MOST_RANGES), ownAcked: -1 };
    this.#lanes.set(lane, fresh);
    return fresh;
  }

  /** `since` is from before the epoch began: whoever read a lane by then has not missed its first records. */
  #noteBeginnings({ since, behind }: Provenance, readSince: (lane: number) => Date | undefined): void {
    if (since === undefined) return;
    for (const lane of behind.keys()) {
      const first = readSince(lane);
      if (first && first.getTime() <= since) this.#laneOf(lane).sequences.addBeginning();
    }
  }

  #noteAcked(lane: number, sequence: number): void {
    if (sequence > (this.#acked.get(lane) ?? -1)) this.#acked.set(lane, sequence);
  }

  /** With several lanes only heartbeats say what was acknowledged of each. */
  #claim(provenance: Provenance, times: RecordTimes): void {
    const { sequence, history, watermark, acked, behind, lanes } = provenance;
    const hasOneLane = behind.length === 1;
    if (hasOneLane && times.lastEvent !== undefined) this.#noteEventTime(sequence, times.lastEvent);
    const upTo = lanes ?? (hasOneLane ? [acked] : undefined);
    if (upTo) this.#claims.noteAcknowledged(upTo);
    if (watermark !== null && upTo) {
      this.#claims.add({ sequence, history, watermark, arrival: times.arrival, acked: upTo });
    }
    // A gap that was forgotten looks as if it had been seen.
    if (this.forgottenHoles > 0 || !this.#claims.settle(this.#lanes) || !hasOneLane) return;
    const [confirmed = -1] = this.#claims.complete?.acked ?? [];
    const index = this.#eventTimes.findLastIndex((noted) => noted.sequence <= confirmed);
    if (index < 0) return;
    this.eventTime = this.#eventTimes[index]?.time;
    this.#eventTimes.splice(0, index + 1);
  }

  #noteEventTime(sequence: number, time: string): void {
    const after = this.#eventTimes.findLastIndex((noted) => noted.sequence < sequence);
    this.#eventTimes.splice(after + 1, 0, { sequence, time });
    if (this.#eventTimes.length > MOST_EVENT_TIMES) {
      this.#eventTimes = this.#eventTimes.filter((_, index) => index % 2 === 0);
    }
  }
}

/** One part was acknowledged, the other was not. */
function splitAt(gap: Gap, acked: number): Gap[] {
  if (acked < gap.from || acked >= gap.to) return [gap];
  return [
    { ...gap, to: acked },
    { ...gap, from: acked + 1 },
  ];
}

export function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (!one || !other) return one ?? other;
  return one <= other ? one : other;
}

export function later(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (!one || !other) return one ?? other;
  return one >= other ? one : other;
}
