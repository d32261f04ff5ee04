/** The knobs of SQL Server notes §9.4 that no other test turns. */
import { describe, expect, test } from "vitest";
import {
  type AuditRow,
  type AuditTrail,
  appendRows,
  createAudit,
  damageBlock,
  deleteFile,
  emptyTrail,
  eventTime,
  failCreation,
  failWrites,
  findFile,
  interleave,
  openEmptyFile,
  PIECE_LENGTH,
  passesPredicate,
  placeFile,
  placeOtherEntry,
  readAuditFiles,
  repairBlock,
  restartInstance,
  rollOver,
  type ServerAuditOptions,
  STREAM_AUDIT,
  splitRecord,
  startAudit,
  startSqlServerEmulator,
  stopAudit,
  type TrailBehaviour,
} from "../src/index.ts";
import { connect, failure } from "./connect.ts";
import { evaluator } from "./evaluate.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const GUID = "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40";

function started(behaviour: Partial<TrailBehaviour> = {}, options: Partial<ServerAuditOptions> = {}): AuditTrail {
  const audit = { name: "A", guid: GUID, directory: "D:\\das\\", queueDelay: 0, ...options };
  return startAudit(createAudit(emptyTrail("SRV", behaviour), audit, NOON), "A", NOON);
}

function select(statement: string, columns: Partial<AuditRow> = {}): AuditRow {
  return { event_time: eventTime(NOON), action_id: "SL  ", statement, ...columns };
}

/** Every block that the pattern finds, as the statements of its rows; AUSC rows have none. */
function blocks(trail: AuditTrail, pattern = "D:\\das\\A_*") {
  const read = readAuditFiles(trail, { pattern, initialFile: null, offset: null });
  if (read.error !== undefined) throw new Error(`refused with ${read.error}`);
  return [...read.parts].map(({ file, block }) => ({
    file: file.name,
    statements: block.rows.map(({ statement }) => String(statement ?? "")),
    numbers: block.rows.map(({ sequence_number }) => Number(sequence_number ?? 1)),
  }));
}

describe("split records", () => {
  const record = (letter: string) =>
    splitRecord(
      select(letter.repeat(2.5 * PIECE_LENGTH), {
        sequence_group_id: `0x${letter.charCodeAt(0).toString(16).padStart(32, "0")}`,
      }),
    );
  const [a, b] = [record("a"), record("b")];

  test("consecutive, and interleaved with another", () => {
    const numbers = (rows: readonly AuditRow[]) =>
      blocks(appendRows(started(), "A", rows, NOON))
        .flatMap((block) => block.numbers)
        .slice(1);
    expect(numbers(a)).toEqual([1, 2, 3]);
    expect(numbers(interleave(a, b))).toEqual([1, 1, 2, 2, 3, 3]);
    expect(interleave([1, 2], [3], [])).toEqual([1, 3, 2]);
  });

  test("across a block", () => {
    const trail = appendRows(started({ bufferSize: 10_000, lastBlock: "sealed" }), "A", a, NOON);
    expect(blocks(trail).map(({ numbers }) => numbers)).toEqual([[1], [1], [2], [3]]);
    expect(new Set(blocks(trail).map(({ file }) => file)).size).toBe(1);
  });

  test("across a file", () => {
    let trail = appendRows(started(), "A", a.slice(0, 2), NOON);
    trail = appendRows(rollOver(trail, "A", NOON + 1), "A", a.slice(2), NOON + 1);
    expect(blocks(trail).map(({ numbers }) => numbers)).toEqual([[1, 1, 2], [3]]);
    expect(new Set(blocks(trail).map(({ file }) => file)).size).toBe(2);
  });

  test("through a surrogate pair, which the driver hands over in two halves", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
    await using client = await connect(emulator);
    const text = `${"x".repeat(PIECE_LENGTH - 1)}😀y`;
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, splitRecord(select(text)), now));
    const rows = await client.query(
      "SELECT statement FROM sys.fn_get_audit_file(N'D:\\das\\RDS_DAS_AUDIT_0*', NULL, NULL) WHERE action_id = 'SL'",
    );
    expect(rows.map(({ statement }) => String(statement).length)).toEqual([PIECE_LENGTH, 2]);
    expect(rows.map(({ statement }) => statement).join("")).toBe(text);
  });
});

