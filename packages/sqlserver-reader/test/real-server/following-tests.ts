/** What the reader must live through on a real server: rollover, eviction, an audit that stops, a connection that is cut. */
import assert from "node:assert/strict";
import type { LossWindow } from "@das/core";
import { fromTheStart } from "@das/reader-conformance";
import type { SqlServerRow } from "../../src/index.ts";
import { readUntil } from "../read-until.ts";
import { literal } from "./administrator.ts";
import type { RealServer, RealServerTest } from "./real-server.ts";
import type { ThrowawayAudit, WrittenRow } from "./throwaway-audit.ts";

/** Reads from the beginning; does something else after each batch until there is nothing more to do; reads to the end. */
async function readDuring(
  audit: ThrowawayAudit,
  steps: readonly (() => Promise<void>)[],
): Promise<{ readonly markers: readonly string[]; readonly lossWindows: readonly LossWindow[] }> {
  await using reader = audit.openReader();
  const controller = new AbortController();
  const markers: string[] = [];
  const lossWindows: LossWindow[] = [];
  let done = 0;
  let quiet = 0;
  for await (const [source] of reader.sources(controller.signal)) {
    assert(source, "the reader has no source");
    for await (const batch of source.read(fromTheStart, controller.signal)) {
      markers.push(...batch.rows.map((row: SqlServerRow) => source.marker(row)));
      lossWindows.push(...batch.lossWindows);
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      const step = quiet > 0 ? steps[done] : undefined;
      if (step) {
        await step();
        done += 1;
        quiet = 0;
      } else if (quiet >= (markers.length >= audit.expectedMarkers().length ? 3 : 60)) {
        controller.abort();
      }
    }
  }
  return { markers, lossWindows };
}

/** The last thing told about each window has an end. */
function assertEnded(lossWindows: readonly LossWindow[]): void {
  const last = new Map(lossWindows.map((window) => [`${window.cause} ${window.startTime}`, window]));
  for (const { cause, endTime } of last.values()) assert(endTime, `the loss window "${cause}" has no end`);
}

const EXACT: readonly WrittenRow[] = [
  { id: 0, succeeded: true, information: "plain" },
  { id: 32_767, succeeded: false, information: "Überprüfung, проверка, 検査, 😀" },
  { id: -32_768, succeeded: true, information: "line\r\nbreak, tab\t, 'quoted' \"twice\" ]" },
  { id: 1, succeeded: true, information: "a lone \ud83d and \ude00 here" },
  { id: 2, succeeded: true, information: "漢".repeat(4_000) },
  { id: 3, succeeded: false, information: " blanks around " },
  { id: 4, succeeded: true, information: "" },
];

export const FOLLOWING_TESTS: readonly RealServerTest[] = [
  {
    name: "rows come out as sp_audit_write was given them",
    run: async (server) => {
      await using audit = await server.createAudit();
      await audit.write(EXACT);
      const { rows, batches } = await readUntil(audit, undefined, audit.expectedMarkers().length);
      const instance = batches[0]?.instance;
      assert(instance);
      await using reader = audit.openReader();
      const events = rows.map((row) => reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
      // The statement itself is audited too, and where it is longer than 4,000 characters the record is split.
      const written = events.filter(
        ({ command, substatementId }) => command === "USER DEFINED AUDIT" && substatementId === 1,
      );
      assert.deepEqual(
        written.map(({ exitCode, engineNativeAuditFields: native }) => ({
          id: native?.user_defined_event_id,
          succeeded: exitCode === 1,
          information: native?.user_defined_information,
        })),
        EXACT,
      );
    },
  },
  {
    name: "rollovers by MAXSIZE, while it reads and after a restart",
    run: async (server) => {
      await using audit = await server.createAudit({ maxSize: 2 });
      const { markers, lossWindows } = await readDuring(audit, [
        () => audit.appendLarge(200),
        () => audit.appendLarge(200),
      ]);
      assert.deepEqual(markers, audit.expectedMarkers());
      assert.deepEqual(lossWindows, []);
      assert(filesOf(markers).size > 1, "MAXSIZE made no second file");
      const before = await readUntil(audit, undefined, markers.length);
      await audit.appendLarge(400);
      const after = await readUntil(audit, before.cursor, audit.expectedMarkers().length - before.markers.length);
      assert.deepEqual([...before.markers, ...after.markers], audit.expectedMarkers());
      assert.deepEqual(after.lossWindows, []);
    },
  },
  {
    name: "an audit that is switched off and on while it is read",
    run: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(3);
      const { markers, lossWindows } = await readDuring(audit, [
        () => audit.switch("OFF"),
        () => audit.switch("ON"),
        () => audit.append(3),
      ]);
      assert.deepEqual(markers, audit.expectedMarkers());
      assertEnded(lossWindows);
    },
  },
  {
    name: "an audit that was switched off and on while nobody read it",
    run: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(3);
      const before = await readUntil(audit, undefined, audit.expectedMarkers().length);
      await audit.append(3);
      for (let n = 0; n < 3; n += 1) await audit.toggle();
      await audit.append(3);
      const after = await readUntil(audit, before.cursor, audit.expectedMarkers().length - before.markers.length);
      assert.deepEqual([...before.markers, ...after.markers], audit.expectedMarkers());
      assertEnded(after.lossWindows);
    },
  },
  {
    name: "a file that was evicted before it was read is a loss window with both ends",
    run: async (server) => {
      await using audit = await server.createAudit({ maxRolloverFiles: 1 });
      await audit.append(3);
      const before = await readUntil(audit, undefined, audit.expectedMarkers().length);
      await audit.append(3);
      for (let n = 0; n < 4; n += 1) await audit.toggle();
      await audit.append(3);
      const places = await audit.look();
      const left = places.map(({ fileTime, offset, ordinal }) => `${fileTime}:${offset}:${ordinal}`);
      assert(!before.markers.some((marker) => left.includes(marker)), "MAX_ROLLOVER_FILES evicted nothing");
      const after = await readUntil(audit, before.cursor, left.length);
      assert.deepEqual(after.markers, left);
      assert(after.lossWindows.length > 0, "no loss window was told");
      assertEnded(after.lossWindows);
    },
  },
  {
    name: "a connection that the server cuts",
    run: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(3);
      const { markers, lossWindows } = await readDuring(audit, [
        () => killSessions(server),
        () => audit.append(3),
        () => killSessions(server),
        () => audit.append(3),
      ]);
      assert.deepEqual(markers, audit.expectedMarkers());
      assert.deepEqual(lossWindows, []);
    },
  },
];

function filesOf(markers: readonly string[]): ReadonlySet<string> {
  return new Set(markers.map((marker) => marker.split(":")[0] ?? ""));
}

/** Process ID … is not an active process ID. */
const NOT_ACTIVE = 6106;

/** Those of the reader's login. */
async function killSessions(server: RealServer): Promise<void> {
  const { name } = await server.reader();
  const sessions = await server.administrator.run(
    `SELECT session_id FROM sys.dm_exec_sessions WHERE login_name = ${literal(name)}`,
  );
  assert(sessions.length > 0, "the reader has no session");
  for (const { session_id: id } of sessions) {
    const { errors } = await server.administrator.attempt(`KILL ${id}`);
    // Its session may have ended by itself meanwhile.
    assert.deepEqual(
      errors.filter((number) => number !== NOT_ACTIVE),
      [],
    );
  }
}
