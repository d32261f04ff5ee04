/** sys.fn_get_audit_file and what surrounds it, through the driver. */
import { systemClock } from "@das/core";
import { describe, expect, test } from "vitest";
import {
  AUDIT_COLUMNS,
  type AuditRow,
  appendRows,
  auditNamed,
  createWorkload,
  documentedFailedLogin,
  filesOfAudit,
  findFile,
  flushAudit,
  markersOf,
  moveAudit,
  preloadWorkload,
  realRows,
  rollOver,
  type SqlServerVersion,
  STREAM_AUDIT,
  splitRecord,
  startSqlServerEmulator,
  stopAudit,
  VERSION_PROFILES,
} from "../src/index.ts";
import { connect, failure } from "./connect.ts";

const DESCRIBE =
  "SELECT name, system_type_name, is_nullable FROM sys.dm_exec_describe_first_result_set(N'SELECT * FROM sys.fn_get_audit_file(NULL,NULL,NULL)',NULL,0)";

async function emulatorWith(rows: readonly AuditRow[], version: SqlServerVersion) {
  const emulator = await startSqlServerEmulator({ version, tls: "off", audits: { queueDelay: 0 } });
  emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, rows, now));
  return emulator;
}

/** What the driver gives, in the writing of the fixtures. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? `0x${value.toString("hex")}` : value]),
  );
}

describe("versions", () => {
  for (const [version, profile] of Object.entries(VERSION_PROFILES)) {
    test(`${version} describes and returns ${profile.columns.length} columns`, async () => {
      await using emulator = await emulatorWith([], profile.version);
      await using connection = await connect(emulator);
      const described = await connection.query(DESCRIBE);
      expect(described).toHaveLength(profile.columns.length);
      const [row] = await connection.query("SELECT * FROM sys.fn_get_audit_file(@p, NULL, NULL)", {
        p: "D:\\das\\RDS_DAS_AUDIT_0*",
      });
      expect(Object.keys(row ?? {})).toEqual(described.map(({ name }) => name));
    });
  }

  test("the counts are those of the versions", () => {
    const counts = Object.values(VERSION_PROFILES).map(({ version, columns }) => [version, columns.length]);
    expect(Object.fromEntries(counts)).toEqual({
      2012: 30,
      2014: 32,
      2016: 33,
      2017: 38,
      2019: 41,
      2022: 49,
      2025: 49,
      future: 50,
    });
  });

  test("types are described as the engine names them", async () => {
    await using emulator = await emulatorWith([], "2022");
    await using connection = await connect(emulator);
    const types = Object.fromEntries(
      (await connection.query(DESCRIBE)).map(({ name, system_type_name: type, is_nullable: nullable }) => [
        name,
        [type, nullable],
      ]),
    );
    expect(types).toMatchObject({
      event_time: ["datetime2(7)", false],
      action_id: ["varchar(4)", true],
      permission_bitmask: ["varbinary(16)", false],
      statement: ["nvarchar(4000)", true],
      connection_id: ["uniqueidentifier", true],
      is_local_secondary_replica: ["bit", false],
    });
  });

  test("what a version does not have yet is an error there", async () => {
    const listing = "SELECT 1 FROM sys.dm_os_enumerate_filesystem(N'D:\\das\\', N'*')";
    await using old = await emulatorWith([], "2016");
    await using connection = await connect(old);
    expect(await failure(connection.query(listing))).toMatchObject({ number: 208 });
    expect(
      await failure(connection.query("SELECT client_ip FROM sys.fn_get_audit_file(NULL, NULL, NULL)")),
    ).toMatchObject({ number: 207 });
  });

  test("the future has a column and an action that nobody knows", async () => {
    await using emulator = await emulatorWith([], "future");
    const workload = createWorkload({ seed: 1, profile: VERSION_PROFILES.future, serverInstanceName: "SQLEMU01" });
    emulator.change((trail, now) => preloadWorkload(trail, workload, 3000, 1000, now));
    await using connection = await connect(emulator);
    const text = "SELECT emulated_future_column AS c FROM sys.fn_get_audit_file(@p, NULL, NULL) WHERE action_id = @a";
    const rows = await connection.query(text, {
      p: "D:\\das\\RDS_DAS_AUDIT_0*",
      a: VERSION_PROFILES.future.unknownActionId,
    });
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.every(({ c }) => /^[0-9a-f]{16}$/.test(String(c)))).toBe(true);
    expect(await connection.query("SELECT name FROM sys.dm_audit_actions WHERE action_id = @a", { a: "ZZQ9" })).toEqual(
      [],
    );
  });
});

describe("rows that real servers wrote", () => {
  test("each comes back as it was found, under its own version", async () => {
    const all = realRows();
    expect(all).toHaveLength(82);
    for (const version of ["2012", "2014", "2016", "2017", "2022"] as const) {
      const rows = all.filter((found) => found.version === version);
      await using emulator = await emulatorWith(
        rows.map(({ row }) => row),
        version,
      );
      await using connection = await connect(emulator);
      const text =
        "SELECT CONVERT(char(27), f.event_time, 121) AS exact_time, f.* FROM sys.fn_get_audit_file(@p, NULL, NULL) AS f";
      const served = (await connection.query(text, { p: "D:\\das\\RDS_DAS_AUDIT_0*" })).slice(1);
      expect(served).toHaveLength(rows.length);
      for (const [index, { row, source }] of rows.entries()) {
        const { exact_time: exact, event_time: _, ...columns } = plain(served[index] ?? {});
        const { event_time: time, ...found } = row;
        expect(exact, source).toBe(time);
        // Big integers are text in the driver.
        const bigints = Object.fromEntries(
          Object.entries(found).map(([name, value]) => [name, isBigint(name) ? String(value) : value]),
        );
        expect(columns, source).toMatchObject(bigints);
      }
    }
  });

  test("what a row does not show is what the engine shows where a column does not apply", async () => {
    await using emulator = await emulatorWith(
      [{ event_time: "2026-01-01 00:00:00.0000001", action_id: "SL  " }],
      "2022",
    );
    await using connection = await connect(emulator);
    const [, row] = await connection.query("SELECT * FROM sys.fn_get_audit_file(@p, NULL, NULL)", {
      p: "D:\\das\\RDS_DAS_AUDIT_0*",
    });
    expect(plain(row ?? {})).toMatchObject({
      sequence_number: 1,
      succeeded: false,
      session_id: 0,
      object_id: 0,
      transaction_id: "0",
      statement: "",
      schema_name: "",
      user_defined_information: "",
      audit_schema_version: 1,
      permission_bitmask: `0x${"0".repeat(32)}`,
      sequence_group_id: `0x${"0".repeat(32)}`,
      server_principal_sid: null,
      target_server_principal_sid: null,
      connection_id: null,
      is_local_secondary_replica: false,
    });
  });

  test("the failed login of the documentation, as a row of 2019", async () => {
    await using emulator = await emulatorWith([documentedFailedLogin().row], "2019");
    await using connection = await connect(emulator);
    const [, row] = await connection.query(
      "SELECT CONVERT(char(27), event_time, 121) AS t, * FROM sys.fn_get_audit_file(@p, NULL, NULL)",
      { p: "D:\\das\\RDS_DAS_AUDIT_0*" },
    );
    expect(plain(row ?? {})).toMatchObject({
      t: "2022-10-06 21:34:42.7113072",
      action_id: "LGIF",
      class_type: "LX",
      succeeded: false,
      server_principal_name: "test",
      client_ip: "local machine",
      sequence_group_id: "0x1eb0d1808d34a94b9d3dcf5432750f02",
      connection_id: "98B4F537-0F82-49E3-AB08-B9D33B5893EF",
      host_name: "EC2AMAZ-NFUJJNO",
    });
  });

  test("a statement cut within a surrogate pair keeps its halves", async () => {
    const statement = `${"x".repeat(3999)}😀 end`;
    const pieces = splitRecord({ event_time: "2026-01-01 00:00:00.0000000", action_id: "SL  ", statement });
    await using emulator = await emulatorWith(pieces, "2022");
    await using connection = await connect(emulator);
    const rows = await connection.query(
      "SELECT sequence_number AS n, statement FROM sys.fn_get_audit_file(@p, NULL, NULL) WHERE action_id = N'SL'",
      { p: "D:\\das\\RDS_DAS_AUDIT_0*" },
    );
    expect(rows.map(({ n }) => n)).toEqual([1, 2]);
    expect(String(rows[0]?.statement).at(-1)).toBe("\ud83d");
    expect(rows.map((row) => row.statement).join("")).toBe(statement);
  });
});

describe("following the files", () => {
  const READ =
    "SELECT f.audit_file_offset AS o, f.statement AS s, f.file_name AS p FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f OPTION (RECOMPILE, MAXDOP 1);";
  const line = (statement: string) => ({ event_time: "2026-01-01 00:00:00.0000000", action_id: "SL  ", statement });

  test("the exact file, from an offset, over a rollover", async () => {
    await using emulator = await startSqlServerEmulator({
      tls: "off",
      audits: { queueDelay: 0 },
      behaviour: { lastBlock: "sealed" },
    });
    const append = (statement: string) =>
      emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [line(statement)], now));
    append("one");
    append("two");
    await using connection = await connect(emulator);
    const [status] = await connection.query(
      "SELECT status_desc, audit_file_path FROM sys.dm_server_audit_status WHERE name = N'RDS_DAS_AUDIT'",
    );
    expect(status?.status_desc).toBe("STARTED");
    const first = String(status?.audit_file_path);
    const all = await connection.query(READ, { pattern: first, file: null, offset: null });
    expect(all.map(({ s, p }) => [s, p])).toEqual([
      ["", first],
      ["one", first],
      ["two", first],
    ]);
    const after = { pattern: first, file: first, offset: all[1]?.o };
    expect((await connection.query(READ, after)).map(({ s }) => s)).toEqual(["two"]);

    emulator.change((trail, now) => rollOver(trail, STREAM_AUDIT, now));
    append("three");
    const [{ audit_file_path: second } = {}] = await connection.query(
      "SELECT audit_file_path FROM sys.dm_server_audit_status WHERE name = N'RDS_DAS_AUDIT'",
    );
    expect(second).not.toBe(first);
    expect((await connection.query(READ, after)).map(({ s }) => s)).toEqual(["two"]);
    expect((await connection.query(READ, { pattern: second, file: null, offset: null })).map(({ s }) => s)).toEqual([
      "three",
    ]);
    expect(
      (await connection.query(READ, { ...after, pattern: "D:\\das\\RDS_DAS_AUDIT_0*" })).map(({ s }) => s),
    ).toEqual(["two", "three"]);

    const listing =
      "SELECT file_or_directory_name AS n, full_filesystem_path AS p FROM sys.dm_os_enumerate_filesystem(@directory, @pattern) WHERE is_directory = 0 AND level = 0";
    const listed = await connection.query(listing, { directory: "D:\\das\\", pattern: "RDS_DAS_AUDIT_0*.sqlaudit" });
    expect(listed.map(({ p }) => p)).toEqual([first, second]);
  });

  test("rows of a buffer cannot be read before QUEUE_DELAY", async () => {
    const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 22) };
    await using emulator = await startSqlServerEmulator({ tls: "off", clock });
    const trail = () => filesOfAudit(emulator.trail, auditNamed(emulator.trail, STREAM_AUDIT));
    emulator.change((before, now) => appendRows(before, STREAM_AUDIT, [line("one")], now));
    expect(trail()[0]?.blocks).toEqual([]);
    emulator.shiftClock(1000);
    expect(trail()[0]?.blocks[0]?.rows).toHaveLength(2);
    expect([...markersOf(emulator.trail, STREAM_AUDIT)]).toHaveLength(2);
  });

  test("the older listing: xp_dirtree, with sub-directories by depth", async () => {
    await using emulator = await emulatorWith([], "2016");
    emulator.change((trail, now) => moveAudit(trail, STREAM_AUDIT, "D:\\das\\sub\\", now));
    await using connection = await connect(emulator);
    const flat = await connection.query("EXEC master.sys.xp_dirtree @d, 1, 1", { d: "D:\\das" });
    expect(flat.map(({ subdirectory, depth, file }) => [String(subdirectory).slice(0, 15), depth, file])).toEqual([
      ["RDS_DAS_AUDIT_0", 1, 1],
      ["RDS_DAS_AUDIT_C", 1, 1],
      ["sub", 1, 0],
    ]);
    expect(await connection.query("EXEC xp_dirtree N'D:\\das\\', 2, 1")).toHaveLength(4);
    expect(await connection.query("EXEC master..xp_dirtree N'D:\\nowhere\\', 1, 1")).toEqual([]);
  });

  test("the status tells when the audit does not run, and spells its path as it likes", async () => {
    await using emulator = await startSqlServerEmulator({
      tls: "off",
      audits: { directory: "/var/opt/mssql/das/" },
      instance: { platform: "Linux" },
    });
    await using connection = await connect(emulator);
    const path = async () =>
      (
        await connection.query(
          "SELECT audit_file_path AS p FROM sys.dm_server_audit_status WHERE name = 'rds_das_audit'",
        )
      )[0]?.p;
    const written = auditNamed(emulator.trail, STREAM_AUDIT).currentFile;
    expect(await path()).toBe(written);
    emulator.changeInstance({ pathSpelling: "other case" });
    expect(await path()).toBe(written?.toUpperCase());
    emulator.changeInstance({ pathSpelling: "other separators" });
    expect(await path()).toBe(written?.replaceAll("/", "\\"));
    emulator.changeInstance({ pathSpelling: "null" });
    expect(await path()).toBeNull();
    emulator.change((trail, now) => stopAudit(trail, STREAM_AUDIT, now));
    const status = await connection.query(
      "SELECT status_desc, audit_file_size FROM sys.dm_server_audit_status WHERE name = 'RDS_DAS_AUDIT'",
    );
    expect(status).toEqual([{ status_desc: "NOT_STARTED", audit_file_size: null }]);
    expect(findFile(emulator.trail, written ?? "")).toBeDefined();
  });
});

describe("rights", () => {
  test("without the right to read, the refusal that was chosen", async () => {
    for (const version of ["2019", "2022"] as const) {
      await using emulator = await emulatorWith([], version);
      await using connection = await connect(emulator);
      const [reader, ...others] = emulator.instance.logins;
      if (!reader) throw new Error("no reader");
      const permissions = reader.permissions.filter((permission) => permission !== emulator.profile.readPermission);
      const logins = [{ ...reader, permissions }, ...others];
      expect(
        await connection.query("SELECT 1 AS one FROM sys.fn_get_audit_file(N'D:\\das\\*', NULL, NULL) WHERE 1 = 0"),
      ).toEqual([]);
      for (const refusal of [229, 297, 300] as const) {
        emulator.changeInstance({ refusal, logins });
        expect(
          await failure(connection.query("SELECT 1 AS one FROM sys.fn_get_audit_file(N'D:\\das\\*', NULL, NULL)")),
        ).toMatchObject({ number: refusal });
      }
      emulator.changeInstance({ logins: [{ ...reader, permissions: [] }, ...others] });
      expect(await failure(connection.query("SELECT 1 AS one FROM sys.dm_server_audit_status"))).toMatchObject({
        number: 300,
      });
      expect(await connection.query("SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS v")).toEqual([
        { v: 0 },
      ]);
    }
  });

  test("a signed procedure reads for who may not", async () => {
    await using emulator = await emulatorWith([], "2019");
    const [reader, ...others] = emulator.instance.logins;
    if (!reader) throw new Error("no reader");
    emulator.changeInstance({
      logins: [{ ...reader, permissions: ["VIEW SERVER STATE"] }, ...others],
      procedures: [
        {
          name: "dbo.rds_das_read",
          parameters: "@pattern nvarchar(260), @file nvarchar(260), @offset bigint",
          body: "SELECT action_id FROM sys.fn_get_audit_file(@pattern, @file, @offset)",
          lends: ["CONTROL SERVER"],
        },
      ],
    });
    await using connection = await connect(emulator);
    expect(
      await failure(connection.query("SELECT 1 FROM sys.fn_get_audit_file(N'D:\\das\\*', NULL, NULL)")),
    ).toMatchObject({ number: 300 });
    expect(await connection.query("EXEC master.dbo.rds_das_read N'D:\\das\\RDS_DAS_AUDIT_0*', NULL, NULL")).toEqual([
      { action_id: "AUSC" },
    ]);
    expect(
      await connection.query(
        "SELECT CASE WHEN OBJECT_ID(N'master.dbo.rds_das_read') IS NULL THEN 0 ELSE 1 END AS there",
      ),
    ).toEqual([{ there: 1 }]);
  });
});

const BIGINTS: ReadonlySet<string> = new Set(
  AUDIT_COLUMNS.filter(({ type }) => type.name === "bigint").map(({ name }) => name),
);

function isBigint(column: string): boolean {
  return BIGINTS.has(column);
}

test("flushing by hand makes rows visible at once", async () => {
  await using emulator = await startSqlServerEmulator({ tls: "off" });
  emulator.change((trail, now) => flushAudit(trail, STREAM_AUDIT, now));
  expect([...markersOf(emulator.trail, STREAM_AUDIT)]).toHaveLength(1);
});
