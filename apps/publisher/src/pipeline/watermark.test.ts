import type { Cursor } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Watermark } from "./watermark.ts";

const cursor = (n: number) => String(n) as Cursor;

describe("the watermark", () => {
  test("waits for the record that an event is not yet in", () => {
    const watermark = new Watermark(1);
    watermark.reached(cursor(1), () => true);
    expect(watermark.settle()).toBeUndefined();
    expect(watermark.made(0)).toBe(0);
    expect(watermark.acknowledge(0, 0)).toBe(cursor(1));
  });

  test("moves at once when nothing is under way", () => {
    const watermark = new Watermark(2);
    watermark.reached(cursor(1), () => false);
    expect(watermark.settle()).toBe(cursor(1));
    expect(watermark.settle()).toBeUndefined();
  });

  test("never says more than is on the stream, and says all of it in the end", () => {
    type Step = { readonly kind: "add" | "close" | "reach" | "acknowledge"; readonly lane: number };
    const lanes = 3;
    const step: fc.Arbitrary<Step> = fc.record({
      kind: fc.constantFrom("add", "close", "reach", "acknowledge"),
      lane: fc.nat(lanes - 1),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const watermark = new Watermark(lanes);
        // The model: rows in order, each in the record of its lane that will be closed next.
        const rows: { lane: number; record: number }[] = [];
        const closed = new Array<number>(lanes).fill(0);
        const acknowledged = new Array<number>(lanes).fill(0);
        const hasPending = (lane: number) => rows.some((row) => row.lane === lane && row.record > (closed[lane] ?? 0));
        const check = () => {
          const upTo = Number(watermark.cursor ?? 0);
          const missing = rows.slice(0, upTo).filter(({ lane, record }) => record > (acknowledged[lane] ?? 0));
          expect(missing).toEqual([]);
        };
        const close = (lane: number) => {
          closed[lane] = watermark.made(lane) + 1;
        };
        const acknowledge = (lane: number, upTo: number) => {
          acknowledged[lane] = upTo;
          watermark.acknowledge(lane, upTo - 1);
        };
        for (const { kind, lane } of steps) {
          if (kind === "add") rows.push({ lane, record: (closed[lane] ?? 0) + 1 });
          if (kind === "close" && hasPending(lane)) close(lane);
          if (kind === "reach") {
            watermark.reached(cursor(rows.length), hasPending);
            watermark.settle();
          }
          const next = (acknowledged[lane] ?? 0) + 1;
          if (kind === "acknowledge" && next <= (closed[lane] ?? 0)) acknowledge(lane, next);
          check();
        }
        watermark.reached(cursor(rows.length), hasPending);
        watermark.settle();
        for (let lane = 0; lane < lanes; lane += 1) {
          if (hasPending(lane)) close(lane);
          acknowledge(lane, closed[lane] ?? 0);
        }
        check();
        expect(watermark.cursor).toBe(cursor(rows.length));
      }),
      { numRuns: 500 },
    );
  });
});
