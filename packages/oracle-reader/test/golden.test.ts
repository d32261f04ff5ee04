import { readFileSync } from "node:fs";
import { type OracleEvent, oracleEventSchema } from "@das/core";
import { documentedCreateTable, UNKNOWN_COLUMN } from "@das/oracle-emulator";
import { expect, test } from "vitest";
import { readBack } from "./read-back.ts";

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8"));
const documented = fixture("doc-oracle-create-table.json") as OracleEvent;
const documentedKeys = fixture("doc-native-audit-fields.json") as readonly string[];

test("the documented CREATE TABLE comes out by the comparison rules when its row is fed in through the driver", async () => {
  const { row, version } = documentedCreateTable();
  const { event, instance } = await readBack(version, row);
  // The comparison rules (wire format §14), and what the documentation says of the host, which is in no row.
  expect(event).toStrictEqual({
    ...documented,
    dbid: row.DBID,
    databaseName: instance.databaseName,
    logTime: `${documented.logTime}+00`,
    serverHost: instance.serverHost,
    serverType: "ORACLE",
    serverVersion: instance.serverVersion,
    type: "record",
    engineNativeAuditFields: {
      ...Object.fromEntries(documentedKeys.map((name) => [name, null])),
      ...documented.engineNativeAuditFields,
      DBID: Number(row.DBID),
    },
  });
  expect(instance.serviceName).toBe(documented.serviceName);
  expect(oracleEventSchema.parse(event)).toEqual(event);
});

test("numbers, CLOBs, binds and characters come through the driver exactly", async () => {
  const text = `SELECT '\u0000 \u{1f600} é\r\n' FROM dual -- ${"東京".repeat(20_000)}`;
  const row = {
    EVENT_TIMESTAMP_UTC: "2026-03-01 23:59:59.999999",
    ACTION_NAME: "SELECT",
    SESSIONID: "866957642826845769",
    ENTRY_ID: "9007199254740993",
    STATEMENT_ID: "7",
    RETURN_CODE: "1017",
    SCN: "18446744073709551615",
    SQL_TEXT: text,
    SQL_BINDS: " #1(9): #2(1):x, #2(8):\u{1f600}東x #3(0):",
    RLS_INFO: text,
    OS_PROCESS: "1234:5678",
    TRANSACTION_ID: "02000800D5030000",
    XS_SESSIONID: "00FF",
    DP_CLOB_PARAMETERS1: "…",
    FW_RETURN_CODE: "47605",
  };
  const { event } = await readBack("26ai", row);
  expect(event).toMatchObject({
    class: "Standard",
    command: "SELECT",
    commandText: text,
    exitCode: 1017,
    logTime: "2026-03-01 23:59:59.999999+00",
    paramList: [" #2(1):x,", "\u{1f600}東x"],
    pid: null,
    sessionId: 866957642826845769n,
    statementId: 7,
    transactionId: "02000800D5030000",
    engineNativeAuditFields: {
      ENTRY_ID: 9007199254740993n,
      SCN: 18446744073709551615n,
      RLS_INFO: text,
      OS_PROCESS: "1234:5678",
      XS_SESSIONID: "00FF",
      DP_CLOB_PARAMETERS1: "…",
      FW_RETURN_CODE: 47_605,
    },
  });
  expect(oracleEventSchema.parse(event)).toEqual(event);
});

test("a column that nobody knows yet travels with native fields, and changes nothing else", async () => {
  const row = {
    EVENT_TIMESTAMP_UTC: "2026-03-01 23:59:59.999999",
    ACTION_NAME: "SELECT",
    SESSIONID: "1",
    ENTRY_ID: "1",
    OS_PROCESS: "no number",
    [UNKNOWN_COLUMN.name]: "news",
  };
  const included = await readBack("future", row);
  const omitted = await readBack("future", row, "omit");
  expect(included.event?.engineNativeAuditFields).toHaveProperty(UNKNOWN_COLUMN.name, "news");
  expect(omitted.marker).toBe(included.marker);
  const { dbid: _, engineNativeAuditFields: __, ...plain } = included.event ?? {};
  expect(omitted.event).toStrictEqual(plain);
});
