import { describe, expect, test } from "vitest";
import { AUDIT, CHANGES, fileName, INSTANCE, INSTANCE_2016, OTHER_GUID } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { type FolderEntry, isRoot, judgeFileListing, judgeFolder } from "./audit-folder.ts";
import { judgeFilePath } from "./file-path.ts";

const file = (name: string): FolderEntry => ({ name, isDirectory: false, size: 1 });
const folder = (name: string): FolderEntry => ({ name, isDirectory: true, size: undefined });
const refused = { known: false, reason: "error 229", refused: true } as const;
const judge = (entries: readonly FolderEntry[], owners = [AUDIT]) =>
  judgeFolder(owners, [AUDIT, CHANGES], answered(entries))[0];

test.each([
  ["D:\\", true],
  ["d:", true],
  ["/", true],
  ["\\\\files01\\audit\\", true],
  ["D:\\das\\", false],
  ["/var/opt/mssql/das/", false],
  ["\\\\files01\\audit\\a\\", false],
])("%s is a root: %s", (directory, expected) => {
  expect(isRoot(directory)).toBe(expected);
});

describe("the folder of an audit", () => {
  test("is well with the files of this instance's audits, and whatever else lies there", () => {
    const others = [file(fileName(2n, CHANGES.guid)), file("readme.txt")];
    expect(judge([file(fileName(1n)), ...others])).toMatchObject({
      id: "sqlserver.folder.RDS_DAS_AUDIT",
      status: "ok",
    });
  });

  test("is not this instance's own when it holds files of no audit here", () => {
    const entries = [1n, 2n].map((time) => file(fileName(time, OTHER_GUID)));
    expect(judge(entries)).toMatchObject({ status: "warning" });
    expect(judge(entries)?.what).toContain(`2 files of no audit of this instance: RDS_DAS_AUDIT_${OTHER_GUID}`);
  });

  test("is suspicious when it holds more files than may be kept, as when a replica with the same GUID shares it", () => {
    const entries = [1n, 2n, 3n].map((time) => file(fileName(time)));
    expect(judge(entries, [{ ...AUDIT, maxRolloverFiles: 2 }])).toMatchObject({ status: "ok" });
    const crowded = judge(entries, [{ ...AUDIT, maxRolloverFiles: 1 }]);
    expect(crowded).toMatchObject({ status: "warning", what: expect.stringContaining("MAX_ROLLOVER_FILES") });
  });

  test("should have no sub-folders", () => {
    expect(judge([folder("old")])).toMatchObject({ status: "warning", what: expect.stringContaining("old") });
  });

  test("that was not listed is no finding of its own", () => {
    expect(judgeFolder([AUDIT], [AUDIT], refused)).toEqual([]);
  });
});

describe("the listing", () => {
  const USER =
    "USE master; IF USER_ID(N'rds_das_reader') IS NULL CREATE USER [rds_das_reader] FOR LOGIN [rds_das_reader];";
  const current = [`D:\\das\\${fileName(1n)}`];

  test("is well when it shows the current file, in whatever case", () => {
    const listing = answered([file(fileName(1n).toUpperCase())]);
    expect(judgeFileListing(AUDIT, listing, INSTANCE, current)).toMatchObject({
      id: "sqlserver.file-listing.RDS_DAS_AUDIT",
      status: "ok",
    });
  });

  test("that is refused or comes back empty names the right and what the fallback costs", () => {
    expect(judgeFileListing(AUDIT, refused, INSTANCE, current)).toMatchObject({
      status: "warning",
      what: expect.stringMatching(/\(error 229\): each rollover then costs a read of the whole set/),
      repair: `${USER}\nGRANT SELECT ON sys.dm_os_enumerate_filesystem TO [rds_das_reader];`,
    });
    expect(judgeFileListing(AUDIT, answered([]), INSTANCE_2016, current)).toMatchObject({
      status: "warning",
      repair: `${USER}\nGRANT EXECUTE ON sys.xp_dirtree TO [rds_das_reader];`,
    });
  });
});

describe("FILEPATH", () => {
  const none = answered<readonly string[]>([]);
  const cluster = { ...INSTANCE, isClustered: true };
  const at = (directory: string) => ({ ...AUDIT, directory });

  test("is well in a folder, and too near the root in a root", () => {
    expect(judgeFilePath(AUDIT, INSTANCE, none)).toMatchObject({
      id: "sqlserver.file-path.RDS_DAS_AUDIT",
      status: "ok",
    });
    expect(judgeFilePath(at("D:\\"), INSTANCE, none)).toMatchObject({
      status: "warning",
      repair: expect.stringContaining("FILEPATH = N'D:\\das\\'"),
    });
    const linux = { ...INSTANCE, platform: "Linux" } as const;
    expect(judgeFilePath(at("/"), linux, none).repair).toContain("FILEPATH = N'/das/'");
  });

  test.each([
    ["D:\\das\\", ["D", "L"]],
    ["\\\\files01\\audit\\a\\", []],
    ["C:\\ClusterStorage\\Volume1\\das\\", []],
  ])("of a failover cluster instance may be %s when the shared drives are %o", (directory, drives) => {
    expect(judgeFilePath(at(directory), cluster, answered(drives))).toMatchObject({ status: "ok" });
  });

  test("of a failover cluster instance on a node's own disk is a failure", () => {
    const finding = judgeFilePath(AUDIT, cluster, answered(["F", "L"]));
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("shared are F:, L:") });
    expect(finding.repair).toContain("FILEPATH = N'F:\\das\\'");
    expect(judgeFilePath(AUDIT, cluster, none)).toMatchObject({ status: "failure" });
  });

  test("of a cluster cannot be judged on Linux, nor without the right to look", () => {
    expect(judgeFilePath(at("/data/das/"), { ...cluster, platform: "Linux" }, none)).toMatchObject({
      status: "warning",
      what: expect.stringContaining("cannot be told on Linux"),
    });
    expect(judgeFilePath(AUDIT, cluster, refused)).toMatchObject({
      status: "warning",
      repair: "USE master; GRANT VIEW SERVER PERFORMANCE STATE TO [rds_das_reader];",
    });
    expect(judgeFilePath(at("F:\\"), cluster, answered(["F"]))).toMatchObject({ status: "warning" });
  });
});
