import {
  type AuditBatch,
  type AuditSource,
  type Clock,
  type Cursor,
  DasError,
  type EventIdentity,
  eventIdentity,
  type Logger,
  PublishedRows,
  type Resume,
  type ResumePoint,
  retryDelay,
  type StartPosition,
  type StreamNotice,
  type UtcTime,
} from "@das/core";
import type { AuditServer, Branch, DatabaseState } from "./audit-server.ts";
import { AuditSession } from "./audit-session.ts";
import { type Bookmark, compareCursors, formatCursor, parseCursor } from "./cursor.ts";
import { markerOf } from "./key.ts";
import { Ledger } from "./ledger.ts";
import { LOSS_CAUSES } from "./loss-account.ts";
import { toEvent } from "./map-event.ts";
import { DAY, HOUR, type Micros, microsOf, SECOND, utcTimeOfMicros } from "./micros.ts";
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
/** The database remembers times of system change numbers every three seconds, so what it says may be so much too early. */
const SCN_TIME_STEP: Micros = 3 * SECOND;
/** Milliseconds between two looks whether the source may be read here now. */
const OWNERSHIP_INTERVAL = 1_000;
/** After so many milliseconds without an answer a spare may have had the lock, and given it back. */
const UNHEARD = 2_000;

/** What a read knows of its place, as long as nobody else may have read the source. */
interface Reading {
  readonly progress: Progress;
  readonly published: PublishedRows;
  /** What the stream holds of a span of event time. */
  readonly between: ResumePoint["publishedBetween"];
  /** Another database was the primary before this one; told with the first batch. */
  roleChange?: StreamNotice;
}

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

  /** Everything before it is read again by minutes, because the ledger counts them anew. */
  rereadFrom(cursor: Cursor): Cursor {
    const { position, losses } = parseCursor(cursor);
    const low = beginOfReading(position.low, this.#lateWindow);
    return formatCursor({ position: { turn: position.turn, low, batch: 0 }, losses });
  }

  async *read(resume: Resume, signal: AbortSignal): AsyncGenerator<AuditBatch<OracleRow>> {
    const { clock, random, logger } = this.#options;
    let reading: Reading | undefined;
    let heardAt = Number.NEGATIVE_INFINITY;
    let refusal: unknown;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using server = await this.#options.connect(signal);
        if (signal.aborted) return;
        const { instance } = server;
        const isOwn = await this.#waitUntilOwn(server, signal, () => {
          attempt = 0;
          reading = undefined;
        });
        if (signal.aborted) return;
        // In another role the database may show other branches, so it is looked at anew.
        if (!isOwn) continue;
        logger.info(
          { source: this.id, container: instance.containerName, ...instance.description },
          "reading the trail",
        );
        if (clock.monotonic() - heardAt > UNHEARD) reading = undefined;
        if (!reading) {
          const point = await resume(signal).catch((error: unknown) => {
            refusal = error;
            throw error;
          });
          if (signal.aborted) return;
          const began = this.#options.branch === "table" ? await server.becamePrimaryAt(signal) : undefined;
          if (signal.aborted) return;
          reading = point ? await this.#resume(point, began, server, signal) : await this.#begin(server, signal);
          if (signal.aborted) return;
          this.#progress = reading.progress;
          if (began !== undefined) this.#progress.writesSince = microsOf(began) + SCN_TIME_STEP;
          if (!point) {
            const cursor = formatCursor(reading.progress.bookmark());
            yield { rows: [], cursor, lossWindows: [], instance: instance.description };
          }
        }
        const { published } = reading;
        const heard = () => {
          heardAt = clock.monotonic();
        };
        for await (const batch of this.#sessionOn(server, reading, heard).batches(signal)) {
          attempt = 0;
          const { roleChange } = reading;
          delete reading.roleChange;
          yield {
            ...batch,
            ...(published.isNeeded && { resuming: true }),
            ...(roleChange && { notices: [...(batch.notices ?? []), roleChange] }),
          };
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

  get #lateWindow(): Micros {
    return this.#options.lateWindow ?? LATE_WINDOW;
  }

  /** The table belongs to the primary that is open, spillover files to their own instance; and nobody else reads them. */
  #isOwn({ role, openMode, history }: DatabaseState): boolean {
    if (!openMode.startsWith("READ")) return false;
    return this.#options.branch === "files" || (role === "PRIMARY" && history === this.history);
  }

  /**
   * Until the lock is had somebody else reads this source, and this reader is its spare.
   * @param othersRead told whenever that is so
   * @returns false when aborted, or when the database's role has changed
   */
  async #waitUntilOwn(server: AuditServer, signal: AbortSignal, othersRead: () => void): Promise<boolean> {
    const { clock, logger } = this.#options;
    for (let role: string | undefined; !signal.aborted; ) {
      const state = await server.observe(signal);
      if (signal.aborted || (role !== undefined && role !== state.role)) return false;
      if (this.#isOwn(state) && (await server.takeLock(this.id, signal))) return !signal.aborted;
      if (signal.aborted) return false;
      if (role === undefined) {
        logger.info({ source: this.id, role: state.role }, "waiting: this source is read by another, or not here");
      }
      role = state.role;
      othersRead();
      await clock.sleep(OWNERSHIP_INTERVAL, signal);
    }
    return false;
  }

  #sessionOn(server: AuditServer, { progress, published, between }: Reading, heard: () => void): AuditSession {
    const { branch, canary = false, purgeRetention, clock, logger } = this.#options;
    const identityOf = this.#identifier(server);
    return new AuditSession(server, progress, {
      sourceId: this.id,
      branch,
      isOwn: (state) => this.#isOwn(state),
      heard,
      reachedEnd: () => published.release(),
      isPublished: (row) => published.isNeeded && published.meet(identityOf(row)),
      publishedIn: async (begin, end, stop) => {
        const identities = await between?.(begin, end, stop);
        return (row) => identities?.has(identityOf(row)) ?? false;
      },
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

  /** @param began when this database became the primary */
  async #resume(
    point: ResumePoint,
    began: UtcTime | undefined,
    server: AuditServer,
    signal: AbortSignal,
  ): Promise<Reading> {
    const { cursor, history, published, publishedBetween: between } = point;
    if (history !== this.history) return this.#resumeAnother(point, began, server, signal);
    const last = this.#progress;
    // It is the very end of the last read that is resumed, so what that one knew is still so.
    if (last && formatCursor(last.bookmark()) === cursor && published.size === 0) {
      return { progress: last, published: new PublishedRows(), between };
    }
    const progress = this.#progressAt(parseCursor(cursor), parseLedger(point));
    return { progress, published: new PublishedRows(published), between };
  }

  /**
   * The place is of another history, so this trail may lack rows that are on the stream, and have others from when its own
   * began, which may be before the place: both databases were the primary for a while, or their clocks differ.
   */
  async #resumeAnother(
    point: ResumePoint,
    began: UtcTime | undefined,
    server: AuditServer,
    signal: AbortSignal,
  ): Promise<Reading> {
    const { publishedBetween: between } = point;
    const { position, ...known } = parseCursor(point.cursor);
    const ledger = parseLedger(point);
    const { now } = await server.observe(signal);
    // Without a ledger nothing else would find what is older.
    const unknown = ledger ? position.low : microsOf(now) - DAY;
    const low = Math.min(position.low, began === undefined ? unknown : microsOf(began));
    const until = beginOfReading(position.low, this.#lateWindow);
    let { published } = point;
    for (let begin = beginOfReading(low, this.#lateWindow); begin < until && !signal.aborted; begin += HOUR) {
      const end = Math.min(begin + HOUR, until);
      const before = await between?.(utcTimeOfMicros(begin), utcTimeOfMicros(end), signal);
      if (before) published = published.union(before);
    }
    const progress = this.#progressAt({ position: { ...position, low }, ...known }, ledger);
    progress.isProvisional = true;
    progress.writesSince = microsOf(now);
    const isPlanned = isBySwitchover(point.history, this.history);
    if (!isPlanned) {
      // Rows may have been stamped so long before the place, and not committed by then.
      const end = began === undefined ? microsOf(now) : Math.min(microsOf(began) + SCN_TIME_STEP, microsOf(now));
      progress.losses.tell(LOSS_CAUSES.redoLost, low - this.#lateWindow, end);
    }
    const { logger } = this.#options;
    logger.info(
      { source: this.id, history: this.history, before: point.history, from: utcTimeOfMicros(low), began },
      "the trail of another primary goes on here; it is compared with what was published",
    );
    const roleChange: StreamNotice = {
      command: "FAILOVER",
      cause: `another database is the primary since a ${isPlanned ? "switchover" : "failover"}`,
      startTime: began ?? now,
      endTime: null,
    };
    return { progress, published: new PublishedRows(published), between, roleChange };
  }

  #progressAt(bookmark: Bookmark, ledger: Ledger | undefined): Progress {
    const since = beginOfReading(bookmark.position.low, this.#lateWindow);
    return new Progress(bookmark, this.#lateWindow, ledger ?? new Ledger(since));
  }

  /** Where reading begins when there is nothing to resume from. */
  async #begin(server: AuditServer, signal: AbortSignal): Promise<Reading> {
    const { branch, startAt } = this.#options;
    const now = microsOf((await server.observe(signal)).now);
    let low = now;
    if (startAt === "oldest") {
      const oldest = await server.oldestTime(branch, signal);
      // Before the oldest row, and before now, rows may be stamped that are not committed yet.
      low = Math.min(oldest === undefined ? now : microsOf(oldest), now) - this.#lateWindow;
    } else if (startAt !== "now") low = Math.min(microsOf(startAt.time), now);
    const bookmark: Bookmark = { position: { turn: 0, low, batch: 0 }, losses: { open: [], purgeTold: undefined } };
    const progress = new Progress(bookmark, this.#lateWindow, new Ledger(low));
    return { progress, published: new PublishedRows(), between: undefined };
  }
}

/** Both databases agreed on it, and nothing was lost: in a failover the resetlogs and the activation are new ones. */
function isBySwitchover(before: string, history: string): boolean {
  const [resetlogs, activation] = before.split(":");
  return history.startsWith(`${resetlogs}:${activation}:`);
}

function parseLedger({ ledger }: ResumePoint): Ledger | undefined {
  return ledger === undefined ? undefined : Ledger.parse(ledger);
}
