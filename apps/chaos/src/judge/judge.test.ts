import { StreamAccount, type StreamReport } from "@das/consumer";
import { expect, test } from "vitest";
import { type Evidence, judge } from "./judge.ts";

const EMPTY = new StreamAccount().report();
const row = (key: string, count = 1) => ({ key, time: "2026-11-22 12:00:00.0000000+00", trail: "t", count });
const copy = (identity: string, digest: string) => ({ identity, digest, place: `in ${digest}` });

function verdictOf(evidence: Partial<Evidence>) {
  return judge({ audited: [], raw: [], given: [], report: EMPTY, kills: [], ...evidence });
}

function telling(startTime: string, endTime: string | null, trail = "t"): StreamReport {
  const window = { trail, cause: "the trail was purged", startTime, endTime };
  return {
    ...EMPTY,
    generations: [{ generation: 0, publishers: [], sources: [{ lossWindows: [window], holes: [] } as never] }],
  };
}

test("what is missing and what is doubled is counted, equal rows included", () => {
  const given = ["a", "b", "b", "b", "stranger"];
  expect(verdictOf({ audited: [row("a"), row("b", 2), row("c", 2)], given })).toMatchObject({
    audited: 5,
    missing: 2,
    declared: 0,
    doubled: 2,
    samples: ["missing: c", "doubled: b", "doubled: stranger"],
  });
});

test.each([
  ["around it", telling("2026-11-22 11:00:00.0000000+00", "2026-11-22 13:00:00.0000000+00"), 1],
  ["that still runs", telling("2026-11-22 11:00:00.0000000+00", null), 1],
  ["that ended before", telling("2026-11-22 11:00:00.0000000+00", "2026-11-22 11:30:00.0000000+00"), 0],
  ["that began after", telling("2026-11-22 12:30:00.0000000+00", null), 0],
  ["of another trail", telling("2026-11-22 11:00:00.0000000+00", null, "u"), 0],
])("a row that is missing in a loss window %s", (_, report, declared) => {
  expect(verdictOf({ audited: [row("a")], report })).toMatchObject({ missing: 1 - declared, declared });
});

test("a double is excused by a call that had no answer at a kill, and by nothing else", () => {
  const raw = [copy("a", "r1"), copy("a", "r2"), copy("b", "r1"), copy("c", "r3"), copy("c", "r4"), copy("c", "r5")];
  const kill = (digest: string, events: number) => ({ where: "anywhere", unanswered: [{ digest, events }] });
  const excused = verdictOf({ raw, kills: [kill("r1", 2), kill("r3", 1), kill("r5", 1), kill("never arrived", 9)] });
  expect(excused).toMatchObject({ onStream: 6, rawDoubles: 3, unexplainedDoubles: 0, samples: [] });
  expect(excused.kills).toEqual([
    { where: "anywhere", unanswered: 2, doubles: 1 },
    { where: "anywhere", unanswered: 1, doubles: 1 },
    { where: "anywhere", unanswered: 1, doubles: 1 },
    { where: "anywhere", unanswered: 9, doubles: 0 },
  ]);
  expect(verdictOf({ raw, kills: [kill("r3", 1)] })).toMatchObject({
    rawDoubles: 3,
    unexplainedDoubles: 2,
    samples: ["put more than once: in r1, in r2", "put more than once: in r4, in r5"],
  });
});
