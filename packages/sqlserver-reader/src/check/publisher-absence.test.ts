import { describe, expect, test } from "vitest";
import { AUDIT, fileName, OTHER_GUID } from "../../test/check-samples.ts";
import { type Answer, answered } from "./answer.ts";
import type { FolderEntry } from "./audit-folder.ts";
import { judgeAbsence } from "./publisher-absence.ts";

const MINUTE = 600_000_000n;
const MEGABYTE = 1024 * 1024;
const FILETIME_OF_1970 = 116_444_736_000_000_000n;
const NOW = Date.UTC(2026, 10, 22, 18);
const clock = answered({ server: NOW, host: NOW, roundTrip: 1 });
const minutesAgo = (minutes: number) => FILETIME_OF_1970 + BigInt(NOW) * 10_000n - BigInt(minutes) * MINUTE;

function entry(minutes: number, megabytes: number, guid?: string): FolderEntry {
  return { name: fileName(minutesAgo(minutes), guid), isDirectory: false, size: megabytes * MEGABYTE };
}

const judge = (entries: Answer<readonly FolderEntry[]>, change: Partial<typeof AUDIT> = {}) =>
  judgeAbsence({ ...AUDIT, maxSize: 50, maxRolloverFiles: 10, ...change }, undefined, entries, clock);

describe("how long the publisher may be away", () => {
  test("is well above a day", () => {
    expect(judge(answered([entry(600, 50), entry(300, 5)]))).toEqual({
      id: "sqlserver.retention.RDS_DAS_AUDIT",
      status: "ok",
      what: "the publisher may be away from RDS_DAS_AUDIT for 3 days at the pace of the last 10 hours, 2 days at its busiest (500 MB)",
      why: expect.any(String),
    });
  });

  test("is a warning below a day, with the number of files that lasts a day", () => {
    // 600 MB in ten hours: 500 MB last 500 minutes, so 29 files are needed.
    const finding = judge(answered([entry(600, 300), entry(300, 300)]));
    expect(finding).toMatchObject({ status: "warning", what: expect.stringContaining("for 8 hours") });
    expect(finding.repair).toContain("-- takes up to 1.4 GB in D:\\das\\");
    expect(finding.repair).toContain("TO FILE (MAX_ROLLOVER_FILES = 29)");
  });

  test("is a failure below half an hour at the busiest pace", () => {
    const burst = Array.from({ length: 10 }, (_, index) => entry(30 - index, 50));
    const finding = judge(answered([entry(50_000, 1), ...burst, entry(20, 1)]));
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("10 minutes at its busiest") });
    expect(finding.repair).toContain("MAX_ROLLOVER_FILES = 30)");
  });

  test("goes by the status view for the current file, and by the audit's own files alone", () => {
    const own = [entry(100, 0)];
    const strangers = [entry(90, 5_000, OTHER_GUID), { ...entry(80, 5_000), name: "other.sqlaudit" }];
    const state = { status: "STARTED", currentPath: `d:/das/${own[0]?.name}`, currentSize: 50 * MEGABYTE };
    const audit = { ...AUDIT, maxSize: 50, maxRolloverFiles: 10 };
    const { what } = judgeAbsence(audit, state, answered([...own, ...strangers]), clock);
    expect(what).toContain("for 16 hours at the pace of the last 100 minutes");
  });

  test("is not guessed", () => {
    expect(judge(answered([entry(5, 50)]))).toMatchObject({
      status: "warning",
      what: expect.stringContaining("cannot be told yet"),
    });
    expect(judge({ known: false, reason: "error 229", refused: true })).toMatchObject({
      status: "warning",
      what: expect.stringContaining("no list of the files"),
    });
  });

  test("has no end when nothing is deleted, or nothing written", () => {
    const files = answered([entry(600, 0)]);
    expect(judge(files)).toMatchObject({
      status: "ok",
      what: expect.stringContaining("as quiet as in the last 10 hours"),
    });
    expect(judge(files, { maxSize: undefined }).what).toContain(
      "the server starts or the audit is switched on 10 times",
    );
    for (const change of [{ maxRolloverFiles: undefined }, { maxFiles: 5 }]) {
      expect(judge(files, change)).toMatchObject({
        status: "ok",
        what: expect.stringContaining("until the disk is full"),
      });
    }
  });

  test("is no time at all without rollover files", () => {
    const finding = judge(answered([entry(600, 5)]), { maxRolloverFiles: 0 });
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("0 minutes") });
  });
});
