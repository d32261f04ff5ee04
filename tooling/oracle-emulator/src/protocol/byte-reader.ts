import { IncompleteMessage, ProtocolError } from "./protocol-error.ts";

/** No list in a request of any client comes near it; it keeps a broken one from filling memory. */
const MOST_THINGS = 1_000_000;

/** Reads what a client sent (Oracle notes §7.2); running over the end means that more is still to come. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get atEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  /** How far it has read. */
  get position(): number {
    return this.#at;
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#buffer.length) throw new IncompleteMessage();
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  u8(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }

  /** The next byte, which stays. */
  peek(): number {
    const byte = this.#buffer[this.#at];
    if (byte === undefined) throw new IncompleteMessage();
    return byte;
  }

  u16(): number {
    return this.bytes(2).readUInt16BE();
  }

  u16le(): number {
    return this.bytes(2).readUInt16LE();
  }

  /** ub2, ub4, ub8. @throws ProtocolError when it is negative, or beyond 2^53 */
  ub(): number {
    const size = this.u8();
    if (size > 8) throw new ProtocolError(`an integer of ${size} bytes`);
    let value = 0;
    for (const byte of this.bytes(size)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new ProtocolError("an integer beyond 2^53");
    return value;
  }

  /** How many of something follow. @throws ProtocolError when nobody sends so many */
  count(): number {
    const count = this.ub();
    if (count > MOST_THINGS) throw new ProtocolError(`${count} of something in one request`);
    return count;
  }

  /** CLR; null is NULL. */
  clr(): Buffer | null {
    const size = this.u8();
    if (size === 0 || size === 255) return null;
    if (size !== 254) return this.bytes(size);
    const chunks: Buffer[] = [];
    for (let chunk = this.ub(); chunk > 0; chunk = this.ub()) chunks.push(this.bytes(chunk));
    return Buffer.concat(chunks);
  }

  /** str: a length, and a CLR where it is not 0. */
  text(): string {
    return this.ub() === 0 ? "" : (this.clr() ?? "").toString();
  }

  /** Up to a zero byte, which is read too. */
  zeroTerminated(): Buffer {
    const end = this.#buffer.indexOf(0, this.#at);
    if (end < 0) throw new IncompleteMessage();
    const bytes = this.bytes(end - this.#at);
    this.#at += 1;
    return bytes;
  }
}
