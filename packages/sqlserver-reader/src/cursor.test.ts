import type { Cursor } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bookmark, compareCursors, type FilePosition, formatCursor, parseCursor } from "./cursor.ts";
import { utcTimeOfFileTime } from "./file-time.ts";
import { LOSS_CAUSES, type LossState } from "./loss-account.ts";

const offset = fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }));
// 2000 to 2100
const moment = fc.bigInt({ min: 125_911_584_000_000_000n, max: 157_766_400_000_000_000n });
const position: fc.Arbitrary<FilePosition> = fc.record({
  turn: fc.nat(5),
  directory: fc.string({ maxLength: 30, unit: "grapheme" }),
  fileTime: moment,
  previousOffset: offset,
  lastOffset: offset,
  rowsInLast: fc.nat(10_000),
  digest: fc.constantFrom("", "a1b2c3d4e5f6"),
  lastEvent: fc.option(moment),
});
const unverified = fc.option(fc.record({ previousOffset: offset, lastOffset: offset, lastEvent: moment }), {
  nil: undefined,
});
const losses: fc.Arbitrary<LossState> = fc.record({
  shutdownRecorded: fc.boolean(),
  dropped: fc.option(fc.record({ session: fc.constant("20261122101500123"), count: fc.bigInt({ min: 1n }) }), {
    nil: undefined,
  }),
  open: fc.array(
    fc.record({ cause: fc.constantFrom(...Object.values(LOSS_CAUSES)), startTime: moment.map(utcTimeOfFileTime) }),
    { maxLength: 3 },
  ),
});

const NO_LOSSES: LossState = { shutdownRecorded: false, dropped: undefined, open: [] };

function at(place: Partial<FilePosition>, state = NO_LOSSES): Bookmark {
  const nowhere: FilePosition = {
    turn: 0,
    directory: "D:\\das\\",
    fileTime: 132_681_217_040_230_000n,
    previousOffset: null,
    lastOffset: null,
    rowsInLast: 0,
    digest: "",
    lastEvent: null,
  };
  return { position: { ...nowhere, ...place }, losses: state };
}

describe("cursors", () => {
  test("survive as text, without blanks", () => {
    fc.assert(
      fc.property(fc.record({ position, losses, unverified }), (bookmark) => {
        const cursor = formatCursor(bookmark);
        expect(parseCursor(cursor)).toEqual(bookmark);
        expect(cursor).not.toMatch(/\s/);
      }),
    );
  });

  test("are short while nothing is lost", () => {
    const usual = at({ previousOffset: 1_847_808n, lastOffset: 1_851_904n, rowsInLast: 23, digest: "a1b2c3d4e5f6" });
    expect(formatCursor({ ...usual, losses: { ...NO_LOSSES, dropped: { session: "20261122", count: 0n } } })).toBe(
      "1:0:D%3A%5Cdas%5C:132681217040230000:1847808:1851904:23:a1b2c3d4e5f6:-",
    );
  });

  test("of what nobody wrote are refused", () => {
    const good = formatCursor(at({ lastOffset: 5_632n, rowsInLast: 3, digest: "aa" }));
    const bad = ["", "1", good.replace("1:", "2:"), good.replace("D", "%FF"), `${good}:x`, good.replace("5632", "x")];
    for (const text of [...bad, good.slice(0, -2)]) {
      expect(() => parseCursor(text as Cursor)).toThrow(expect.objectContaining({ name: "CursorError" }));
    }
  });

  test("stand in the order of turn, file, block and row, whatever was lost", () => {
    const lossy = { ...NO_LOSSES, shutdownRecorded: true };
    const inOrder = [
      formatCursor(at({ turn: 0, fileTime: 9n })),
      formatCursor(at({ turn: 0, fileTime: 9n, lastOffset: 512n, rowsInLast: 1 }, lossy)),
      formatCursor(at({ turn: 0, fileTime: 9n, lastOffset: 512n, rowsInLast: 10 })),
      formatCursor(at({ turn: 0, fileTime: 9n, lastOffset: 5_632n, rowsInLast: 1 }, lossy)),
      formatCursor(at({ turn: 0, fileTime: 10n })),
      formatCursor(at({ turn: 1, fileTime: 2n, lastOffset: 512n, rowsInLast: 1 })),
    ];
    expect(inOrder.toReversed().toSorted(compareCursors)).toEqual(inOrder);
    expect(compareCursors(formatCursor(at({})), formatCursor(at({}, lossy)))).toBe(0);
  });
});
