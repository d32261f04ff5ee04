import type { Cursor } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bookmark, compareCursors, formatCursor, parseCursor } from "./cursor.ts";
import { LOSS_CAUSES } from "./loss-account.ts";

const moment = fc.integer({ min: 1_000_000_000_000_000, max: 4_000_000_000_000_000 });
const told = fc
  .tuple(fc.string({ unit: "binary" }), fc.string(), fc.nat(3), fc.boolean())
  .map(([line, change, attempts, isHealed]) => ({
    line,
    cause: `${line}${change}`,
    startTime: "2026-03-01 23:59:59.999999+00" as const,
    attempts,
    isHealed,
  }));
const drifting = fc.record({ drift: fc.array(told, { minLength: 1, maxLength: 3 }) });
const place: fc.Arbitrary<Bookmark> = fc.record({
  position: fc.record({ turn: fc.nat(3), low: moment, batch: fc.nat() }),
  losses: fc.record({
    purgeTold: fc.constant(undefined),
    open: fc.array(fc.record({ cause: fc.constantFrom(...Object.values(LOSS_CAUSES)), start: moment }), {
      maxLength: 2,
    }),
  }),
});

const bookmark = fc
  .tuple(place, fc.oneof(fc.constant({}), drifting))
  .map(([there, drift]): Bookmark => ({ ...there, ...drift }));

const at = (turn: number, low: number, batch: number, purgeTold?: number): Bookmark => ({
  position: { turn, low, batch },
  losses: { open: [], purgeTold },
});

describe("cursors", () => {
  test("survive as text, without blanks", () => {
    fc.assert(
      fc.property(bookmark, (value) => {
        const cursor = formatCursor(value);
        expect(parseCursor(cursor)).toEqual(value);
        expect(cursor).not.toMatch(/\s/);
      }),
    );
  });

  test("carry an archive time that was told only while reading is behind it", () => {
    expect(parseCursor(formatCursor(at(0, 5, 1, 9))).losses.purgeTold).toBe(9);
    expect(formatCursor(at(0, 9, 1, 9))).toBe("1:0:9:1");
  });

  test("stand in the order of turn, moment and batch", () => {
    const inOrder = [at(0, 5, 9), at(0, 6, 1), at(0, 6, 2), at(0, 10, 1), at(1, 3, 4)].map(formatCursor);
    expect(inOrder.toReversed().toSorted(compareCursors)).toEqual(inOrder);
  });

  test("of what nobody wrote are refused", () => {
    for (const text of ["", "1", "2:0:5:1", "1:0:5", "1:0:x:1", "1:0:5:1:z", "1:0:5:1:w"]) {
      expect(() => parseCursor(text as Cursor)).toThrow(expect.objectContaining({ name: "CursorError" }));
    }
  });
});
