import { readFileSync } from "node:fs";
import { type InstanceContext, type OracleEvent, oracleEventSchema, parseExact, stringifyExact } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NATIVE_COLUMNS } from "./columns.ts";
import { toEvent } from "./map-event.ts";
import { type OracleRow, type OracleValue, rowOf, type TrailColumn } from "./row.ts";

const documented = JSON.parse(
  readFileSync(new URL("../test/fixtures/doc-oracle-create-table.json", import.meta.url), "utf8"),
) as OracleEvent;
const documentedNative = documented.engineNativeAuditFields ?? {};

const context: InstanceContext = {
  serverHost: documented.serverHost,
  serverVersion: documented.serverVersion,
  serviceName: documented.serviceName,
  databaseName: documented.databaseName,
  nativeAuditFields: "include",
};

const NUMBERS = new Set([
  ...Object.entries(documentedNative).flatMap(([name, value]) => (typeof value === "number" ? [name] : [])),
  ...["SESSIONID", "STATEMENT_ID", "RETURN_CODE", "DBID", "FW_RETURN_CODE", "PROTOCOL_RETURN_CODE"],
]);

/** The row behind the documented event, as 19c returns it. */
const createTable: Record<string, OracleValue> = {
  AUDIT_TYPE: "Standard",
  SESSIONID: "1234567890",
  CLIENT_PROGRAM_NAME: documented.clientApplication,
  DBUSERNAME: "TEST",
  STATEMENT_ID: "43",
  EVENT_TIMESTAMP_UTC: "2021-01-15 00:22:49.535239",
  ACTION_NAME: "CREATE TABLE",
  RETURN_CODE: "0",
  OS_PROCESS: "17687",
  TRANSACTION_ID: "090011007F0D0000",
  OBJECT_SCHEMA: "TEST",
  OBJECT_NAME: "PERSONS",
  SQL_TEXT: documented.commandText,
  SQL_BINDS: null,
  DBID: "123456789",
  ...Object.fromEntries(
    Object.entries(documentedNative).map(([name, value]) => [name, value === null ? null : String(value)]),
  ),
};

function rowWith(values: Record<string, OracleValue>, kinds: Record<string, TrailColumn["kind"]> = {}): OracleRow {
  const columns = Object.keys(values).map((name): TrailColumn => {
    return { name, kind: kinds[name] ?? (NUMBERS.has(name) ? "number" : "text") };
  });
  return rowOf({ columns }, Object.values(values));
}

const eventOf = (values: Record<string, OracleValue>, nativeAuditFields = context.nativeAuditFields) =>
  toEvent(rowWith({ ...createTable, ...values }), { ...context, nativeAuditFields });

/** Wire format §14: in exactly these points the documented event is not what a stream has. */
const ONLY_IN_STREAMS = [
  ...["CURRENT_USER", "KSACL_SERVICE_NAME", "KSACL_SOURCE_LOCATION", "KSACL_USER_NAME", "PROTOCOL_ACTION_NAME"],
  ...["PROTOCOL_MESSAGE", "PROTOCOL_RETURN_CODE", "PROTOCOL_SESSION_ID", "PROTOCOL_USERHOST", "RLS_INFO"],
];
const expected = {
  ...documented,
  dbid: "123456789",
  logTime: `${documented.logTime}+00`,
  serverType: "ORACLE",
  type: "record",
  engineNativeAuditFields: {
    ...documentedNative,
    ...Object.fromEntries(ONLY_IN_STREAMS.map((name) => [name, null])),
    DBID: 123_456_789,
  },
};

/** Wire format §4. */
const CAPTURED_ORDER =
  "clientApplication, command, commandText, dbid, databaseName, dbProtocol, dbUserName, endTime, errorMessage, exitCode, " +
  "logTime, netProtocol, objectName, objectType, paramList, pid, remoteHost, remotePort, rowCount, serverHost, serverType, " +
  "serverVersion, serviceName, sessionId, startTime, statementId, substatementId, transactionId, class, type, " +
  "engineNativeAuditFields";

