import type { Cursor, EventIdentity } from "@das/core";
import { expect, test } from "vitest";
import { ModelStream, modelSource } from "../../test/stream-model.ts";
import { StreamSearch } from "./search-stream.ts";
import type { SourceRecord } from "./source-record.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const signal = new AbortController().signal;

function recordAt(arrival: number, said: Partial<SourceRecord>): SourceRecord {
  return {
    ...{ source: "model:a:trail", generation: 1, history: "h", epoch: "e", lane: 0, sequence: 0 },
    ...{ watermark: null, behind: [0], arrival: NOW + arrival, identities: [] },
    ...said,
  };
}

function searchOf(stream: ModelStream, now = NOW) {
  const stretches = stream.stretches(NOW);
  const parts = { source: modelSource("h", 0), stretches, heartbeatInterval: 10_000, now, horizon: NOW - 24 * HOUR };
  return { search: new StreamSearch(parts), stretches };
}

test("the ledger of the last heartbeat is found, though all that the place needs came after it", async () => {
  const stream = new ModelStream(1_000_000);
  stream.records.push(
    recordAt(-26_000, { sequence: 0, watermark: "r0", ledger: "told a moment before" }),
    recordAt(-18_000, { sequence: 1, watermark: "r0" }),
    recordAt(-16_100, { sequence: 2, watermark: "r5", behind: [2], identities: ["row 5" as EventIdentity] }),
  );
  const { search } = searchOf(stream);
  expect(await search.run(signal)).toEqual({
    place: { cursor: "r5" as Cursor, history: "h" },
    published: new Set(["row 5"]),
    ledger: "told a moment before",
    since: NOW - 16_100,
  });
});

test("a stream that holds nothing of the source is not read as a whole to find that out", async () => {
  const { search, stretches } = searchOf(new ModelStream(1_000_000));
  expect(await search.run(signal)).toBeUndefined();
  // A day of it is 86 GB.
  expect(stretches.bytesRead).toBeLessThan(600_000_000);
});

test("a quiet stream is read in few steps, however long the outage was", async () => {
  const stream = new ModelStream(100);
  stream.records.push(recordAt(-20 * HOUR, { watermark: "r3" }));
  const { search, stretches } = searchOf(stream);
  expect((await search.run(signal))?.place.cursor).toBe("r3");
  expect(stretches.looks).toBeLessThan(20);
});

test("an epoch that need not refer to earlier ones is relied on before one that does", async () => {
  const stream = new ModelStream(100);
  stream.records.push(
    recordAt(-9_000, { epoch: "old", watermark: "r3", identities: ["row 3" as EventIdentity] }),
    recordAt(-8_000, { epoch: "new", watermark: "r3", since: NOW - 9_000 }),
  );
  const { search } = searchOf(stream);
  expect(await search.run(signal)).toMatchObject({ published: new Set(["row 3"]), since: NOW - 9_000 });
});
