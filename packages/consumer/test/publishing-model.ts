import type { DatabaseActivityEvent, InnerRecord, Provenance } from "@das/core";
import { MarkerList, STREAM_CLASS } from "@das/core";
import fc from "fast-check";
import type { EventsItem, HeartbeatItem } from "../src/stream-item.ts";

/**
 * What one source's publishers do, one run after the other, and what of it arrives on the stream: partial failures,
 * answers that never come, crashes, records that arrive when their publisher is long dead. Plain data, no Kinesis.
 *
 * The rows of the trail are numbered; a watermark is the number of the first row that is not known to be on the stream.
 */
export type Step =
  /** A call with records of one lane; those that failed before go first, and alone. */
  | {
      readonly kind: "put";
      readonly lane: number;
      /** Of each new record: how many rows. */
      readonly rows: readonly number[];
      readonly heartbeat: boolean;
      /** Of each record of the call: whether Kinesis takes it. */
      readonly taken: readonly boolean[];
      /** `lost`: what was taken is on the stream, but its publisher does not hear of it. `hangs`: taken much later, if ever. */
      readonly answer: "given" | "lost" | "hangs";
    }
  /** The next run begins; `late` records of the last call arrive only after it has looked. */
  | { readonly kind: "crash"; readonly late: boolean; readonly failover: boolean };

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      lane: fc.nat(2),
      rows: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
      heartbeat: fc.boolean(),
      taken: fc.array(fc.boolean(), { maxLength: 5 }),
      answer: fc.constantFrom("given", "given", "given", "given", "lost", "hangs"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("crash" as const), late: fc.boolean(), failover: fc.boolean() }),
  },
);

export interface ModelRecord {
  readonly provenance: Provenance;
  readonly rows: readonly number[];
}

/** A record as it stands on the stream; one that was sent again stands there twice. */
export interface Arrival extends ModelRecord {
  readonly time: Date;
}

/** Milliseconds between two arrivals. */
const TICK = 7;
const START = Date.UTC(2026, 0, 1);

export class PublishingModel {
  readonly arrivals: Arrival[] = [];
  readonly source: string;
  readonly #lanes: number;
  #run: Run;
  #history = 0;
  #epochs = 0;
  #now = START;
  /** What the last call of the dead run sent and nobody saw yet. */
  #lastCall: readonly ModelRecord[] = [];

  constructor(lanes: number, source = "sqlserver:a:RDS_DAS_AUDIT") {
    this.#lanes = lanes;
    this.source = source;
    this.#run = this.#begin();
  }

  play(steps: readonly Step[]): void {
    for (const each of steps) {
      if (each.kind === "put") this.#put(each);
      else this.#crash(each);
    }
  }

  /** Everything that waits is put, and a last heartbeat says so. */
  stop(): void {
    const all = { kind: "put", rows: [], heartbeat: false, taken: [], answer: "given" } as const;
    for (let lane = 0; lane < this.#lanes; lane += 1) this.#put({ ...all, lane });
    this.#put({ ...all, lane: 0, heartbeat: true });
  }

  /** Rows that were read; all of them are on the stream after `stop`. */
  get rows(): number {
    return this.#run.nextRow;
  }

  /** As somebody who reads the stream gets it. */
  items(arrivals: readonly Arrival[] = this.arrivals): (EventsItem | HeartbeatItem)[] {
    return arrivals.map((arrival, index) => itemOf(arrival, String(index)));
  }

  #begin(): Run {
    this.#epochs += 1;
    const place = this.arrivals.reduce((most, { provenance }) => Math.max(most, Number(provenance.watermark)), 0);
    const published = new Set(this.arrivals.flatMap(({ rows }) => rows));
    const first = this.arrivals.find(({ rows, provenance }) => {
      return Number(provenance.watermark) === place || rows.some((row) => row >= place);
    });
    return new Run({
      source: this.source,
      epoch: `epoch-${this.#epochs}`,
      history: `history-${this.#history}`,
      lanes: this.#lanes,
      place,
      published,
      since: first?.time.getTime(),
    });
  }

