/** What a reader sends on each poll beside the read itself (SQL Server notes §§3, 4.3, 4.5). */
import { describe, expect, test } from "vitest";
import { appendRows, openEmptyFile, STREAM_AUDIT, startSqlServerEmulator, stopAudit } from "../src/index.ts";
import { connect } from "./connect.ts";
import { evaluator } from "./evaluate.ts";

/** Everything about one audit in one statement. */
const STATE = `SELECT CONVERT(char(27), SYSUTCDATETIME(), 121) AS observed_at,
    a.audit_guid, a.is_state_enabled, a.log_file_path, s.status_desc, CONVERT(char(27), s.status_time, 121) AS status_time,
    s.audit_file_path, s.audit_file_size, x.dropped_event_count, x.dropped_buffer_count, x.blocked_event_fire_time,
    CONVERT(char(23), x.create_time, 121) AS session_created, CONVERT(char(23), i.sqlserver_start_time, 121) AS started
  FROM sys.server_file_audits AS a
  LEFT JOIN sys.dm_server_audit_status AS s ON s.audit_id = a.audit_id
  LEFT JOIN sys.dm_xe_sessions AS x ON x.name = a.name + N'$A'
  CROSS JOIN sys.dm_os_sys_info AS i
  WHERE a.name = @audit`;

/** The same, with one row even when neither audit exists. */
const STATE_OF_ONE_OF_TWO = `SELECT CONVERT(char(27), SYSUTCDATETIME(), 121) AS observed_at,
         CONVERT(char(23), i.sqlserver_start_time, 121) AS started_at,
         a.name, CONVERT(char(36), a.audit_guid) AS audit_guid, a.log_file_path,
         s.status_desc, s.audit_file_path,
         CONVERT(char(23), x.create_time, 121) AS session_created_at, x.dropped_event_count, x.dropped_buffer_count
  FROM sys.dm_os_sys_info AS i
  LEFT JOIN sys.server_file_audits AS a ON a.name IN (@audit, @alias)
  LEFT JOIN sys.dm_server_audit_status AS s ON s.audit_id = a.audit_id
  LEFT JOIN sys.dm_xe_sessions AS x ON x.name = a.name + N'$A';`;

const NOON = "2026-11-22 12:00:00.000";

describe("the state of an audit in one statement", () => {
  test("while it runs, while it is off, and when it is gone", async () => {
    const { run, engine, describe: columns } = evaluator("2019");
    const ask = async (name: string) => (await run(`DECLARE @audit sysname = N'${name}'; ${STATE}`))[0];
    expect(await ask("rds_das_audit")).toEqual([
      {
        observed_at: `${NOON}0000`,
        audit_guid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
        is_state_enabled: 1,
        log_file_path: "D:\\das\\",
        status_desc: "STARTED",
        status_time: `${NOON}0000`,
        audit_file_path: engine.trail.audits[0]?.currentFile,
        audit_file_size: 5632,
        dropped_event_count: 0,
        dropped_buffer_count: 0,
        blocked_event_fire_time: 0,
        session_created: NOON,
        started: NOON,
      },
    ]);
    engine.changeTrail((trail, now) => stopAudit(trail, STREAM_AUDIT, now));
    expect(await ask(STREAM_AUDIT)).toMatchObject([
      { is_state_enabled: 0, status_desc: "NOT_STARTED", audit_file_path: null, dropped_event_count: null },
    ]);
    expect(await ask("RDS_DAS_AUDIT_OF_NOBODY")).toEqual([]);
    expect(columns(STATE.replace("@audit", "N''"))).toEqual([
      "observed_at char(27)",
      "audit_guid uniqueidentifier",
      "is_state_enabled tinyint",
      "log_file_path nvarchar(260)",
      "status_desc nvarchar(256)",
      "status_time char(27)",
      "audit_file_path nvarchar(260)",
      "audit_file_size bigint",
      "dropped_event_count int",
      "dropped_buffer_count int",
      "blocked_event_fire_time int",
      "session_created char(23)",
      "started char(23)",
    ]);
  });

  test("one row even when the audit is missing", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
    await using client = await connect(emulator);
    const ask = (audit: string, alias: string) => client.query(STATE_OF_ONE_OF_TWO, { audit, alias });
    expect(await ask("RDS_DAS_CHANGES", "RDS_DAS_AUDIT_CHANGES")).toMatchObject([
      {
        name: "RDS_DAS_AUDIT_CHANGES",
        audit_guid: "7F1E9A32-8D54-5C17-A2B6-0C4D9E8F7A51",
        status_desc: "STARTED",
        dropped_event_count: 0,
      },
    ]);
    const [missing, ...more] = await ask("A", "B");
    expect(more).toEqual([]);
    expect(missing).toMatchObject({ name: null, audit_guid: null, status_desc: null, session_created_at: null });
    expect(missing?.observed_at).toMatch(/^\d{4}-/);
  });

  test("through the driver", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
    await using client = await connect(emulator);
    const [row] = await client.query(STATE, { audit: STREAM_AUDIT });
    expect(row).toMatchObject({
      status_desc: "STARTED",
      is_state_enabled: 1,
      audit_file_path: emulator.trail.audits[0]?.currentFile,
      audit_file_size: String(emulator.trail.files[0]?.size),
      dropped_event_count: 0,
    });
    expect(row?.observed_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{7}$/);
    expect(row?.started).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  });
});

describe("columns and names without rows", () => {
  test.each(["2016", "2017", "2019", "2022"] as const)(
    "TOP (0) of %s gives the columns and opens no file",
    async (version) => {
      await using emulator = await startSqlServerEmulator({ version });
      await using client = await connect(emulator);
      // A read that opens files would fail here: there are none.
      const result = await client.pool
        .request()
        .query("SELECT TOP (0) * FROM sys.fn_get_audit_file(N'X:\\nowhere\\*', DEFAULT, DEFAULT)");
      expect(result.recordset).toHaveLength(0);
      expect(Object.keys(result.recordset.columns)).toEqual(emulator.profile.columns.map(({ name }) => name));
      expect(emulator.trail.openHandles).toEqual({});
    },
  );

  test("DISTINCT file_name names the files that have rows", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
    await using client = await connect(emulator);
    emulator.change((trail, now) => openEmptyFile(trail, STREAM_AUDIT, now));
    const names = async () =>
      await client.query("SELECT DISTINCT f.file_name FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f", {
        pattern: "D:\\das\\RDS_DAS_AUDIT_0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40_*",
        file: null,
        offset: null,
      });
    const [first, second] = emulator.trail.files
      .filter(({ name }) => name.startsWith("RDS_DAS_AUDIT_0B"))
      .map(({ directory, name }) => ({ file_name: directory + name }));
    expect(await names()).toEqual([first]);
    emulator.change((trail, now) =>
      appendRows(trail, STREAM_AUDIT, [{ event_time: "2026-01-01 00:00:00.0000000", action_id: "SL  " }], now),
    );
    expect(await names()).toEqual([first, second]);
  });
});
