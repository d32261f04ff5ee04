import type { SourceRecord } from "./source-record.ts";

/** Records of one source, each once, however often it was put or read. */
export class RecordBook {
  readonly #records = new Map<string, SourceRecord>();

  add(records: readonly SourceRecord[]): void {
    for (const record of records) {
      const key = `${record.epoch}/${record.lane}/${record.sequence}`;
      const known = this.#records.get(key);
      // A call whose answer was lost puts the same record once more.
      if (!known || record.arrival < known.arrival) this.#records.set(key, record);
    }
  }

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  get records(): readonly SourceRecord[] {
    return [...this.#records.values()];
  }
}
