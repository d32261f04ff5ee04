import type { LossWindow, UtcTime } from "@das/core";
import type { DroppedRecords } from "./audit-server.ts";
import type { FilePosition, UnverifiedFrom } from "./cursor.ts";
import { fileTimeOf, utcTimeOfFileTime } from "./file-time.ts";
import { eventTimeOf, type SqlServerRow, type TrailDescription } from "./row.ts";

/**
 * Why activity may be missing from the trail (SQL Server notes §4.5). Constant phrases: with the trail and the start
 * they identify a window, so whoever finds the same loss again tells the same event.
 */
export const LOSS_CAUSES = {
  fileDeleted: "audit file deleted before it was read",
  fileUnreadable: "audit file cannot be read",
  recordsUnreadable: "audit records cannot be read",
  recordsDropped: "audit records dropped before they were written",
  stopped: "audit stopped",
  failed: "audit failed",
  missing: "audit missing",
  recreated: "audit recreated",
  timesWentBack: "audit file times went backwards",
  restarted: "instance restarted without a record of its shutdown",
} as const;

export type LossCause = (typeof LOSS_CAUSES)[keyof typeof LOSS_CAUSES];

/** What is known at a place although no row behind it shows it: whoever resumes there needs it. */
export interface LossState {
  /** Windows that have begun and not ended. */
  readonly open: readonly { readonly cause: LossCause; readonly startTime: UtcTime }[];
  /** What is dropped so far and accounted for; the counters only rise. */
  readonly dropped: DroppedRecords | undefined;
  /** A server shutdown was recorded since the audit was last switched on. */
  readonly shutdownRecorded: boolean;
}

/**
 * Accounts for what the trail itself lost: it is shown every row in order, and what is seen around them, and says
 * which loss windows stand before which row. Pure.
 *
 * A window begins at the last event before the loss and ends at the first one after it. Both are in the trail, so a
 * reader that resumes finds the same window, and with it the same event. That a window is told while it still runs
 * (`endTime` null) and once more when it ends is the contract's; who finds it when it is over tells it once.
 */
export class LossAccount {
  /** Not ended yet, by cause. */
  readonly #open = new Map<LossCause, LossWindow>();
  #untold: LossWindow[] = [];
  #lastRow: SqlServerRow | undefined;
  /** Of the last event before the first row that is seen here, and the file that reading began with. */
  #beginning: UtcTime | undefined;
  #fileTime: bigint | undefined;
  #shutdownRecorded = false;
  /** As AUSC rows name it; undefined until the audit is known. */
  #session: string | undefined;
  #dropped: DroppedRecords | undefined;
  /** Of the newest row that was known at the last look. */
  #timeAtLook: UtcTime | undefined;
  /** Of the newest row when the read began, and the newest row of the read. */
  #timeAtRead: UtcTime | undefined;
  #reached: SqlServerRow | undefined;
  /** Messages about skipped records: of this read, of the read before it, and those that are accounted for. */
  #skippedNow: SkippedRecords[] = [];
  #skippedBefore: ReadonlySet<string> = new Set();
  readonly #skippedTold = new Set<string>();

  /** @param state where reading resumes; its open windows are told once more: whether they were told is not known */
  constructor(state?: LossState) {
    this.#shutdownRecorded = state?.shutdownRecorded ?? false;
    this.#dropped = state?.dropped;
    for (const { cause, startTime } of state?.open ?? []) this.#begin({ cause, startTime, endTime: null });
  }

