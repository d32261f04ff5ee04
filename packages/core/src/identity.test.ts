import { describe, expect, test } from "vitest";
import type { SqlServerEvent } from "./event.ts";
import { eventIdentity, trailOf } from "./identity.ts";
import { lossNotice, streamEvent } from "./loss-window.ts";

const instance = {
  serverHost: "10.0.1.30",
  serverVersion: "16.00.4105.2.v1.R1",
  serviceName: "sqlserver-ee",
  databaseName: null,
};
const window = {
  cause: "audit file deleted before it was read",
  startTime: "2026-01-01 00:00:00.0000000+00",
  endTime: null,
};
const notice = streamEvent("sqlserver", lossNotice(window), instance) as SqlServerEvent;
const event: SqlServerEvent = { ...notice, class: "TABLE", command: "SELECT", errorMessage: null, startTime: null };

const source = "sqlserver:a:RDS_DAS_AUDIT";
const marker = "133765432109876543:1847808:4";

describe("event identity", () => {
  test("is the same whether native fields are on or off", () => {
    const native = { ...event, engineNativeAuditFields: { object_id: 5 } };
    expect(eventIdentity(source, marker, native)).toBe(eventIdentity(source, marker, event));
  });

  test("is the same in two sources of one trail, and another in another trail", () => {
    const identity = eventIdentity("oracle:1:2", marker, event);
    expect(eventIdentity("oracle:1:2#a", marker, event)).toBe(identity);
    expect(eventIdentity("oracle:1:3", marker, event)).not.toBe(identity);
    expect(trailOf("oracle:1:2#a")).toBe("oracle:1:2");
  });

  test("tells two rows apart that agree in every mapped field", () => {
    expect(eventIdentity(source, `${marker}5`, event)).not.toBe(eventIdentity(source, marker, event));
  });

  test("depends on each of its fields, and on no other", () => {
    const identity = eventIdentity(source, marker, event);
    const changed: Partial<SqlServerEvent> = {
      logTime: "2026-01-01 00:00:00.0000001+00",
      class: "VIEW",
      command: "INSERT",
      sessionId: 51,
      statementId: "0x01",
      substatementId: 2,
      exitCode: 0,
      objectType: "VIEW",
      objectName: "orders",
    };
    for (const [field, value] of Object.entries(changed)) {
      expect([field, eventIdentity(source, marker, { ...event, [field]: value }) === identity]).toEqual([field, false]);
    }
    expect(eventIdentity(source, marker, { ...event, serverHost: "10.0.1.31", commandText: "x" })).toBe(identity);
  });

  test("a session id is the same as number and as bigint", () => {
    expect(eventIdentity(source, marker, { ...event, sessionId: 51n })).toBe(
      eventIdentity(source, marker, { ...event, sessionId: 51 }),
    );
  });

  test("a loss window is one event of its trail, told at its start, at its end and after a restart", () => {
    const ended = streamEvent(
      "sqlserver",
      lossNotice({ ...window, endTime: "2026-01-01 00:10:00.0000000+00" }),
      instance,
    );
    expect(eventIdentity(source, "other", ended)).toBe(eventIdentity(source, marker, notice));
    expect(eventIdentity("sqlserver:b:RDS_DAS_AUDIT", marker, notice)).not.toBe(eventIdentity(source, marker, notice));
  });

  test("a change of the stream told by two publishers is one event", () => {
    const stop = streamEvent(
      "sqlserver",
      { command: "STOP", cause: "", startTime: window.startTime, endTime: null },
      instance,
    );
    expect(eventIdentity("publisher:a", "1", stop)).toBe(eventIdentity("publisher:b", "2", stop));
  });
});
