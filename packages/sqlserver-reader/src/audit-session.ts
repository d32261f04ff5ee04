import {
  type AuditBatch,
  type Clock,
  type Logger,
  type LossWindow,
  RefusedError,
  type StartPosition,
  type StreamNotice,
} from "@das/core";
import { type AuditFile, auditFilesAmong, directoryKey, sameFileName } from "./audit-file-name.ts";
import type { AuditServer, AuditState } from "./audit-server.ts";
import { ServerError } from "./classify-error.ts";
import { type Bookmark, type FilePosition, formatCursor } from "./cursor.ts";
import { firstFile, placeIn } from "./find-start.ts";
import { LOSS_CAUSES } from "./loss-account.ts";
import type { PolicyWatch } from "./policy-watch.ts";
import { isWriting, type Progress } from "./progress.ts";
import { type FileReadResult, readFile } from "./read-file.ts";
import type { SqlServerRow } from "./row.ts";

export interface SessionOptions {
  readonly sourceId: string;
  /** The audit's configured name. */
  readonly audit: string;
  readonly startAt: StartPosition;
  /** The reader's own login: what it does is no reason to poll faster. */
  readonly user: string;
  /** The server answered. */
  readonly heard: () => void;
  /** Everything that the trail held at a moment after reading began was given out. */
  readonly reachedEnd: () => void;
  /** Looks after the policy of the instance, in one of its sources. */
  readonly watch?: PolicyWatch | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds between polls: the first while rows come, then doubling up to the second. */
const POLL_BUSY = 100;
const POLL_IDLE = 1_000;

/** The file or the offset that the read names is not there: 33225 and 33224, and their Extended Events twins. */
const NOT_THERE = new Set([33224, 33225, 25718, 25722]);

type Batch = AuditBatch<SqlServerRow>;

/** What a read came to: `rows` and `quiet` reached the file's end, with news or without; `more` has to go on at once. */
type ReadOutcome = "more" | "rows" | "quiet" | "gone";

/**
 * Follows one audit's files on one server, from a progress on, until the connection breaks or the signal aborts
 * (SQL Server notes §4.3).
 */
export class AuditSession {
  readonly #server: AuditServer;
  readonly #progress: Progress;
  readonly #options: SessionOptions;
  readonly #userIndex: number;
  /** The server does not accept the position's offset although the file is there. */
  #readWhole = false;
  /** The file was read to its end, now it is looked at what was skipped in reads that broke off. */
  #verify = false;
  /** What the server said about records that it skipped: said at every poll that meets them, logged once. */
  readonly #skipped = new Set<string>();

  constructor(server: AuditServer, progress: Progress, options: SessionOptions) {
    this.#server = server;
    this.#progress = progress;
    this.#options = options;
    const { columns } = server.instance.trail;
    this.#userIndex = columns.findIndex(({ name }) => name === "session_server_principal_name");
  }

  /** @throws UnavailableError, RefusedError, ServerError */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    let interval = POLL_BUSY;
    while (!signal.aborted) {
      const outcome = yield* this.#poll(signal);
      if (outcome === "more") continue;
      interval = outcome === "rows" ? POLL_BUSY : Math.min(interval * 2, POLL_IDLE);
      await this.#options.clock.sleep(interval, signal);
    }
  }

  /** One look at the audit: what its file has that is new, and the step to the next file. Ends with an empty batch. */
  async *#poll(signal: AbortSignal): AsyncGenerator<Batch, ReadOutcome> {
    const progress = this.#progress;
    const state = await this.#server.observe(signal);
    if (signal.aborted) return "quiet";
    this.#options.heard();
    // Listed before the read: a file that has a successor by then is closed, so one read to its end finishes it.
    const listing = isWriting(state.audit, progress.file) ? undefined : await this.#list(state, signal);
    const begins = listing !== undefined && !progress.reading;
    if (begins) await this.#start(state, listing, signal);
    const { reading } = progress;
    if (!reading || signal.aborted) return "quiet";
    if (begins) yield this.#batch([], { position: reading, losses: progress.losses.state() }, []);
    progress.losses.look(state.audit?.dropped, state.observedAt);

