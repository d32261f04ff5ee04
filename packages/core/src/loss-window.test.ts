import { describe, expect, test } from "vitest";
import { oracleEventSchema, sqlServerEventSchema } from "./event.ts";
import { lossNotice, streamEvent } from "./loss-window.ts";

const instance = { serverHost: "10.0.1.30", serverVersion: "v", serviceName: "s", databaseName: "ORCL" };

describe("loss window events", () => {
  test("are complete SQL Server events", () => {
    const notice = lossNotice({
      cause: "audit stopped",
      startTime: "2026-01-01 00:00:00.0000000+00",
      endTime: "2026-01-01 00:00:09.0000000+00",
    });
    const event = streamEvent("sqlserver", notice, instance);
    expect(sqlServerEventSchema.parse(event)).toEqual(event);
    expect(Object.keys(event)).toHaveLength(29);
    expect(event).toMatchObject({
      class: "ActivityStream",
      command: "LOSS WINDOW",
      errorMessage: "audit stopped",
      logTime: "2026-01-01 00:00:09.0000000+00",
      dbUserName: "DAS",
      statementId: "0x00000000000000000000000000000000",
      exitCode: 1,
    });
  });

  test("are complete Oracle events; an open window has no end", () => {
    const notice = lossNotice({ cause: "purged", startTime: "2026-01-01 00:00:00.000000+00", endTime: null });
    const event = streamEvent("oracle", notice, instance);
    expect(oracleEventSchema.parse(event)).toEqual(event);
    expect(Object.keys(event)).toHaveLength(29);
    expect(event).toMatchObject({
      endTime: null,
      logTime: "2026-01-01 00:00:00.000000+00",
      exitCode: 0,
      paramList: [],
    });
  });
});
