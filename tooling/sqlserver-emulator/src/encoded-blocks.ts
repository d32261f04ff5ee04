import { type AuditBlock, type AuditFile, pathOf } from "./model/audit-file.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import type { RowCodec } from "./protocol/rows.ts";
import type { Compiled, Frame } from "./sql/compile-expression.ts";
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
  readonly bytes: Buffer;
}

/**
 * A block does not change (a grown one is another block), so it is encoded once and then only copied. Bounded: what
 * was used longest ago goes first.
 */
export class EncodedBlocks {
  readonly #limit: number;
  readonly #blocks = new Map<AuditBlock, Encoded>();
  readonly #scratch = new ByteWriter(256 * 1024);
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(encoding: BlockEncoding, file: AuditFile, block: AuditBlock): Buffer {
    const known = this.#blocks.get(block);
    const path = pathOf(file);
    if (known) this.#forget(block, known);
    const usable = known && known.encoding === encoding && known.path === path;
    const encoded = usable
      ? known
      : { encoding, path, bytes: this.encode(encoding, file, block, 0, block.rows.length) };
    this.#blocks.set(block, encoded);
    this.#size += encoded.bytes.length;
    for (const [oldest, dropped] of this.#blocks) {
      if (this.#size <= this.#limit) break;
      this.#forget(oldest, dropped);
    }
    return encoded.bytes;
  }

  /** Some rows of a block, kept nowhere. */
  encode(encoding: BlockEncoding, file: AuditFile, block: AuditBlock, from: number, to: number): Buffer {
    const { items, codec } = encoding;
    const values: SqlValue[] = new Array(items.length).fill(null);
    const frame: Frame = { rows: [undefined], aggregated: [], outer: undefined };
    for (const row of block.rows.slice(from, to)) {
      const cursor: AuditCursor = { row, file, block };
      frame.rows[0] = cursor;
      for (let index = 0; index < items.length; index += 1) values[index] = items[index]?.evaluate(frame) ?? null;
      codec.write(this.#scratch, values);
    }
    return this.#scratch.take();
  }

  #forget(block: AuditBlock, encoded: Encoded): void {
    this.#blocks.delete(block);
    this.#size -= encoded.bytes.length;
  }
}