  state(): LossState {
    return {
      open: [...this.#open.values()] as LossState["open"],
      dropped: this.#dropped,
      shutdownRecorded: this.#shutdownRecorded,
    };
  }

  /** @param time of the last event before the place that reading begins at, or when its file was created */
  beginAt(fileTime: bigint, time: UtcTime): void {
    this.#fileTime ??= fileTime;
    this.#beginning ??= time;
  }

  /** Rows about the event sessions of other audits say nothing about this one. */
  concerns(audit: string): void {
    this.#session = `<![CDATA[${audit}$A]]>`.toLowerCase();
  }

  isOpen(...causes: readonly LossCause[]): boolean {
    return causes.some((cause) => this.#open.has(cause));
  }

  /** Activity after the last event, or since one before it, may be missing from now on, until the next row. */
  open(cause: LossCause, since?: UnverifiedFrom): void {
    const startTime = since ? utcTimeOfFileTime(since.lastEvent) : this.#lastEventTime();
    if (!this.#open.has(cause) && startTime !== undefined) this.#begin({ cause, startTime, endTime: null });
  }

  /** A window is over and not told yet: no state knows of it, so whoever resumes has to find it again. */
  get hasUntoldEnd(): boolean {
    return this.#untold.some(({ endTime }) => endTime !== null);
  }

  /** Windows that nobody was told about yet; those that still run are told so. */
  take(): readonly LossWindow[] {
    const windows = this.#untold;
    this.#untold = [];
    return windows;
  }

  /** Takes a new row of which there is nothing to say, as of nearly every row. Otherwise: `before`. */
  passes(row: SqlServerRow): boolean {
    const isQuiet = this.#open.size === 0 && this.#untold.length === 0 && this.#skippedNow.length === 0;
    if (!isQuiet || row.fileTime !== this.#fileTime || saysSomething(row)) return false;
    this.#lastRow = row;
    this.#reached = row;
    return true;
  }

  /** The windows that stand before this new row. One that still runs behind it is not told yet: it may end soon. */
  before(row: SqlServerRow): readonly LossWindow[] {
    const isNewFile = row.fileTime !== this.#fileTime;
    this.#accountForSkipped(row);
    const hasEnded = this.#endWindows(row, isNewFile);
    if (isNewFile && !hasEnded) this.#enterFile(row);
    const windows = this.#takeEnded();
    // What the row itself opens stands behind it.
    this.#follow(row);
    return windows;
  }

  /** A look at the audit's counters, before a read. */
  look(dropped: DroppedRecords | undefined, observedAt: UtcTime): void {
    const before = this.#dropped;
    if (dropped && dropped.count > (before?.session === dropped.session ? before.count : 0n)) {
      // What was known at the last look had been written by then, so it happened before the loss.
      const startTime = this.#timeAtLook ?? this.#beginning ?? observedAt;
      this.#untold.push({ cause: LOSS_CAUSES.recordsDropped, startTime, endTime: laterOf(startTime, observedAt) });
    }
    if (dropped) this.#dropped = dropped;
    this.#timeAtLook = this.#lastEventTime();
  }

  /** What was dropped until now was dropped before the place where reading begins. */
  forgetDropped(dropped: DroppedRecords | undefined): void {
    this.#dropped = dropped;
  }

  /** A file has a successor and never held a row: what it should have held, the audit's start at least, was not written. */
  leaveEmptyFile(): void {
    this.#shutdownRecorded = false;
  }

  /** A read begins: what the last one met may be met again. */
  beginRead(): void {
    this.#skippedNow = [];
    this.#timeAtRead = this.#lastEventTime();
    this.#reached = undefined;
  }

  /** Where the read that is under way began, for whoever has to look whether it met skipped records. */
  readFrom({
    previousOffset,
    lastOffset,
    fileTime,
  }: Pick<FilePosition, "previousOffset" | "lastOffset" | "fileTime">): UnverifiedFrom {
    const lastEvent = this.#timeAtRead === undefined ? null : fileTimeOf(this.#timeAtRead);
    return { previousOffset, lastOffset, lastEvent: lastEvent ?? fileTime };
  }

  /**
   * The server says that it skipped records, at this point among the rows.
   * @param since what is known from there on was read without knowing what was skipped
   */
  skipped(message: string, position: { readonly lastOffset: bigint | null }, since?: UnverifiedFrom): void {
    if (this.#skippedTold.has(message)) return;
    const offset = offsetIn(message);
    if (offset !== undefined && position.lastOffset !== null && offset < position.lastOffset) {
      // Before what is known: whoever read on from there accounted for it, unless that read broke off.
      if (since && (since.lastOffset === null || offset >= since.lastOffset)) {
        this.#skippedTold.add(message);
        const startTime = utcTimeOfFileTime(since.lastEvent);
        const endTime = laterOf(startTime, this.#lastEventTime() ?? startTime);
        this.#untold.push({ cause: LOSS_CAUSES.recordsUnreadable, startTime, endTime });
      }
      return;
    }
    if (offset === undefined || !this.#reached || BigInt(this.#reached.offset) < offset) {
      this.#skippedNow.push({ message, offset });
      return;
    }
    // Rows behind it came first: where exactly they are missing is not known any more, only that it was in this read.
    this.#skippedTold.add(message);
    const endTime = eventTimeOf(this.#reached);
    const startTime = this.#timeAtRead ?? endTime;
    this.#untold.push({ cause: LOSS_CAUSES.recordsUnreadable, startTime, endTime });
  }

  /**
   * The read ran to the file's end. A block that is being written looks like one that is damaged, so what stands at
   * the end counts only when a second read meets it again, or when the file is closed.
   */
  endRead(isClosed: boolean): void {
    const again = this.#skippedNow.filter(({ message }) => isClosed || this.#skippedBefore.has(message));
    if (again.length > 0) this.open(LOSS_CAUSES.recordsUnreadable);
    for (const { message } of again) this.#skippedTold.add(message);
    this.#skippedBefore = new Set(this.#skippedNow.map(({ message }) => message));
    this.#skippedNow = [];
  }

  /** A row behind skipped records: they will not come any more. */
  #accountForSkipped(row: SqlServerRow): void {
    if (this.#skippedNow.length === 0) return;
    const reached = BigInt(row.offset);
    const passed = this.#skippedNow.filter(({ offset }) => offset === undefined || offset < reached);
    if (passed.length === 0) return;
    this.open(LOSS_CAUSES.recordsUnreadable);
    for (const { message } of passed) this.#skippedTold.add(message);
    this.#skippedNow = this.#skippedNow.filter((skipped) => !passed.includes(skipped));
  }

  /** @returns whether any ended */
  #endWindows(row: SqlServerRow, isNewFile: boolean): boolean {
    if (this.#open.size === 0) return false;
    const before = this.#open.size;
    const endTime = eventTimeOf(row);
    for (const [cause, window] of this.#open) {
      // Rows of sessions that were under way may stand behind the one that says that the audit was switched off, in a new
      // file too where the old one was full with it; being switched on begins a new file.
      const goesOn = !this.#isEnabled(row) && (!isNewFile || this.#isDisabled(row));
      if (goesOn && (cause === LOSS_CAUSES.stopped || cause === LOSS_CAUSES.failed)) continue;
      this.#open.delete(cause);
      this.#untold = this.#untold.filter((told) => told !== window);
      this.#untold.push({ ...window, endTime: laterOf(window.startTime, endTime) });
    }
    return this.#open.size < before;
  }

  /** The first row of another file says how it came to be: by a rollover, or because the audit was switched on. */
  #enterFile(row: SqlServerRow): void {
    const startTime = this.#lastEventTime();
    const cause = this.#causeOfFile(row);
    if (cause === undefined || startTime === undefined) return;
    this.#untold.push({ cause, startTime, endTime: laterOf(startTime, eventTimeOf(row)) });
  }

  /** What the first row of a file tells about the end of the file before it. */
  #causeOfFile(row: SqlServerRow): LossCause | undefined {
    // After a shutdown the audit is switched on again: when that is not what comes, it stood in a file between.
    if (!this.#isEnabled(row)) return this.#shutdownRecorded ? LOSS_CAUSES.fileDeleted : undefined;
    if (!informationOf(row).includes(">automatic<")) return LOSS_CAUSES.stopped;
    return this.#shutdownRecorded ? undefined : LOSS_CAUSES.restarted;
  }

  #isEnabled(row: SqlServerRow): boolean {
    return this.#isOwnChange(row) && informationOf(row).includes(">event enabled<");
  }

  #isDisabled(row: SqlServerRow): boolean {
    const information = informationOf(row);
    const isOff = information.includes(">event disabled<") || information.includes(">destroyed<");
    return isOff && this.#isOwnChange(row);
  }

  #isOwnChange(row: SqlServerRow): boolean {
    if (actionOf(row) !== "AUSC") return false;
    const information = informationOf(row).toLowerCase();
    return this.#session === undefined || !information.includes("<session>") || information.includes(this.#session);
  }

  #takeEnded(): readonly LossWindow[] {
    const ended = this.#untold.filter(({ endTime }) => endTime !== null);
    this.#untold = this.#untold.filter(({ endTime }) => endTime === null);
    return ended;
  }

  #begin(window: LossWindow & { readonly cause: LossCause }): void {
    this.#open.set(window.cause, window);
    this.#untold.push(window);
  }

  #lastEventTime(): UtcTime | undefined {
    return this.#lastRow ? eventTimeOf(this.#lastRow) : this.#beginning;
  }

