import { describe, expect, test } from "vitest";
import { type AuditFile, byFileTime, FIRST_BLOCK_OFFSET, pathOf, rowCount } from "./audit-file.ts";
import type { AuditRow } from "./audit-row.ts";
import {
  createAudit,
  dropAudit,
  failAudit,
  moveAudit,
  openEmptyFile,
  recreateAudit,
  restartInstance,
  type ServerAuditOptions,
  startAudit,
  stopAudit,
} from "./audit-state.ts";
import { type AuditTrail, auditNamed, emptyTrail, filesOfAudit, findFile, type TrailBehaviour } from "./audit-trail.ts";
import { markersOf } from "./markers.ts";
import { blockSessions, damageBlock, deleteFile, failWrites, placeFile, repairBlock } from "./mishaps.ts";
import { closeHandles, openHandles, readAuditFiles } from "./read-rows.ts";
import { advance, appendRows, flushAudit, rollOver } from "./write-rows.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const GUID = "11111111-2222-3333-4444-555555555555";
const OPTIONS: ServerAuditOptions = { name: "A", guid: GUID, directory: "D:\\das\\", queueDelay: 1000 };

function started(options: Partial<ServerAuditOptions> = {}, behaviour: Partial<TrailBehaviour> = {}): AuditTrail {
  return startAudit(createAudit(emptyTrail("SRV", behaviour), { ...OPTIONS, ...options }, NOW), "A", NOW);
}

function row(statement: string): AuditRow {
  return { event_time: "2026-01-15 12:00:00.0000000", action_id: "SL  ", statement };
}

function rows(...statements: readonly string[]): readonly AuditRow[] {
  return statements.map(row);
}

/** What `fn_get_audit_file` shows of the statements. */
function read(trail: AuditTrail, pattern: string, initialFile: string | null = null, offset: bigint | null = null) {
  const result = readAuditFiles(trail, { pattern, initialFile, offset });
  if (result.error !== undefined) return result.error;
  return [...result.parts].flatMap(({ block }) => block.rows.map(({ statement = "" }) => statement));
}

function currentFile(trail: AuditTrail): AuditFile {
  const file = findFile(trail, auditNamed(trail, "A").currentFile ?? "");
  if (!file) throw new Error("no current file");
  return file;
}

