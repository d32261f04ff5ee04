/**
 * Every row of a real database that the project may hold goes through emulator, driver, reader and mapping, on the
 * release that wrote it, and must come out as the wire format says (wire format §5): by the rules below, which share no
 * code with the reader.
 *
 * Thirty-five public rows are missing among the fixtures because nobody granted a licence for them or it was not looked
 * up. They were checked once, by this test, and came out right. Whoever has them, or others, names their folder in
 * DAS_TEST_REAL_ORACLE_ROWS.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { InstanceDescription, OracleEvent } from "@das/core";
import { type ReleaseName, realRows } from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import { MORE_REAL_ROWS } from "./env.ts";
import { readBack } from "./read-back.ts";

type Value = string | number | null;

/** A row as it was found, and what it needs besides to be a row at all. */
interface FoundRow {
  readonly source: string;
  readonly licence: string;
  readonly version: ReleaseName;
  readonly row: Readonly<Record<string, Value>>;
  readonly completed?: Readonly<Record<string, string>>;
}

const emulator = pathToFileURL(createRequire(import.meta.url).resolve("@das/oracle-emulator"));
const FIXTURES = new URL("../fixtures/real-rows/", emulator);
const DOCUMENTED_KEYS = JSON.parse(
  readFileSync(new URL("fixtures/doc-native-audit-fields.json", import.meta.url), "utf8"),
) as readonly string[];

function rowsIn(folder: URL): readonly FoundRow[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as FoundRow[]);
}

test("the two rows that may be copied are there, each with its source and licence", () => {
  expect(rowsIn(FIXTURES).map(({ licence }) => licence)).toEqual(["Apache-2.0", "Apache-2.0"]);
  for (const { source } of rowsIn(FIXTURES)) expect(source).toMatch(/^[\w.-]+\/[\w.-]+: ./);
  expect(realRows().map(({ source, version }) => ({ source, version }))).toEqual(
    rowsIn(FIXTURES).map(({ source, version }) => ({ source, version })),
  );
});

/** Wire format §5.3, what is printed bold there. */
const INTEGERS = new Set(
  (
    "DBID DIRECT_PATH_NUM_COLUMNS_LOADED DV_ACTION_CODE DV_EXTENDED_ACTION_CODE DV_RETURN_CODE ENTRY_ID INSTANCE_ID " +
    "PROTOCOL_RETURN_CODE PROTOCOL_SESSION_ID PROXY_SESSIONID RMAN_SESSION_RECID RMAN_SESSION_STAMP SCN " +
    "XS_INACTIVITY_TIMEOUT"
  ).split(" "),
);
const NOT_NATIVE =
  /^(AUDIT_TYPE|SESSIONID|DBUSERNAME|CLIENT_PROGRAM_NAME|STATEMENT_ID|EVENT_TIMESTAMP(_UTC)?|ACTION_NAME|RETURN_CODE|OS_PROCESS|TRANSACTION_ID|OBJECT_SCHEMA|OBJECT_NAME|SQL_TEXT|SQL_BINDS)$/;

/** The bind values that occur in the rows, taken apart by hand. */
const BINDS: Readonly<Record<string, readonly string[]>> = {
  " #1(21):ORA_TEMP_2_DS_1721605 #2(3):SYS": ["ORA_TEMP_2_DS_1721605", "SYS"],
};

/** Without the column DB_UNIQUE_NAME. */
const OLDER: readonly ReleaseName[] = ["12.2", "18c", "19c"];

/** With what every database adds, where the source does not show it. */
function completeRow({ row, completed, version }: FoundRow): Readonly<Record<string, Value>> {
  const name = OLDER.includes(version) ? {} : { DB_UNIQUE_NAME: "ORCL_A" };
  return { DBID: "1559204751", INSTANCE_ID: "1", ...name, ...row, ...completed };
}

/** Wire format §5, field by field. */
function expectedEvent(found: FoundRow, instance: InstanceDescription): OracleEvent {
  const row = completeRow(found);
  const text = (column: string) => (typeof row[column] === "number" ? String(row[column]) : (row[column] ?? null));
  const integer = (column: string) => (row[column] === undefined || row[column] === null ? null : Number(row[column]));
  const address = /\(CLIENT ADDRESS=(.*?)\)\);/.exec(text("AUTHENTICATION_TYPE") ?? "")?.[1] ?? "";
  const within = (pattern: RegExp) => pattern.exec(address)?.[1] ?? null;
  const native = (column: string) => (INTEGERS.has(column) ? integer(column) : text(column));
  const more = Object.keys(row).filter(
    (name) => !NOT_NATIVE.test(name) && ![...DOCUMENTED_KEYS, "DBID"].includes(name),
  );
  return {
    clientApplication: text("CLIENT_PROGRAM_NAME"),
    command: text("ACTION_NAME"),
    commandText: text("SQL_TEXT"),
    dbid: text("DBID"),
    databaseName: instance.databaseName,
    dbProtocol: "oracle",
    dbUserName: text("DBUSERNAME"),
    endTime: null,
    errorMessage: null,
    exitCode: integer("RETURN_CODE"),
    logTime: `${text("EVENT_TIMESTAMP_UTC")}+00`,
    netProtocol: within(/\(PROTOCOL=([^()]*)\)/),
    objectName: text("OBJECT_NAME"),
    objectType: text("OBJECT_SCHEMA"),
    paramList: row.SQL_BINDS ? [...(BINDS[String(row.SQL_BINDS)] ?? ["?"])] : [],
    pid: integer("OS_PROCESS"),
    remoteHost: within(/\(HOST=([^()]*)\)/) ?? text("USERHOST"),
    remotePort: within(/\(PORT=(\d+)\)/),
    rowCount: null,
    serverHost: instance.serverHost,
    serverType: "ORACLE",
    serverVersion: instance.serverVersion,
    serviceName: instance.serviceName,
    sessionId: integer("SESSIONID"),
    startTime: null,
    statementId: integer("STATEMENT_ID"),
    substatementId: null,
    transactionId: text("TRANSACTION_ID"),
    class: text("AUDIT_TYPE"),
    type: "record",
    engineNativeAuditFields: Object.fromEntries(
      [...DOCUMENTED_KEYS, "DBID", ...more.filter((name) => row[name] !== null)].map((name) => [name, native(name)]),
    ),
  };
}

/** In the emulator's form: as text. */
function emulatedRow(found: FoundRow) {
  const texts = Object.entries(completeRow(found)).map(([name, value]) => [
    name,
    value === null ? null : String(value),
  ]);
  const complete: Readonly<Record<string, string | null>> = Object.fromEntries(texts);
  return { ...complete, EVENT_TIMESTAMP_UTC: String(complete.EVENT_TIMESTAMP_UTC) };
}

const ROWS = [
  ...rowsIn(FIXTURES),
  ...(MORE_REAL_ROWS === undefined ? [] : rowsIn(pathToFileURL(`${MORE_REAL_ROWS}/`))),
];

describe("rows of real databases come out exactly", () => {
  for (const found of ROWS) {
    test(`${found.source}, ${found.version}`, async () => {
      const { event, instance } = await readBack(found.version, emulatedRow(found));
      const expected = expectedEvent(found, instance);
      expect(event).toStrictEqual(expected);
      expect(Object.keys(event ?? {})).toEqual(Object.keys(expected));
    });
  }
});