describe("mapping a row", () => {
  test("the documented CREATE TABLE comes out as the comparison rules say", () => {
    expect(eventOf({})).toStrictEqual(expected);
  });

  test("members stand in the captured order, native ones in that of the documented list", () => {
    const event = eventOf({});
    expect(Object.keys(event).join(", ")).toBe(CAPTURED_ORDER);
    expect(Object.keys(event.engineNativeAuditFields ?? {})).toEqual(NATIVE_COLUMNS.map(({ name }) => name));
    const { dbid: _, engineNativeAuditFields: __, ...plain } = expected;
    expect(Object.keys(eventOf({}, "omit"))).toEqual(
      CAPTURED_ORDER.split(", ").filter((name) => Object.hasOwn(plain, name)),
    );
  });

  test("native fields can be left out, or be an empty object; neither has dbid", () => {
    const { dbid: _, engineNativeAuditFields: __, ...plain } = expected;
    expect(eventOf({}, "omit")).toStrictEqual(plain);
    expect(eventOf({}, "empty")).toStrictEqual({ ...plain, engineNativeAuditFields: {} });
  });

  test("NULL is null in every field; paramList is empty", () => {
    const nothing = Object.fromEntries(Object.keys(createTable).map((name) => [name, null]));
    const event = eventOf({ ...nothing, EVENT_TIMESTAMP_UTC: "2021-01-15 00:22:49.535239" });
    const { engineNativeAuditFields: native, ...fields } = event;
    expect(Object.entries(fields).filter(([, value]) => value !== null)).toEqual([
      ["databaseName", "ORCL"],
      ["dbProtocol", "oracle"],
      ["logTime", "2021-01-15 00:22:49.535239+00"],
      ["paramList", []],
      ["serverHost", documented.serverHost],
      ["serverType", "ORACLE"],
      ["serverVersion", documented.serverVersion],
      ["serviceName", documented.serviceName],
      ["type", "record"],
    ]);
    expect(Object.keys(native ?? {})).toHaveLength(90);
    expect(Object.values(native ?? {}).every((value) => value === null)).toBe(true);
  });

  test("a column that this release lacks is null, natively too", () => {
    const columns = { EVENT_TIMESTAMP_UTC: "2021-01-15 00:22:49.535239", ACTION_NAME: "LOGON" };
    const event = toEvent(rowWith(columns), context);
    expect(event).toMatchObject({ command: "LOGON", class: null, sessionId: null, dbid: null, paramList: [] });
    expect(Object.keys(event.engineNativeAuditFields ?? {})).toEqual(NATIVE_COLUMNS.map(({ name }) => name));
  });

  test("an empty text, such as an empty CLOB, is NULL", () => {
    expect(eventOf({ SQL_TEXT: "", SQL_BINDS: "", RLS_INFO: "" })).toMatchObject({
      commandText: null,
      paramList: [],
      engineNativeAuditFields: { RLS_INFO: null },
    });
  });

  test("exitCode is RETURN_CODE whatever the class; the other codes travel natively", () => {
    const codes = {
      RETURN_CODE: "1017",
      DV_RETURN_CODE: "47401",
      PROTOCOL_RETURN_CODE: "404",
      FW_RETURN_CODE: "47605",
    };
    for (const AUDIT_TYPE of ["Standard", "Database Vault", "Protocol", "SQL Firewall"]) {
      expect(eventOf({ ...codes, AUDIT_TYPE })).toMatchObject({
        class: AUDIT_TYPE,
        exitCode: 1017,
        engineNativeAuditFields: { DV_RETURN_CODE: 47_401, PROTOCOL_RETURN_CODE: 404, FW_RETURN_CODE: 47_605 },
      });
    }
    expect(eventOf({ ...codes, RETURN_CODE: null }).exitCode).toBeNull();
  });

  test("the host is that of the client's address, and the client's own word for it only without one", () => {
    const local = "(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=beq)));";
    expect(eventOf({ USERHOST: "app1" })).toMatchObject({ remoteHost: documented.remoteHost });
    expect(eventOf({ USERHOST: "app1", AUTHENTICATION_TYPE: local })).toMatchObject({ remoteHost: "app1" });
    expect(eventOf({ USERHOST: "app1", AUTHENTICATION_TYPE: null })).toMatchObject({
      remoteHost: "app1",
      netProtocol: null,
      remotePort: null,
    });
  });

  test("bind values are a list of strings", () => {
    expect(eventOf({ SQL_BINDS: " #1(5):hello #2(0): #3(1):7" }).paramList).toEqual(["hello", "7"]);
  });

  test("chr(0), newlines and lone surrogates stay in texts, and survive JSON", () => {
    const text = "SELECT '\0' --\r\n\ud83d";
    const event = eventOf({ SQL_TEXT: text, RLS_INFO: text, SQL_BINDS: " #1(1):\0" });
    expect(parseExact(stringifyExact(event))).toEqual(event);
    expect(event).toMatchObject({ commandText: text, paramList: ["\0"], engineNativeAuditFields: { RLS_INFO: text } });
  });
});