describe("files", () => {
  test.each(["no rows", 33224, 33225] as const)("a new file without a block: %s", (emptyFile) => {
    const trail = openEmptyFile(started({ emptyFile }), "A", NOON + 1);
    const path = trail.audits[0]?.currentFile ?? "";
    for (const initialFile of [null, path]) {
      const read = readAuditFiles(trail, { pattern: path, initialFile, offset: null });
      expect(read.error ?? [...read.parts]).toEqual(emptyFile === "no rows" ? [] : emptyFile);
    }
    // Among others it is nothing special.
    expect(blocks(trail)).toHaveLength(1);
  });

  test.each([33224, 33225, 25718, 25722] as const)(
    "a cursor's file that was deleted by hand: %s through the driver",
    async (missingFile) => {
      await using emulator = await startSqlServerEmulator({ behaviour: { missingFile }, audits: { queueDelay: 0 } });
      await using client = await connect(emulator);
      const path = emulator.trail.audits[0]?.currentFile ?? "";
      emulator.change((trail) => deleteFile(trail, path));
      const read = client.query("SELECT 1 AS one FROM sys.fn_get_audit_file(@pattern, @pattern, 5632)", {
        pattern: path,
      });
      expect(await failure(read)).toMatchObject({ number: missingFile });
    },
  );

  test("a block that is being written is skipped with a message, and complete at the next poll", async () => {
    await using emulator = await startSqlServerEmulator({
      behaviour: { lastBlock: "sealed" },
      audits: { queueDelay: 0 },
    });
    await using client = await connect(emulator);
    const path = emulator.trail.audits[0]?.currentFile ?? "";
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [select("SELECT 1")], now));
    const offset = findFile(emulator.trail, path)?.blocks.at(-1)?.offset ?? 0;
    emulator.change((trail) => damageBlock(trail, path, offset));
    const read = async () => {
      const said: string[] = [];
      const request = client.pool.request().input("path", path);
      request.on("info", ({ message }) => said.push(message));
      const { recordset } = await request.query(
        "SELECT audit_file_offset AS o FROM sys.fn_get_audit_file(@path, NULL, NULL)",
      );
      return { rows: recordset.length, said };
    };
    expect(await read()).toEqual({
      rows: 1,
      said: [`The fn_get_audit_file function is skipping records from '${path}' at offset ${offset}.`],
    });
    emulator.change((trail) => repairBlock(trail, path, offset));
    expect(await read()).toEqual({ rows: 2, said: [] });
  });

  test("other things in the directory, and directories below it, are listed too", async () => {
    const { run, engine } = evaluator();
    const place = (directory: string, name: string, isDirectory: boolean) =>
      engine.changeTrail((trail) => placeOtherEntry(trail, { directory, name, isDirectory }));
    place("D:\\das\\", "notes.txt", false);
    place("D:\\das\\", "old", true);
    place("D:\\das\\old\\", "copy.sqlaudit", false);
    place("D:\\other\\", "far.txt", false);
    const listed = async (filter: string) =>
      (
        await run(
          `SELECT file_or_directory_name AS name, is_directory AS d, level FROM sys.dm_os_enumerate_filesystem(N'D:\\das', N'${filter}') WHERE file_or_directory_name NOT LIKE 'RDS%'`,
        )
      )[0];
    expect(await listed("*")).toEqual([
      { name: "notes.txt", d: false, level: 0 },
      { name: "old", d: true, level: 0 },
      { name: "copy.sqlaudit", d: false, level: 1 },
    ]);
    expect(await listed("*.txt")).toEqual([{ name: "notes.txt", d: false, level: 0 }]);
    const [tree = []] = await run("EXEC master.sys.xp_dirtree N'D:\\das\\', 1, 1");
    expect(tree.slice(2)).toEqual([
      { subdirectory: "notes.txt", depth: 1, file: 1 },
      { subdirectory: "old", depth: 1, file: 0 },
    ]);
  });
});

describe("what goes wrong", () => {
  test("failing writes leave the status STARTED, counters that rise and lines in the error log", () => {
    const trail = appendRows(failWrites(started(), "A", true), "A", [select("SELECT 1")], NOON + 5);
    expect(trail.audits[0]).toMatchObject({
      status: "STARTED",
      lost: 1,
      session: { droppedEvents: 1, droppedBuffers: 1 },
    });
    expect(trail.errorLog.map(({ at, text }) => [at - NOON, text.split(" ").slice(0, 6).join(" ")])).toEqual([
      [5, "Error: 33202, Severity: 17, State: 1."],
      [5, "SQL Server Audit could not write"],
      [5, "Error: 33245, Severity: 17, State: 1."],
      [5, "SQL Server Audit failed to write"],
    ]);
    const later = appendRows(failWrites(trail, "A", false), "A", [select("SELECT 2")], NOON + 6);
    expect(blocks(later).flatMap(({ statements }) => statements)).toEqual(["", "SELECT 2"]);
  });

  test("a rollover whose file cannot be created takes the audit offline, with what was to be written", () => {
    const small = started({ lastBlock: "sealed" }, { maxFileSize: 7000 });
    const full = appendRows(
      failCreation(small, "A", true),
      "A",
      [select("x".repeat(500)), select("y".repeat(500))],
      NOON,
    );
    expect(full.audits[0]).toMatchObject({
      enabled: true,
      status: "TARGET_CREATION_FAILED",
      currentFile: null,
      session: null,
    });
    expect(full.audits[0]?.lost).toBeGreaterThan(0);
    expect(full.errorLog.at(-1)?.text).toContain("failed to create an audit file related to the audit 'A'");
    const again = startAudit(stopAudit(failCreation(full, "A", false), "A", NOON + 1), "A", NOON + 2);
    expect(again.audits[0]).toMatchObject({ status: "STARTED" });
  });

  test("MAX_FILES: when they are full nothing more is audited, and none is deleted", () => {
    let trail = started({ lastBlock: "sealed" }, { maxFileSize: 7000, maxFiles: 2 });
    for (let round = 0; round < 5; round += 1) trail = appendRows(trail, "A", [select("x".repeat(500))], NOON + round);
    expect(trail.files).toHaveLength(2);
    expect(trail.audits[0]?.status).toBe("TARGET_CREATION_FAILED");
  });

  test("an audit to a Windows log leaves no file", () => {
    const trail = appendRows(started({}, { target: "APPLICATION LOG" }), "A", [select("SELECT 1")], NOON);
    expect(trail).toMatchObject({ files: [], audits: [{ status: "STARTED", currentFile: null, audited: 2, lost: 0 }] });
  });

  test("started with -f nothing is audited; with -m no audit shuts the server down", () => {
    const trail = started({}, { onFailure: "SHUTDOWN" });
    const bypassed = restartInstance(trail, "clean", NOON + 1, "-f");
    expect(bypassed.audits[0]).toMatchObject({ enabled: true, status: "NOT_STARTED", currentFile: null });
    expect(bypassed.errorLog.map(({ text }) => text)).toEqual([expect.stringContaining("started using the -f flag")]);
    const single = restartInstance(trail, "crash", NOON + 1, "-m");
    expect(single.audits[0]).toMatchObject({ status: "STARTED", onFailure: "CONTINUE" });
    expect(single.errorLog.at(-1)?.text).toContain("Audit 'A' has been changed to ON_FAILURE=CONTINUE");
  });
});