    const { file } = progress;
    const isOpen = isWriting(state.audit, file);
    const outcome = file ? yield* this.#read(file, reading, isOpen, signal) : "gone";
    if (signal.aborted) return "quiet";
    const hasMoved = outcome !== "more" && !isOpen && this.#moveOn(state, outcome === "gone");
    if (outcome !== "more" && !hasMoved) {
      if (outcome === "gone") progress.giveUp(LOSS_CAUSES.fileDeleted);
      progress.reachEnd(state.audit);
      this.#options.reachedEnd();
    }
    const lossWindows = progress.losses.take();
    const notices = await this.#lookAtPolicy(signal);
    const { position = reading, unverified } = progress;
    const bookmark = { position, losses: progress.losses.state(), unverified };
    yield { ...this.#batch([], bookmark, lossWindows), ...(notices.length > 0 && { notices }) };
    return hasMoved ? "more" : outcome;
  }

  /** After the rows of this poll, so that what they say of a change is known. */
  async #lookAtPolicy(signal: AbortSignal): Promise<readonly StreamNotice[]> {
    const { watch } = this.#options;
    const { policy } = this.#server;
    return watch && policy ? await watch.look(policy, signal) : [];
  }

  async *#read(
    file: AuditFile,
    from: FilePosition,
    isOpen: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, ReadOutcome> {
    const { losses } = this.#progress;
    const options = {
      whole: this.#readWhole,
      unverified: this.#progress.unverified,
      verify: this.#verify,
      losses,
      clock: this.#options.clock,
    };
    const reading = readFile(this.#server, file, from, options, signal);
    this.#verify = false;
    let hasNews = false;
    try {
      for (;;) {
        const step = await reading.next();
        if (step.done) {
          this.#report(file, step.value);
          this.#progress.verify(step.value.unverified);
          if (!step.value.complete) return "more";
          this.#readWhole = false;
          this.#verify = step.value.unverified !== undefined;
          if (this.#verify) return "more";
          losses.endRead(!isOpen);
          return hasNews ? "rows" : "quiet";
        }
        const { rows, bookmark, lossWindows } = step.value;
        this.#progress.moveTo(bookmark.position, bookmark.unverified);
        this.#options.watch?.saw(rows);
        hasNews ||= rows.some((row) => row.values[this.#userIndex] !== this.#options.user);
        yield this.#batch(rows, bookmark, lossWindows);
      }
    } catch (error) {
      if (!isNotThere(error)) throw error;
      return await this.#explainMissing(file, from, isOpen, signal);
    } finally {
      await reading.return({ complete: false, anomalies: 0, skipped: [], unverified: undefined });
    }
  }

  /** A file without a block gives the same errors as one that is gone; only a listing tells them apart. */
  async #explainMissing(
    file: AuditFile,
    from: FilePosition,
    isOpen: boolean,
    signal: AbortSignal,
  ): Promise<ReadOutcome> {
    const listing = await this.#filesIn(file.directory, file.audit, signal);
    if (!listing.some(({ name }) => sameFileName(name, file.name))) return "gone";
    if (from.lastOffset === null) return "quiet";
    if (!this.#readWhole) {
      this.#readWhole = true;
      return "more";
    }
    const { sourceId, logger } = this.#options;
    logger.warn({ source: sourceId, file: file.name }, "the server lists an audit file but does not read it");
    if (!isOpen) this.#progress.giveUp(LOSS_CAUSES.fileUnreadable);
    return "quiet";
  }

  #moveOn({ audit }: AuditState, isGone: boolean): boolean {
    const step = this.#progress.step(audit, isGone);
    if (!step) return false;
    this.#readWhole = false;
    if (step.turned) {
      const { sourceId, logger } = this.#options;
      logger.warn(
        { source: sourceId, file: step.file.name },
        "the file times of the audit go backwards: the server's clock was set back, or an older file was put there",
      );
    }
    return true;
  }

  /** Where reading begins when there is nothing to resume from. */
  async #start({ audit }: AuditState, listing: readonly AuditFile[], signal: AbortSignal): Promise<void> {
    if (!audit) throw this.#auditMissing();
    const files = listing.filter(({ auditGuid }) => auditGuid === audit.auditGuid);
    const { startAt } = this.#options;
    // What comes into an audit that was empty is new, whatever its time.
    const begin = this.#progress.beganEmpty ? "oldest" : startAt;
    const file = firstFile(files, begin, audit);
    if (!file) {
      // The audit was never on, so there is no place to speak of yet.
      this.#progress.beganEmpty = true;
      this.#options.logger.debug({ source: this.#options.sourceId }, "the audit has no file yet");
      return;
    }
    this.#progress.begin(file);
    this.#progress.noteListing(listing, [audit.directory]);
    if (begin === "oldest") return;
    try {
      const place = await placeIn(this.#server, file, begin, this.#progress.losses, signal);
      if (!signal.aborted) this.#progress.moveTo(place);
    } catch (error) {
      // A file without a block has no place but its beginning.
      if (!isNotThere(error)) throw error;
    }
    if (begin === "now") this.#progress.losses.forgetDropped(audit.dropped);
  }

  async #list({ audit }: AuditState, signal: AbortSignal): Promise<readonly AuditFile[]> {
    const { reading, file } = this.#progress;
    const directories = new Map<string, string>();
    for (const directory of [audit?.directory, reading?.directory]) {
      if (directory !== undefined) directories.set(directoryKey(directory), directory);
    }
    const name = audit?.name ?? file?.audit ?? this.#options.audit;
    const listing: AuditFile[] = [];
    for (const directory of directories.values()) listing.push(...(await this.#filesIn(directory, name, signal)));
    if (!signal.aborted && reading) this.#progress.noteListing(listing, [...directories.values()]);
    return listing;
  }

  async #filesIn(directory: string, audit: string, signal: AbortSignal): Promise<readonly AuditFile[]> {
    const { reading, file } = this.#progress;
    const offset = reading?.previousOffset ?? undefined;
    const from =
      file && offset !== undefined && directoryKey(file.directory) === directoryKey(directory)
        ? { name: file.name, offset }
        : undefined;
    const names = await this.#server.listFiles(directory, { audit, auditGuid: file?.auditGuid, from }, signal);
    return auditFilesAmong(names, directory, audit);
  }

  #batch(rows: readonly SqlServerRow[], bookmark: Bookmark, lossWindows: readonly LossWindow[]): Batch {
    return { rows, cursor: formatCursor(bookmark), lossWindows, instance: this.#server.instance.description };
  }

  #report(file: AuditFile, { anomalies, skipped }: FileReadResult): void {
    const { sourceId, logger } = this.#options;
    const place = { source: sourceId, file: file.name };
    if (anomalies > 0) {
      logger.warn({ ...place, anomalies }, "a block of an audit file is not what it was; its rows are published again");
    }
    for (const message of skipped) {
      if (this.#skipped.has(message)) continue;
      this.#skipped.add(message);
      logger.warn({ ...place, server: message }, "the server skips records of an audit file");
    }
  }

  #auditMissing(): RefusedError {
    const { audit } = this.#options;
    return new RefusedError({
      who: "sqlserver-reader",
      what: `${this.#server.instance.serverName} has no server audit ${audit} that writes to files`,
      remedy: `Create it (CREATE SERVER AUDIT [${audit}] TO FILE …) and switch it on`,
      code: "audit-missing",
    });
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof ServerError && NOT_THERE.has(error.number);
}
