/**
 * Every row of a real server that the project may hold goes through emulator, driver, reader and mapping, on the version
 * that wrote it, and must come out as the wire format says (wire format §6): by the rules below, which share no code with
 * the reader.
 *
 * Four public rows are missing among the fixtures because nobody granted a licence for them or it was not looked up: one
 * of Azure SQL Database, one result of the function of 2017, and two doubtful ones. Whoever has them, or others, names
 * their folder in DAS_TEST_REAL_ROWS.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { InstanceDescription } from "@das/core";
import { realRows, type SqlServerVersion, VERSION_PROFILES } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { type EmulatedTrail, openEmulatedTrail } from "./emulated-trail.ts";
import { MORE_REAL_ROWS } from "./env.ts";
import { readUntil } from "./read-until.ts";

type Value = string | number | boolean | null;

/** A row as it was found; the engine's columns, without those that the source did not show. */
interface FoundRow {
  readonly source: string;
  readonly licence: string;
  readonly version: SqlServerVersion;
  readonly row: Readonly<Record<string, Value>>;
}

const emulator = pathToFileURL(createRequire(import.meta.url).resolve("@das/sqlserver-emulator"));
const FIXTURES = new URL("../fixtures/real-rows/", emulator);

function rowsIn(folder: URL): readonly FoundRow[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as FoundRow[]);
}

const COUNTS: Readonly<Record<string, number>> = {
  "audit-changes.json": 14,
  "backup-restore-dbcc.json": 5,
  "database-changes.json": 2,
  "execute.json": 13,
  "impersonation-and-permissions.json": 2,
  "login-failed.json": 12,
  "login-succeeded.json": 8,
  "logins-users-passwords.json": 8,
  "role-members.json": 5,
  "select.json": 9,
  "server-state.json": 3,
  "wide-and-new-columns.json": 1,
};

test("the 82 rows that may be copied are there, each with its source and licence", () => {
  const found = readdirSync(FIXTURES).map((name) => [
    name,
    (JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8")) as unknown[]).length,
  ]);
  expect(Object.fromEntries(found)).toEqual(COUNTS);
  for (const { source, licence } of rowsIn(FIXTURES)) {
    expect(["Apache-2.0", "CC0-1.0", "MIT"]).toContain(licence);
    expect(source).toMatch(/^[\w.-]+\/[\w.-]+: ./);
  }
  expect(realRows().map(({ source, version }) => ({ source, version }))).toEqual(
    rowsIn(FIXTURES).map(({ source, version }) => ({ source, version })),
  );
});

/** The names of the codes that occur in the rows, as the engine's own views have them. */
const COMMANDS: Readonly<Record<string, string>> = {
  AL: "ALTER",
  APRL: "ADD MEMBER",
  AUSC: "AUDIT SESSION CHANGED",
  BA: "BACKUP",
  BCM: "BATCH COMPLETED",
  CCLG: "CHANGE LOGIN CREDENTIAL",
  CR: "CREATE",
  DBAS: "DATABASE AUTHENTICATION SUCCEEDED",
  DBCC: "DBCC",
  DPRL: "DROP MEMBER",
  DR: "DROP",
  EX: "EXECUTE",
  G: "GRANT",
  IMP: "IMPERSONATE",
  LGEA: "ENABLE",
  LGIF: "LOGIN FAILED",
  LGIS: "LOGIN SUCCEEDED",
  LGNM: "NAME CHANGE",
  PWMC: "MUST CHANGE PASSWORD",
  PWPL: "PASSWORD POLICY",
  SL: "SELECT",
  TO: "TAKE OWNERSHIP",
  VSST: "VIEW SERVER STATE",
};

const CLASSES: Readonly<Record<string, string>> = {
  A: "SERVER AUDIT",
  CR: "CERTIFICATE",
  DA: "DATABASE AUDIT SPECIFICATION",
  DB: "DATABASE",
  LX: "LOGIN",
  MK: "MASTER KEY",
  P: "STORED PROCEDURE",
  RL: "ROLE",
  SA: "SERVER AUDIT SPECIFICATION",
  SG: "SERVER ROLE",
  SL: "SQL LOGIN",
  SR: "SERVER",
  SU: "SQL USER",
  U: "TABLE",
  V: "VIEW",
  X: "STORED PROCEDURE EXTENDED",
};

/** Columns without a field of their own: since which version, and what the engine shows where the source shows nothing. */
const NATIVE: Readonly<Record<string, readonly [since: number, untold: Value]>> = {
  permission_bitmask: [2008, `0x${"0".repeat(32)}`],
  is_column_permission: [2008, false],
  server_principal_id: [2008, 0],
  database_principal_id: [2008, 0],
  target_server_principal_id: [2008, 0],
  target_database_principal_id: [2008, 0],
  object_id: [2008, 0],
  session_server_principal_name: [2008, ""],
  server_principal_sid: [2008, null],
  database_principal_name: [2008, ""],
  target_server_principal_name: [2008, ""],
  target_server_principal_sid: [2008, null],
  target_database_principal_name: [2008, ""],
  server_instance_name: [2008, ""],
  schema_name: [2008, ""],
  additional_information: [2008, ""],
  user_defined_event_id: [2012, 0],
  user_defined_information: [2012, ""],
  audit_schema_version: [2014, 1],
  duration_milliseconds: [2017, 0],
  response_rows: [2017, 0],
  connection_id: [2019, null],
  data_sensitivity_information: [2019, ""],
  host_name: [2019, ""],
  session_context: [2022, ""],
  client_tls_version: [2022, 0],
  client_tls_version_name: [2022, ""],
  database_transaction_id: [2022, 0],
  ledger_start_sequence_number: [2022, 0],
  external_policy_permissions_checked: [2022, ""],
  obo_middle_tier_app_id: [2022, ""],
  is_local_secondary_replica: [2022, false],
};

const BINARY = /^(permission_bitmask|.*_sid)$/;

/** The GUID text of event 33205 as the bytes that the function shows: the first three groups the other way round. */
function statementIdOf(found: string): string {
  if (found.startsWith("0x")) return found.toLowerCase();
  const bytes = Buffer.from(found.replaceAll("-", ""), "hex");
  for (const [begin, end] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ]) {
    bytes.subarray(begin, end).reverse();
  }
  return `0x${bytes.toString("hex")}`;
}

