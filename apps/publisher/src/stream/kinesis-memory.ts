import { type KinesisReader, StretchReader } from "@das/consumer";
import {
  type AuditSource,
  type Clock,
  type DatabaseActivityEvent,
  type EventIdentity,
  epochMillisecondsOf,
  type Logger,
  type ResourceId,
  streamNameOf,
  type UtcTime,
} from "@das/core";
import { DataKeyCache, type KmsCallSink, type KmsClient } from "@das/envelope";
import { RecordOpener } from "./record-opener.ts";
import { StreamSearch } from "./search-stream.ts";
import { SourceGroup } from "./source-group.ts";
import type { Recollection, StreamMemory } from "./stream-memory.ts";

/** A stream in one of its lives. */
export interface LivingStream {
  readonly generation: number;
  /** Milliseconds since 1970: nothing of the generation was put before. */
  readonly createdAt: number;
  readonly retentionHours: number;
}

export interface KinesisMemoryParts {
  readonly kinesis: KinesisReader;
  readonly kms: KmsClient;
  readonly resourceId: ResourceId;
  readonly stream: LivingStream;
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

/** How long a source waits for others that begin at the same time: what they look for is read once. Milliseconds. */
const GATHERING = 100;

/** Sources that look back together. */
interface Looking {
  readonly group: SourceGroup;
  /** By this machine's clock. */
  readonly now: number;
  readonly begins: Promise<void>;
}

/** Remembers by reading the stream. */
export class KinesisMemory implements StreamMemory, Disposable {
  readonly #parts: KinesisMemoryParts;
  readonly #stream: StretchReader;
  readonly #keys: DataKeyCache;
  readonly #opener: RecordOpener;
  /** Gathers; others may join. */
  #looking: Looking | undefined;

  constructor(parts: KinesisMemoryParts) {
    const { kinesis, kms, resourceId, clock, random, logger, onKmsCall } = parts;
    this.#parts = parts;
    this.#stream = new StretchReader({ kinesis, stream: streamNameOf(resourceId), clock, random, logger });
    this.#keys = new DataKeyCache({ kms, resourceId, clock, ...(onKmsCall && { onKmsCall }) });
    this.#opener = new RecordOpener({ keys: this.#keys, clock, random, logger });
  }

  async recall(source: AuditSource<unknown>, signal: AbortSignal): Promise<Recollection> {
    const { heartbeatInterval, withoutStream, clock, logger } = this.#parts;
    const { group, now, begins } = this.#look();
    using membership = group.join(source);
    await begins;
    signal.throwIfAborted();
    const search = new StreamSearch({
      source,
      stretches: membership,
      heartbeatInterval,
      now,
      horizon: this.#horizon(),
    });
    const began = clock.monotonic();
    const found = await search.run(signal);
    logger.debug(
      {
        source: source.id,
        milliseconds: Math.round(clock.monotonic() - began),
        bytesRead: group.totalBytesRead,
        recordsOpened: this.#opener.opened,
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
    const group = this.#group(({ logTime }) => from <= logTime && logTime <= to);
    using stretches = group.join(source);
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

  #look(): Looking {
    const { clock } = this.#parts;
    if (this.#looking) return this.#looking;
    const begin = async () => {
      await clock.sleep(GATHERING);
      this.#looking = undefined;
    };
    this.#looking = { group: this.#group(), now: clock.now(), begins: begin() };
    return this.#looking;
  }

  #group(isWanted?: (event: DatabaseActivityEvent) => boolean): SourceGroup {
    const { stream, logger } = this.#parts;
    const { generation } = stream;
    return new SourceGroup({
      ...{ generation, stream: this.#stream, opener: this.#opener, logger },
      ...(isWanted && { isWanted }),
    });
  }
}
