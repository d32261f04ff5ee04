import { type LossWindow, type UtcTime, utcTime } from "@das/core";
import type { DroppedRecords } from "./audit-server.ts";
import { EVENT_TIME_COLUMN } from "./map-event.ts";
import type { SqlServerRow, TrailDescription } from "./row.ts";

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
  restarted: "instance restarted without a record of its shutdown",
} as const;

export type LossCause = (typeof LOSS_CAUSES)[keyof typeof LOSS_CAUSES];

const NONE: readonly LossWindow[] = [];

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
  /** The newest row that was given out or is known, and what it was read with. */
  #lastRow: SqlServerRow | undefined;
  /** A moment before the first row. */
  #beginning: UtcTime | undefined;
  /** A server shutdown was recorded since the audit was last switched on. */
  #shutdownRecorded = false;
  /** The place was at the end of this file when the instance went away. */
  #fileAtRestart: bigint | undefined;
  #droppedBefore: DroppedRecords | undefined;
  /** Of the newest row that was known at the last look. */
  #lastEventTimeAtLook: UtcTime | undefined;
  #looked = false;
  /** Messages about skipped records: of this read, of the reads before it, and those that are accounted for. */
  #skippedNow: SkippedRecords[] = [];
  #skippedBefore: ReadonlySet<string> = new Set();
  readonly #skippedTold = new Set<string>();

  /** @param dropped what was accounted for before; the counters only rise */
  constructor(dropped?: DroppedRecords) {
    this.#droppedBefore = dropped;
  }

  /** What is dropped so far and accounted for: for whoever resumes. */
  get dropped(): DroppedRecords | undefined {
    return this.#droppedBefore;
  }

  /** Whether no row was seen yet, so that known rows are wanted. */
  get isFresh(): boolean {
    return this.#lastRow === undefined;
  }

  /** @param time a moment before the first row, for windows that begin before any row was seen */
  beginAt(time: UtcTime): void {
    this.#beginning ??= time;
  }

  isOpen(...causes: readonly LossCause[]): boolean {
    return causes.some((cause) => this.#open.has(cause));
  }

  /** Activity after the last event may be missing from now on, until the next row. */
  open(cause: LossCause): void {
    const startTime = this.#lastEventTime();
    if (this.#open.has(cause) || startTime === undefined) return;
    const window = { cause, startTime, endTime: null };
    this.#open.set(cause, window);
    this.#untold.push(window);
  }

  /** Windows that nobody was told about yet; those that still run are told so. */
  take(): readonly LossWindow[] {
    if (this.#untold.length === 0) return NONE;
    const windows = this.#untold;
    this.#untold = [];
    return windows;
  }

  /**
   * A row before the place that is resumed from. A window that it opens is told once more: whether it was told before
   * is not known, and it is the same event.
   */
  known(row: SqlServerRow): void {
    this.#follow(row);
    this.#lastEventTimeAtLook = eventTimeOf(row);
  }

  /** The windows that stand before this new row. */
  before(row: SqlServerRow): readonly LossWindow[] {
    const isNewFile = row.fileTime !== this.#lastRow?.fileTime;
    if (!isNewFile && this.#open.size === 0 && this.#skippedNow.length === 0 && !saysSomething(row)) {
      this.#lastRow = row;
      return this.#untold.length === 0 ? NONE : this.take();
    }
    this.#accountForSkipped(row);
    const hasEnded = this.#endWindows(row, isNewFile);
    if (isNewFile && !hasEnded) this.#enterFile(row);
    // What the row itself opens stands behind it.
    const windows = this.take();
    this.#follow(row);
    return windows;
  }

  /** A look at the audit's counters, before a read; the first one of a reader after its first read. */
  look(dropped: DroppedRecords | undefined, observedAt: UtcTime): void {
    const before = this.#droppedBefore;
    if (dropped && dropped.count > (before?.session === dropped.session ? before.count : 0n)) {
      // What was known at the last look had been written by then, so it happened before the loss.
      const startTime = this.#lastEventTimeAtLook ?? this.#beginning ?? observedAt;
      this.#untold.push({ cause: LOSS_CAUSES.recordsDropped, startTime, endTime: observedAt });
    }
    if (dropped) this.#droppedBefore = dropped;
    if (this.#looked) this.#lastEventTimeAtLook = this.#lastEventTime();
    this.#looked = true;
  }

  /** What was dropped until now concerns rows before the place where reading begins. */
  forgetDropped(dropped: DroppedRecords | undefined): void {
    this.#droppedBefore = dropped;
  }

  /** The instance was started anew since reading came to the end of what it had written. */
  restarted(): void {
    this.#fileAtRestart = this.#lastRow?.fileTime;
  }

  /** A read begins: what the last one met may be met again. */
  beginRead(): void {
    this.#skippedNow = [];
  }

  /** The server says that it skipped records, at this point among the rows. */
  skipped(message: string, position: { readonly lastOffset: bigint | null }): void {
    if (this.#skippedTold.has(message)) return;
    const offset = offsetIn(message);
    // Before what is known: whoever read on from there accounted for it.
    if (offset !== undefined && position.lastOffset !== null && offset < position.lastOffset) return;
    this.#skippedNow.push({ message, offset });
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
      // Rows of sessions that were under way may stand behind the one that says that the audit was switched off; being
      // switched on begins a new file.
      if ((cause === LOSS_CAUSES.stopped || cause === LOSS_CAUSES.failed) && !isNewFile && !isEnabled(row)) continue;
      this.#open.delete(cause);
      this.#untold = this.#untold.filter((told) => told !== window);
      this.#untold.push({ ...window, endTime });
    }
    return this.#open.size < before;
  }

  /** The first row of another file says how it came to be: by a rollover, or because the audit was switched on. */
  #enterFile(row: SqlServerRow): void {
    const restartedHere = this.#lastRow !== undefined && this.#fileAtRestart === this.#lastRow.fileTime;
    this.#fileAtRestart = undefined;
    if (!this.#lastRow) return;
    const automatic = isEnabled(row) && informationOf(row).includes(">automatic<");
    if (!isEnabled(row) && !restartedHere) return;
    if (this.#shutdownRecorded && (automatic || restartedHere)) return;
    const cause = automatic || restartedHere ? LOSS_CAUSES.restarted : LOSS_CAUSES.stopped;
    this.#untold.push({ cause, startTime: eventTimeOf(this.#lastRow), endTime: eventTimeOf(row) });
  }

  #lastEventTime(): UtcTime | undefined {
    return this.#lastRow ? eventTimeOf(this.#lastRow) : this.#beginning;
  }

  #follow(row: SqlServerRow): void {
    if (row.fileTime !== this.#lastRow?.fileTime) this.#shutdownRecorded = false;
    this.#lastRow = row;
    const action = actionOf(row);
    if (action === "SVSD") this.#shutdownRecorded = true;
    else if (action === "AUSF") this.open(LOSS_CAUSES.failed);
    else if (action === "AUSC" && !this.#shutdownRecorded && isDisabled(row)) this.open(LOSS_CAUSES.stopped);
  }
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
  readonly eventTime: number;
}

const signalColumns = new WeakMap<TrailDescription, SignalColumns>();

function columnsOf({ trail }: SqlServerRow): SignalColumns {
  let columns = signalColumns.get(trail);
  if (!columns) {
    const indexOf = (name: string) => trail.columns.findIndex((column) => column.name === name);
    columns = {
      action: indexOf("action_id"),
      information: indexOf("additional_information"),
      eventTime: indexOf(EVENT_TIME_COLUMN),
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

function isEnabled(row: SqlServerRow): boolean {
  return actionOf(row) === "AUSC" && informationOf(row).includes(">event enabled<");
}

function isDisabled(row: SqlServerRow): boolean {
  const information = informationOf(row);
  return information.includes(">event disabled<") || information.includes(">destroyed<");
}

function eventTimeOf(row: SqlServerRow): UtcTime {
  return utcTime(String(row.values[columnsOf(row).eventTime]));
}
