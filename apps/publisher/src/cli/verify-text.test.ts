import type { SourceReport, StreamReport } from "@das/consumer";
import { describe, expect, test } from "vitest";
import { countHoles, judgeHoles } from "./judge-holes.ts";
import { type Verification, verifyText } from "./verify-text.ts";

const UNTIL = new Date("2026-11-22T21:30:00Z");
const secondsBefore = (seconds: number) => new Date(UNTIL.getTime() - seconds * 1_000);

function source(more: Partial<SourceReport> = {}): SourceReport {
  return {
    source: "sqlserver:a:RDS_DAS_AUDIT",
    trail: "sqlserver:a:RDS_DAS_AUDIT",
    epochs: [],
    epochsSeen: 1,
    records: 1_204,
    heartbeats: 4,
    events: 98_231,
    doublesDropped: 0,
    repeatedRecords: 0,
    holes: [],
    forgottenHoles: 0,
    forgottenOpenHoles: 0,
    lossWindows: [],
    completeUpTo: [
      { history: "", watermark: "w", arrival: secondsBefore(2), eventTime: "2026-11-22 21:29:58.1234567+00" },
    ],
    firstArrival: undefined,
    lastArrival: undefined,
    readBy: [],
    waitedForBy: [],
    ...more,
  };
}

const NOWHERE = { arrival: undefined, eventTime: undefined };
const OPEN = {
  epoch: "e1",
  lane: 0,
  from: 17,
  to: 19,
  state: "open",
  acknowledged: true,
  before: { ...NOWHERE, eventTime: "2026-11-22 21:00:00.0000000+00" },
  after: { arrival: secondsBefore(2), eventTime: undefined },
} as const;
const WINDOW = { trail: "t", cause: "a file was deleted", startTime: "2026-11-22 20:00:00+00", endTime: null } as const;

function verification(sources: readonly SourceReport[], report: Partial<StreamReport> = {}): Verification {
  return {
    stream: "aws-rds-das-db-A",
    readFrom: "oldest",
    readUntil: UNTIL,
    report: {
      generations: [{ generation: 3, sources, publishers: [] }],
      withoutProvenance: 0,
      malformed: 0,
      unreadable: 0,
      lostShards: 0,
      unaccounted: 0,
      ...report,
    },
    horizon: { remembered: 98_231, forgottenForCount: 0, forgottenForAge: 0, forgottenUpTo: undefined },
  };
}

const textOf = (given: Verification) => verifyText(given, { color: false });

