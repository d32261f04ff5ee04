import type { Engine } from "./engine.ts";
import type { DatabaseActivityEvent } from "./event.ts";
import type { EventIdentity } from "./identity.ts";
import type { InstanceContext, InstanceDescription } from "./instance.ts";
import type { LossWindow, StreamNotice } from "./loss-window.ts";
import type { UtcTime } from "./time.ts";

/**
 * The contract between the publisher and the engines. A reader turns one instance's audit trails into batches of
 * exact rows and maps a row to an event; it knows neither the stream nor another reader.
 *
 * Pull, so back-pressure is free: while nothing is pulled nothing is read, and the trail itself is the durable buffer.
 */

/** A place in one source. Only the reader that made it can read it; everyone else stores it as text. */
export type Cursor = string & { readonly cursor: unique symbol };

export interface AuditBatch<Row> {
  /** In trail order; at most 1,000 rows or 1 MiB; empty when the trail is quiet. */
  readonly rows: readonly Row[];
  /** The place just after the last row. */
  readonly cursor: Cursor;
  /**
   * Rows from before the cursor may still come, because this trail was another one's until a role change and was not
   * compared yet: the cursor is acknowledged like any other, but is not to be a watermark on the stream.
   */
  readonly provisional?: boolean;
  /**
   * `ResumePoint.published` may still be about rows behind the cursor. Until every one of them was met, or the end of the
   * trail was reached once.
   */
  readonly resuming?: boolean;
  /** They stand before the first row of this batch. */
  readonly lossWindows: readonly LossWindow[];
  /** What happened to the stream itself and was seen in the database: a drift of its policy. After the loss windows. */
  readonly notices?: readonly StreamNotice[];
  /** The instance that these rows were read from, as it described itself when the connection was made. */
  readonly instance: InstanceDescription;
}

/** What the publisher found on the stream about a source. */
export interface ResumePoint {
  readonly cursor: Cursor;
  /** Of the cursor. When it is not the source's own, the role changed: the new trail may lack rows, and have others. */
  readonly history: string;
  readonly ledger?: string;
  readonly published: ReadonlySet<EventIdentity>;
  /**
   * What the stream holds of a span of event time, for a reader that finds that the trail holds something else than was
   * published. Without it such a span comes once more as a whole.
   */
  readonly publishedBetween?: (from: UtcTime, to: UtcTime, signal: AbortSignal) => Promise<ReadonlySet<EventIdentity>>;
}

/**
 * What the stream holds of a source, asked when reading begins: at first, and again whenever somebody else may have read
 * the source meanwhile. undefined: nothing is on it, so reading begins at the start position.
 */
export type Resume = (signal: AbortSignal) => Promise<ResumePoint | undefined>;

/**
 * Where reading begins when there is nothing to resume from: with every row that the trail holds, with what comes next,
 * or with what happened at a moment and later, by the times of the events.
 */
export type StartPosition = "oldest" | "now" | { readonly time: UtcTime };

export interface AuditSource<Row> {
  /** Made from the configuration, so that no rename changes it: `sqlserver:a:RDS_DAS_AUDIT`. */
  readonly id: string;
  /** The life of the trail between two role changes; cursors of different histories do not compare. */
  readonly history: string;
  /** Negative, zero or positive, as for `Array.prototype.sort`. @throws CursorError */
  compare(a: Cursor, b: Cursor): number;
  /** Pure: same row, same text, whoever reads it, native fields on or off; parts between colons (`isMarker`). */
  marker(row: Row): string;
  /**
   * Where reading from a place in truth begins: rows between the two come again unless they are in `published`. Absent:
   * at the place itself. @throws CursorError
   */
  rereadFrom?(cursor: Cursor): Cursor;
  /**
   * Every row after the place that `resume` gives, then waits for more. At least once: the same row may come again, with
   * the same marker. Rows whose identity is in `published` are left out.
   *
   * Waits until the source is this reader's, so that nobody else reads it, and only then asks `resume`; it asks again
   * when the source was somebody else's meanwhile. When there is nothing to resume from, the first batch is empty: its
   * cursor is the place where reading begins.
   *
   * Yields at least once per poll interval, so that the caller always has a fresh cursor. May be called again after it
   * has ended, but not while it runs. Ends, without an error, when aborted; never hangs on a dead peer.
   *
   * A lost connection is the reader's own concern: it reconnects without end, tells the logger, and loses nothing.
   * @throws RefusedError when only a person can help; CursorError when the place is not a cursor of this source; what
   *   `resume` throws.
   */
  read(resume: Resume, signal: AbortSignal): AsyncIterable<AuditBatch<Row>>;
  /** The watermark moved; never waits, never throws. */
  acknowledged(watermark: Cursor): void;
  /** What the next heartbeat carries (sources whose rows can appear late); undefined when there is nothing yet. */
  ledger?(): string | undefined;
}

export interface CheckFinding {
  /** Stable, for programs: `sqlserver.audit-on`. */
  readonly id: string;
  readonly status: "ok" | "warning" | "failure";
  readonly what: string;
  readonly why: string;
  /** The statement or setting that repairs it; absent when nothing is to be repaired. */
  readonly repair?: string;
}

/** What an instance says that it is. */
export interface CheckedServer {
  /** `15.0.4073.23`, `19.21.0.0.0` */
  readonly version: string;
  /** Oracle: EE, SE2, XE, FREE; SQL Server: in its own words. undefined: it does not say. */
  readonly edition: string | undefined;
  /** Oracle: has it pluggable databases? */
  readonly isContainerDatabase: boolean;
}

export interface CheckReport {
  readonly findings: readonly CheckFinding[];
  /** undefined: it was not reached, or does not say. */
  readonly server?: CheckedServer;
}

export interface AuditReader<Row> extends AsyncDisposable {
  readonly engine: Engine;
  /** Reach, rights, audit on, settings; never writes. @throws UnavailableError, RefusedError */
  check(signal: AbortSignal): Promise<CheckReport>;
  /** What this instance owns now; yields again whenever that changes, ends when aborted. */
  sources(signal: AbortSignal): AsyncIterable<readonly AuditSource<Row>[]>;
  /** Pure and total: any row gives an event, an unknown code travels as itself. */
  toEvent(row: Row, context: InstanceContext): DatabaseActivityEvent;
}
