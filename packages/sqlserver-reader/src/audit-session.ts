import {
  type AuditBatch,
  type Clock,
  type Logger,
  type LossWindow,
  RefusedError,
  type UtcTime,
  utcTime,
  utcTimeOf,
} from "@das/core";
import { type AuditDefinition, listFiles, readDefinition, readStatus } from "./audit-catalog.ts";
import { type AuditFileName, sameFileName } from "./audit-file-name.ts";
import { ServerError } from "./classify-error.ts";
import type { Connection } from "./connection.ts";
import { type FilePosition, formatCursor } from "./cursor.ts";
import type { ConnectedInstance } from "./instance.ts";
import { EVENT_TIME_COLUMN } from "./map-event.ts";
import { type FileReadResult, readFile } from "./read-file.ts";
import type { SqlServerRow } from "./row.ts";

/** What a source knows about its place; it outlives connections. */
export interface Progress {
  /** undefined until the first file is known. */
  position: FilePosition | undefined;
  /** Of the newest row that was given out. */
  lastEventTime: UtcTime | undefined;
  /** A loss window that was told and has no end yet. */
  openLoss: LossWindow | undefined;
}

/** A constant phrase: with the trail and the start it identifies the window. */
const LOSS_FILE_DELETED = "audit file deleted before it was read";

/** Milliseconds between polls: the first while rows come, then doubling up to the second. */
const POLL_BUSY = 100;
const POLL_IDLE = 1_000;

/** The file or the offset that the read names is not there: 33225 and 33224, and their Extended Events twins. */
const NOT_THERE = new Set([33224, 33225, 25718, 25722]);

type Batch = AuditBatch<SqlServerRow>;

/** `more`: there is more to read at once; `rows`: there was something; `quiet`: there was nothing. */
type PollOutcome = "more" | "rows" | "quiet";

/** Follows one audit's files over one connection, from a progress on, until the connection breaks or the signal aborts. */
export class AuditSession {
  readonly #connection: Connection;
  readonly #instance: ConnectedInstance;
  readonly #progress: Progress;
  readonly #options: { readonly sourceId: string; readonly audit: string; readonly startAt: "oldest" | "now" };
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The file of the position; undefined until it was found in a listing. */
  #file: AuditFileName | undefined;
  #readWhole = false;
  /** What the server said about records that it skipped. */
  readonly #skipped = new Set<string>();

  constructor(
    connection: Connection,
    instance: ConnectedInstance,
    progress: Progress,
    options: { readonly sourceId: string; readonly audit: string; readonly startAt: "oldest" | "now" },
    clock: Clock,
    logger: Logger,
  ) {
    this.#connection = connection;
    this.#instance = instance;
    this.#progress = progress;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const definition = await readDefinition(this.#connection, this.#options.audit, signal);
    if (signal.aborted) return;
    if (!definition) throw this.#auditMissing();
    let interval = POLL_BUSY;
    while (!signal.aborted) {
      const outcome = yield* this.#poll(definition, signal);
      if (outcome === "more") continue;
      interval = outcome === "rows" ? POLL_BUSY : Math.min(interval * 2, POLL_IDLE);
      await this.#clock.sleep(interval, signal);
    }
  }