describe("writing", () => {
  test("a row can be read when QUEUE_DELAY has passed, and not before", () => {
    const trail = appendRows(started(), "A", rows("one"), NOW + 100);
    const path = auditNamed(trail, "A").currentFile ?? "";
    expect(read(advance(trail, NOW + 999), path)).toEqual([]);
    // The row that tells of the start has waited longest, and takes the others of the buffer with it.
    expect(read(advance(trail, NOW + 1000), path)).toEqual(["", "one"]);
  });

  test("with QUEUE_DELAY 0 a row can be read at once", () => {
    const trail = appendRows(started({ queueDelay: 0 }), "A", rows("one"), NOW);
    expect(read(trail, auditNamed(trail, "A").currentFile ?? "")).toEqual(["", "one"]);
  });

  test("a full buffer does not wait; what is left over does", () => {
    const statements = Array.from({ length: 30 }, (_, index) => `statement ${index}`);
    const trail = appendRows(started({}, { bufferSize: 2000 }), "A", rows(...statements), NOW);
    const { currentFile: path, pending, pendingSize } = auditNamed(trail, "A");
    const visible = read(trail, path ?? "");
    expect(visible).toEqual(["", ...statements].slice(0, -pending.length));
    expect(pending.map(({ statement }) => statement)).toEqual(statements.slice(-pending.length));
    expect(pendingSize).toBeLessThan(2000);
  });

  test("the first block of a file stands at 5632, and the last one grows or not", () => {
    for (const lastBlock of ["growing", "sealed"] as const) {
      let trail = started({ queueDelay: 0 }, { lastBlock });
      trail = appendRows(trail, "A", rows("one"), NOW);
      trail = appendRows(trail, "A", rows("two"), NOW);
      const offsets = currentFile(trail).blocks.map(({ offset }) => offset);
      expect(offsets[0]).toBe(FIRST_BLOCK_OFFSET);
      expect(offsets).toHaveLength(lastBlock === "growing" ? 1 : 3);
    }
  });

  test("MAXSIZE starts a new file, and only one old file is deleted for it", () => {
    let trail = started({ queueDelay: 0, maxFileSize: 12_000, maxRolloverFiles: 2 }, { lastBlock: "sealed" });
    for (let step = 0; step < 60; step += 1) trail = appendRows(trail, "A", rows(`${step}`), NOW + step);
    const files = filesOfAudit(trail, auditNamed(trail, "A"));
    expect(files).toHaveLength(3);
    expect(files.every(({ size }) => size <= 12_000)).toBe(true);
    expect(auditNamed(trail, "A").audited).toBe(61);
    expect(read(trail, "D:\\das\\A_*")).not.toContain("0");
  });

  test("a file that a reader has open outlives its rollover, and for good", () => {
    let trail = started({ queueDelay: 0, maxRolloverFiles: 0 });
    const path = pathOf(currentFile(trail));
    trail = rollOver(openHandles(trail, [path]), "A", NOW + 1);
    expect(findFile(trail, path)?.survivor).toBe(true);
    trail = rollOver(closeHandles(trail, [path]), "A", NOW + 2);
    expect(findFile(trail, path)).toBeDefined();
    expect(trail.files).toHaveLength(2);
  });

  test("where an open file can be deleted it is", () => {
    let trail = started({ queueDelay: 0, maxRolloverFiles: 0 }, { openHandleBlocksDelete: false });
    const path = pathOf(currentFile(trail));
    trail = rollOver(openHandles(trail, [path]), "A", NOW + 1);
    expect(findFile(trail, path)).toBeUndefined();
  });

  test("the predicate keeps one login's rows out", () => {
    const trail = appendRows(
      started({ queueDelay: 0, predicate: "([session_server_principal_name]<>N'das''s')" }),
      "A",
      [{ ...row("own"), session_server_principal_name: "das's" }, row("other")],
      NOW,
    );
    expect(read(trail, "D:\\das\\A_*")).toEqual(["", "other"]);
    expect(() => appendRows(started({ predicate: "no predicate at all" }), "A", rows("x"), NOW)).toThrow("predicate");
  });

  test("failing writes lose rows while the status stays STARTED", () => {
    const trail = appendRows(failWrites(started({ queueDelay: 0 }), "A", true), "A", rows("one", "two"), NOW);
    const audit = auditNamed(trail, "A");
    expect(audit).toMatchObject({ status: "STARTED", lost: 2, session: { droppedEvents: 2, droppedBuffers: 1 } });
    expect(read(appendRows(failWrites(trail, "A", false), "A", rows("three"), NOW), "D:\\das\\A_*")).toEqual([
      "",
      "three",
    ]);
    expect(auditNamed(blockSessions(trail, "A", 40), "A").session?.blockedTime).toBe(40);
  });
});

