import { readFileSync } from "node:fs";
import { type DatabaseActivityEvent, type InnerRecord, sqlServerEventSchema } from "@das/core";
import { fromTheStart } from "@das/reader-conformance";
import { type AuditRow, createWorkload, documentedFailedLogin, VERSION_PROFILES } from "@das/sqlserver-emulator";
import { expect, test } from "vitest";
import type { SqlServerReader } from "../src/index.ts";
import { type EmulatedTrail, openEmulatedTrail } from "./emulated-trail.ts";

const documented = JSON.parse(
  readFileSync(new URL("./fixtures/doc-sqlserver-login-failed.json", import.meta.url), "utf8"),
) as InnerRecord;

/** The events of the given rows, after they went through the emulator, the driver, the reader and the mapping. */
async function eventsOf(trail: EmulatedTrail, rows: readonly AuditRow[]): Promise<DatabaseActivityEvent[]> {
  await using reader: SqlServerReader = trail.openReader();
  const before = trail.expectedMarkers().length;
  trail.appendRows(rows);
  const controller = new AbortController();
  const events: DatabaseActivityEvent[] = [];
  for await (const [source] of reader.sources(controller.signal)) {
    if (!source) continue;
    for await (const batch of source.read(fromTheStart, controller.signal)) {
      // What the documentation says of the host, which is in no row.
      const instance = { ...batch.instance, serverHost: "172.31.30.159" };
      for (const row of batch.rows) events.push(reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
      if (events.length >= before + rows.length) controller.abort();
    }
  }
  return events.slice(before);
}

test.each([false, true])(
  "the documented failed login comes out exactly when its row is fed in through the driver, by procedure: %s",
  async (byProcedure) => {
    await using trail = await openEmulatedTrail({ version: "2019" }, { byProcedure });
    const [event] = await eventsOf(trail, [documentedFailedLogin().row]);
    const [expected] = documented.databaseActivityEventList as [DatabaseActivityEvent];
    expect(event).toEqual(expected);
    expect(Object.keys(event as object)).toEqual(Object.keys(expected));
  },
);

test("believable activity comes out as valid events with every text as it was", async () => {
  await using trail = await openEmulatedTrail();
  const now = trail.emulator.now();
  const workload = createWorkload({ seed: 7, profile: VERSION_PROFILES["2022"], serverInstanceName: "SQLEMU01" });
  const rows = workload
    .generate(2_000, now - 60_000, now)
    .filter(({ audit }) => audit === "stream")
    .map(({ row }) => row);
  const events = await eventsOf(trail, rows);
  expect(events).toHaveLength(rows.length);
  for (const [index, event] of events.entries()) {
    const row = rows[index] as AuditRow;
    expect(sqlServerEventSchema.parse(event)).toEqual(event);
    expect(event).toMatchObject({
      logTime: `${row.event_time}+00`,
      commandText: row.statement,
      statementId: row.sequence_group_id ?? `0x${"0".repeat(32)}`,
      substatementId: row.sequence_number ?? 1,
      sessionId: row.session_id ?? 0,
      exitCode: row.succeeded === false ? 0 : 1,
    });
  }
  const pieces = events.filter(({ substatementId }) => Number(substatementId) > 1);
  expect(pieces.length).toBeGreaterThan(0);
});
