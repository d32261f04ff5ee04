import {
  type AuditBatch,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  eventIdentity,
  type Logger,
  PublishedRows,
  type Resume,
  retryDelay,
} from "@das/core";
import type { AuditServer } from "./audit-server.ts";
import { AuditSession, type SessionOptions } from "./audit-session.ts";
import { compareCursors, parseCursor } from "./cursor.ts";
import { toEvent } from "./map-event.ts";
import { Progress } from "./progress.ts";
import { markerOf, type SqlServerRow } from "./row.ts";
import { RowOrigin } from "./row-origin.ts";

export interface SourceOptions extends Omit<SessionOptions, "sourceId" | "heard" | "reachedEnd" | "logger"> {
  readonly instanceId: string;
  /** Connects to the instance. @throws UnavailableError, RefusedError */
  readonly connect: (signal: AbortSignal) => Promise<AuditServer>;
  /** Server names of other instances whose audits share this one's folder and GUID, and which read their own rows. */
  readonly sharedWith: readonly string[];
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

const RECONNECT = { base: 500, cap: 30_000 };
/** Milliseconds between two attempts to take the lock. */
const OWNERSHIP_INTERVAL = 1_000;
/** After so many milliseconds without an answer a spare may have had the lock, and given it back. */
const UNHEARD = 2_000;

/** What a read knows of its place. */
interface Reading {
  readonly progress: Progress;
  readonly published: PublishedRows;
  /** Of the last batch. */
  cursor: Cursor | undefined;
}

/** One server audit of one instance: its files in the order of their creation, row by row. */
export class SqlServerAuditSource implements AuditSource<SqlServerRow> {
  readonly id: string;
  /** An audit's files belong to one instance for good, whatever its role. */
  readonly history = "";
  /** Only where the policy is watched: what was told of it and goes on. */
  readonly ledger?: () => string;
  readonly #options: SourceOptions;

  constructor(options: SourceOptions) {
    const { watch } = options;
    if (watch) this.ledger = () => watch.ledger();
    this.#options = options;
    this.id = `sqlserver:${options.instanceId}:${options.audit}`;
  }

  compare(a: Cursor, b: Cursor): number {
    return compareCursors(a, b);
  }

  marker(row: SqlServerRow): string {
    return markerOf(row);
  }

  /** Nothing to do: SQL Server's own rollover removes files, whether they were read or not. */
  acknowledged(): void {
    return;
  }

  async *read(resume: Resume, signal: AbortSignal): AsyncGenerator<AuditBatch<SqlServerRow>> {
    const { clock, random, logger } = this.#options;
    const origin = new RowOrigin(this.id, this.#options.sharedWith, logger);
    let reading: Reading | undefined;
    let mayBeAnothers = true;
    let heardAt = Number.NEGATIVE_INFINITY;
    let refusal: unknown;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using server = await this.#options.connect(signal);
        if (signal.aborted) return;
        const { instance } = server;
        for (let waits = false; !(await server.takeLock(signal)); waits = true) {
          if (signal.aborted) return;
          if (!waits) logger.info({ source: this.id }, "waiting: this source is read by another");
          attempt = 0;
          mayBeAnothers = true;
          await clock.sleep(OWNERSHIP_INTERVAL, signal);
        }
        logger.info({ source: this.id, server: instance.serverName, ...instance.description }, "reading the audit");
        origin.connected(instance);
        if (clock.monotonic() - heardAt > UNHEARD) mayBeAnothers = true;
        if (!reading || mayBeAnothers) {
          reading = await this.#begin(reading, resume, signal).catch((error: unknown) => {
            refusal = error;
            throw error;
          });
          mayBeAnothers = false;
        }
        if (signal.aborted) return;
        const { progress, published } = reading;
        const session = new AuditSession(server, progress, {
          ...this.#options,
          sourceId: this.id,
          heard: () => {
            heardAt = clock.monotonic();
          },
          reachedEnd: () => published.release(),
        });
        for await (const batch of session.batches(signal)) {
          attempt = 0;
          reading.cursor = batch.cursor;
          yield this.#withoutPublished(origin.withoutOthers(batch), published);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error === refusal || !(error instanceof DasError && error.retryable)) throw error;
        const wait = retryDelay(RECONNECT, attempt, random);
        logger.warn(
          { source: this.id, error: error.message, wait },
          "database not reachable; reading goes on after it",
        );
        await clock.sleep(wait, signal);
      }
    }
  }

  async #begin(before: Reading | undefined, resume: Resume, signal: AbortSignal): Promise<Reading> {
    const point = await resume(signal);
    this.#options.watch?.resume(point?.ledger);
    // Nobody else has gone on since: what is known of the files still holds, those that vanish unread included.
    const isOwn = before?.cursor !== undefined && before.cursor === point?.cursor;
    return {
      progress: isOwn ? before.progress : new Progress(point && parseCursor(point.cursor)),
      published: new PublishedRows(point?.published),
      cursor: point?.cursor,
    };
  }

  #withoutPublished(batch: AuditBatch<SqlServerRow>, published: PublishedRows): AuditBatch<SqlServerRow> {
    if (!published.isNeeded) return batch;
    const context = { ...batch.instance, nativeAuditFields: "omit" } as const;
    const isNew = (row: SqlServerRow) => !published.meet(eventIdentity(this.id, markerOf(row), toEvent(row, context)));
    const rows = batch.rows.filter(isNew);
    return { ...batch, rows, ...(published.isNeeded && { resuming: true }) };
  }
}
