import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type NewRecord, Segment, type StoredRecord, sizeOf } from "./segment.ts";

/** So the disk is given back in pieces of this size. */
const SEGMENT_BYTES = 256 * 1024 * 1024;

/** The records of one shard, in a directory of segments named for the position of their first record. */
export class ShardLog {
  readonly #directory: string;
  readonly #segmentBytes: number;
  /** Never empty; appended to at the end, given back at the front. */
  readonly #segments: Segment[];

  /** @param segmentBytes a file of this size is full */
  constructor(directory: string, segmentBytes = SEGMENT_BYTES) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const names = readdirSync(directory).toSorted();
    this.#segments = names.map((name, index) =>
      Segment.open(join(directory, name), Number.parseInt(name, 10), index === names.length - 1),
    );
    if (this.#segments.length === 0) this.#startSegment(0);
  }

  /** The position that the next record gets. */
  get end(): number {
    return this.#last.end;
  }

  /** Appends, in order. They are in the file when this returns, so a killed server has them; a dead machine may not. */
  append(records: readonly NewRecord[]): void {
    const [first] = records;
    if (!first) return;
    if (!this.#last.takes(records.at(-1)?.arrival ?? first.arrival, this.#segmentBytes)) this.#startSegment(this.end);
    this.#last.append(records);
  }

  /** The arrival of the newest record. */
  get lastArrival(): number | undefined {
    return this.#last.lastArrival ?? this.#segments.at(-2)?.lastArrival;
  }

  /** The position of the first record that arrived at `time` or later; `end` when there is none. */
  positionAt(time: number): number {
    const segment = this.#segments.find((s) => (s.lastArrival ?? Number.POSITIVE_INFINITY) >= time) ?? this.#last;
    return segment.positionAt(time);
  }

  arrivalAt(position: number): number {
    return this.#segmentOf(position).arrivalAt(position);
  }

  /**
   * The records from a position on, until one of the limits is reached; at least one where there is one, so that no
   * record can block a reader.
   * @param from not before the oldest record that is kept
   * @param maxBytes of data and partition keys
   */
  read(from: number, maxRecords: number, maxBytes: number): StoredRecord[] {
    const records: StoredRecord[] = [];
    let bytes = 0;
    let position = from;
    while (position < this.end && records.length < maxRecords) {
      const piece = this.#segmentOf(position).read(position, maxRecords - records.length, maxBytes - bytes);
      const pieceBytes = piece.reduce((sum, record) => sum + sizeOf(record), 0);
      if (records.length > 0 && bytes + pieceBytes > maxBytes) break;
      records.push(...piece);
      bytes += pieceBytes;
      position += piece.length;
      if (position < this.#segmentOf(position - 1).end) break;
    }
    return records;
  }

  /** Gives back the files of which every record arrived before `time`; the newest file always stays. */
  trim(time: number): void {
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments;
      if (!oldest || (oldest.lastArrival ?? 0) >= time) return;
      oldest.close();
      rmSync(oldest.path);
      this.#segments.shift();
    }
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  get #last(): Segment {
    const last = this.#segments.at(-1);
    if (!last) throw new Error("a shard's log has at least one segment");
    return last;
  }

  #segmentOf(position: number): Segment {
    const segment = this.#segments.findLast((s) => s.first <= position);
    if (!segment) throw new RangeError(`position ${position} has been trimmed`);
    return segment;
  }

  #startSegment(first: number): void {
    this.#segments.push(Segment.create(join(this.#directory, String(first).padStart(15, "0")), first));
  }
}
