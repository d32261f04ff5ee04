import { ProtocolError } from "./packets.ts";

/** Reads a request; running over its end is the client's error. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get atEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#buffer.length) throw new ProtocolError("a request that ends too early");
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u16(): number {
    return this.bytes(2).readUInt16LE();
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  i64(): bigint {
    return this.bytes(8).readBigInt64LE();
  }

  /** B_VARCHAR. */
  shortText(): string {
    return this.bytes(2 * this.u8()).toString("utf16le");
  }

  rest(): Buffer {
    return this.bytes(this.#buffer.length - this.#at);
  }
}