  /** One look at the audit: what its file has that is new, and the step to the next file. Ends with an empty batch. */
  async *#poll(definition: AuditDefinition, signal: AbortSignal): AsyncGenerator<Batch, PollOutcome> {
    const status = await readStatus(this.#connection, this.#options.audit, signal);
    const isCurrent = this.#file && status.currentFile && sameFileName(this.#file.name, status.currentFile);
    // Listed before the read: a file that has a successor by then is closed, so one read to its end finishes it.
    const files = isCurrent ? [] : await this.#list(definition, signal);
    if (signal.aborted) return "quiet";
    this.#progress.position ??= await this.#start(definition, files, signal);
    const { position } = this.#progress;
    if (!position) {
      // The audit was never on, so there is no place to speak of yet.
      this.#logger.debug({ source: this.#options.sourceId }, "the audit has no file yet");
      return "quiet";
    }
    this.#file ??= files.find((file) => file.fileTime === position.fileTime);
    const complete = this.#file ? yield* this.#read(definition, this.#file, signal) : yield* this.#lose(position);
    if (signal.aborted) return "quiet";
    const next = isCurrent || !complete ? undefined : files.find((file) => file.fileTime > position.fileTime);
    if (next) {
      this.#file = next;
      this.#progress.position = startOf(position.directory, next);
    }
    yield this.#batch([], this.#progress.position ?? position, []);
    if (this.#file && !this.#readWhole && (next || !complete)) return "more";
    return this.#progress.position === position ? "quiet" : "rows";
  }

  /** @returns whether the file was read to its end */
  async *#read(definition: AuditDefinition, file: AuditFileName, signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    const position = this.#progress.position as FilePosition;
    const reading = readFile(this.#connection, this.#instance, file, position, this.#readWhole, this.#clock, signal);
    this.#readWhole = false;
    try {
      for (;;) {
        const step = await reading.next();
        if (step.done) {
          this.#report(file, step.value);
          return step.value.complete;
        }
        this.#progress.position = step.value.position;
        yield this.#batch(step.value.rows, step.value.position, this.#endOfLoss(step.value.rows));
      }
    } catch (error) {
      if (!(error instanceof ServerError && NOT_THERE.has(error.number))) throw error;
      // A file without a block gives the same errors as one that is gone; only the listing tells them apart.
      const listed = (await this.#list(definition, signal)).some(({ fileTime }) => fileTime === file.fileTime);
      if (listed && position.lastOffset === null) return true;
      this.#file = listed ? file : undefined;
      this.#readWhole = listed;
      return false;
    } finally {
      await reading.return({ complete: false, anomalies: 0, skipped: [] });
    }
  }

  /** The position's file is in no listing: what it held after the position is lost. Told once, ended by the next row. */
  *#lose(position: FilePosition): Generator<Batch, boolean> {
    if (!this.#progress.openLoss) {
      const startTime = this.#progress.lastEventTime ?? utcTimeOf(fileTimeToEpoch(position.fileTime), 7);
      this.#progress.openLoss = { cause: LOSS_FILE_DELETED, startTime, endTime: null };
      this.#logger.error(
        { source: this.#options.sourceId, fileTime: String(position.fileTime), startTime },
        "an audit file was deleted before it was read; activity may be missing",
      );
      yield this.#batch([], position, [this.#progress.openLoss]);
    }
    return true;
  }

  #endOfLoss(rows: readonly SqlServerRow[]): readonly LossWindow[] {
    const [first] = rows;
    const last = rows.at(-1);
    if (!first || !last) return [];
    const ended = this.#progress.openLoss;
    this.#progress.openLoss = undefined;
    this.#progress.lastEventTime = this.#eventTime(last);
    return ended ? [{ ...ended, endTime: this.#eventTime(first) }] : [];
  }

  #eventTime(row: SqlServerRow): UtcTime {
    const index = this.#instance.trail.columns.findIndex(({ name }) => name === EVENT_TIME_COLUMN);
    return utcTime(String(row.values[index]));
  }

  /** Where reading begins when there is nothing to resume from; undefined while there is no file. */
  async #start(
    definition: AuditDefinition,
    files: readonly AuditFileName[],
    signal: AbortSignal,
  ): Promise<FilePosition | undefined> {
    const file = files.at(this.#options.startAt === "now" ? -1 : 0);
    if (!file) return undefined;
    let position = startOf(definition.directory, file);
    if (this.#options.startAt === "oldest") return position;
    for (let complete = false; !complete && !signal.aborted; ) {
      const reading = readFile(this.#connection, this.#instance, file, position, false, this.#clock, signal);
      for (let step = await reading.next(); ; step = await reading.next()) {
        if (step.done) {
          complete = step.value.complete;
          break;
        }
        position = step.value.position;
      }
    }
    return position;
  }

  #list(definition: AuditDefinition, signal: AbortSignal): Promise<readonly AuditFileName[]> {
    const directory = this.#progress.position?.directory ?? definition.directory;
    return listFiles(this.#connection, this.#instance.majorVersion, directory, definition.auditGuid, signal);
  }

  #batch(rows: readonly SqlServerRow[], position: FilePosition, lossWindows: readonly LossWindow[]): Batch {
    return { rows, cursor: formatCursor(position), lossWindows, instance: this.#instance.description };
  }

  #report(file: AuditFileName, { anomalies, skipped }: FileReadResult): void {
    const place = { source: this.#options.sourceId, fileTime: String(file.fileTime) };
    if (anomalies > 0) {
      this.#logger.warn(
        { ...place, anomalies },
        "a block of an audit file is not what it was; its rows are published again",
      );
    }
    for (const message of skipped) {
      // Said at every poll that meets the block; told once.
      if (this.#skipped.has(message)) continue;
      this.#skipped.add(message);
      this.#logger.error(
        { ...place, server: message },
        "the server cannot read a part of an audit file; activity is missing",
      );
    }
  }

  #auditMissing(): RefusedError {
    const { audit } = this.#options;
    return new RefusedError({
      who: "sqlserver-reader",
      what: `${this.#instance.serverName} has no server audit ${audit} that writes to files`,
      remedy: `Create it (CREATE SERVER AUDIT [${audit}] TO FILE …) and switch it on`,
      code: "audit-missing",
    });
  }
}

function startOf(directory: string, file: AuditFileName): FilePosition {
  return {
    turn: 0,
    directory,
    fileTime: file.fileTime,
    previousOffset: null,
    lastOffset: null,
    rowsInLast: 0,
    digest: "",
  };
}

/** 100 ns since 1601-01-01 UTC → milliseconds since 1970. */
function fileTimeToEpoch(fileTime: bigint): number {
  return Number(fileTime / 10_000n) - 11_644_473_600_000;
}
