import type { AuditReader, AuditSource } from "@das/core";
import { awaitCatchUp } from "./await-catch-up.ts";
import { type PresenceParts, publishPresence } from "./publish-presence.ts";
import { type PublishParts, SourcePublishing } from "./publish-source.ts";

interface Running {
  readonly publishing: SourcePublishing<unknown>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * One pipeline for each source that the instance owns, and one for the publisher itself. As the instance's role changes
 * so do the sources: a new one is begun, and one that is not owned any more ends when what was read of it is on the stream.
 *
 * Returns when `stopping` aborts, or the stream is being stopped (`StreamNews.close`) and the trails were read up to that
 * moment, and everything that was read is on the stream; or when `giveUp` aborts. The publisher's own source ends last.
 * @throws RefusedError as `SourcePublishing.run`, or when the sources themselves are refused; the others are stopped first
 */
export async function publishSources(
  reader: AuditReader<unknown>,
  self: PresenceParts,
  parts: PublishParts,
  stopping: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const running = new Map<AuditSource<unknown>, Running>();
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  failure.catch(() => undefined);
  const failed = new AbortController();
  const caughtUp = new AbortController();
  const ends = AbortSignal.any([stopping, failed.signal, caughtUp.signal]);
  const start = (source: AuditSource<unknown>): Running => {
    const stop = new AbortController();
    const publishing = new SourcePublishing(source, reader, parts, giveUp);
    const done = publishing.run(AbortSignal.any([stopping, caughtUp.signal, stop.signal]));
    done.catch(fail);
    return { publishing, stop, done };
  };
  const held = () => [...running.values()].map(({ publishing }) => publishing);
  const presenceEnds = new AbortController();
  const presence = publishPresence(self, held, parts, presenceEnds.signal, giveUp);
  presence.catch(fail);
  void self.news.closing.then((until) => awaitCatchUp(held, until, parts.clock, ends)).then(() => caughtUp.abort());
  const lists = reader.sources(ends)[Symbol.asyncIterator]();
  const ending: Promise<void>[] = [];
  try {
    for (;;) {
      const step = await Promise.race([lists.next(), failure]);
      if (step.done) break;
      for (const [source, { stop, done }] of running) {
        if (step.value.includes(source)) continue;
        running.delete(source);
        stop.abort();
        ending.push(done);
      }
      for (const source of step.value) if (!running.has(source)) running.set(source, start(source));
    }
    await Promise.all([...running.values()].map(({ done }) => done).concat(ending));
    running.clear();
    if (caughtUp.signal.aborted && !stopping.aborted) self.news.finish();
    presenceEnds.abort();
    await presence;
  } finally {
    failed.abort();
    presenceEnds.abort();
    for (const { stop } of running.values()) stop.abort();
    await Promise.allSettled([...running.values()].map(({ done }) => done).concat(ending, presence));
    await lists.return?.();
  }
}
