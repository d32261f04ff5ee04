import {
  type AuditBatch,
  type AuditReader,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  type DatabaseActivityEvent,
  type InstanceDescription,
  type Logger,
  lossNotice,
  type NativeAuditFields,
  partitionKeyOf,
  type ResourceId,
  type ResumePoint,
  retryDelay,
  type StreamNotice,
  streamEvent,
  stringifyExact,
  type UtcTime,
} from "@das/core";
import type { HintFile } from "../stream/hint-file.ts";
import type { StreamMemory } from "../stream/stream-memory.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Epoch } from "./epoch.ts";
import { fitEvent } from "./fit-event.ts";
import { Lane } from "./lane.ts";
import { laneOf } from "./lane-of.ts";
import { Packer } from "./pack.ts";
import type { Putting } from "./put.ts";
import type { Sealing } from "./seal.ts";

export interface PublishSettings {
  readonly resourceId: ResourceId;
  /** Of the stream; what records of another one say does not count. */
  readonly generation: number;
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
  readonly memory: StreamMemory;
  readonly hints?: Pick<HintFile, "note"> | undefined;
  /** Told of every event that is about the stream itself, and of the source that it stands in. Never waits, never throws. */
  readonly notify?: ((sourceId: string, event: DatabaseActivityEvent) => void) | undefined;
  /** A name that no other epoch has. */
  readonly nameEpoch: () => string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly counters: PublishCounters;
}

const RETRY_REFUSED = { base: 2_000, cap: 60_000 };
/** A source yields at least once per poll; one that was silent for so long is read by another, or out of reach. Milliseconds. */
const SILENCE = 15_000;

/** Publishes one source until it is told to stop: read → map → pack → seal → put. */
export class SourcePublishing<Row> {
  readonly source: AuditSource<Row>;
  readonly #reader: AuditReader<Row>;
  readonly #parts: PublishParts;
  readonly #lanes: readonly Lane[];
  readonly #budget: ByteBudget;
  /** Aborts when a lane has failed, or the publishing is over. */
  readonly #ended = new AbortController();
  readonly #giveUp: AbortSignal;
  #failure: { readonly error: unknown } | undefined;
  /** undefined until the source was ours, and the stream was asked about it, for the first time. */
  #epoch: Epoch | undefined;
  /** What the epoch tells before its first row. */
  #notices: readonly StreamNotice[] = [];
  #epochHasRead = false;
  #heartbeatWaits = false;
  #lastBatchAt = Number.NEGATIVE_INFINITY;
  #instance: InstanceDescription | undefined;
  #quietBatches = 0;
  #newestTime = "";

  constructor(source: AuditSource<Row>, reader: AuditReader<Row>, parts: PublishParts, giveUp: AbortSignal) {
    this.source = source;
    this.#reader = reader;
    this.#parts = parts;
    this.#giveUp = AbortSignal.any([giveUp, this.#ended.signal]);
    this.#budget = new ByteBudget(parts.settings.maxUnderWay);
    this.#lanes = Array.from({ length: parts.settings.lanes }, (_, lane) => this.#lane(lane));
  }

  /** Rows come from here now; otherwise another publisher reads the source, or its database is out of reach. */
  get isReading(): boolean {
    return this.#parts.clock.monotonic() - this.#lastBatchAt < SILENCE || this.#budget.isFull;
  }

  /** As the instance described itself with the last batch. */
  get instance(): InstanceDescription | undefined {
    return this.#instance;
  }

  /** How often the trail had nothing to give. */
  get quietBatches(): number {
    return this.#quietBatches;
  }

  /** Of the events that were read; empty when none was. */
  get newestTime(): UtcTime {
    return this.#newestTime;
  }

  /**
   * Returns when `stopping` aborts and everything that was read is on the stream, or when `giveUp` aborts.
   * @throws RefusedError when reading, sealing, putting or looking back was refused before it ever succeeded
   */
  async run(stopping: AbortSignal): Promise<void> {
    const heartbeats = this.#beat(stopping);
    try {
      await this.#readAll(stopping);
      await this.#finish();
    } finally {
      this.#ended.abort();
      await heartbeats;
    }
  }

  async #readAll(stopping: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopping, this.#giveUp]);
    let hasRead = false;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        for await (const batch of this.source.read((stop) => this.#begin(stop), signal)) {
          hasRead = true;
          attempt = 0;
          this.#handOut(batch);
          await this.#budget.room(signal);
        }
      } catch (error) {
        if (signal.aborted) break;
        if (!hasRead || !(error instanceof DasError)) throw error;
        // It ran before, so somebody changed something. What we do not read meanwhile stays in the trail.
        const wait = retryDelay(RETRY_REFUSED, attempt, this.#parts.random);
        this.#parts.logger.error(
          { source: this.source.id, error: error.message, wait },
          "the source is refused; nothing of it is published until it can be read again",
        );
        await this.#parts.clock.sleep(wait, signal);
      }
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** Reading begins: what was read before is put on the stream, then the stream is asked where to go on. */
  async #begin(signal: AbortSignal): Promise<ResumePoint | undefined> {
    // From here on no heartbeat either: every record of the last epoch is acknowledged before the next one begins.
    this.#epochHasRead = false;
    await this.#flushed();
    const { settings, memory, nameEpoch, logger } = this.#parts;
    const { source } = this;
    const began = this.#parts.clock.monotonic();
    const recollection = await memory.recall(source, signal);
    const { point, notices } = recollection;
    logger.info(
      {
        source: source.id,
        watermark: point?.cursor,
        published: point?.published.size ?? 0,
        milliseconds: Math.round(this.#parts.clock.monotonic() - began),
      },
      point ? "resuming from the stream" : "nothing to resume from: beginning at the start position",
    );
    const { generation, lanes } = settings;
    this.#epoch = new Epoch({ source, name: nameEpoch(), generation, lanes, recollection });
    this.#notices = notices;
    return point;
  }

