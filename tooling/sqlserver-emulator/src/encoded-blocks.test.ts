import fc from "fast-check";
import { expect, test } from "vitest";
import { auditFileFunction } from "./catalog/audit-file-function.ts";
import { type BlockEncoding, EncodedBlocks } from "./encoded-blocks.ts";
import type { AuditBlock, AuditFile } from "./model/audit-file.ts";
import { RowCodec } from "./protocol/rows.ts";
import type { AuditCursor } from "./sql/context.ts";
import { VERSION_PROFILES } from "./version-profiles.ts";

function encodingOf(names: readonly string[]): BlockEncoding {
  const { columns } = auditFileFunction(VERSION_PROFILES["2022"]);
  const chosen = columns.filter(({ name }) => names.includes(name));
  const items = chosen.map(({ type, nullable, read }) => ({
    type,
    nullable,
    pure: true,
    evaluate: ({ rows }: { rows: unknown[] }) => read(rows[0] as AuditCursor),
  }));
  return { items, codec: new RowCodec(chosen, true) };
}

function fileOf(directory: string): AuditFile {
  return { directory, name: "A_G_0_1.sqlaudit", auditGuid: "G", fileTime: "1", createdAt: 0, blocks: [], size: 5632 };
}

test("in whatever order blocks are asked for, the bytes are those of a fresh encoding", () => {
  const blocks: AuditBlock[] = Array.from({ length: 24 }, (_, index) => ({
    offset: 5632 + index * 512,
    size: 512,
    rows: Array.from({ length: 1 + (index % 5) }, (__, ordinal) => ({
      event_time: "2026-01-01 00:00:00.0000000",
      action_id: "SL  ",
      statement: `${index}.${ordinal} ${"x".repeat((index * 37) % 200)}`,
    })),
  }));
  const encodings = [
    encodingOf(["event_time", "statement", "audit_file_offset"]),
    encodingOf(["statement", "file_name", "server_principal_sid"]),
  ];
  const files = [fileOf("D:\\a\\"), fileOf("D:\\bb\\")];
  const request = fc.record({ block: fc.nat(23), encoding: fc.nat(1), file: fc.nat(1) });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 200 }), fc.integer({ min: 64, max: 20_000 }), (requests, size) => {
      const kept = new EncodedBlocks(size);
      const fresh = new EncodedBlocks(0);
      for (const { block, encoding, file } of requests) {
        const [how, where, what] = [encodings[encoding], files[file], blocks[block]];
        if (!how || !where || !what) throw new Error("out of range");
        const bytes = Buffer.from(kept.get(how, where, what));
        expect(bytes.equals(fresh.get(how, where, what))).toBe(true);
        expect(bytes.length).toBeGreaterThan(0);
      }
    }),
  );
});