  #follow(row: SqlServerRow): void {
    if (row.fileTime !== this.#fileTime) this.#shutdownRecorded = false;
    this.#fileTime = row.fileTime;
    this.#lastRow = row;
    this.#reached = row;
    const action = actionOf(row);
    if (action === "SVSD") this.#shutdownRecorded = true;
    else if (action === "AUSF") this.open(LOSS_CAUSES.failed);
    else if (!this.#shutdownRecorded && this.#isDisabled(row)) this.open(LOSS_CAUSES.stopped);
  }
}

/** No window ends before it begins, even when the server's clock was set back in it. */
function laterOf(a: UtcTime, b: UtcTime): UtcTime {
  return a < b ? b : a;
}

interface SkippedRecords {
  readonly message: string;
  /** undefined when the message does not say it in a way that is understood. */
  readonly offset: bigint | undefined;
}

/** "… is skipping records from '<file>' at offset <n>." The number stands last in every language seen. */
function offsetIn(message: string): bigint | undefined {
  const digits = /(\d+)\D*$/.exec(message)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

interface SignalColumns {
  readonly action: number;
  readonly information: number;
}

const signalColumns = new WeakMap<TrailDescription, SignalColumns>();

function columnsOf({ trail }: SqlServerRow): SignalColumns {
  let columns = signalColumns.get(trail);
  if (!columns) {
    const indexOf = (name: string) => trail.columns.findIndex((column) => column.name === name);
    columns = {
      action: indexOf("action_id"),
      information: indexOf("additional_information"),
    };
    signalColumns.set(trail, columns);
  }
  return columns;
}

function actionOf(row: SqlServerRow): unknown {
  return row.values[columnsOf(row).action];
}

/** AUSC: audit session changed; AUSF: audit shut down on failure; SVSD: server shut down. */
function saysSomething(row: SqlServerRow): boolean {
  const action = actionOf(row);
  return action === "AUSC" || action === "AUSF" || action === "SVSD";
}

/** XML that is looked at for words only: a miss must never break reading (SQL Server notes §2.3). */
function informationOf(row: SqlServerRow): string {
  return String(row.values[columnsOf(row).information] ?? "");
}