describe("state", () => {
  test("STATE = OFF says so in the last rows and leaves no current file; ON begins a new one", () => {
    let trail = appendRows(started(), "A", rows("one"), NOW);
    trail = stopAudit(trail, "A", NOW + 10);
    expect(auditNamed(trail, "A")).toMatchObject({ enabled: false, status: "NOT_STARTED", currentFile: null });
    const last = trail.files[0]?.blocks.flatMap((block) => block.rows) ?? [];
    expect(last.map(({ action_id }) => action_id)).toEqual(["AUSC", "SL  ", "AUSC", "AUSC"]);
    expect(last[2]?.additional_information).toBe(
      '<action_info xmlns="http://schemas.microsoft.com/sqlserver/2008/sqlaudit_data"><session><![CDATA[A$A]]></session><action>destroyed</action></action_info>',
    );
    expect(last[3]?.additional_information).toContain(
      "<action>event disabled</action><object><![CDATA[audit_event]]></object>",
    );
    expect(appendRows(trail, "A", rows("unheard"), NOW + 11).files).toEqual(trail.files);
    trail = flushAudit(startAudit(trail, "A", NOW + 20), "A", NOW + 20);
    expect(trail.files).toHaveLength(2);
    expect(trail.files[1]?.blocks[0]?.rows[0]?.additional_information).toContain(
      "<action>event enabled</action><startup_type>manual</startup_type>",
    );
  });

  test("a clean restart is audited, a crash loses what was in the buffer", () => {
    const before = appendRows(started(), "A", rows("one"), NOW);
    const clean = flushAudit(restartInstance(before, "clean", NOW + 5), "A", NOW + 5);
    const actions = (trail: AuditTrail) =>
      trail.files.flatMap((file) => file.blocks.flatMap((block) => block.rows.map(({ action_id }) => action_id)));
    expect(actions(clean)).toEqual(["AUSC", "SL  ", "SVSD", "AUSC", "SVSR"]);
    const crashed = flushAudit(restartInstance(before, "crash", NOW + 5), "A", NOW + 5);
    expect(actions(crashed)).toEqual(["AUSC", "SVSR"]);
    expect(auditNamed(crashed, "A").lost).toBe(2);
  });

  test("an audit that is off stays off over a restart", () => {
    const trail = restartInstance(stopAudit(started(), "A", NOW), "clean", NOW + 1);
    expect(auditNamed(trail, "A").status).toBe("NOT_STARTED");
    expect(trail.files).toHaveLength(1);
  });

  test("failing to create a file stops the audit", () => {
    const trail = failAudit(appendRows(started(), "A", rows("one"), NOW), "A", "TARGET_CREATION_FAILED", NOW + 1);
    expect(auditNamed(trail, "A")).toMatchObject({
      enabled: true,
      status: "TARGET_CREATION_FAILED",
      lost: 2,
      currentFile: null,
    });
  });

  test("another GUID is another set; the old files stay", () => {
    const other = "99999999-2222-3333-4444-555555555555";
    const trail = recreateAudit(appendRows(started({ queueDelay: 0 }), "A", rows("one"), NOW), "A", other, NOW + 1);
    expect(filesOfAudit(trail, { name: "A", guid: GUID })).toHaveLength(1);
    expect(filesOfAudit(trail, auditNamed(trail, "A"))).toHaveLength(1);
    expect(auditNamed(trail, "A").guid).toBe(other);
    expect(dropAudit(trail, "a").audits).toEqual([]);
  });

  test("another FILEPATH: later files lie there", () => {
    const trail = moveAudit(started({ queueDelay: 0 }), "A", "E:\\audit\\", NOW + 1);
    expect(filesOfAudit(trail, auditNamed(trail, "A")).map(({ directory }) => directory)).toEqual([
      "D:\\das\\",
      "E:\\audit\\",
    ]);
  });

  test("a clock that went back gives a file with a smaller time, never a name twice", () => {
    let trail = rollOver(started(), "A", NOW - 60_000);
    trail = rollOver(trail, "A", NOW - 60_000);
    const times = trail.files.map(({ fileTime }) => BigInt(fileTime));
    expect(times[1]).toBeLessThan(times[0] ?? 0n);
    expect(new Set(trail.files.map(({ name }) => name)).size).toBe(3);
    expect(trail.files.toSorted(byFileTime).at(-1)).toBe(trail.files[0]);
  });
});

