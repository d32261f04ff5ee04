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
  type ResumePoint,
  retryDelay,
  type StartPosition,
} from "@das/core";
import type { AuditServer, Branch, DatabaseState } from "./audit-server.ts";
import { AuditSession } from "./audit-session.ts";
import { type Bookmark, compareCursors, formatCursor, parseCursor } from "./cursor.ts";
import { markerOf } from "./key.ts";
import { Ledger } from "./ledger.ts";
import { toEvent } from "./map-event.ts";
import { type Micros, microsOf, SECOND } from "./micros.ts";
import { beginOfReading, Progress } from "./progress.ts";
import type { OracleRow } from "./row.ts";

export interface SourceOptions {
  /** `oracle:<dbid>:<container guid>`, for files with `#<instance id>` (architecture §6). */
  readonly id: string;
  readonly branch: Branch;
  /** The life of the trail: of files there is one (""), of the table one between two role changes. */
  readonly history: string;
  /** Connects to the container's own service. @throws UnavailableError, RefusedError */
  readonly connect: (signal: AbortSignal) => Promise<AuditServer>;
  readonly startAt: StartPosition;
  /** How far behind the newest row others may still appear. Default 60 s (Oracle notes §2.3). */
  readonly lateWindow?: Micros;
  /** Table only: `das_canary` is installed, and its row is waited for. Default false. */
  readonly canary?: boolean;
  /** Table only: what has been on the stream for so long may be purged, through `das_advance`. Default: never said. */
  readonly purgeRetention?: Micros;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

const RECONNECT = { base: 500, cap: 30_000 };
const LATE_WINDOW: Micros = 60 * SECOND;
/** Milliseconds between two looks whether the source may be read here now. */
const OWNERSHIP_INTERVAL = 1_000;

/** One branch of one container's unified audit trail. */
export class OracleAuditSource implements AuditSource<OracleRow> {
  readonly id: string;
  readonly history: string;
  readonly #options: SourceOptions;
  /** Of the read that is under way, or was last: one that goes on exactly there needs no row twice. */
  #progress: Progress | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.id = options.id;
    this.history = options.history;
  }

  compare(a: Cursor, b: Cursor): number {
    return compareCursors(a, b);
  }

  marker(row: OracleRow): string {
    return markerOf(row);
  }

  acknowledged(watermark: Cursor): void {
    this.#progress?.acknowledge(parseCursor(watermark).position);
  }

  /** Only of the table: files are not replicated, and nobody else could compare them. */
  ledger(): string | undefined {
    return this.#options.branch === "table" && this.#progress ? String(this.#progress.ledger) : undefined;
  }

  async *read(resume: Resume, signal: AbortSignal): AsyncGenerator<AuditBatch<OracleRow>> {
    const { clock, random, logger } = this.#options;
    const from = await resume(signal);
    if (from) this.#resume(from);
    else this.#progress = undefined;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using server = await this.#options.connect(signal);
        if (signal.aborted) return;
        const { instance } = server;
        logger.info(
          { source: this.id, container: instance.containerName, ...instance.description },
          "reading the trail",
        );
        // In another role the database may show other branches, so it is looked at anew.
        if (!(await this.#waitUntilOwn(server, signal))) continue;
        this.#progress ??= await this.#begin(server, signal);
        if (signal.aborted || !this.#progress) return;
        for await (const batch of this.#sessionOn(server, this.#progress, from).batches(signal)) {
          attempt = 0;
          yield batch;
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

  /** The table belongs to the primary that is open, spillover files to their own instance; and nobody else reads them. */
  #isOwn({ role, openMode, history }: DatabaseState): boolean {
    if (!openMode.startsWith("READ")) return false;
    return this.#options.branch === "files" || (role === "PRIMARY" && history === this.history);
  }

  /**
   * Until the lock is had somebody else reads this source, and this reader is its spare.
   * @returns false when aborted, or when the database's role has changed
   */
  async #waitUntilOwn(server: AuditServer, signal: AbortSignal): Promise<boolean> {
    const { clock, logger } = this.#options;
    for (let role: string | undefined; !signal.aborted; ) {
      const state = await server.observe(signal);
      if (signal.aborted || (role !== undefined && role !== state.role)) return false;
      if (this.#isOwn(state) && (await server.takeLock(this.id, signal))) return !signal.aborted;
      if (role === undefined) {
        logger.info({ source: this.id, role: state.role }, "waiting: this source is read by another, or not here");
      }
      role = state.role;
      await clock.sleep(OWNERSHIP_INTERVAL, signal);
    }
    return false;
  }

  #sessionOn(server: AuditServer, progress: Progress, from: ResumePoint | undefined): AuditSession {
    const { branch, canary = false, purgeRetention, clock, logger } = this.#options;
    const identityOf = this.#identifier(server);
    const isIn = (published: ReadonlySet<EventIdentity> | undefined) => (row: OracleRow) =>
      published !== undefined && published.size > 0 && published.has(identityOf(row));
    return new AuditSession(server, progress, {
      sourceId: this.id,
      branch,
      isOwn: (state) => this.#isOwn(state),
      isPublished: isIn(from?.published),
      publishedIn: async (begin, end, stop) => isIn(await from?.publishedBetween?.(begin, end, stop)),
      canary: branch === "table" && canary,
      purgeRetention: branch === "table" ? purgeRetention : undefined,
      clock,
      logger,
    });
  }

  #identifier(server: AuditServer): (row: OracleRow) => EventIdentity {
    const context = { ...server.instance.description, nativeAuditFields: "omit" } as const;
    return (row) => eventIdentity(this.id, markerOf(row), toEvent(row, context));
  }

  /** Goes on with what the last read knew, when it is its very end that is resumed. */
  #resume(from: ResumePoint): void {
    const bookmark = parseCursor(from.cursor);
    if (this.#progress && formatCursor(this.#progress.bookmark()) === from.cursor && from.published.size === 0) return;
    const ledger = from.ledger === undefined ? undefined : Ledger.parse(from.ledger);
    const lateWindow = this.#options.lateWindow ?? LATE_WINDOW;
    const since = beginOfReading(bookmark.position.low, lateWindow);
    this.#progress = new Progress(bookmark, lateWindow, ledger ?? new Ledger(since));
  }

  /** Where reading begins when there is nothing to resume from. */
  async #begin(server: AuditServer, signal: AbortSignal): Promise<Progress | undefined> {
    const { branch, startAt, lateWindow = LATE_WINDOW } = this.#options;
    const { now } = await server.observe(signal);
    const oldest = startAt === "oldest" ? await server.oldestTime(branch, signal) : undefined;
    if (signal.aborted) return undefined;
    // Before the oldest row, and before now, rows may be stamped that are not committed yet.
    const oldestLow = () => Math.min(microsOf(oldest ?? now), microsOf(now)) - lateWindow;
    const low = typeof startAt === "object" ? microsOf(startAt.time) : startAt === "now" ? microsOf(now) : oldestLow();
    const bookmark: Bookmark = { position: { turn: 0, low, batch: 0 }, losses: { open: [], purgeTold: undefined } };
    return new Progress(bookmark, lateWindow, new Ledger(low));
  }
}
