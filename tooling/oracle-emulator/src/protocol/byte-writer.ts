/** Oracle notes §7.2: integers, CLR and texts, in a buffer that grows. Big-endian unless the name says otherwise. */

/** A CLR of up to so many bytes begins with its length. */
const LONGEST_SHORT_VALUE = 252;
/** The first byte of a CLR in chunks. */
const CHUNKED = 254;
const LARGEST_CHUNK = 32_767;
/** Characters up to which a loop is faster than a call into the runtime. */
const SHORT_TEXT = 40;

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

  /** Forgets what was written after a length noted before. */
  truncate(length: number): void {
    this.#length = Math.min(length, this.#length);
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
  }

  u16le(value: number): void {
    const at = this.#reserve(2);
    this.#buffer[at] = value;
    this.#buffer[at + 1] = value >>> 8;
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  /** ub2, ub4 and ub8 are one encoding: the number of bytes, and the bytes. */
  ub(value: number): void {
    if (value === 0) {
      this.u8(0);
    } else if (value <= 0xff) {
      this.u16(0x0100 | value);
    } else if (value <= 0xffff) {
      this.u8(2);
      this.u16(value);
    } else if (value <= 0xffff_ffff) {
      this.u8(4);
      this.u32(value);
    } else {
      this.u8(8);
      this.u32(Math.floor(value / 0x1_0000_0000));
      this.u32(value % 0x1_0000_0000);
    }
  }

  /** sb2, sb4, sb8: the sign is the highest bit of the length. */
  sb(value: number): void {
    const at = this.#length;
    this.ub(Math.abs(value));
    if (value < 0) this.#buffer[at] = (this.#buffer[at] ?? 0) | 0x80;
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** The bytes as a CLR; none is NULL. */
  clr(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length <= LONGEST_SHORT_VALUE) {
      this.u8(length);
      this.bytes(bytes);
      return;
    }
    this.u8(CHUNKED);
    for (let from = 0; from < length; from += LARGEST_CHUNK) {
      const chunk = bytes.subarray(from, from + LARGEST_CHUNK);
      this.ub(chunk.length);
      this.bytes(chunk);
    }
    this.u8(0);
  }

  /** A text in UTF-8 as a CLR; the empty one is NULL. */
  clrText(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT && this.#clrAscii(text)) return;
    if (3 * length <= LONGEST_SHORT_VALUE) {
      const at = this.#reserve(1 + 3 * length);
      const size = this.#buffer.write(text, at + 1, "utf8");
      this.#buffer[at] = size;
      this.#length = at + 1 + size;
      return;
    }
    const size = Buffer.byteLength(text);
    if (size > LONGEST_SHORT_VALUE) {
      this.clr(Buffer.from(text));
      return;
    }
    const at = this.#reserve(1 + size);
    this.#buffer[at] = size;
    this.#buffer.write(text, at + 1, "utf8");
  }

  /** The bytes that hex digits write, as a CLR. */
  clrHex(digits: string): void {
    this.clr(Buffer.from(digits, "hex"));
  }

  /** str: the length in bytes, and a CLR where there is any. */
  text(text: string): void {
    const size = Buffer.byteLength(text);
    this.ub(size);
    if (size > 0) this.clrText(text);
  }

  /** Without a call into the runtime, which costs more than this loop does for names and numbers. */
  #clrAscii(text: string): boolean {
    const { length } = text;
    const at = this.#reserve(1 + length);
    const buffer = this.#buffer;
    buffer[at] = length;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) {
        this.#length = at;
        return false;
      }
      buffer[at + 1 + index] = unit;
    }
    return true;
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
