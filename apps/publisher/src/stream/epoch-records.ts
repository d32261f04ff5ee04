import type { SourceRecord } from "./source-record.ts";

/** The records of one epoch that were read, and which of them may be missing because they arrived before. */
export class EpochRecords {
  readonly name: string;
  readonly records: SourceRecord[] = [];
  /** What arrived then or later is there as a whole, with what arrived at about the same time. */
  readonly #safeFrom: number;
  /** Arrivals by sequence, by lane. */
  readonly #lanes = new Map<number, Map<number, number>>();

  constructor(name: string, safeFrom: number) {
    this.name = name;
    this.#safeFrom = safeFrom;
  }

  add(record: SourceRecord): void {
    this.records.push(record);
    let lane = this.#lanes.get(record.lane);
    if (!lane) {
      lane = new Map();
      this.#lanes.set(record.lane, lane);
    }
    lane.set(record.sequence, record.arrival);
  }

  get newest(): SourceRecord {
    return this.records.reduce((newest, record) => (record.arrival >= newest.arrival ? record : newest));
  }

  get #start(): SourceRecord | undefined {
    return this.records.find(({ lane, sequence }) => lane === 0 && sequence === 0);
  }

  /** When its first record arrived, if that is there. */
  get startArrival(): number | undefined {
    return this.#start?.arrival;
  }

  /** It began with nothing on the stream. */
  get isFirst(): boolean {
    const start = this.#start;
    return start !== undefined && start.resumed === undefined && start.since === undefined;
  }

  /**
   * Are the lane's records from this sequence on there, as many as were ever put?
   *
   * They are when they have no hole. They are as well when it is seen that an earlier record of the lane was put, or
   * acknowledged, at a time of which everything is there: a lane puts its records in order.
   */
  laneFrom(lane: number, sequence: number): { readonly from: number; readonly isMet: boolean } {
    const arrivals = this.#lanes.get(lane) ?? new Map<number, number>();
    const wanted = [...arrivals].filter(([number]) => number >= sequence);
    const from = Math.min(Number.POSITIVE_INFINITY, ...wanted.map(([, arrival]) => arrival));
    const highest = Math.max(...wanted.map(([number]) => number));
    const isWhole = wanted.length > 0 && wanted.length === highest - sequence + 1;
    return { from, isMet: isWhole ? from >= this.#safeFrom : this.#sawBefore(lane, sequence) };
  }

  #sawBefore(lane: number, sequence: number): boolean {
    if (this.#safeFrom === -Infinity) return true;
    return this.records.some(
      (record) =>
        record.arrival >= this.#safeFrom &&
        ((record.lane === lane && record.sequence < sequence) ||
          (record.lanes !== undefined && (record.lanes[lane] ?? sequence) < sequence) ||
          (record.lane === 0 && record.sequence === 0)),
    );
  }
}