describe("names of instances", () => {
  const FOREIGN = ["OTHER\\PROD", "srv", "", null];

  test("rows may bear any name, in a directory of their own or a shared one", () => {
    const own = FOREIGN.reduce(
      (trail, name) => appendRows(trail, "A", [select(String(name), { server_instance_name: name })], NOON),
      started(),
    );
    const other = startAudit(
      createAudit(emptyTrail("OTHER"), { name: "A", guid: GUID, directory: "D:\\das\\", queueDelay: 0 }, NOON),
      "A",
      NOON + 7,
    );
    const written = appendRows(other, "A", [select("theirs", { server_instance_name: "OTHER" })], NOON + 7);
    const shared = written.files.reduce(placeFile, own);
    const names = (trail: AuditTrail) =>
      trail.files.flatMap((file) => file.blocks.flatMap(({ rows }) => rows.map((row) => row.server_instance_name)));
    expect(names(own)).toEqual(["SRV", ...FOREIGN]);
    expect(names(shared)).toEqual(["SRV", ...FOREIGN, "OTHER", "OTHER"]);
    expect(blocks(shared).at(-1)?.statements).toEqual(["", "theirs"]);
  });

  test("two emulators are two replicas: the same GUIDs, rows of their own", async () => {
    const open = (instanceName: string) => startSqlServerEmulator({ instanceName, audits: { queueDelay: 0 } });
    await using one = await open("NODE1");
    await using two = await open("NODE2");
    expect(one.trail.audits.map(({ guid }) => guid)).toEqual(two.trail.audits.map(({ guid }) => guid));
    two.change((trail, now) => appendRows(trail, STREAM_AUDIT, [select("SELECT 2")], now));
    const read = async (emulator: typeof one) => {
      await using client = await connect(emulator);
      return await client.query(
        "SELECT server_instance_name AS n, statement AS s FROM sys.fn_get_audit_file(N'D:\\das\\RDS_DAS_AUDIT_0*', NULL, NULL)",
      );
    };
    expect(await read(one)).toEqual([{ n: "NODE1", s: "" }]);
    expect(await read(two)).toEqual([
      { n: "NODE2", s: "" },
      { n: "", s: "SELECT 2" },
    ]);
  });
});

describe("predicates", () => {
  test.each<[string, Partial<AuditRow>, boolean]>([
    ["[server_principal_name] = N'a'", { server_principal_name: "a" }, true],
    ["([server_principal_name]<>N'a')", {}, true],
    ["server_principal_name <> 'a'", { server_principal_name: null }, true],
    ["succeeded = 0", { succeeded: false }, true],
    ["action_id = 538987603", {}, true],
    ["action_id <> 538987603", {}, false],
    ["class_type = 8277", { class_type: "U " }, true],
    ["session_id >= 5 AND session_id < 7", { session_id: 6 }, true],
    ["session_id > 5 AND (session_id <= -7 OR statement LIKE 'SELECT%')", { session_id: 6 }, true],
    ["NOT statement LIKE N'%2'", {}, true],
    ["a = 1 OR b = 1 AND c = 1", { a: 1 }, true],
  ])("%s", (text, columns, expected) => {
    expect(passesPredicate(text, select("SELECT 1", columns))).toBe(expected);
  });
});
