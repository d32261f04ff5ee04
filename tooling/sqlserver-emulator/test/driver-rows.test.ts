/** The short cut gives what the driver gives. */
import { expect, test } from "vitest";
import {
  appendWorkload,
  createWorkload,
  damageBlock,
  driverRows,
  pathOf,
  readAuditFiles,
  type SqlServerVersion,
  startSqlServerEmulator,
  VERSION_PROFILES,
} from "../src/index.ts";
import { connect } from "./connect.ts";

const PATTERN = "D:\\das\\RDS_DAS_AUDIT_*";

test.each(Object.keys(VERSION_PROFILES) as SqlServerVersion[])("every row and column of %s", async (version) => {
  await using emulator = await startSqlServerEmulator({
    version,
    audits: { queueDelay: 0 },
    behaviour: { bufferSize: 8192 },
  });
  await using client = await connect(emulator);
  const { profile } = emulator;
  const workload = createWorkload({ seed: 7, profile, serverInstanceName: "SQLEMU01" });
  const now = emulator.now();
  emulator.change((trail) => appendWorkload(trail, workload.generate(400, now - 1000, now), now));
  const [file] = emulator.trail.files;
  const [, second] = file?.blocks ?? [];
  if (file && second) emulator.change((trail) => damageBlock(trail, pathOf(file), second.offset));

  const list = profile.columns.map(({ name }) =>
    name === "event_time" ? "CONVERT(char(27), f.event_time, 121) AS event_time" : `f.${name}`,
  );
  const request = client.pool.request();
  request.arrayRowMode = true;
  const { recordset } = await request.query(
    `SELECT ${list.join(", ")} FROM sys.fn_get_audit_file(N'${PATTERN}', NULL, NULL) AS f`,
  );

  const read = readAuditFiles(emulator.trail, { pattern: PATTERN, initialFile: null, offset: null });
  if (read.error !== undefined) throw new Error(`refused with ${read.error}`);
  const rows = driverRows(profile);
  const expected = [...read.parts].flatMap((part) => rows.of(part));
  expect(expected.length).toBeGreaterThan(300);
  expect([...recordset]).toEqual(expected);
  expect(rows.columns.map(({ name }) => name)).toEqual(profile.columns.map(({ name }) => name));
});

test("some columns, in the order that is asked for", () => {
  const { of, columns } = driverRows(VERSION_PROFILES["2022"], ["statement", "transaction_id", "sequence_group_id"]);
  expect(columns.map(({ type }) => type.name)).toEqual(["nvarchar", "bigint", "varbinary"]);
  const file = { directory: "D:\\das\\", name: "a", auditGuid: "", fileTime: "1", createdAt: 0, blocks: [], size: 0 };
  const row = { event_time: "", action_id: "", statement: "SELECT 1", transaction_id: "9007199254740993" };
  expect(of({ file, block: { offset: 5632, size: 512, rows: [row] } })).toEqual([
    ["SELECT 1", "9007199254740993", Buffer.alloc(16)],
  ]);
  expect(() => driverRows(VERSION_PROFILES["2016"], ["host_name"])).toThrow(/no column host_name/);
});
