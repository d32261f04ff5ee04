import {
  type AuditReader,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  type DatabaseActivityEvent,
  type Logger,
  lossNotice,
  type NativeAuditFields,
  type ResourceId,
  retryDelay,
  streamEvent,
  stringifyExact,
} from "@das/core";
import { ByteBudget } from "./byte-budget.ts";
import { fitEvent } from "./fit-event.ts";
import { Lane } from "./lane.ts";
import { laneOf } from "./lane-of.ts";
import { Packer } from "./pack.ts";
import type { Putting } from "./put.ts";
import type { Sealing } from "./seal.ts";
import { Watermark } from "./watermark.ts";

export interface PublishSettings {
  readonly resourceId: ResourceId;
  readonly nativeAuditFields: NativeAuditFields;
  readonly lanes: number;
  readonly maxEvents: number;
  readonly targetBytes: number;
  /** Milliseconds. */
  readonly heartbeatInterval: number;
  /** Bytes of JSON that may be under way to the stream before reading waits. */
  readonly maxUnderWay: number;
}

/** What was put on the stream, so far. */
export interface PublishCounters {
  events: number;
  records: number;
  heartbeats: number;
  bytes: number;
  cutEvents: number;
  lossWindows: number;
}

export interface PublishParts {
  readonly settings: PublishSettings;
  readonly sealing: Sealing;
  readonly putting: Putting;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly counters: PublishCounters;
}

const RETRY_REFUSED = { base: 2_000, cap: 60_000 };

/**
 * Publishes one source until it is told to stop: read → map → pack → seal → put.
 *
 * Returns when `stopping` aborts and everything that was read is on the stream, or when `giveUp` aborts.
 * @throws RefusedError when reading, sealing or putting was refused before it ever succeeded
 */
export async function publishSource<Row>(
  source: AuditSource<Row>,
  reader: AuditReader<Row>,
  parts: PublishParts,
  stopping: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const publishing = new SourcePublishing(source, reader, parts, giveUp);
  const heartbeats = publishing.beat(stopping);
  try {
    await publishing.readAll(stopping);
    await publishing.finish();
  } finally {
    publishing.end();
    await heartbeats;
  }
}

class SourcePublishing<Row> {
  readonly #source: AuditSource<Row>;
  readonly #reader: AuditReader<Row>;
  readonly #parts: PublishParts;
  readonly #lanes: readonly Lane[];
  readonly #budget: ByteBudget;
  readonly #watermark: Watermark;
  /** Aborts when a lane has failed, or the publishing is over. */
  readonly #ended = new AbortController();
  readonly #giveUp: AbortSignal;
  #failure: { readonly error: unknown } | undefined;
  /** The place up to which everything was handed to the lanes. */
  #read: Cursor | undefined;
  #heartbeatWaits = false;

  constructor(source: AuditSource<Row>, reader: AuditReader<Row>, parts: PublishParts, giveUp: AbortSignal) {
    this.#source = source;
    this.#reader = reader;
    this.#parts = parts;
    this.#giveUp = AbortSignal.any([giveUp, this.#ended.signal]);
    this.#budget = new ByteBudget(parts.settings.maxUnderWay);
    this.#watermark = new Watermark(parts.settings.lanes);
    this.#lanes = Array.from({ length: parts.settings.lanes }, (_, lane) => this.#lane(lane));
  }

