import { type AuditBlock, type AuditFile, pathOf } from "./model/audit-file.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import type { RowCodec } from "./protocol/rows.ts";
import type { AuditSelect } from "./sql/compile-select.ts";
import type { Compiled, Frame } from "./sql/compiled.ts";
import type { AuditCursor } from "./sql/context.ts";
import type { SqlValue } from "./sql-types.ts";

/** How the rows of a block become bytes, for one select list and one kind of client. */
export interface BlockEncoding {
  readonly items: readonly Compiled[];
  readonly codec: RowCodec;
}

interface Encoded {
  readonly encoding: BlockEncoding;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/**
 * A block does not change (a grown one is another block), so it is encoded once and then only copied. The bytes stand
 * in one ring of fixed size, where new ones overwrite the oldest: nothing is allocated while rows are served, for the
 * collector would then walk the millions of rows of a backlog again and again.
 */
export class EncodedBlocks {
  readonly #ring: Buffer;
  #position = 0;
  /** In the order of their places in the ring, from the oldest. */
  readonly #blocks = new Map<AuditBlock, Encoded>();
  readonly #scratch = new ByteWriter(256 * 1024);
  /** By query, and by the client's TDS version. */
  readonly #encodings = new WeakMap<object, Map<number, BlockEncoding>>();

  constructor(size: number) {
    this.#ring = Buffer.allocUnsafeSlow(size);
  }

  /** A pure select list encodes a row always in the same way: then its blocks are found again. */
  encodingOf({ query, items, pure }: AuditSelect, tdsVersion: number, makeCodec: () => RowCodec): BlockEncoding {
    if (!pure) return { items, codec: makeCodec() };
    const known = this.#encodings.get(query) ?? new Map<number, BlockEncoding>();
    this.#encodings.set(query, known);
    const encoding = known.get(tdsVersion) ?? { items, codec: makeCodec() };
    known.set(tdsVersion, encoding);
    return encoding;
  }

  /** All rows of a block. The bytes are valid until the next call. */
  get(encoding: BlockEncoding, file: AuditFile, block: AuditBlock): Buffer {
    const path = pathOf(file);
    const known = this.#blocks.get(block);
    if (known && known.encoding === encoding && known.path === path) return this.#ring.subarray(known.from, known.to);
    const bytes = this.encode(encoding, file, block, 0, block.rows.length);
    if (bytes.length <= this.#ring.length / 4) this.#keep(block, { encoding, path }, bytes);
    return bytes;
  }

  /** Some rows of a block, which are not kept. The bytes are valid until the next call. */
  encode(encoding: BlockEncoding, file: AuditFile, block: AuditBlock, from: number, to: number): Buffer {
    const { items, codec } = encoding;
    const { rows, offset } = block;
    const [first] = rows;
    if (!first) return Buffer.alloc(0);
    const values: SqlValue[] = new Array(items.length).fill(null);
    const cursor: AuditCursor = { row: first, path: pathOf(file), offset };
    const frame: Frame = { rows: [cursor], aggregated: [], outer: undefined };
    this.#scratch.clear();
    for (let at = from; at < to; at += 1) {
      cursor.row = rows[at] ?? first;
      for (let index = 0; index < items.length; index += 1) values[index] = items[index]?.evaluate(frame) ?? null;
      codec.write(this.#scratch, values);
    }
    return this.#scratch.written();
  }

  #keep(block: AuditBlock, what: Pick<Encoded, "encoding" | "path">, bytes: Buffer): void {
    this.#blocks.delete(block);
    if (this.#position + bytes.length > this.#ring.length) {
      this.#forgetOldest(this.#position, this.#ring.length);
      this.#position = 0;
    }
    const from = this.#position;
    const to = from + bytes.length;
    this.#forgetOldest(from, to);
    bytes.copy(this.#ring, from);
    this.#blocks.set(block, { ...what, from, to });
    this.#position = to;
  }

  /** What stands in this part of the ring is about to be overwritten. */
  #forgetOldest(from: number, to: number): void {
    for (const [block, kept] of this.#blocks) {
      if (kept.from >= to || kept.to <= from) return;
      this.#blocks.delete(block);
    }
  }
}
