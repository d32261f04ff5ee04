import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retentionOf, type SetFile } from "./retention.ts";

const MINUTE = 600_000_000n;
const MEGABYTE = 1024 * 1024;
const START = 133_765_432_109_876_543n;

/** Files made so many minutes after the start, with so many megabytes in them. */
function files(...made: readonly (readonly [minute: number, megabytes: number | undefined])[]): SetFile[] {
  return made.map(([minute, megabytes]) => ({
    fileTime: START + BigInt(minute) * MINUTE,
    size: megabytes === undefined ? undefined : megabytes * MEGABYTE,
  }));
}

const at = (minute: number) => START + BigInt(minute) * MINUTE;
const limits = { maxSize: 50 * MEGABYTE, maxRolloverFiles: 10 };

describe("how long a set of audit files lasts", () => {
  test("is its room by the pace of all its files", () => {
    // 100 MB in 100 minutes: 500 MB last 500 minutes.
    const set = { ...limits, files: files([0, 50], [50, 50], [100, 0]), now: at(100) };
    expect(retentionOf(set)).toEqual({ observed: 100, average: 500, busiest: 500 });
  });

  test("counts what is in the current file", () => {
    const set = { ...limits, files: files([0, 25]), now: at(50) };
    expect(retentionOf(set)).toEqual({ observed: 50, average: 1000, busiest: 1000 });
  });

  test("is shorter at the pace of the busiest ten minutes", () => {
    // Ten files a minute apart in the middle of a quiet day.
    const burst = Array.from({ length: 10 }, (_, index) => [700 + index, 50] as const);
    const set = { ...limits, maxRolloverFiles: 20, files: files([0, 50], ...burst, [710, 10]), now: at(1440) };
    const { busiest, average } = retentionOf(set) ?? {};
    expect(busiest).toBeCloseTo(20, 5);
    expect(average).toBeCloseTo((20 * 50) / ((11 * 50 + 10) / 1440), 5);
  });

  test("is what a full set looks back on, when restarts close files early", () => {
    const small = Array.from({ length: 11 }, (_, index) => [index * 6, 0.01] as const);
    expect(retentionOf({ ...limits, files: files(...small), now: at(66) })).toMatchObject({ average: 66, busiest: 66 });
  });

  test("takes closed files for full where the server tells no sizes", () => {
    const set = { ...limits, files: files([0, undefined], [50, undefined], [100, undefined]), now: at(100) };
    expect(retentionOf(set)).toMatchObject({ average: 500 });
  });

  test("is endless when nothing was written, and nothing at all when no file is kept", () => {
    const quiet = { files: files([0, 0]), now: at(60) };
    expect(retentionOf({ ...limits, ...quiet })).toMatchObject({ average: Number.POSITIVE_INFINITY });
    expect(retentionOf({ ...limits, ...quiet, maxRolloverFiles: 0 })).toMatchObject({ average: 0, busiest: 0 });
  });

  test("is not guessed from less than ten minutes, nor from no file", () => {
    expect(retentionOf({ ...limits, files: files([0, 50], [5, 10]), now: at(9) })).toBeUndefined();
    expect(retentionOf({ ...limits, files: [], now: at(9) })).toBeUndefined();
  });

  test("is never longer at the busiest pace, and halves when everything is twice as large", () => {
    const set = fc
      .array(fc.record({ gap: fc.integer({ min: 0, max: 90 }), size: fc.integer({ min: 0, max: 50 }) }), {
        minLength: 1,
        maxLength: 30,
      })
      .map((made) => {
        let minute = 0;
        const listed = made.map(({ gap, size }) => {
          minute += gap;
          return [minute, size] as const;
        });
        return { listed, now: minute + 11 };
      });
    fc.assert(
      fc.property(set, ({ listed, now }) => {
        const large = { maxSize: 50 * MEGABYTE, maxRolloverFiles: 100, now: at(now) };
        const once = retentionOf({ ...large, files: files(...listed) });
        const twice = retentionOf({ ...large, files: files(...listed.map(([m, size]) => [m, size * 2] as const)) });
        if (!once || !twice) throw new Error("eleven minutes are enough");
        expect(once.busiest).toBeLessThanOrEqual(once.average);
        if (once.average < Number.POSITIVE_INFINITY) {
          expect(twice.average / once.average).toBeCloseTo(0.5, 9);
          expect(twice.busiest / once.busiest).toBeCloseTo(0.5, 9);
        }
      }),
    );
  });
});
