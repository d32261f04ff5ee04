/**
 * The text of a record, as the UTF-8 that is sealed, in memory that the sealing threads share.
 *
 * Not strings: the text of what waits to be sealed lives just long enough for the garbage collector to copy it twice
 * and to look through it a third time, which took half of the publisher's CPU time. Here an event's own text dies as
 * soon as it is written, nothing is joined, encoded or copied on its way into a thread, and the memory is used again.
 */
export class RecordText {
  #memory = memoryOf(INITIAL_BYTES);
  #length = 0;

  /** Bytes. */
  get length(): number {
    return this.#length;
  }

  /** What was written. Valid, in every thread, until `clear`. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /** Bytes that this text takes, used or not. */
  get capacity(): number {
    return this.#memory.length;
  }

  /** @param text without lone surrogates, which UTF-8 cannot hold: JSON.stringify escapes them */
  append(text: string): void {
    const most = this.#length + text.length * MOST_BYTES_OF_A_UNIT;
    if (most > this.#memory.length) this.#grow(most);
    this.#length += this.#memory.write(text, this.#length, "utf8");
  }

  /** Would the text still hold at most so many bytes with this one? Counts only when it is not plain anyway. */
  staysWithin(limit: number, text: string): boolean {
    if (this.#length + text.length * MOST_BYTES_OF_A_UNIT <= limit) return true;
    return this.#length + Buffer.byteLength(text) <= limit;
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(bytes: number): void {
    const larger = memoryOf(Math.max(bytes, 2 * this.#memory.length));
    larger.set(this.bytes);
    this.#memory = larger;
  }
}

/** A short record needs no more; a full one of the default size has grown three times, and then stays as it is. */
const INITIAL_BYTES = 16 * 1_024;

/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const MOST_BYTES_OF_A_UNIT = 3;

function memoryOf(bytes: number): Buffer<SharedArrayBuffer> {
  return Buffer.from(new SharedArrayBuffer(bytes));
}
