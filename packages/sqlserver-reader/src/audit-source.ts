import {
  type AuditBatch,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  type EventIdentity,
  eventIdentity,
  type Logger,
  type ResumePoint,
  retryDelay,
} from "@das/core";
import { AuditSession, type Progress } from "./audit-session.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { compareCursors, parseCursor } from "./cursor.ts";
import { describeInstance } from "./instance.ts";
import { toEvent } from "./map-event.ts";
import { markerOf, type SqlServerRow } from "./row.ts";

export interface SourceOptions {
  readonly connection: ConnectionOptions;
  /** The instance's own address in the events; default: what the server reports. */
  readonly serverHost: string | undefined;
  /** Name of the server audit. */
  readonly audit: string;
  /** Where reading begins when there is nothing to resume from: every row that the trail holds, or what comes next. */
  readonly startAt: "oldest" | "now";
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
    this.id = `sqlserver:${options.connection.instanceId}:${options.audit}`;
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

  async *read(from: ResumePoint | undefined, signal: AbortSignal): AsyncGenerator<AuditBatch<SqlServerRow>> {
    const { connection: target, serverHost, clock, random, logger } = this.#options;
    const position = from && parseCursor(from.cursor);
    const progress: Progress = { position, lastEventTime: undefined, openLoss: undefined };
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using connection = await Connection.open(target, clock, logger);
        const instance = await describeInstance(connection, serverHost, signal);
        if (signal.aborted) return;
        logger.info({ source: this.id, server: instance.serverName, ...instance.description }, "reading the audit");
        const session = new AuditSession(
          connection,
          instance,
          progress,
          { ...this.#options, sourceId: this.id },
          clock,
          logger,
        );
        for await (const batch of session.batches(signal)) {
          attempt = 0;
          yield from?.published.size ? this.#withoutPublished(batch, from.published) : batch;
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
