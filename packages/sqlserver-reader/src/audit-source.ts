import {
  type AuditBatch,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  type EventIdentity,
  eventIdentity,
  type Logger,
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

export interface SourceOptions extends Omit<SessionOptions, "sourceId" | "logger"> {
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

/** One server audit of one instance: its files in the order of their creation, row by row. */
export class SqlServerAuditSource implements AuditSource<SqlServerRow> {
  readonly id: string;
  /** An audit's files belong to one instance for good, whatever its role. */
  readonly history = "";
  readonly #options: SourceOptions;

  constructor(options: SourceOptions) {
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
    const from = await resume(signal);
    const progress = new Progress(from && parseCursor(from.cursor));
    const origin = new RowOrigin(this.id, this.#options.sharedWith, logger);
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using server = await this.#options.connect(signal);
        const { instance } = server;
        if (signal.aborted) return;
        logger.info({ source: this.id, server: instance.serverName, ...instance.description }, "reading the audit");
        origin.connected(instance);
        const session = new AuditSession(server, progress, { ...this.#options, sourceId: this.id });
        for await (const batch of session.batches(signal)) {
          attempt = 0;
          const own = origin.withoutOthers(batch);
          yield from?.published.size ? this.#withoutPublished(own, from.published) : own;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof DasError && error.retryable)) throw error;
        const wait = retryDelay(RECONNECT, attempt, random);
        logger.warn(
          { source: this.id, error: error.message, wait },
          "database not reachable; reading goes on after it",
        );
        await clock.sleep(wait, signal);
      }
    }
  }

  #withoutPublished(batch: AuditBatch<SqlServerRow>, published: ReadonlySet<EventIdentity>): AuditBatch<SqlServerRow> {
    const context = { ...batch.instance, nativeAuditFields: "omit" } as const;
    const isNew = (row: SqlServerRow) => !published.has(eventIdentity(this.id, markerOf(row), toEvent(row, context)));
    return { ...batch, rows: batch.rows.filter(isNew) };
  }
}
