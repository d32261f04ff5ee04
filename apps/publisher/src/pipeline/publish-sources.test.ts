import type { AuditReader, AuditSource } from "@das/core";
import { RefusedError } from "@das/core";
import { ReferenceReader, type ReferenceSource, ReferenceTrail } from "@das/reader-conformance";
import { expect, test } from "vitest";
import { FakeStream, hastyClock, prepare, type Run, until } from "../../test/fake-publishing.ts";
import { publishSources } from "./publish-sources.ts";
import { StreamNews } from "./stream-news.ts";

const self = () => ({
  engine: "sqlserver" as const,
  sourceId: "publisher:a",
  news: new StreamNews(),
  instance: { serverHost: "a", serverVersion: "", serviceName: "", databaseName: null },
});

/** A reader whose sources are what the test says they are now. */
function readerOf(run: Run) {
  let wake = Promise.withResolvers<void>();
  let lists: (readonly AuditSource<unknown>[])[] = [];
  const reader = Object.assign(Object.create(run.reader) as AuditReader<unknown>, {
    toEvent: run.reader.toEvent.bind(run.reader),
    sources: async function* (signal: AbortSignal) {
      signal.addEventListener("abort", () => wake.resolve(), { once: true });
      while (!signal.aborted) {
        for (const list of lists.splice(0)) yield list;
        if (!signal.aborted) await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    },
  });
  const own = (...sources: readonly AuditSource<unknown>[]) => {
    lists = [...lists, sources];
    wake.resolve();
  };
  return { reader, own };
}

function sourceNamed(instanceId: string, trail: ReferenceTrail): ReferenceSource {
  return new ReferenceReader(trail, { instanceId, clock: hastyClock }).source;
}

test("sources that come with a role are published, and those that go with it end with all that was read", async () => {
  const run = prepare(new FakeStream());
  const { reader, own } = readerOf(run);
  const [first, second] = [new ReferenceTrail(), new ReferenceTrail()];
  const [a, b] = [sourceNamed("a", first), sourceNamed("b", second)];
  const publishing = publishSources(reader, self(), run.parts, run.stopping.signal, run.giveUp.signal);
  own(a as never);
  first.append({ statement: "a1" });
  await until(() => run.stream.statements().includes("a1"));
  own(a as never, b as never);
  second.append({ statement: "b1" });
  first.append({ statement: "a2" });
  await until(() => ["b1", "a2"].every((statement) => run.stream.statements().includes(statement)));
  // A source that stays is not begun anew.
  expect(run.stream.statements().filter((statement) => statement === "a1")).toHaveLength(1);
  own(b as never);
  second.append({ statement: "b2" });
  await until(() => run.stream.statements().includes("b2"));
  first.append({ statement: "a3" });
  second.append({ statement: "b3" });
  await until(() => run.stream.statements().includes("b3"));
  expect(run.stream.statements()).not.toContain("a3");
  run.stopping.abort();
  await publishing;
});

test("a source that is refused ends them all, with its reason", async () => {
  const refusal = new RefusedError({ who: "reader", what: "w", remedy: "r", code: "login-refused" });
  const run = prepare(new FakeStream());
  const { reader, own } = readerOf(run);
  const healthy = sourceNamed("a", new ReferenceTrail());
  const refused = Object.assign(Object.create(sourceNamed("b", new ReferenceTrail())) as ReferenceSource, {
    // biome-ignore lint/correctness/useYield: it is refused before it gives anything
    read: async function* () {
      throw refusal;
    },
  });
  const publishing = publishSources(reader, self(), run.parts, run.stopping.signal, run.giveUp.signal);
  own(healthy as never, refused as never);
  await expect(publishing).rejects.toBe(refusal);
});
