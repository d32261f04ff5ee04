import { expect, test } from "vitest";
import { accessOf, editionOf, type ReadableObjects } from "./instance.ts";
import { type DescribedColumn, FILES_OF_INSTANCE, VIEW_BY_SOURCE, VIEW_BY_UNIQUE_NAME } from "./statements.ts";

const options = { instanceId: "a", host: "10.0.1.20", service: "das_local", user: "DAS_READER", password: "" };
const columns = (...names: string[]): DescribedColumn[] => names.map((name) => ({ name, type: "VARCHAR2" }));

const VIEWS = {
  "12.2": columns("EVENT_TIMESTAMP"),
  "19c": columns("EVENT_TIMESTAMP", "EVENT_TIMESTAMP_UTC"),
  "21c": columns("EVENT_TIMESTAMP", "EVENT_TIMESTAMP_UTC", "DB_UNIQUE_NAME"),
  "23ai": columns("EVENT_TIMESTAMP", "EVENT_TIMESTAMP_UTC", "DB_UNIQUE_NAME", "SOURCE"),
};
const RAW = columns("EVENT_TIMESTAMP");
const VIEW = "audsys.unified_audit_trail";
const TABLE = "audsys.aud$unified";
const FILES = "sys.gv_$unified_audit_trail";

const STANDBY = "PHYSICAL STANDBY";

/** What is granted, as letters: T the table, F the files. */
function ways(release: keyof typeof VIEWS, grants: string, role: string) {
  const readable: ReadableObjects = {
    view: VIEWS[release],
    table: grants.includes("T") ? RAW : undefined,
    files: grants.includes("F") ? RAW : undefined,
    role,
  };
  return [...accessOf(readable, options)].map(([branch, { object, condition }]) => [branch, object, condition]);
}

test.each(["12.2", "19c", "21c", "23ai"] as const)("%s: both grants, both branches, in every role", (release) => {
  for (const role of ["PRIMARY", STANDBY]) {
    expect(ways(release, "TF", role)).toEqual([
      ["table", TABLE, undefined],
      ["files", FILES, FILES_OF_INSTANCE],
    ]);
  }
});

test("23ai: the view's SOURCE stands in for what is not granted", () => {
  expect(ways("23ai", "", "PRIMARY")).toEqual([
    ["table", VIEW, VIEW_BY_SOURCE.table],
    ["files", VIEW, VIEW_BY_SOURCE.files],
  ]);
  expect(ways("23ai", "T", STANDBY)).toEqual([
    ["table", TABLE, undefined],
    ["files", VIEW, VIEW_BY_SOURCE.files],
  ]);
});

test.each(["19c", "21c"] as const)(
  "%s: without both grants a primary's view is one source, files included",
  (release) => {
    for (const grants of ["", "T", "F"]) expect(ways(release, grants, "PRIMARY")).toEqual([["table", VIEW, undefined]]);
  },
);

test("a standby has its own files, as far as they can be told from what was replicated", () => {
  expect(ways("21c", "", STANDBY)).toEqual([["files", VIEW, VIEW_BY_UNIQUE_NAME]]);
  expect(ways("21c", "F", STANDBY)).toEqual([["files", FILES, FILES_OF_INSTANCE]]);
  expect(ways("19c", "F", STANDBY)).toEqual([["files", FILES, FILES_OF_INSTANCE]]);
  expect(ways("19c", "", STANDBY)).toEqual([]);
});

test("12.2 without both grants is refused, with the grants that help", () => {
  for (const grants of ["", "T", "F"]) {
    expect(() => ways("12.2", grants, "PRIMARY")).toThrow(
      /READ on AUDSYS\.AUD\$UNIFIED and on SYS\.GV_\$UNIFIED_AUDIT_TRAIL to DAS_READER/,
    );
  }
});

test.each([
  ["Oracle Database 12c Enterprise Edition Release 12.2.0.1.0 - 64bit Production", "EE"],
  ["Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production", "EE"],
  ["Oracle Database 19c EE Extreme Perf Release 19.0.0.0.0 - Production", "EE"],
  ["Oracle Database 19c Standard Edition 2 Release 19.0.0.0.0 - Production", "SE2"],
  ["Oracle Database 21c Express Edition Release 21.0.0.0.0 - Production", "XE"],
  ["Oracle Database 23ai Free Release 23.0.0.0.0 - Develop, Learn, and Run for Free", "FREE"],
  ["Oracle AI Database 26ai Enterprise Edition Release 23.26.0.0.0 - for Oracle Cloud", "EE"],
])("%s is %s", (banner, edition) => {
  expect(editionOf(banner)).toBe(edition);
});
