/** What the reader must live through on a real database: exact values, a restart, sessions that are killed, a spare. */
import assert from "node:assert/strict";
import { type LossWindow, systemClock } from "@das/core";
import { fromTheStart } from "@das/reader-conformance";
import { readUntil } from "../read-until.ts";
import type { RealDatabase, RealDatabaseTest } from "./real-database.ts";
import type { ThrowawayTrail } from "./throwaway-trail.ts";

/** Reads from the beginning; does something else after each batch until there is nothing more to do; reads to the end. */
async function readDuring(
  trail: ThrowawayTrail,
  steps: readonly (() => Promise<unknown>)[],
): Promise<{ readonly markers: readonly string[]; readonly lossWindows: readonly LossWindow[] }> {
  await using reader = trail.openReader();
  const controller = new AbortController();
  const markers: string[] = [];
  const lossWindows: LossWindow[] = [];
  let done = 0;
  let quiet = 0;
  for await (const [source] of reader.sources(controller.signal)) {
    assert(source, "the reader has no source");
    for await (const batch of source.read(fromTheStart, controller.signal)) {
      markers.push(...batch.rows.map((row) => source.marker(row)));
      lossWindows.push(...batch.lossWindows);
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      const step = quiet > 0 ? steps[done] : undefined;
      if (step) {
        await step();
        done += 1;
        quiet = 0;
      } else if (quiet >= (markers.length >= trail.expectedMarkers().length ? 3 : 60)) {
        controller.abort();
      }
    }
  }
  return { markers, lossWindows };
}

/** Bind values as they are, whatever is in them. */
const EXACT: readonly string[] = [
  "plain",
  "Überprüfung, проверка, 検査, 😀",
  "line\r\nbreak, tab\t, 'quoted' \"twice\" ]",
  " #1(3):abc #2(1):x",
  "漢".repeat(1_000),
  " blanks around ",
];

async function killReader(database: RealDatabase): Promise<void> {
  const killed = await database.killSessions(await database.reader());
  assert(killed > 0, "the reader has no session");
}

export const FOLLOWING_TESTS: readonly RealDatabaseTest[] = [
  {
    name: "rows come out as the statements were sent",
    run: async (database) => {
      await using trail = await database.createTrail();
      await trail.write(EXACT);
      const { rows, batches } = await readUntil(trail, undefined, EXACT.length);
      const instance = batches[0]?.instance;
      assert(instance);
      await using reader = trail.openReader();
      const events = rows.map((row) => reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
      assert.deepEqual(
        events.map(({ command, commandText, dbUserName, exitCode, objectName, paramList }) => ({
          command,
          // Some releases end it with a NUL.
          commandText: commandText?.replaceAll("\0", "").trim(),
          dbUserName,
          exitCode,
          objectName,
          paramList,
        })),
        EXACT.map((value) => ({
          command: "EXECUTE",
          commandText: trail.statement,
          dbUserName: trail.owner.name,
          exitCode: 0,
          objectName: "DAS_ROW",
          paramList: [value],
        })),
      );
    },
  },
  {
    name: "whoever resumes gives nothing again that is on the stream, and everything that is not",
    run: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(10);
      const before = await readUntil(trail, undefined, 10);
      await trail.append(3);
      await trail.endSession();
      await trail.append(3);
      const after = await readUntil(trail, before, 6);
      assert.deepEqual([...before.markers, ...after.markers], trail.expectedMarkers());
      assert.deepEqual([...before.lossWindows, ...after.lossWindows], []);
    },
  },
  {
    name: "sessions that the database kills",
    run: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(3);
      const { markers, lossWindows } = await readDuring(trail, [
        () => killReader(database),
        () => trail.append(3),
        () => killReader(database),
        () => trail.append(3),
      ]);
      assert.deepEqual(markers, trail.expectedMarkers());
      assert.deepEqual(lossWindows, []);
    },
  },
  {
    name: "a second reader waits as a spare, and takes over when the first has ended",
    run: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(3);
      let spare: Promise<{ readonly markers: readonly string[] }> | undefined;
      let isSpareThrough = false;
      const { markers } = await readDuring(trail, [
        async () => {
          spare = readUntil(trail, undefined, 6).finally(() => {
            isSpareThrough = true;
          });
          // Longer than the spare would need.
          await systemClock.sleep(3_000);
          assert(!isSpareThrough, "two readers read one source");
        },
      ]);
      assert.deepEqual(markers, trail.expectedMarkers());
      await trail.append(3);
      assert.deepEqual((await spare)?.markers, trail.expectedMarkers());
    },
  },
];
