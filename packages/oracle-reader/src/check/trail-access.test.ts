import { describe, expect, test } from "vitest";
import { CONNECTION, columns, INSTANCE, REFUSED, STANDBY, TRAIL, VIEW_COLUMNS } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { judgeBranches, judgeColumns, type TrailFacts, trailAccess } from "./trail-access.ts";

const with21c = answered([...VIEW_COLUMNS, ...columns("DB_UNIQUE_NAME")]);
const with23ai = answered([...VIEW_COLUMNS, ...columns("DB_UNIQUE_NAME", "SOURCE")]);
const of12c = answered(columns("AUDIT_TYPE", "ACTION_NAME", "EVENT_TIMESTAMP"));

describe("which branches can be read", () => {
  const judge = (instance: InstanceFacts, change: Partial<TrailFacts>) => {
    const trail = { ...TRAIL, ...change };
    return judgeBranches(trail, instance, trailAccess(trail, instance, CONNECTION));
  };
  const neither = { table: REFUSED, files: REFUSED } as const;

  test.each<readonly [string, InstanceFacts, Partial<TrailFacts>, string, string]>([
    ["both by themselves", INSTANCE, {}, "ok", "both be read"],
    ["19c without files, on a primary", INSTANCE, { files: REFUSED }, "warning", "as one, through the view"],
    ["19c without files, on a standby", STANDBY, { files: REFUSED }, "failure", "its files reach no stream"],
    ["19c without the table only, on a standby", STANDBY, { table: REFUSED }, "warning", "through the view"],
    ["21c with neither, on a standby", STANDBY, { ...neither, view: with21c }, "warning", "through the view"],
    ["23ai with neither", INSTANCE, { ...neither, view: with23ai }, "warning", "through the view"],
    ["12.2 with neither", INSTANCE, { ...neither, view: of12c }, "failure", "no time in UTC"],
    ["no view", INSTANCE, { view: REFUSED }, "failure", "cannot be read at all"],
  ])("%s", (_, instance, change, status, what) => {
    const finding = judge(instance, change);
    expect(finding).toMatchObject({ id: "oracle.branches", status, what: expect.stringContaining(what) });
    if (change.files) expect(finding.repair).toContain("GRANT READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL TO DAS_READER;");
    if (change.table) expect(finding.repair).toContain("GRANT READ ON AUDSYS.AUD$UNIFIED TO DAS_READER;");
  });
});

describe("the columns of a release", () => {
  const judge = (change: Partial<TrailFacts>) => {
    const trail = { ...TRAIL, ...change };
    return judgeColumns(trail, trailAccess(trail, INSTANCE, CONNECTION));
  };

  test("are well when AWS documents them, and when they only travel as native fields", () => {
    expect(judge({})).toMatchObject([{ status: "ok", what: expect.stringContaining("documented by AWS") }]);
    const branches = answered(columns("AUDIT_TYPE", "SESSIONID", "HOST_NAME", "ACTION", "FW_ACTION_NAME"));
    const view = answered([...VIEW_COLUMNS, ...columns("FW_ACTION_NAME")]);
    expect(judge({ view, table: branches, files: branches })).toMatchObject([
      { id: "oracle.columns", status: "ok", what: expect.stringContaining("no field for FW_ACTION_NAME") },
    ]);
  });

  test("that a branch does not have, or whose type is no text, are named", () => {
    const view = answered([...VIEW_COLUMNS, ...columns("NEW_COLUMN")]);
    expect(judge({ view })).toMatchObject([
      { status: "warning", what: expect.stringContaining("NEW_COLUMN (of the table), NEW_COLUMN (of the files)") },
    ]);
    const blob = answered([...VIEW_COLUMNS, { name: "PICTURE", type: "BLOB" }]);
    expect(judge({ view: blob })).toMatchObject([{ status: "warning", what: expect.stringContaining("PICTURE") }]);
    const old = answered(VIEW_COLUMNS.filter(({ name }) => name !== "EVENT_TIMESTAMP_UTC"));
    expect(judge({ view: old })).toMatchObject([{ status: "ok" }]);
  });

  test("are not looked at where the trail is not", () => {
    expect(judge({ view: REFUSED })).toEqual([]);
  });
});
