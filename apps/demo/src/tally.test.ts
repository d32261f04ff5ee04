import { lossNotice, type SqlServerEvent, streamEvent } from "@das/core";
import type { AuditRow } from "@das/sqlserver-emulator";
import { expect, test } from "vitest";
import { Tally } from "./tally.ts";

const instance = { serverHost: "h", serverVersion: "v", serviceName: "s", databaseName: null };
const base = streamEvent(
  "sqlserver",
  lossNotice({ cause: "c", startTime: "2026-01-01 00:00:00.0000000+00", endTime: null }),
  instance,
) as SqlServerEvent;

const row = (statement: string): AuditRow => ({
  event_time: "2026-01-01 00:00:00.0000000",
  action_id: "SL  ",
  sequence_number: 1,
  statement,
});
const event = (commandText: string): SqlServerEvent => ({
  ...base,
  commandText,
  engineNativeAuditFields: { additional_information: "" },
});

test("what is missing and what came twice is counted, equal rows included", () => {
  const tally = new Tally();
  for (const text of ["a", "a", "b", "b", "stranger"]) tally.arrived(event(text));
  expect(tally.compare([row("a"), row("a"), row("b"), row("c")])).toEqual({
    audited: 4,
    decoded: 5,
    missing: 1,
    duplicates: 2,
  });
});