  #crash({ late, failover }: Extract<Step, { kind: "crash" }>): void {
    if (!late) this.#arrive(this.#lastCall);
    if (failover) this.#history += 1;
    this.#run = this.#begin();
    if (late) this.#arrive(this.#lastCall);
    this.#lastCall = [];
  }

  #put({ lane: wanted, rows, heartbeat, taken, answer }: Extract<Step, { kind: "put" }>): void {
    const lane = wanted % this.#lanes;
    const call = this.#run.call(lane, rows, heartbeat && lane === 0);
    const isTaken = (index: number) => taken[index] ?? true;
    const arrived = call.filter((_, index) => isTaken(index));
    this.#lastCall = answer === "hangs" ? arrived : [];
    if (answer !== "hangs") this.#arrive(arrived);
    if (answer === "given") this.#run.answered(lane, arrived);
  }

  #arrive(records: readonly ModelRecord[]): void {
    for (const record of records) {
      this.#now += TICK;
      this.arrivals.push({ ...record, time: new Date(this.#now) });
    }
  }
}

interface RunParts {
  readonly source: string;
  readonly epoch: string;
  readonly history: string;
  readonly lanes: number;
  readonly place: number;
  readonly published: ReadonlySet<number>;
  readonly since: number | undefined;
}

/** One epoch, by the rules of architecture §5. */
class Run {
  nextRow: number;
  readonly #parts: RunParts;
  /** By lane: records that are not acknowledged yet, in order. */
  readonly #waiting: ModelRecord[][];
  readonly #made: number[];

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.nextRow = parts.place;
    this.#waiting = Array.from({ length: parts.lanes }, () => []);
    this.#made = Array.from({ length: parts.lanes }, () => 0);
  }

  /** What the lane's next call sends. */
  call(lane: number, rows: readonly number[], heartbeat: boolean): readonly ModelRecord[] {
    const waiting = this.#waiting[lane] ?? [];
    if (waiting.length > 0) return [...waiting];
    // All are closed before the first of them is put, so they say the same of what was acknowledged.
    for (const count of rows) waiting.push(this.#record(lane, this.#read(count)));
    if (heartbeat) waiting.push(this.#record(lane, []));
    return [...waiting];
  }

  answered(lane: number, taken: readonly ModelRecord[]): void {
    this.#waiting[lane] = (this.#waiting[lane] ?? []).filter((record) => !taken.includes(record));
  }

  /** The next rows that are not on the stream already. */
  #read(count: number): readonly number[] {
    const rows: number[] = [];
    while (rows.length < count) {
      if (!this.#parts.published.has(this.nextRow)) rows.push(this.nextRow);
      this.nextRow += 1;
    }
    return rows;
  }

  #acked(lane: number): number {
    return (this.#waiting[lane]?.[0]?.provenance.sequence ?? this.#made[lane] ?? 0) - 1;
  }

  #record(lane: number, rows: readonly number[]): ModelRecord {
    const { source, epoch, history, lanes, place, since } = this.#parts;
    const sequence = this.#made[lane] ?? 0;
    const pending = [...this.#waiting.flatMap((waiting) => waiting.flatMap((record) => record.rows)), ...rows];
    const acked = this.#acked(lane);
    const all = Array.from({ length: lanes }, (_, each) => this.#acked(each));
    this.#made[lane] = sequence + 1;
    const markers = new MarkerList();
    for (const row of rows) markers.add(`1:${row}`);
    const watermark = Math.min(...pending, this.nextRow);
    return {
      rows,
      provenance: {
        generation: 1,
        source,
        history,
        epoch,
        lane,
        sequence,
        acked,
        watermark: String(watermark),
        behind: all.map((each) => each + 1),
        ...(since !== undefined && watermark === place && { since }),
        ...(rows.length === 0 && lanes > 1 && { lanes: all }),
        markers: markers.take(),
      },
    };
  }
}

export function eventOf(row: number): DatabaseActivityEvent {
  // What identity and account look at; the rest of the 29 fields says nothing here.
  return {
    type: "record",
    class: "TABLE",
    command: "SELECT",
    logTime: logTimeOf(row),
    commandText: `row ${row}`,
  } as never;
}

/** What a publisher tells when its trail lost something. */
export function lossWindowOf(cause: string, startTime: string, endTime: string | null): DatabaseActivityEvent {
  const command = "LOSS WINDOW";
  return {
    type: "record",
    class: STREAM_CLASS,
    command,
    errorMessage: cause,
    startTime,
    endTime,
    logTime: startTime,
  } as never;
}

function logTimeOf(row: number): string {
  return `2026-01-01 00:00:00.${String(row).padStart(7, "0")}+00`;
}

export function itemOf(
  { provenance, rows, time }: Arrival,
  sequenceNumber: string,
  shardId = "shardId-000000000000",
): EventsItem | HeartbeatItem {
  const events = rows.map(eventOf);
  const inner: InnerRecord = {
    type: "DatabaseActivityMonitoringRecord",
    clusterId: "",
    instanceId: "db-A",
    databaseActivityEventList: rows.length === 0 ? [{ type: "heartbeat" }] : events,
    provenance,
  };
  const place = {
    shardId,
    sequenceNumber,
    approximateArrivalTime: time,
    version: "1.4",
    instanceId: "db-A",
    inner,
    provenance,
  };
  if (rows.length === 0) return { kind: "heartbeat", ...place };
  return { kind: "events", ...place, events, excluded: 0, markers: rows.map((row) => `1:${row}`) };
}
