import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTANCE, REFUSED } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgePartitionInterval } from "./partition-interval.ts";
import { currentPartition, type Pace, type Partition, usualInterval } from "./partitions.ts";
import { judgeStatistics } from "./statistics.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse("2026-11-22T10:30:00Z");
const MIDNIGHT = Date.parse("2026-11-22T00:00:00Z");

function partitions(...ends: readonly number[]): Partition[] {
  return ends.map((end, index) => ({ name: `P${index}`, end, isInterval: true, analyzed: undefined }));
}

describe("the partition that a moment falls into", () => {
  test("begins where the one before ends", () => {
    const daily = partitions(MIDNIGHT - DAY, MIDNIGHT, MIDNIGHT + DAY);
    expect(currentPartition(daily, NOW, DAY)).toEqual({ start: MIDNIGHT, end: MIDNIGHT + DAY });
  });

  test("is as long as its neighbours after a quiet time", () => {
    const noon = MIDNIGHT + 11 * HOUR;
    const hourly = partitions(MIDNIGHT - DAY, MIDNIGHT - DAY + HOUR, noon);
    expect(currentPartition(hourly, NOW, DAY)).toEqual({ start: noon - HOUR, end: noon });
  });

  test("is longer than they where the interval was changed", () => {
    const changed = partitions(MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR, MIDNIGHT, MIDNIGHT + DAY);
    expect(currentPartition(changed, NOW, DAY)).toEqual({ start: MIDNIGHT, end: MIDNIGHT + DAY });
  });

  test("is as long as usual when it is the first one that was made for a row", () => {
    const [first, second] = partitions(Date.parse("2014-07-01T00:00:00Z"), MIDNIGHT + DAY);
    if (!first || !second) throw new Error("two were made");
    const fresh = [{ ...first, isInterval: false }, second];
    expect(currentPartition(fresh, NOW, DAY)).toEqual({ start: MIDNIGHT, end: MIDNIGHT + DAY });
    expect(usualInterval({ release: 19 })).toBe(31 * DAY);
    expect(usualInterval({ release: 21 })).toBe(DAY);
  });

  test("is not known before there is one, or without an end", () => {
    expect(currentPartition(partitions(MIDNIGHT - DAY, MIDNIGHT), NOW, DAY)).toBeUndefined();
    expect(currentPartition(partitions(MIDNIGHT, Number.POSITIVE_INFINITY), NOW, DAY)).toBeUndefined();
  });
});

describe("the interval of the partitions", () => {
  const daily = partitions(MIDNIGHT - DAY, MIDNIGHT, MIDNIGHT + DAY);
  const pace = (rows: number, change: Partial<Pace> = {}): Pace => ({
    rows,
    recent: 0,
    from: MIDNIGHT,
    now: NOW,
    took: 200,
    ...change,
  });
  const judge = (of: Pace, list = daily) => judgePartitionInterval(answered(list), answered(of), INSTANCE);

  test("is well while a partition stays small", () => {
    // 10 rows a minute for 10½ hours: 14,400 a day.
    expect(judge(pace(6_300))).toMatchObject({ id: "oracle.partition-interval", status: "ok" });
    expect(judge(pace(6_300)).what).toBe(
      "a partition spans 24 hours and holds some 14,000 rows at 600 rows an hour; counting the current one took 0.2 s",
    );
  });

  // Oracle notes §2.2: 100 rows a second by the hour, 1,000 by five minutes.
  test.each([
    [10, 6, "HOUR"],
    [100, 1, "HOUR"],
    [1_000, 5, "MINUTE"],
    [5_000, 1, "MINUTE"],
    [100_000, 1, "MINUTE"],
  ])("at %i rows a second should be %i %s", (perSecond, number, unit) => {
    const finding = judge(pace(perSecond * ((NOW - MIDNIGHT) / 1000)));
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding.repair).toContain(
      `ALTER_PARTITION_INTERVAL(\n    interval_number => ${number}, interval_frequency => '${unit}');`,
    );
  });

  test("is measured by the last hour when that is busier", () => {
    expect(judge(pace(6_300, { recent: 3_600 * 100 }))).toMatchObject({
      status: "warning",
      what: expect.stringContaining("100 rows a second"),
    });
  });

  test("is judged by the pace alone where the length is not known", () => {
    const first = partitions(MIDNIGHT);
    const anHour = { from: NOW - HOUR };
    expect(judge(pace(10, anHour), first)).toMatchObject({ status: "ok" });
    expect(judge(pace(720_000, anHour), first)).toMatchObject({ status: "warning" });
  });

  test("that cannot be looked at is told, with the right it takes", () => {
    expect(judgePartitionInterval(REFUSED, answered(pace(1)), INSTANCE)).toMatchObject({
      status: "warning",
      repair: "GRANT READ ON SYS.DBA_TAB_PARTITIONS TO DAS_READER;",
    });
    expect(judgePartitionInterval(answered(daily), REFUSED, INSTANCE)).toMatchObject({ status: "warning" });
  });

  test("is never judged worse for fewer rows", () => {
    const rows = fc.integer({ min: 0, max: 50_000_000 });
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        if (judge(pace(more)).status === "ok") expect(judge(pace(less)).status).toBe("ok");
      }),
    );
  });

  test("statistics are wanted of a table that is not small", () => {
    expect(judgeStatistics(answered(daily), answered(pace(6_300)))).toMatchObject([{ status: "ok" }]);
    const [never] = judgeStatistics(answered(daily), answered(pace(63_000)));
    expect(never).toMatchObject({ id: "oracle.statistics", status: "warning" });
    expect(never?.repair).toContain("DBMS_STATS.GATHER_TABLE_STATS('AUDSYS', 'AUD$UNIFIED');");
    const analyzed = daily.map((partition, index) =>
      index === 1 ? { ...partition, analyzed: "2026-11-21 22:00:00" } : partition,
    );
    expect(judgeStatistics(answered(analyzed), answered(pace(63_000)))).toMatchObject([
      { status: "ok", what: expect.stringContaining("2026-11-21 22:00:00") },
    ]);
  });
});
