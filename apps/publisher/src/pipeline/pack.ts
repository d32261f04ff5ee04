import { stringifyExact } from "@das/core";

/** A list of events on its way to be sealed: the inner record as JSON, compact, in the captured order of members. */
export interface PackedRecord {
  readonly json: string;
  readonly events: number;
}

export interface PackLimits {
  readonly instanceId: string;
  readonly maxEvents: number;
  /** Compressed bytes at which a record is closed. */
  readonly targetBytes: number;
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

/**
 * Collects the events of one lane into lists. Pure: no clock, no I/O; when to close a list that is not full is the
 * lane's decision.
 *
 * The compressed size is not known before compression, so it is estimated from how the last records compressed.
 */
export class Packer {
  readonly #head: string;
  readonly #limits: PackLimits;
  #events: string[] = [];
  #bytes = 0;
  #ratio = INITIAL_RATIO;

  constructor(limits: PackLimits) {
    this.#limits = limits;
    this.#head = `{"type":"DatabaseActivityMonitoringRecord","clusterId":"","instanceId":${JSON.stringify(limits.instanceId)},"databaseActivityEventList":[`;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /**
   * Adds one event.
   * @param json one that fits into a record of its own (`fit-event.ts` sees to it)
   * @returns the records that this completes: none, or one, or two when the event is large
   */
  add(json: string): PackedRecord[] {
    const bytes = Buffer.byteLength(json) + 1;
    const complete: PackedRecord[] = [];
    const target = Math.min(this.#limits.targetBytes * this.#ratio, LIST_MAX_BYTES);
    if (!this.isEmpty && this.#bytes + bytes > target) complete.push(this.close());
    this.#events.push(json);
    this.#bytes += bytes;
    if (this.#events.length >= this.#limits.maxEvents || this.#bytes >= target) complete.push(this.close());
    return complete;
  }

  /** Precondition: not empty. */
  close(): PackedRecord {
    const record = { json: `${this.#head}${this.#events.join(",")}]}`, events: this.#events.length };
    this.#events = [];
    this.#bytes = 0;
    return record;
  }

  /** Stands alone in its record (wire format §13.8). Precondition: empty, so that it does not overtake events. */
  heartbeat(): PackedRecord {
    return { json: `${this.#head}${stringifyExact({ type: "heartbeat" })}]}`, events: 0 };
  }

  /** How a record compressed; small ones say nothing about large ones. */
  learn(jsonBytes: number, compressedBytes: number): void {
    if (compressedBytes < this.#limits.targetBytes / 4) return;
    this.#ratio += RATIO_WEIGHT * (jsonBytes / compressedBytes - this.#ratio);
  }
}