  #handOut(batch: AuditBatch<Row>): void {
    this.#lastBatchAt = this.#parts.clock.monotonic();
    this.#instance = batch.instance;
    if (batch.rows.length === 0) this.#quietBatches += 1;
    this.#tellNotices(batch);
    const context = { ...batch.instance, nativeAuditFields: this.#parts.settings.nativeAuditFields };
    for (const row of batch.rows) {
      const event = this.#reader.toEvent(row, context);
      this.#epoch?.noteTime(event.logTime);
      if (event.logTime > this.#newestTime) this.#newestTime = event.logTime;
      this.#add(event, laneOf(event, this.#lanes.length), this.source.marker(row));
    }
    const { watermark } = this.#epoch ?? {};
    watermark?.reached(batch.cursor, (lane) => this.#lanes[lane]?.hasPending ?? false, batch);
    this.#moved(watermark?.settle());
    if (batch.rows.length === 0) for (const lane of this.#lanes) lane.flushWhenIdle();
    if (!this.#epochHasRead) this.#heartbeat();
    this.#epochHasRead = true;
  }

  /** What is not from the trail comes before the rows that it is about. */
  #tellNotices({ lossWindows, notices = [], instance }: AuditBatch<Row>): void {
    const { logger, counters, notify } = this.#parts;
    for (const notice of [...this.#notices, ...lossWindows.map(lossNotice), ...notices]) {
      const event = streamEvent(this.#reader.engine, notice, instance);
      this.#add(event, 0, undefined);
      notify?.(this.source.id, event);
      const told = { source: this.source.id, ...notice };
      if (notice.command !== "LOSS WINDOW") {
        logger.warn(told, "what happened to the stream is told on it");
        continue;
      }
      counters.lossWindows += 1;
      logger.error(
        told,
        notice.endTime === null
          ? "activity may be missing from the stream since then; the end is told when it is known"
          : "activity may be missing from the stream between these two moments",
      );
    }
    this.#notices = [];
  }

  /** What was read leaves, then a last heartbeat that says so. */
  async #finish(): Promise<void> {
    await this.#flushed();
    if (!this.#epoch) return;
    this.#lanes[0]?.heartbeat();
    await this.#drained();
  }

  /** One heartbeat an interval, whatever else the source sends; the first one of an epoch comes with its first batch. */
  async #beat(stopping: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    const signal = AbortSignal.any([stopping, this.#giveUp]);
    while (!signal.aborted) {
      await clock.sleep(settings.heartbeatInterval, signal);
      if (!signal.aborted && this.#epochHasRead) this.#heartbeat();
    }
  }

  /** A stream that takes nothing needs no queue of heartbeats: the one that waits says it all. */
  #heartbeat(): void {
    if (this.#heartbeatWaits) return;
    this.#heartbeatWaits = true;
    this.#lanes[0]?.heartbeat();
  }

  async #flushed(): Promise<void> {
    for (const lane of this.#lanes) lane.flush();
    await this.#drained();
  }

  async #drained(): Promise<void> {
    for (const lane of this.#lanes) await lane.drained();
    if (this.#failure) throw this.#failure.error;
  }

  #add(event: DatabaseActivityEvent, lane: number, marker: string | undefined): void {
    const { json, cut } = fitEvent(event, stringifyExact(event));
    if (cut) {
      this.#parts.counters.cutEvents += 1;
      this.#parts.logger.warn(
        { source: this.source.id },
        "an event was too large; its longest texts were cut and marked",
      );
    }
    this.#lanes[lane]?.add(json, marker);
  }

  #lane(lane: number): Lane {
    const { settings, sealing, putting, counters } = this.#parts;
    const { resourceId, maxEvents, targetBytes, lanes } = settings;
    const provenance = (markers: string, isHeartbeat: boolean) => {
      if (!this.#epoch) throw new Error("a record was closed before its epoch began");
      return this.#epoch.provenance(lane, markers, isHeartbeat);
    };
    return new Lane({
      partitionKey: partitionKeyOf(this.source.id, lane, lanes),
      packer: new Packer({ instanceId: resourceId, maxEvents, targetBytes, provenance }),
      sealing,
      putting,
      budget: this.#budget,
      signal: this.#giveUp,
      acknowledged: (sequence, events, bytes) => {
        counters.records += 1;
        counters.events += events;
        counters.bytes += bytes;
        if (events === 0) {
          counters.heartbeats += 1;
          this.#heartbeatWaits = false;
        }
        this.#moved(this.#epoch?.watermark.acknowledge(lane, sequence));
      },
      failed: (error) => {
        // Told to give up, a lane ends with the signal's reason: that is no failure.
        if (!this.#giveUp.aborted) this.#failure ??= { error };
        this.#ended.abort();
      },
    });
  }

  #moved(place: Cursor | undefined): void {
    if (place === undefined) return;
    this.source.acknowledged(place);
    const { cursor } = this.#epoch?.watermark ?? {};
    if (cursor !== undefined) this.#parts.hints?.note(this.source, cursor);
  }
}
