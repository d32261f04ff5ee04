import { MarkerList, type Provenance, stringifyExact } from "@das/core";
import { RecordText } from "./record-text.ts";

/** A list of events on its way to be sealed. */
export interface PackedRecord {
  /** The inner record as JSON, compact, in the captured order of members. */
  readonly text: RecordText;
  readonly events: number;
  /** Of its lane. */
  readonly sequence: number;
}

export interface PackLimits {
  readonly instanceId: string;
  readonly maxEvents: number;
  /** Compressed bytes at which a record is closed. */
  readonly targetBytes: number;
  /** What a record that is closed says of itself; it is asked once a record, in order. */
  provenance(markers: string, isHeartbeat: boolean): Provenance;
}

/**
 * Bytes of the list before compression, at most: text that gzip cannot compress grows by less than a thousandth, so a
 * list within this limit is always within the hard limit of the compressed record (COMPRESSED_MAX_BYTES).
 */
export const LIST_MAX_BYTES = 690 * 1_024;

/** Before anything was compressed. Audit rows do better; the first records are then merely smaller. */
const INITIAL_RATIO = 4;
/** How much one record moves the estimate. */
const RATIO_WEIGHT = 0.2;

/** Texts that are kept for later records, and the most that one of them may take: a rare large one is not kept. */
const KEPT_TEXTS = 16;
const KEPT_BYTES = 1_048_576;

/**
 * Collects the events of one lane into lists. Pure: no clock, no I/O; when to close a list that is not full is the
 * lane's decision.
 *
 * The compressed size is not known before compression, so it is estimated from how the last records compressed.
 */
export class Packer {
  readonly #head: string;
  readonly #limits: PackLimits;
  /** Texts of records that were sealed. */
  readonly #free: RecordText[] = [];
  readonly #markers = new MarkerList();
  #text = new RecordText();
  #events = 0;
  #ratio = INITIAL_RATIO;

  constructor(limits: PackLimits) {
    this.#limits = limits;
    this.#head = `{"type":"DatabaseActivityMonitoringRecord","clusterId":"","instanceId":${JSON.stringify(limits.instanceId)},"databaseActivityEventList":[`;
  }

  get isEmpty(): boolean {
    return this.#events === 0;
  }

  /**
   * Adds one event.
   * @param json one that fits into a record of its own (`fit-event.ts` sees to it)
   * @param marker undefined for an event that is not from the trail
   * @returns the records that this completes: none, or one, or two when the event is large
   */
  add(json: string, marker: string | undefined): PackedRecord[] {
    const complete: PackedRecord[] = [];
    const target = Math.min(this.#limits.targetBytes * this.#ratio, LIST_MAX_BYTES) - this.#markers.length;
    if (!this.isEmpty && !this.#text.staysWithin(target, json)) complete.push(this.close());
    this.#text.append(this.isEmpty ? this.#head : ",");
    this.#text.append(json);
    this.#markers.add(marker);
    this.#events += 1;
    if (this.#events >= this.#limits.maxEvents || this.#text.length >= target) complete.push(this.close());
    return complete;
  }

  /** Precondition: not empty. */
  close(): PackedRecord {
    return this.#close(false);
  }

  /** Stands alone in its record (wire format §13.8). Precondition: empty, so that it does not overtake events. */
  heartbeat(): PackedRecord {
    this.#text.append(`${this.#head}${stringifyExact({ type: "heartbeat" })}`);
    return this.#close(true);
  }

  /** The record is sealed: how it compressed tells how much fits, and its text is free for another. */
  sealed({ text }: PackedRecord, compressedBytes: number): void {
    this.#learn(text.length, compressedBytes);
    if (this.#free.length >= KEPT_TEXTS || text.capacity > KEPT_BYTES) return;
    text.clear();
    this.#free.push(text);
  }

  #close(isHeartbeat: boolean): PackedRecord {
    const provenance = this.#limits.provenance(this.#markers.take(), isHeartbeat);
    const record = { text: this.#text, events: this.#events, sequence: provenance.sequence };
    record.text.append(`],"provenance":${JSON.stringify(provenance)}}`);
    this.#text = this.#free.pop() ?? new RecordText();
    this.#events = 0;
    return record;
  }

  /** Small records say nothing about large ones. */
  #learn(bytes: number, compressedBytes: number): void {
    if (compressedBytes < this.#limits.targetBytes / 4) return;
    this.#ratio += RATIO_WEIGHT * (bytes / compressedBytes - this.#ratio);
  }
}