describe("a verification for people", () => {
  test("is a table of the sources, and the sum", () => {
    const table = source({ source: "oracle:1559204751:0A1B", epochsSeen: 2, doublesDropped: 3, events: 12 });
    const held = (["reading", "reading", "waiting"] as const).map((state, index) => {
      return { id: `oracle:1559204751:0A1B${"#".repeat(index)}`, history: "h", state };
    });
    const given = verification([source({ source: "publisher:a", events: 0, completeUpTo: [] }), source(), table]);
    const publishers = [{ instance: "a", lastHeard: secondsBefore(3), sources: held }];
    const [generation] = given.report.generations;
    if (!generation) throw new Error("no generation");
    const report = { ...given.report, generations: [{ ...generation, publishers }] };
    expect(textOf({ ...given, report })).toMatchInlineSnapshot(`
      "aws-rds-das-db-A, from its oldest record until 2026-11-22 21:30:00; all times are UTC

      generation 3
        complete up to               records  events  doubles  epochs  holes  loss windows  source
      ✓ 2026-11-22 21:29:58.1234567    1,204      12        3       2  none              0  oracle:1559204751:0A1B
      ✓ 2026-11-22 21:29:58.1234567    1,204  98,231        0       1  none              0  sqlserver:a:RDS_DAS_AUDIT
      ✓ –                              1,204       0        0       1  none              0  publisher:a

      · publisher a, last heard 2026-11-22 21:29:57: reads oracle:1559204751:0A1B, oracle:1559204751:0A1B#; waits for oracle:1559204751:0A1B##

      0 open holes, 0 explained by a loss window, 0 closed, 3 doubles to be dropped
      "
    `);
  });

  test("says of each hole what is missing, why it matters or not, and where", () => {
    const after = { ...OPEN.after, eventTime: "2026-11-22 21:00:09.0000000+00" };
    const holes = [
      OPEN,
      { ...OPEN, from: 21, to: 21, acknowledged: false },
      { ...OPEN, from: 30, to: 30, explainedBy: WINDOW, after },
      { ...OPEN, from: 40, to: 40, state: "closed" as const, acknowledged: false },
    ];
    expect(
      textOf(verification([source({ holes, forgottenHoles: 5, forgottenOpenHoles: 2, lossWindows: [WINDOW] })])),
    ).toMatchInlineSnapshot(`
      "aws-rds-das-db-A, from its oldest record until 2026-11-22 21:30:00; all times are UTC

      generation 3
        complete up to               records  events  doubles  epochs  holes                                       loss windows  source
      ✗ 2026-11-22 21:29:58.1234567    1,204  98,231        0       1  3 open, 1 under way, 1 explained, 4 closed             1  sqlserver:a:RDS_DAS_AUDIT

      ✗ sqlserver:a:RDS_DAS_AUDIT: records 17 to 19 of epoch e1, lane 0, missing, though confirmed
          events from between 2026-11-22 21:00:00.0000000 and 2026-11-22 21:29:58
      ! sqlserver:a:RDS_DAS_AUDIT: record 21 of epoch e1, lane 0, missing, never confirmed, may still come
          events from between 2026-11-22 21:00:00.0000000 and 2026-11-22 21:29:58
      ! sqlserver:a:RDS_DAS_AUDIT: record 30 of epoch e1, lane 0, missing, though confirmed, explained by a loss window
          events from between 2026-11-22 21:00:00.0000000 and 2026-11-22 21:00:09.0000000
      ! t: loss window from 2026-11-22 20:00:00 on: a file was deleted

      3 open holes, 1 under way, 1 explained by a loss window, 4 closed, 0 doubles to be dropped
      "
    `);
  });

  test("says what the table cannot show", () => {
    const given = verification([], {
      withoutProvenance: 1_200,
      malformed: 1,
      unreadable: 2,
      lostShards: 3,
      unaccounted: 4,
    });
    const horizon = { ...given.horizon, forgottenForCount: 1, forgottenUpTo: UNTIL };
    expect(textOf({ ...given, readFrom: secondsBefore(3_600), horizon })).toMatchInlineSnapshot(`
      "aws-rds-das-db-A, from 2026-11-22 20:30:00 until 2026-11-22 21:30:00; all times are UTC

      generation 3
        complete up to  records  events  doubles  epochs  holes  loss windows  source

      ! 2 records impossible to open, and so missing from whatever source put it there
      ! 1 record with a provenance that cannot be understood: counted as missing from its source
      ! 3 shards gone from the stream before all of it was read
      ! 4 records of sources or generations that were too many to be accounted for
      ! 1,200 records without provenance, such as AWS's own: nothing can be found missing among them
      ! doubles were looked for among 98,231 events at a time: there may be more

      0 open holes, 0 explained by a loss window, 0 closed, 0 doubles to be dropped
      "
    `);
  });

  test("lets no control character through to the terminal, and colours only where it is asked to", () => {
    const evil = source({ source: "\u001b[2J\u202e", holes: [{ ...OPEN, epoch: "\u001b]0;x\u0007" }] });
    const window = { ...WINDOW, cause: "\u001b[31m", trail: "\u0000" };
    const text = textOf(verification([{ ...evil, lossWindows: [window] }]));
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(verifyText(verification([source()]), { color: true })).toContain("\u001b[32m✓\u001b[0m");
  });
});

describe("a hole", () => {
  const verdictOn = (hole: SourceReport["holes"][number]) =>
    judgeHoles(verification([source({ holes: [hole] })]).report, UNTIL)[0]?.verdict;

  test.each([
    ["that was confirmed is open", OPEN, "open"],
    ["that was overtaken a moment ago is under way", { ...OPEN, acknowledged: false }, "under way"],
    [
      "that was overtaken a minute ago is open",
      { ...OPEN, acknowledged: false, after: { ...OPEN.after, arrival: secondsBefore(61) } },
      "open",
    ],
    ["of which nobody knows when it was overtaken is open", { ...OPEN, acknowledged: false, after: NOWHERE }, "open"],
    ["that a loss window tells of is explained", { ...OPEN, explainedBy: WINDOW }, "explained"],
    ["that was published again is closed", { ...OPEN, state: "closed" as const, acknowledged: false }, "closed"],
  ])("%s", (_, hole, verdict) => {
    expect(verdictOn(hole)).toBe(verdict);
  });

  test("counts also when there were too many to list it", () => {
    const { report } = verification([source({ holes: [OPEN], forgottenHoles: 5, forgottenOpenHoles: 2 })]);
    expect(countHoles(report, judgeHoles(report, UNTIL))).toEqual({ open: 3, underWay: 0, explained: 0, closed: 3 });
  });
});
