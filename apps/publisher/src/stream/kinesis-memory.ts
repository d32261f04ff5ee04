import { type KinesisReader, StretchReader } from "@das/consumer";
import {
  type AuditSource,
  type Clock,
  type Cursor,
  CursorError,
  type DatabaseActivityEvent,
  type EventIdentity,
  epochMillisecondsOf,
  type Logger,
  type ResourceId,
  streamNameOf,
  type UtcTime,
} from "@das/core";
import { DataKeyCache, type KmsCallSink, type KmsClient } from "@das/envelope";
import type { OpenedStream } from "./open-stream.ts";
import { StreamSearch } from "./search-stream.ts";
import type { Recollection, StreamMemory } from "./stream-memory.ts";
import { StreamOfSource } from "./stream-of-source.ts";

export interface KinesisMemoryParts {
  readonly kinesis: KinesisReader;
  readonly kms: KmsClient;
  readonly resourceId: ResourceId;
  readonly stream: OpenedStream;
  /** Milliseconds. */
  readonly heartbeatInterval: number;
  /** What is known of a source of which the stream holds nothing. */
  readonly withoutStream: (source: AuditSource<unknown>) => Recollection;
  readonly onKmsCall?: KmsCallSink;
  readonly clock: Clock;
  /** The jitter of retries; uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** By how much this machine's clock and that of the stream may be apart: AWS accepts no signature that is further off. */
const CLOCK_MARGIN = 5 * 60_000;
/** How long after it was written a row is usually on the stream. */
const USUAL_DELAY = 15 * 60_000;

/** Remembers by reading the stream. */
export class KinesisMemory implements StreamMemory, Disposable {
  readonly #parts: KinesisMemoryParts;
  readonly #stream: StretchReader;
  readonly #keys: DataKeyCache;

  constructor(parts: KinesisMemoryParts) {
    const { kinesis, kms, resourceId, clock, random, logger, onKmsCall } = parts;
    this.#parts = parts;
    this.#stream = new StretchReader({ kinesis, stream: streamNameOf(resourceId), clock, random, logger });
    this.#keys = new DataKeyCache({ kms, resourceId, clock, ...(onKmsCall && { onKmsCall }) });
  }

  async recall(source: AuditSource<unknown>, signal: AbortSignal): Promise<Recollection> {
    const { heartbeatInterval, withoutStream, clock, logger } = this.#parts;
    const stretches = this.#stretchesOf(source);
    const search = new StreamSearch({
      source,
      stretches,
      heartbeatInterval,
      now: clock.now(),
      horizon: this.#horizon(),
    });
    const began = clock.monotonic();
    const found = await search.run(signal);
    logger.debug(
      {
        source: source.id,
        milliseconds: Math.round(clock.monotonic() - began),
        bytesRead: stretches.totalBytesRead,
        recordsOpened: stretches.recordsOpened,
      },
      found ? "looked back on the stream" : "looked back on the stream and found nothing of the source",
    );
    if (!found) return withoutStream(source);
    const { place, published, ledger, since } = found;
    return {
      point: {
        ...place,
        published,
        ...(ledger !== undefined && { ledger }),
        publishedBetween: (from, to, stop) => this.#publishedBetween(source, from, to, since, stop),
      },
      since,
      notices: [],
    };
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }

  /** What arrived about then, and what arrived since the place was looked for: a late row arrives late. */
  async #publishedBetween(
    source: AuditSource<unknown>,
    from: UtcTime,
    to: UtcTime,
    since: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<EventIdentity>> {
    const stretches = this.#stretchesOf(source, ({ logTime }) => from <= logTime && logTime <= to);
    const first = Math.max(this.#horizon(), epochMillisecondsOf(from) - CLOCK_MARGIN);
    const last = epochMillisecondsOf(to) + CLOCK_MARGIN + USUAL_DELAY;
    const spans =
      last < since
        ? [
            { from: first, to: last },
            { from: since, to: undefined },
          ]
        : [{ from: Math.min(first, since), to: undefined }];
    const identities = new Set<EventIdentity>();
    for (const span of spans) {
      const { records } = await stretches.read(span, signal);
      for (const record of records) for (const identity of record.identities) identities.add(identity);
    }
    return identities;
  }

  /** No record that is still on the stream arrived before. */
  #horizon(): number {
    const { stream, clock } = this.#parts;
    return Math.max(stream.createdAt, clock.now() - stream.retentionHours * 3_600_000) - CLOCK_MARGIN;
  }

  #stretchesOf(source: AuditSource<unknown>, isWanted?: (event: DatabaseActivityEvent) => boolean): StreamOfSource {
    const { stream, clock, random, logger } = this.#parts;
    return new StreamOfSource({
      sourceId: source.id,
      generation: stream.generation,
      stream: this.#stream,
      keys: this.#keys,
      isCursor: (text) => isCursorOf(source, text),
      ...(isWanted && { isWanted }),
      clock,
      random,
      logger,
    });
  }
}

function isCursorOf(source: AuditSource<unknown>, text: string): boolean {
  try {
    source.compare(text as Cursor, text as Cursor);
    return true;
  } catch (error) {
    if (error instanceof CursorError) return false;
    throw error;
  }
}
