/** What a shard gives at most: all its readers share it. Bytes and calls a second. */
const BYTES_PER_SECOND = 2_000_000;
const CALLS_PER_SECOND = 5;
/** Half a second of what a shard gives: more at once would only make the end of a stretch be missed by more. */
const BYTES_PER_CALL = 1_000_000;
/** While nothing is known of the records' size. */
const FIRST_LIMIT = 100;
/** What GetRecords takes. */
const LARGEST_LIMIT = 10_000;

/**
 * How fast and how much a shard is asked, from what it gave before: a call that goes over the limits is refused, and
 * every byte behind the end of a stretch is read in vain.
 */
export class ShardPace {
  #recordBytes: number | undefined;
  #recordsPerMillisecond: number | undefined;
  #freeAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds until the next call may be made. */
  wait(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }

  /** A call was made then, and gave so much. */
  gave(now: number, records: number, bytes: number): void {
    this.#freeAt = now + 1_000 * Math.max(1 / CALLS_PER_SECOND, bytes / BYTES_PER_SECOND);
    if (records > 0) this.#recordBytes = bytes / records;
  }

  /** So many records arrived within so many milliseconds. */
  arrived(records: number, milliseconds: number): void {
    if (records > 1 && milliseconds > 0) this.#recordsPerMillisecond = records / milliseconds;
  }

  /** Records to ask for. @param milliseconds what is left of the stretch; undefined: up to the newest record */
  limit(milliseconds: number | undefined): number {
    if (this.#recordBytes === undefined) return FIRST_LIMIT;
    const most = Math.max(1, Math.min(LARGEST_LIMIT, Math.floor(BYTES_PER_CALL / Math.max(1, this.#recordBytes))));
    if (milliseconds === undefined || this.#recordsPerMillisecond === undefined) return most;
    const left = Math.ceil(1.2 * this.#recordsPerMillisecond * Math.max(0, milliseconds));
    return Math.min(most, left + SPARE_RECORDS);
  }
}

/** One call too many costs more than some records. */
const SPARE_RECORDS = 10;
