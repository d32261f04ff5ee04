import { type Cursor, utcTimeOf } from "@das/core";
import { describe, expect, test } from "vitest";
import { startWithoutStream } from "./start-without-stream.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 22, 12);
const at = (hours: number) => utcTimeOf(NOW + hours * HOUR, 7);
const YOUNG = { createdAt: NOW - 2 * HOUR, retentionHours: 24 };
const OLD = { createdAt: NOW - 100 * HOUR, retentionHours: 24 };
const common = { hint: undefined, startAt: "oldest", fractionDigits: 7, now: NOW } as const;
const hint = { cursor: "r7" as Cursor, history: "h", notedAt: NOW - 30 * HOUR };

describe("a source of which the stream holds nothing", () => {
  test("was never published while the stream still holds all that was ever put: it begins, and nothing is to be told", () => {
    for (const startAt of ["oldest", "now", { time: at(-1) }] as const) {
      expect(startWithoutStream({ ...common, stream: YOUNG, startAt })).toEqual({
        point: undefined,
        since: undefined,
        notices: [],
      });
    }
  });

  test("may come a second time from a stream that has forgotten: that is told, and marked until what it held begins", () => {
    const start = startWithoutStream({ ...common, stream: OLD });
    expect(start).toMatchObject({
      point: undefined,
      notices: [{ command: "REPEAT", startTime: at(-100), endTime: at(-24) }],
    });
    expect(String(start.repeatUntil) > at(-24)).toBe(true);
    const given = startWithoutStream({ ...common, stream: OLD, startAt: { time: at(-40) } });
    expect(given.notices).toMatchObject([{ command: "REPEAT", startTime: at(-40), endTime: at(-24) }]);
  });

  test("may have lost what was not published when it begins with what comes next", () => {
    expect(startWithoutStream({ ...common, stream: OLD, startAt: "now" })).toMatchObject({
      point: undefined,
      notices: [{ command: "LOSS WINDOW", startTime: at(-100), endTime: at(0) }],
    });
  });

  test("goes on after the place that this host noted, wherever it would begin otherwise", () => {
    for (const startAt of ["oldest", "now", { time: at(-1) }] as const) {
      const start = startWithoutStream({ ...common, stream: OLD, startAt, hint });
      expect(start.point).toEqual({ cursor: "r7", history: "h", published: new Set() });
      expect(start.notices).toMatchObject([{ command: "REPEAT", startTime: at(-30), endTime: at(-24) }]);
    }
  });

  test("goes on after the noted place on a stream that was made anew", () => {
    const start = startWithoutStream({ ...common, stream: YOUNG, hint });
    expect(start.point?.cursor).toBe("r7");
    expect(start.notices).toMatchObject([{ command: "REPEAT", startTime: at(-30), endTime: at(-2) }]);
  });
});
