import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { databaseActivityEventSchema, innerRecordSchema, oracleEventSchema, outerRecordSchema } from "./event.ts";
import { jsonSchemas } from "./json-schema.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url), "utf8")) as Record<string, unknown>;

describe("event model", () => {
  test("the documented SQL Server record is one of ours", () => {
    const record = innerRecordSchema.parse(fixture("doc-sqlserver-login-failed.json"));
    expect(record.databaseActivityEventList).toHaveLength(1);
  });

  test("the documented Oracle event is one of ours once it is written as real streams write it", () => {
    const documented = fixture("doc-oracle-create-table.json");
    expect(oracleEventSchema.safeParse(documented).success).toBe(false);
    const real = { ...documented, type: "record", serverType: "ORACLE", logTime: `${documented.logTime}+00` };
    expect(databaseActivityEventSchema.parse(real)).toEqual(real);
  });

  test("an event without one of the common fields is refused", () => {
    const [event] = fixture("doc-sqlserver-login-failed.json").databaseActivityEventList as [Record<string, unknown>];
    for (const field of Object.keys(event)) {
      const { [field]: _, ...rest } = event;
      expect([field, databaseActivityEventSchema.safeParse(rest).success]).toEqual([
        field,
        field === "engineNativeAuditFields",
      ]);
    }
  });

  test("unknown event fields are kept, unknown outer fields refused", () => {
    const record = fixture("doc-sqlserver-login-failed.json");
    const [event] = record.databaseActivityEventList as [Record<string, unknown>];
    expect(databaseActivityEventSchema.parse({ ...event, fromTheFuture: 1 })).toHaveProperty("fromTheFuture", 1);
    const outer = {
      type: "DatabaseActivityMonitoringRecords",
      version: "1.4",
      databaseActivityEvents: "AA==",
      key: "AA==",
    };
    expect(outerRecordSchema.safeParse(outer).success).toBe(true);
    expect(outerRecordSchema.safeParse({ ...outer, more: 1 }).success).toBe(false);
  });

  test("the committed JSON Schemas are what the sources say (pnpm --filter @das/core generate)", () => {
    for (const [name, schema] of Object.entries(jsonSchemas())) {
      const committed = readFileSync(new URL(`../schema/${name}`, import.meta.url), "utf8");
      expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(schema)));
    }
  });
});
