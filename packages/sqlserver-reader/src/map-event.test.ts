import { readFileSync } from "node:fs";
import { type InnerRecord, type InstanceContext, type SqlServerEvent, sqlServerEventSchema } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toEvent } from "./map-event.ts";
import type { SqlServerRow, SqlValue, TrailColumn } from "./row.ts";

const context: InstanceContext = {
  serverHost: "172.31.30.159",
  serverVersion: "15.00.4073.23.v1.R1",
  serviceName: "sqlserver-ee",
  databaseName: null,
  nativeAuditFields: "include",
};

const record = JSON.parse(
  readFileSync(new URL("../test/fixtures/doc-sqlserver-login-failed.json", import.meta.url), "utf8"),
) as InnerRecord;
const documented = record.databaseActivityEventList[0] as SqlServerEvent;

/** The row behind the documented event, as the function of 2019 returns it. */
const loginFailed: Record<string, SqlValue> = {
  ...(documented.engineNativeAuditFields as Record<string, SqlValue>),
  das_event_time: "2022-10-06 21:34:42.7113072",
  sequence_number: 1,
  action_id: "LGIF",
  succeeded: false,
  permission_bitmask: new Uint8Array(16),
  session_id: 0,
  class_type: "LX",
  server_principal_name: "test",
  database_name: "",
  object_name: null,
  statement: documented.commandText,
  audit_file_offset: "5632",
  sequence_group_id: Buffer.from("1eb0d1808d34a94b9d3dcf5432750f02", "hex"),
  transaction_id: "0",
  client_ip: "local machine",
  application_name: documented.clientApplication,
  duration_milliseconds: "0",
  response_rows: "0",
  affected_rows: "0",
};

const BIGINTS = new Set([
  "transaction_id",
  "duration_milliseconds",
  "response_rows",
  "affected_rows",
  "audit_file_offset",
]);

function rowOf(values: Record<string, SqlValue>): SqlServerRow {
  const columns: TrailColumn[] = Object.entries(values).map(([name, value]) => {
    if (BIGINTS.has(name)) return { name, kind: "bigint" };
    return { name, kind: typeof value === "string" ? "text" : "other" };
  });
  const trail = { columns, actionNames: new Map(), classNames: new Map([["LX", "LOGIN"]]) };
  return { trail, values: Object.values(values), fileTime: 1n, offset: "5632", ordinal: 0 };
}

describe("mapping a row", () => {
  test("the documented failed login comes out exactly", () => {
    expect(toEvent(rowOf(loginFailed), context)).toEqual(documented);
  });

  test("members stand in the captured order", () => {
    expect(Object.keys(toEvent(rowOf(loginFailed), context))).toEqual(Object.keys(documented));
  });

  test("native fields can be left out, or be an empty object", () => {
    const { engineNativeAuditFields: _, ...plain } = documented;
    expect(toEvent(rowOf(loginFailed), { ...context, nativeAuditFields: "omit" })).toEqual(plain);
    const empty = toEvent(rowOf(loginFailed), { ...context, nativeAuditFields: "empty" });
    expect(empty).toEqual({ ...plain, engineNativeAuditFields: {} });
  });

  test("a column that this version lacks is null, and has no native key", () => {
    const { client_ip, application_name, affected_rows, connection_id, host_name, ...older } = loginFailed;
    const event = toEvent(rowOf(older), context);
    expect(event).toMatchObject({ remoteHost: null, clientApplication: null, rowCount: null });
    expect(event.engineNativeAuditFields).not.toHaveProperty("connection_id");
  });

  test("padded and unknown codes", () => {
    expect(toEvent(rowOf({ ...loginFailed, action_id: "SL  ", class_type: "U " }), context)).toMatchObject({
      command: "SELECT",
      class: "TABLE",
      objectType: "TABLE",
    });
    expect(toEvent(rowOf({ ...loginFailed, action_id: "ZZZ ", class_type: "?9" }), context)).toMatchObject({
      command: "ZZZ",
      class: "?9",
    });
  });

  test("big integers are exact, unknown columns travel", () => {
    const row = rowOf({
      ...loginFailed,
      affected_rows: "9223372036854775807",
      transaction_id: "9223372036854775807",
      from_2028: "x",
    });
    const event = toEvent(row, context);
    expect(event.rowCount).toBe(9223372036854775807n);
    expect(event.transactionId).toBe("9223372036854775807");
    expect(event.engineNativeAuditFields).toHaveProperty("from_2028", "x");
  });

  test("is total: any values give a valid event", () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.uint8Array(), fc.constant(null));
    const names = Object.keys(loginFailed).filter((name) => name !== "das_event_time");
    const row = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    fc.assert(
      fc.property(row, fc.constantFrom("include", "omit", "empty"), (values, nativeAuditFields) => {
        const complete = { ...values, das_event_time: "2022-10-06 21:34:42.7113072" };
        const event = toEvent(rowOf(complete), { ...context, nativeAuditFields });
        expect(sqlServerEventSchema.parse(event)).toEqual(event);
      }),
    );
  });
});