describe("reading", () => {
  const sealed = { lastBlock: "sealed" } as const;
  function threeBlocks(behaviour: Partial<TrailBehaviour> = {}): AuditTrail {
    let trail = started({ queueDelay: 0 }, { ...sealed, ...behaviour });
    trail = appendRows(trail, "A", rows("one"), NOW);
    return appendRows(trail, "A", rows("two"), NOW);
  }

  test("an offset is exclusive or inclusive", () => {
    for (const [offset, expected] of [
      ["exclusive", ["two"]],
      ["inclusive", ["one", "two"]],
    ] as const) {
      const trail = threeBlocks({ offset });
      const file = currentFile(trail);
      expect(read(trail, pathOf(file), pathOf(file), BigInt(file.blocks[1]?.offset ?? 0))).toEqual(expected);
    }
  });

  test("paths are compared without regard to case and separators", () => {
    const trail = threeBlocks();
    expect(read(trail, pathOf(currentFile(trail)).toUpperCase().replaceAll("\\", "/"))).toEqual(["", "one", "two"]);
  });

  test("errors: nothing there, a file gone, an offset between blocks, half a pair", () => {
    for (const missingFile of [33224, 33225, 25718, 25722] as const) {
      expect(read(threeBlocks({ missingFile }), "D:\\das\\B.sqlaudit", "D:\\das\\B.sqlaudit", 5632n)).toBe(missingFile);
    }
    const trail = threeBlocks({ invalidOffset: 25722 });
    const path = pathOf(currentFile(trail));
    expect(read(trail, "D:\\das\\B*")).toBe(33224);
    expect(read(trail, path, path, 5633n)).toBe(25722);
    expect(read(trail, path, null, 5632n)).toBe(25719);
    expect(read(trail, path, path, null)).toEqual(["", "one", "two"]);
    expect(read(threeBlocks({ fileWithoutOffset: "refused" }), path, path, null)).toBe(25719);
    expect(read(trail, "D:\\das\\A_*", "D:\\das\\B.sqlaudit", 5632n)).toBe(33225);
  });

  test("a pattern opens every file that fits, also those before the initial one", () => {
    const trail = appendRows(rollOver(threeBlocks(), "A", NOW + 1), "A", rows("three"), NOW + 1);
    const second = pathOf(currentFile(trail));
    const result = readAuditFiles(trail, { pattern: "D:\\das\\A_*", initialFile: second, offset: null });
    expect(result.error === undefined && result.opened).toHaveLength(2);
    expect(read(trail, "D:\\das\\A_*", second, null)).toEqual(["three"]);
    expect(read(trail, "D:\\*")).toBe(33224);
  });

  test("an unreadable block is a part that says so, until it is repaired", () => {
    const trail = threeBlocks();
    const path = pathOf(currentFile(trail));
    const offset = currentFile(trail).blocks[1]?.offset ?? 0;
    const damaged = damageBlock(trail, path, offset);
    const result = readAuditFiles(damaged, { pattern: path, initialFile: null, offset: null });
    expect(result.error === undefined && [...result.parts].map(({ block }) => block.unreadable)).toEqual([
      undefined,
      true,
      undefined,
    ]);
    expect(repairBlock(damaged, path, offset)).toEqual(trail);
  });

  test("files come and go by hand", () => {
    const trail = threeBlocks();
    const file = currentFile(trail);
    const without = deleteFile(trail, pathOf(file));
    expect(read(without, pathOf(file))).toBe(33224);
    expect(placeFile(without, file).files).toEqual([file]);
    expect(placeFile(trail, { ...file, blocks: [] }).files).toHaveLength(1);
    expect(() => deleteFile(without, pathOf(file))).toThrow("there is no file");
    expect(rowCount(currentFile(openEmptyFile(trail, "A", NOW + 1)))).toBe(0);
  });

  test("a marker names each row that is on disk", () => {
    const trail = threeBlocks();
    const { fileTime, blocks } = currentFile(trail);
    expect([...markersOf(trail, "A")]).toEqual(blocks.map(({ offset }) => `${fileTime}:${offset}:0`));
  });
});