describe("the server's process", () => {
  test("is a number up to 2^31-1, and then no native field", () => {
    for (const [OS_PROCESS, pid] of [
      ["0", 0],
      ["22396", 22_396],
      ["2147483647", 2_147_483_647],
    ] as const) {
      const event = eventOf({ OS_PROCESS });
      expect(event.pid).toBe(pid);
      expect(event.engineNativeAuditFields).not.toHaveProperty("OS_PROCESS");
    }
  });

  test("is null when it is anything else, and stands natively", () => {
    for (const OS_PROCESS of ["2147483648", "1234:5678", "0x1F", "-1", " 12", "ORACLE.EXE (S"]) {
      expect(eventOf({ OS_PROCESS })).toMatchObject({ pid: null, engineNativeAuditFields: { OS_PROCESS } });
      expect(eventOf({ OS_PROCESS }, "omit")).not.toHaveProperty("engineNativeAuditFields");
    }
  });
});

describe("numbers", () => {
  test("beyond 2^53 are exact", () => {
    const event = eventOf({ SESSIONID: "866957642826845769", SCN: "18446744073709551615", DBID: "4294967295" });
    expect(event.sessionId).toBe(866957642826845769n);
    expect(event.dbid).toBe("4294967295");
    expect(event.engineNativeAuditFields).toMatchObject({ SCN: 18446744073709551615n, DBID: 4_294_967_295 });
    expect(stringifyExact(event)).toContain('"sessionId":866957642826845769,');
  });

  test("that are no integers travel as text natively", () => {
    expect(eventOf({ SCN: ".5" }).engineNativeAuditFields).toMatchObject({ SCN: ".5" });
  });

  test("documented columns keep their documented type, whatever type a release gives them", () => {
    const row = rowWith({ ...createTable, SCN: "5", TERMINAL: "7" }, { SCN: "text", TERMINAL: "number" });
    expect(toEvent(row, context).engineNativeAuditFields).toMatchObject({ SCN: 5, TERMINAL: "7" });
  });
});

describe("columns outside the documented list", () => {
  const newer: Record<string, OracleValue> = {
    ...createTable,
    OBJECT_TYPE: "TABLE",
    DB_UNIQUE_NAME: "ORCL_A",
    FW_ACTION_NAME: null,
    DP_CLOB_PARAMETERS1: "…",
    FROM_2030: "12345678901234567890",
    RAW_FROM_2030: "00FF",
    TIME_FROM_2030: "2030-01-01 00:00:00.000001",
  };
  const kinds = { FROM_2030: "number", RAW_FROM_2030: "raw", TIME_FROM_2030: "time" } as const;

  test("follow the listed ones in the order of the view when they are not NULL, by their own types", () => {
    const { engineNativeAuditFields: native = {} } = toEvent(rowWith(newer, kinds), context);
    expect(Object.entries(native).slice(90)).toEqual([
      ["OBJECT_TYPE", "TABLE"],
      ["DB_UNIQUE_NAME", "ORCL_A"],
      ["DP_CLOB_PARAMETERS1", "…"],
      ["FROM_2030", 12345678901234567890n],
      ["RAW_FROM_2030", "00FF"],
      ["TIME_FROM_2030", "2030-01-01 00:00:00.000001+00"],
    ]);
  });

  test("are nowhere without native fields", () => {
    expect(toEvent(rowWith(newer, kinds), { ...context, nativeAuditFields: "omit" })).toStrictEqual(
      eventOf({}, "omit"),
    );
  });

  test("mapped columns, the time and the columns of GV$ are never among them", () => {
    const event = toEvent(rowWith({ ...createTable, EVENT_TIMESTAMP: "x", INST_ID: "1", CON_ID: "3" }), context);
    expect(event).toStrictEqual(expected);
  });
});

test("is total: any values give a valid event", () => {
  const text = fc.string({
    unit: fc.oneof(fc.string(), fc.constantFrom("(", ")", "=", " #1(", ":", "\0", "\ud83d", "7")),
  });
  const value = fc.option(fc.oneof(text, fc.bigInt().map(String)));
  const names = [...Object.keys(createTable), "FROM_2030"].filter((name) => name !== "EVENT_TIMESTAMP_UTC");
  const row = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
  const options = fc.constantFrom("include" as const, "omit" as const, "empty" as const);
  fc.assert(
    fc.property(row, options, (values, nativeAuditFields) => {
      const complete = { ...values, EVENT_TIMESTAMP_UTC: "2021-01-15 00:22:49.535239" };
      const event = toEvent(rowWith(complete), { ...context, nativeAuditFields });
      expect(oracleEventSchema.parse(event)).toEqual(event);
      expect(parseExact(stringifyExact(event))).toEqual(event);
    }),
  );
});
