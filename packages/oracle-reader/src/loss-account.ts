import type { LossWindow } from "@das/core";
import { type Micros, utcTimeOfMicros } from "./micros.ts";

/**
 * Why activity may be missing from the trail (Oracle notes §2.4-4). Constant phrases: with the trail and the start they
 * identify a window, so whoever finds the same loss again tells the same event.
 */
export const LOSS_CAUSES = {
  purgePassed: "audit trail may be purged before it was read",
  rowsDeleted: "audit rows deleted",
  entriesMissing: "entries of a session missing (suspected)",
  redoLost: "a failover may have lost redo",
  canaryMissing: "canary did not appear in the audit trail",
} as const;

export type LossCause = (typeof LOSS_CAUSES)[keyof typeof LOSS_CAUSES];

/** What is known at a place although no row behind it shows it: whoever resumes there needs it. */
export interface LossState {
  /** Windows that have begun and not ended. */
  readonly open: readonly { readonly cause: LossCause; readonly start: Micros }[];
  /** The archive time that was told: rows up to it may be purged. */
  readonly purgeTold: Micros | undefined;
}

/** Accounts for what the trail lost before it was read. Pure; told windows are told once. */
export class LossAccount {
  readonly #open = new Map<LossCause, Micros>();
  #untold: LossWindow[] = [];
  #purgeTold: Micros | undefined;

  /** @param state where reading resumes; its open windows are told once more: whether they were told is not known */
  constructor(state?: LossState) {
    this.#purgeTold = state?.purgeTold;
    for (const { cause, start } of state?.open ?? []) this.open(cause, start);
  }

  state(): LossState {
    return { open: [...this.#open].map(([cause, start]) => ({ cause, start })), purgeTold: this.#purgeTold };
  }

  /** A loss that is over: it is between these two moments. */
  tell(cause: LossCause, start: Micros, end: Micros): void {
    this.#untold.push({ cause, startTime: utcTimeOfMicros(start), endTime: utcTimeOfMicros(Math.max(start, end)) });
  }

  /** A loss that still runs. */
  open(cause: LossCause, start: Micros): void {
    if (this.#open.has(cause)) return;
    this.#open.set(cause, start);
    this.#untold.push({ cause, startTime: utcTimeOfMicros(start), endTime: null });
  }

  close(cause: LossCause, end: Micros): void {
    const start = this.#open.get(cause);
    if (start === undefined) return;
    this.#open.delete(cause);
    const startTime = utcTimeOfMicros(start);
    this.#untold = this.#untold.filter((window) => window.cause !== cause || window.startTime !== startTime);
    this.tell(cause, start, end);
  }

  /** Up to `archived` the trail may be purged, and everything before `low` is read. */
  notePurge(archived: Micros | undefined, low: Micros): void {
    if (archived === undefined || archived <= low || archived <= (this.#purgeTold ?? 0)) return;
    this.tell(LOSS_CAUSES.purgePassed, Math.max(low, this.#purgeTold ?? 0), archived);
    this.#purgeTold = archived;
  }

  /** Windows that nobody was told about yet; those that still run are told so. */
  take(): readonly LossWindow[] {
    const windows = this.#untold;
    this.#untold = [];
    return windows;
  }
}
