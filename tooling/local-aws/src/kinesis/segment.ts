import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { Column } from "./column.ts";

/**
 * One append-only file of records. A record is
 *
 *     length of what follows the checksum (4) | CRC-32 of it (4) | arrival, milliseconds (8, double) | encrypted (1)
 *     | length of the partition key (2) | partition key | data
 *
 * all numbers big-endian. Memory holds eight bytes a record: where it begins, and when it arrived.
 */
export interface NewRecord {
  /** Milliseconds since 1970; never less than that of the record before. */
  readonly arrival: number;
  readonly encrypted: boolean;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/** What AWS counts against sizes and rates: the data and its partition key. */
export function sizeOf(record: Pick<NewRecord, "data" | "partitionKey">): number {
  return record.data.length + Buffer.byteLength(record.partitionKey);
}

export interface StoredRecord extends NewRecord {
  /** Place in the shard, counted from 0. */
  readonly position: number;
}

const PREFIX_BYTES = 8;
const FIXED_BYTES = 11;
/** Offsets and arrivals are kept in 32 bits. */
const MAX_SPAN = 0xffff_ffff;

export class Segment {
  /** The position of its first record. */
  readonly first: number;
  readonly path: string;
  readonly #file: number;
  readonly #offsets = new Column();
  /** Milliseconds after the first record's arrival. */
  readonly #arrivals = new Column();
  #firstArrival = 0;
  #size = 0;

  private constructor(path: string, first: number, flags: string) {
    this.path = path;
    this.first = first;
    this.#file = openSync(path, flags, 0o600);
  }

  static create(path: string, first: number): Segment {
    return new Segment(path, first, "wx+");
  }

  /**
   * Reads the file and builds the index again.
   * @param last a crash may have cut off the end of a shard's last file; that end is dropped, for it was never answered
   * @throws Error when the file is damaged anywhere else
   */
  static open(path: string, first: number, last: boolean): Segment {
    const segment = new Segment(path, first, "r+");
    const size = fstatSync(segment.#file).size;
    segment.#buildIndex(size);
    if (segment.#size < size) {
      if (!last) throw new Error(`local-aws: ${path} is damaged at byte ${segment.#size}. Delete the directory`);
      ftruncateSync(segment.#file, segment.#size);
    }
    return segment;
  }

  /** The position after its last record. */
  get end(): number {
    return this.first + this.#offsets.length;
  }

  /** The arrival of its last record; undefined when it has none. */
  get lastArrival(): number | undefined {
    return this.#offsets.length === 0 ? undefined : this.arrivalAt(this.end - 1);
  }

  /** @param fullBytes it takes no more once it is this large */
  takes(arrival: number, fullBytes: number): boolean {
    return this.#offsets.length === 0 || (this.#size < fullBytes && arrival - this.#firstArrival <= MAX_SPAN);
  }

  arrivalAt(position: number): number {
    return this.#firstArrival + this.#arrivals.at(position - this.first);
  }

  append(records: readonly NewRecord[]): void {
    const bytes = encode(records);
    // A write that fails half-way leaves the index as it was, and the next one overwrites what it left.
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#size + written);
    }
    let offset = this.#size;
    for (const record of records) {
      this.#index(offset, record.arrival);
      offset += recordLength(record);
    }
    this.#size = offset;
  }

  /** The position of the first record that arrived at `time` or later; `end` when there is none. */
  positionAt(time: number): number {
    return this.first + this.#arrivals.lowerBound(time - this.#firstArrival);
  }

  /**
   * The records from a position on, until one of the limits is reached; at least one.
   * @param from the position of one of its records
   * @param maxBytes of data and partition keys
   */
  read(from: number, maxRecords: number, maxBytes: number): StoredRecord[] {
    const start = this.#offsetOf(from);
    let to = from + 1;
    // Found by halving: what lies before a position grows with it.
    for (let high = Math.min(this.end, from + maxRecords); to < high; ) {
      const middle = (to + high + 1) >> 1;
      const bytes = this.#offsetOf(middle) - start - (middle - from) * (PREFIX_BYTES + FIXED_BYTES);
      if (bytes > maxBytes) high = middle - 1;
      else to = middle;
    }
    const bytes = Buffer.allocUnsafe(this.#offsetOf(to) - start);
    this.#readFully(bytes, start);
    const records: StoredRecord[] = [];
    for (let position = from, offset = 0; position < to; position += 1) {
      const record = decode(bytes, offset, position);
      offset = this.#offsetOf(position + 1) - start;
      records.push(record);
    }
    return records;
  }

  close(): void {
    closeSync(this.#file);
  }

  #offsetOf(position: number): number {
    return position === this.end ? this.#size : this.#offsets.at(position - this.first);
  }

  #index(offset: number, arrival: number): void {
    if (this.#offsets.length === 0) this.#firstArrival = arrival;
    this.#offsets.push(offset);
    this.#arrivals.push(arrival - this.#firstArrival);
  }

  #readFully(bytes: Buffer, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, position + done);
      if (count === 0) throw new Error(`local-aws: ${this.path} ends before byte ${position + bytes.length}`);
      done += count;
    }
  }

  /** Walks the file in large pieces and stops before the first record that is not whole. */
  #buildIndex(size: number): void {
    let piece = Buffer.alloc(0);
    let pieceStart = 0;
    const has = (count: number): boolean => {
      if (this.#size + count <= pieceStart + piece.length) return true;
      if (this.#size + count > size) return false;
      pieceStart = this.#size;
      piece = Buffer.allocUnsafe(Math.min(size - pieceStart, Math.max(count, 4 * 1024 * 1024)));
      this.#readFully(piece, pieceStart);
      return true;
    };
    while (has(PREFIX_BYTES + FIXED_BYTES)) {
      const length = PREFIX_BYTES + piece.readUInt32BE(this.#size - pieceStart);
      if (length < PREFIX_BYTES + FIXED_BYTES || !has(length)) return;
      const offset = this.#size - pieceStart;
      const body = piece.subarray(offset + PREFIX_BYTES, offset + length);
      if (crc32(body) !== piece.readUInt32BE(offset + 4)) return;
      this.#index(this.#size, body.readDoubleBE(0));
      this.#size += length;
    }
  }
}

function recordLength(record: NewRecord): number {
  return PREFIX_BYTES + FIXED_BYTES + sizeOf(record);
}

function encode(records: readonly NewRecord[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + recordLength(record), 0));
  let offset = 0;
  for (const record of records) {
    const body = offset + PREFIX_BYTES;
    bytes.writeDoubleBE(record.arrival, body);
    bytes[body + 8] = record.encrypted ? 1 : 0;
    const keyLength = bytes.write(record.partitionKey, body + FIXED_BYTES);
    bytes.writeUInt16BE(keyLength, body + 9);
    bytes.set(record.data, body + FIXED_BYTES + keyLength);
    const end = body + FIXED_BYTES + keyLength + record.data.length;
    bytes.writeUInt32BE(end - body, offset);
    bytes.writeUInt32BE(crc32(bytes.subarray(body, end)), offset + 4);
    offset = end;
  }
  return bytes;
}

function decode(bytes: Buffer, offset: number, position: number): StoredRecord {
  const body = offset + PREFIX_BYTES;
  const key = body + FIXED_BYTES;
  const keyEnd = key + bytes.readUInt16BE(body + 9);
  return {
    position,
    arrival: bytes.readDoubleBE(body),
    encrypted: bytes[body + 8] === 1,
    partitionKey: bytes.toString("utf8", key, keyEnd),
    data: bytes.subarray(keyEnd, body + bytes.readUInt32BE(offset)),
  };
}
