import type { ByteBudget } from "./byte-budget.ts";
import type { PackedRecord, Packer } from "./pack.ts";
import { type PutRecord, type Putting, takeWithinLimits } from "./put.ts";
import type { Sealing } from "./seal.ts";

export interface LaneParts {
  readonly partitionKey: string;
  readonly packer: Packer;
  readonly sealing: Sealing;
  readonly putting: Putting;
  readonly budget: ByteBudget;
  /** Ends waiting and retrying at once. */
  readonly signal: AbortSignal;
  /** The lane's records up to this sequence are on the stream. */
  acknowledged(sequence: number, events: number, bytes: number): void;
  /** The lane cannot go on: told once. */
  failed(error: unknown): void;
}

interface Sealed extends PutRecord {
  readonly sequence: number;
  readonly events: number;
}

interface Waiting {
  readonly sealed: Promise<Sealed>;
  readonly jsonBytes: number;
}

/** Closed records that a call waits for until they are sealed: a call costs as much as sealing several of them. */
const GATHERED = 16;

/**
 * One partition key: records leave it in the order in which they were closed, and one PutRecords call is under way at
 * a time. While it is, newer events gather into fuller records; while none is, what gathered leaves at once. So an idle
 * lane adds no delay, and a busy one fills its records, without a timer.
 */
export class Lane {
  readonly #parts: LaneParts;
  /** Closed and not on the stream yet, in order. */
  readonly #waiting: Waiting[] = [];
  readonly #drained: (() => void)[] = [];
  #sending = false;
  #flushWhenIdle = false;
  #failed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Events that are in no record yet. */
  get hasPending(): boolean {
    return !this.#parts.packer.isEmpty;
  }

  /** Nothing is under way to the stream. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** @param marker undefined for an event that is not from the trail */
  add(json: string, marker: string | undefined): void {
    for (const record of this.#parts.packer.add(json, marker)) this.#dispatch(record);
  }

  /** That was all for now: what gathered leaves as soon as nothing of this lane is under way. */
  flushWhenIdle(): void {
    if (this.isIdle) this.flush();
    else this.#flushWhenIdle = true;
  }

  flush(): void {
    this.#flushWhenIdle = false;
    if (this.hasPending) this.#dispatch(this.#parts.packer.close());
  }

  heartbeat(): void {
    this.flush();
    this.#dispatch(this.#parts.packer.heartbeat());
  }

  /** Resolves when everything that was closed is on the stream, or the lane has failed. */
  async drained(): Promise<void> {
    while (!this.isIdle && !this.#failed) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #dispatch(record: PackedRecord): void {
    const { sealing, budget, partitionKey, packer, signal } = this.#parts;
    const { events, sequence } = record;
    const jsonBytes = record.text.length;
    budget.take(jsonBytes);
    const sealed = sealing.seal(record, signal).then(({ bytes, compressedBytes }) => {
      packer.sealed(record, compressedBytes);
      return { data: bytes, partitionKey, sequence, events };
    });
    // Whoever sends sees the error; until then nobody waits for this promise.
    sealed.catch(() => undefined);
    this.#waiting.push({ sealed, jsonBytes });
    if (!this.#sending && !this.#failed) void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#waiting.length > 0) {
        const records = await this.#nextCall();
        await this.#parts.putting.put(records, this.#parts.signal);
        this.#acknowledge(records);
        if (this.isIdle && this.#flushWhenIdle) this.flush();
      }
    } catch (error) {
      this.#failed = true;
      this.#parts.failed(error);
    } finally {
      this.#sending = false;
      for (const resolve of this.#drained.splice(0)) resolve();
    }
  }

  /** What waits, from the oldest on, as far as it fits into one call. */
  async #nextCall(): Promise<Sealed[]> {
    const records = await Promise.all(this.#waiting.slice(0, GATHERED).map(({ sealed }) => sealed));
    return records.slice(0, takeWithinLimits(records));
  }

  #acknowledge(records: readonly Sealed[]): void {
    for (const { jsonBytes } of this.#waiting.splice(0, records.length)) this.#parts.budget.giveBack(jsonBytes);
    for (const { sequence, events, data } of records) this.#parts.acknowledged(sequence, events, data.byteLength);
  }
}
