import type { Bookmark, ToldDrift, TrailPosition } from "./cursor.ts";
import { EntryGaps } from "./entry-gaps.ts";
import { KeyWindow } from "./key-window.ts";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import { LossAccount } from "./loss-account.ts";
import { MINUTE, type Micros, SECOND } from "./micros.ts";
import { SliceSize } from "./slice-size.ts";

/** A clock that is behind by more was set back (Oracle notes §2.4-1). */
const STEP_BACK: Micros = SECOND;
/** Every read of the tail begins so far before the place: most rows that are committed late come within it. */
export const OVERLAP: Micros = 2 * SECOND;

/** What a batch changes in the ledger when it is on the stream. */
export interface LedgerChange {
  /** What the ledger says of the time before it stays. */
  readonly since: Micros;
  readonly apply: () => void;
}

interface Unacknowledged extends LedgerChange {
  readonly position: TrailPosition;
}

/**
 * What a source knows about its place and its trail. Pure; it outlives connections, and reads that go on exactly where
 * the last one ended, not the process.
 */
export class Progress {
  readonly window = new KeyWindow();
  readonly gaps = new EntryGaps();
  readonly slice = new SliceSize();
  readonly losses: LossAccount;
  readonly ledger: Ledger;
  /** Of the policy, by line: told, and not over. */
  readonly drift: Map<string, ToldDrift>;
  /** How far behind the place rows may still appear. */
  readonly lateWindow: Micros;
  /** The trail was another database's until a role change, and was not compared with the ledger since. */
  isProvisional = false;
  /** Since when this database writes the trail; what is from before may have its other half in files of another host. */
  writesSince: Micros = Number.NEGATIVE_INFINITY;
  #turn: number;
  #low: Micros;
  #batch: number;
  #clock: Micros | undefined;
  /** Up to where the time before the place was read again; undefined when all of it was. */
  #readAgainFrom: Micros | undefined;
  readonly #unacknowledged: Unacknowledged[] = [];
  #acknowledgedLow: Micros | undefined;

  /** @param ledger knows nothing of what is read again: from a minute that is a late window before the place */
  constructor({ position, losses, drift = [] }: Bookmark, lateWindow: Micros, ledger: Ledger) {
    this.#turn = position.turn;
    this.#low = position.low;
    this.#batch = position.batch;
    this.losses = new LossAccount(losses);
    this.drift = new Map(drift.map((each) => [each.line, each]));
    this.lateWindow = lateWindow;
    this.ledger = ledger;
    this.#readAgainFrom = Math.max(ledger.since, beginOfReading(position.low, lateWindow));
    ledger.clear(this.#readAgainFrom);
  }

  /** Every row from before it is known, but for the late ones. */
  get low(): Micros {
    return this.#low;
  }

  /** Where the next read of the tail begins. */
  get readFrom(): Micros {
    return this.#readAgainFrom ?? Math.max(this.#low - OVERLAP, this.ledger.since);
  }

  bookmark(): Bookmark {
    const drift = [...this.drift.values()];
    return {
      position: { turn: this.#turn, low: this.#low, batch: this.#batch },
      losses: this.losses.state(),
      ...(drift.length > 0 && { drift }),
    };
  }

  /** Rows that were on the stream when reading began. */
  notePublished(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) this.ledger.add(entry);
  }

  /**
   * A batch is about to be given out.
   * @param change of the ledger, when the batch is on the stream
   * @returns its place
   */
  nextBatch(change?: LedgerChange): Bookmark {
    this.#batch += 1;
    const bookmark = this.bookmark();
    if (change) this.#unacknowledged.push({ position: bookmark.position, ...change });
    return bookmark;
  }

  /** Everything up to this place is on the stream. */
  acknowledge(position: TrailPosition): void {
    while (this.#unacknowledged[0] && !isAfter(this.#unacknowledged[0].position, position)) {
      this.#unacknowledged.shift()?.apply();
    }
    this.#acknowledgedLow = position.low;
  }

  /** Everything from before it is on the stream, but for rows that come late; undefined when nothing was said of it. */
  get acknowledgedLow(): Micros | undefined {
    return this.#acknowledgedLow;
  }

  /** Everything from before a moment that was given out is on the stream, so the ledger speaks of all of it. */
  isSettledBefore(time: Micros): boolean {
    return this.#unacknowledged.every(({ since }) => since >= time);
  }

  /** The rows of a slice that ends at `end` were read, the newest of them at `newest`. */
  advance(newest: Micros | undefined, end: Micros, now: Micros): void {
    if (this.#readAgainFrom !== undefined) this.#readAgainFrom = end >= this.#low ? undefined : end;
    const settled = Math.min(end, now - this.lateWindow);
    this.#low = Math.max(this.#low, settled, newest === undefined ? this.#low : Math.min(newest, now));
  }

  /** The database's clock at a look. @returns the span that is read again because the clock was set back */
  noteClock(now: Micros): { readonly from: Micros; readonly to: Micros } | undefined {
    const before = this.#clock ?? this.#low;
    this.#clock = now;
    if (now >= before - STEP_BACK) return undefined;
    const to = Math.max(before, this.#low);
    this.#low = Math.min(this.#low, now) - this.lateWindow;
    this.#turn += 1;
    return { from: this.#low, to };
  }

  /** The window need not hold what no read comes back to. */
  evict(): void {
    this.window.evictBefore(Math.min(this.readFrom, this.#low - this.lateWindow));
  }
}

/** On the minute, because the ledger's minutes are counted anew from there. */
export function beginOfReading(low: Micros, lateWindow: Micros): Micros {
  return Math.floor((low - lateWindow) / MINUTE) * MINUTE;
}

function isAfter(a: TrailPosition, b: TrailPosition): boolean {
  return (a.turn - b.turn || a.low - b.low || a.batch - b.batch) > 0;
}
