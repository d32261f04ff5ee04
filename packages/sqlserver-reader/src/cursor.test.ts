import type { Cursor } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareCursors, type FilePosition, formatCursor, parseCursor } from "./cursor.ts";

const offset = fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }));
const position: fc.Arbitrary<FilePosition> = fc.record({
  turn: fc.nat(5),
  directory: fc.string({ maxLength: 30, unit: "grapheme" }),
  fileTime: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  previousOffset: offset,
  lastOffset: offset,
  rowsInLast: fc.nat(10_000),
  digest: fc.constantFrom("", "a1b2c3d4e5f6"),
});

const nowhere: FilePosition = {
  turn: 0,
  directory: "D:\\das\\",
  fileTime: 1n,
  previousOffset: null,
  lastOffset: null,
  rowsInLast: 0,
  digest: "",
};

describe("cursors", () => {
  test("survive as text, without blanks", () => {
    fc.assert(
      fc.property(position, (value) => {
        const cursor = formatCursor(value);
        expect(parseCursor(cursor)).toEqual({ position: value });
        expect(cursor).not.toMatch(/\s/);
      }),
    );
  });

  test("carry what was dropped, when anything was", () => {
    const place = { ...nowhere, lastOffset: 5_632n };
    const session = "20261122101500123";
    expect(formatCursor(place, { session, count: 0n })).toBe(formatCursor(place));
    const dropped = { session, count: 7n };
    expect(parseCursor(formatCursor(place, dropped))).toEqual({ position: place, dropped });
    expect(compareCursors(formatCursor(place, dropped), formatCursor(place))).toBe(0);
  });

  test("of what nobody wrote are refused", () => {
    const good = formatCursor({ ...nowhere, lastOffset: 5_632n, rowsInLast: 3, digest: "aa" });
    for (const bad of [
      "",
      "1",
      good.replace("D", "%FF"),
      good.replace("1:", "2:"),
      `${good}:x`,
      good.replace("5632", "x"),
      good.slice(0, -3),
    ]) {
      expect(() => parseCursor(bad as Cursor)).toThrow(expect.objectContaining({ name: "CursorError" }));
    }
  });

  test("stand in the order of turn, file, block and row", () => {
    const at = (turn: number, fileTime: bigint, lastOffset: bigint | null, rowsInLast: number) =>
      formatCursor({ turn, directory: "/d/", fileTime, previousOffset: null, lastOffset, rowsInLast, digest: "" });
    const inOrder = [
      at(0, 9n, null, 0),
      at(0, 9n, 512n, 1),
      at(0, 9n, 512n, 10),
      at(0, 9n, 5_632n, 1),
      at(0, 10n, null, 0),
      at(1, 2n, 512n, 1),
    ];
    const shuffled = inOrder.toReversed();
    expect(shuffled.toSorted(compareCursors)).toEqual(inOrder);
  });
});