test("a statement id is the GUID of event 33205 as bytes", () => {
  expect(statementIdOf("B6088060-061E-4E08-B09A-EEDFC06E8371")).toBe("0x608008b61e06084eb09aeedfc06e8371");
});

/** Wire format §6.1, field by field. */
function expectedEvent({ row, version }: FoundRow, instance: InstanceDescription) {
  const { year } = VERSION_PROFILES[version];
  const since = <Kind>(first: number, value: Kind) => (year >= first ? value : null);
  const code = (column: string, names: Readonly<Record<string, string>>) => {
    const id = String(row[column] ?? "").trimEnd();
    return names[id] ?? id;
  };
  const zeroes = `0x${"0".repeat(32)}`;
  return {
    class: code("class_type", CLASSES),
    clientApplication: since(2017, row.application_name ?? ""),
    command: code("action_id", COMMANDS),
    commandText: row.statement ?? "",
    databaseName: row.database_name ?? "",
    dbProtocol: "SQLSERVER",
    dbUserName: row.server_principal_name ?? "",
    endTime: null,
    errorMessage: null,
    exitCode: row.succeeded ? 1 : 0,
    logTime: `${String(row.event_time).padEnd("2022-10-06 21:34:42.7113072".length, "0")}+00`,
    netProtocol: null,
    objectName: row.object_name ?? "",
    objectType: code("class_type", CLASSES),
    paramList: null,
    pid: null,
    remoteHost: since(2017, row.client_ip ?? ""),
    remotePort: null,
    rowCount: since(2017, row.affected_rows ?? 0),
    serverHost: instance.serverHost,
    serverType: "SQLSERVER",
    serverVersion: instance.serverVersion,
    serviceName: instance.serviceName,
    sessionId: row.session_id ?? 0,
    startTime: null,
    statementId: since(2014, row.sequence_group_id ? statementIdOf(String(row.sequence_group_id)) : zeroes),
    substatementId: row.sequence_number ?? 1,
    transactionId: since(2016, String(row.transaction_id ?? 0)),
    type: "record",
    engineNativeAuditFields: Object.fromEntries(
      Object.entries(NATIVE)
        .filter(([, [first]]) => year >= first)
        .map(([column, [, untold]]) => {
          const value = row[column] === undefined ? untold : row[column];
          return [column, BINARY.test(column) && typeof value === "string" ? value.toLowerCase() : value];
        }),
    ),
  };
}

/** Through the emulator, the driver, the reader and the mapping. */
async function eventsOf(trail: EmulatedTrail, found: readonly FoundRow[]) {
  const before = trail.expectedMarkers().length;
  trail.appendRows(found.map(({ row }) => emulatedRow(row)));
  const { rows, batches } = await readUntil(trail, undefined, before + found.length);
  const instance = batches[0]?.instance;
  if (!instance) throw new Error("the reader gave no batch");
  await using reader = trail.openReader();
  const events = rows.map((row) => reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
  return { instance, events: events.slice(before) };
}

/** In the emulator's form; where the row stands is not for the row to say. */
function emulatedRow(row: FoundRow["row"]) {
  const { file_name: _, audit_file_offset: __, ...columns } = row;
  return {
    ...columns,
    event_time: String(row.event_time).padEnd("2022-10-06 21:34:42.7113072".length, "0"),
    action_id: String(row.action_id),
    ...(typeof row.sequence_group_id === "string" && { sequence_group_id: statementIdOf(row.sequence_group_id) }),
  };
}

const ROWS = [
  ...rowsIn(FIXTURES),
  ...(MORE_REAL_ROWS === undefined ? [] : rowsIn(pathToFileURL(`${MORE_REAL_ROWS}/`))),
];

describe("rows of real servers come out exactly", () => {
  for (const [version, rows = []] of Object.entries(Object.groupBy(ROWS, (found) => found.version))) {
    test(`${rows.length} rows of ${version}`, async () => {
      await using trail = await openEmulatedTrail({ version: rows[0]?.version ?? "2022" });
      const { events, instance } = await eventsOf(trail, rows);
      expect(events).toHaveLength(rows.length);
      for (const [index, found] of rows.entries()) {
        const expected = expectedEvent(found, instance);
        expect(events[index], found.source).toStrictEqual(expected);
        expect(Object.keys(events[index] ?? {}), found.source).toEqual(Object.keys(expected));
      }
    });
  }
});
