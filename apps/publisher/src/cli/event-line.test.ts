import { lossNotice, type SqlServerEvent, streamEvent } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventLine, printable } from "./event-line.ts";

const instance = { serverHost: "10.0.1.30", serverVersion: "v", serviceName: "sqlserver-ee", databaseName: null };
const notice = lossNotice({ cause: "audit stopped", startTime: "2026-11-22 10:00:00.1234567+00", endTime: null });
const lossEvent = streamEvent("sqlserver", notice, instance) as SqlServerEvent;
const event: SqlServerEvent = {
  ...lossEvent,
  class: "TABLE",
  command: "SELECT",
  errorMessage: null,
  dbUserName: "app_login",
  databaseName: "sales",
  objectName: "orders",
  remoteHost: "10.0.5.17",
  commandText: "SELECT *\r\n  FROM orders",
};
const plain = { color: false, width: 200 };

describe("an event as a line", () => {
  test("says when, what, who, on what, from where, and the statement", () => {
    expect(eventLine(event, plain)).toBe(
      "2026-11-22 10:00:00.123   SELECT                 app_login          sales.orders                   [10.0.5.17] SELECT * FROM orders",
    );
  });

  test("marks failures, of either engine's polarity", () => {
    expect(eventLine({ ...event, exitCode: 0 }, plain)).toContain(" ✗ ");
    const oracle = streamEvent("oracle", notice, { ...instance, databaseName: "ORCL" });
    expect(eventLine(oracle, plain)).not.toContain("✗");
    expect(eventLine({ ...oracle, exitCode: 1017 } as never, plain)).toContain(" ✗ ");
  });

  test("is cut to the terminal's width, colour not counted", () => {
    const long = { ...event, commandText: "x".repeat(500) };
    expect(eventLine(long, { color: false, width: 120 })).toHaveLength(120);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is control characters
    expect(eventLine(long, { color: true, width: 120 }).replaceAll(/\u001b\[\d+m/g, "")).toHaveLength(120);
  });

  test("holds nothing that a terminal obeys", () => {
    expect(printable("DROP\u001b[2J TABLE \u202ex\u0000")).toBe("DROP\\u001b[2J TABLE \\u202ex\\u0000");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
