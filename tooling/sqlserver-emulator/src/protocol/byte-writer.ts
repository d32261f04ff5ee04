/** A buffer that grows. Integers are little-endian unless the name says otherwise, as in most of TDS. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written; the writer is empty afterwards and keeps its capacity. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return bytes;
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer[at] = value & 0xff;
    this.#buffer[at + 1] = (value >>> 8) & 0xff;
  }

  u16be(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer[at] = value & 0xff;
    this.#buffer[at + 1] = (value >>> 8) & 0xff;
    this.#buffer[at + 2] = (value >>> 16) & 0xff;
    this.#buffer[at + 3] = (value >>> 24) & 0xff;
  }

  u32be(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  /** Signed, from any integer; numbers below 2^53 without a detour through bigint. */
  i64(value: number | bigint): void {
    if (typeof value === "bigint") {
      const at = this.#reserve(8);
      this.#buffer.writeBigInt64LE(value, at);
      return;
    }
    this.u32(value >>> 0);
    this.u32(Math.floor(value / 0x1_0000_0000) >>> 0);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  /** The low five bytes of a number: the 100 ns units of a day. */
  u40(value: number): void {
    this.u32(value >>> 0);
    this.u8(Math.floor(value / 0x1_0000_0000));
  }

  u24(value: number): void {
    this.u16(value & 0xffff);
    this.u8(value >>> 16);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** UTF-16; lone surrogates stay as they are. */
  utf16(text: string): void {
    const at = this.#reserve(2 * text.length);
    if (text.length > 24) {
      this.#buffer.write(text, at, "utf16le");
      return;
    }
    // A call into the runtime costs more than this loop does for short names.
    for (let index = 0, to = at; index < text.length; index += 1, to += 2) {
      const unit = text.charCodeAt(index);
      this.#buffer[to] = unit & 0xff;
      this.#buffer[to + 1] = unit >>> 8;
    }
  }

  /** One byte for each character; what a byte cannot hold becomes `?`. */
  latin1(text: string): void {
    const at = this.#reserve(text.length);
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      this.#buffer[at + index] = unit < 0x100 ? unit : 0x3f;
    }
  }

  /** The byte that two digits of a text write. */
  hexByte(text: string, at: number): void {
    this.u8((hexDigit(text.charCodeAt(at)) << 4) | hexDigit(text.charCodeAt(at + 1)));
  }

  /** From the digits of `0x…`. */
  hex(text: string): void {
    const at = this.#reserve((text.length - 2) >> 1);
    for (let index = 2, to = at; index + 1 < text.length; index += 2, to += 1) {
      this.#buffer[to] = (hexDigit(text.charCodeAt(index)) << 4) | hexDigit(text.charCodeAt(index + 1));
    }
  }

  /** B_VARCHAR: a byte that counts characters, then UTF-16. */
  shortText(text: string): void {
    this.u8(text.length);
    this.utf16(text);
  }

  /** US_VARCHAR: two bytes that count characters, then UTF-16. */
  text(text: string): void {
    this.u16(text.length);
    this.utf16(text);
  }

  /** May replace the buffer: call it before the buffer is looked at. */
  #reserve(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}

function hexDigit(unit: number): number {
  if (unit < 0x3a) return unit - 0x30;
  return (unit | 0x20) - 0x57;
}