  async readAll(stopping: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopping, this.#giveUp]);
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const from = this.#read;
      try {
        await this.#readFrom(from, signal);
      } catch (error) {
        if (this.#read !== from) attempt = 0;
        if (this.#read === undefined || !(error instanceof DasError)) throw error;
        // It ran before, so somebody changed something. What we do not read meanwhile stays in the trail.
        const wait = retryDelay(RETRY_REFUSED, attempt, this.#parts.random);
        this.#parts.logger.error(
          { source: this.#source.id, error: error.message, wait },
          "the source is refused; nothing of it is published until it can be read again",
        );
        await this.#parts.clock.sleep(wait, signal);
      }
    }
    if (this.#failure) throw this.#failure.error;
  }

  async #readFrom(cursor: Cursor | undefined, signal: AbortSignal): Promise<void> {
    const resume = async () =>
      cursor === undefined ? undefined : { cursor, history: this.#source.history, published: new Set<never>() };
    for await (const batch of this.#source.read(resume, signal)) {
      const context = { ...batch.instance, nativeAuditFields: this.#parts.settings.nativeAuditFields };
      for (const window of batch.lossWindows) {
        this.#add(streamEvent(this.#reader.engine, lossNotice(window), batch.instance), 0);
        this.#parts.counters.lossWindows += 1;
        this.#parts.logger.error(
          { source: this.#source.id, ...window },
          window.endTime === null
            ? "activity may be missing from the stream since then; the end is told when it is known"
            : "activity may be missing from the stream between these two moments",
        );
      }
      for (const row of batch.rows) {
        const event = this.#reader.toEvent(row, context);
        this.#add(event, laneOf(event, this.#lanes.length));
      }
      this.#read = batch.cursor;
      this.#watermark.reached(batch.cursor, (lane) => this.#lanes[lane]?.hasPending ?? false);
      this.#moveWatermark(this.#watermark.settle());
      if (batch.rows.length === 0) for (const lane of this.#lanes) lane.flushWhenIdle();
      await this.#budget.room(signal);
    }
  }

  /** What was read leaves, then a last heartbeat that says so. */
  async finish(): Promise<void> {
    for (const lane of this.#lanes) lane.flush();
    await this.#drained();
    this.#lanes[0]?.heartbeat();
    await this.#drained();
  }

  /** One heartbeat at once and then one an interval, whatever else the source sends. */
  async beat(stopping: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    const signal = AbortSignal.any([stopping, this.#giveUp]);
    while (!signal.aborted) {
      const lane = this.#lanes[0];
      // A stream that takes nothing needs no queue of heartbeats: the one that waits says it all.
      if (lane && !this.#heartbeatWaits) {
        this.#heartbeatWaits = true;
        lane.heartbeat();
      }
      await clock.sleep(settings.heartbeatInterval, signal);
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #drained(): Promise<void> {
    for (const lane of this.#lanes) await lane.drained();
    if (this.#failure) throw this.#failure.error;
  }

  #add(event: DatabaseActivityEvent, lane: number): void {
    const { json, cut } = fitEvent(event, stringifyExact(event));
    if (cut) {
      this.#parts.counters.cutEvents += 1;
      this.#parts.logger.warn(
        { source: this.#source.id },
        "an event was too large; its longest texts were cut and marked",
      );
    }
    this.#lanes[lane]?.add(json);
  }

  #lane(lane: number): Lane {
    const { settings, sealing, putting, counters } = this.#parts;
    const { resourceId, maxEvents, targetBytes, lanes } = settings;
    return new Lane({
      partitionKey: lanes === 1 ? this.#source.id : `${this.#source.id}/${lane}`,
      packer: new Packer({ instanceId: resourceId, maxEvents, targetBytes }),
      sealing,
      putting,
      budget: this.#budget,
      signal: this.#giveUp,
      made: () => this.#watermark.made(lane),
      acknowledged: (number, events, bytes) => {
        counters.records += 1;
        counters.events += events;
        counters.bytes += bytes;
        if (events === 0) {
          counters.heartbeats += 1;
          this.#heartbeatWaits = false;
        }
        this.#moveWatermark(this.#watermark.acknowledge(lane, number));
      },
      failed: (error) => {
        // Told to give up, a lane ends with the signal's reason: that is no failure.
        if (!this.#giveUp.aborted) this.#failure ??= { error };
        this.#ended.abort();
      },
    });
  }

  #moveWatermark(moved: Cursor | undefined): void {
    if (moved !== undefined) this.#source.acknowledged(moved);
  }
}
