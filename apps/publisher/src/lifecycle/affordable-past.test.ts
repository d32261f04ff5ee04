import type { ArrivedRecord, Deliver, Stretch } from "@das/consumer";
import { expect, test } from "vitest";
import { findAffordablePast } from "./affordable-past.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const BOUNDS = { now: NOW, horizon: NOW - 24 * 60 * MINUTE, least: MINUTE / 2 };

/** One record a second on each of two shards. @param bytesAt of a record that arrived so many milliseconds ago */
function streamOf(bytesAt: (ago: number) => number) {
  const asked: Stretch[] = [];
  let given = 0;
  return {
    asked,
    given: () => given,
    read: async (stretch: Stretch, deliver: Deliver) => {
      asked.push(stretch);
      for (let at = stretch.from; at < (stretch.to ?? NOW); at += 1_000) {
        const data = new Uint8Array(new ArrayBuffer(0));
        const length = bytesAt(NOW - at);
        given += length;
        const records = ["one", "two"].map(
          (shardId) =>
            ({ shardId, data: Object.defineProperty(data, "byteLength", { value: length }) }) as ArrivedRecord,
        );
        if (await deliver(records)) break;
      }
      return stretch.from;
    },
  };
}

const find = (stream: ReturnType<typeof streamOf>) => findAffordablePast(stream, BOUNDS, new AbortController().signal);

test("all of a quiet stream, each part of it looked at once", async () => {
  const stream = streamOf(() => 50);
  expect(await find(stream)).toBe(BOUNDS.horizon);
  expect(stream.given()).toBe(((NOW - BOUNDS.horizon) / 1_000) * 50);
});

test("of a busy one as much as is affordable, and no more is looked at", async () => {
  const stream = streamOf((ago) => (ago < 5 * MINUTE ? 10_000 : 1_000_000));
  const from = await find(stream);
  expect(NOW - from).toBeGreaterThanOrEqual(MINUTE);
  expect(NOW - from).toBeLessThan(8 * MINUTE);
  expect(stream.given()).toBeLessThan(10_000_000);
});

test("the last heartbeats, whatever it holds", async () => {
  expect(await find(streamOf(() => 9_000_000))).toBe(NOW - BOUNDS.least);
});
