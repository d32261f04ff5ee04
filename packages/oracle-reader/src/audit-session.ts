import type { AuditBatch, Clock, Logger, LossWindow, UtcTime } from "@das/core";
import type { AuditServer, Branch, DatabaseState, TimeSlice } from "./audit-server.ts";
import { CANARY, Canary } from "./canary.ts";
import { formatCursor } from "./cursor.ts";
import { compareRows, contentOf, keyOf, keyOfValues, type RowKey } from "./key.ts";
import type { LedgerDifference, LedgerEntry } from "./ledger.ts";
import { ledgerEntryOf, type RowEntry } from "./ledger-entry.ts";
import { LOSS_CAUSES } from "./loss-account.ts";
import { DAY, HOUR, type Micros, microsOf, utcTimeOfMicros } from "./micros.ts";
import { PolicyWatch } from "./policy-watch.ts";
import { type LedgerChange, OVERLAP, type Progress } from "./progress.ts";
import { PurgeHandOver } from "./purge-hand-over.ts";
import { type OracleRow, type OracleValue, rowOf } from "./row.ts";
import { MOST_ROWS } from "./slice-size.ts";

export interface SessionOptions {
  readonly sourceId: string;
  readonly branch: Branch;
  /** Whether the database is, at a look, one whose trail this source may read. */
  readonly isOwn: (state: DatabaseState) => boolean;
  /** The database answered. */
  readonly heard: () => void;
  /** Everything that the trail held at a moment after reading began was given out. */
  readonly reachedEnd: () => void;
  /** Whether a row was on the stream when reading began. Asked once for each row and name. */
  readonly isPublished: (row: OracleRow) => boolean;
  /** The same for a span that was published long ago; nobody may know. */
  readonly publishedIn: (from: UtcTime, to: UtcTime, signal: AbortSignal) => Promise<(row: OracleRow) => boolean>;
  /** Whether a row of our own proves from time to time that policies, table, disk and reader work together. */
  readonly canary: boolean;
  /** Rows that are on the stream for so long may be purged; undefined: that is nobody's concern here. */
  readonly purgeRetention: Micros | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The package that loads files of any age into the table, and purges it; its use is always audited. */
const MANAGEMENT_PACKAGE = "DBMS_AUDIT_MGMT";

/** Milliseconds between polls: the first while rows come, then doubling up to the second (Oracle notes §2.3). */
const POLL_BUSY = 150;
const POLL_IDLE = 1_000;
/** Clocks of other nodes may be ahead. */
const AHEAD: Micros = HOUR;
/** Milliseconds between looks for rows that came later than the overlap. */
const SWEEP_INTERVAL = 10_000;
/** Milliseconds between comparisons of the ledger with the last hour, and with everything since the resumed place. */
const RECONCILE_INTERVAL = 300_000;
const FULL_RECONCILE_INTERVAL = 3_600_000;
/** Rows of a batch: a row that is mapped soon dies young. */
const BATCH_ROWS = 32;

type Batch = AuditBatch<OracleRow>;

/**
 * Follows one branch of one trail on one database, from a progress on, until the connection breaks or the signal aborts
 * (Oracle notes §2.4): the tail, the rows that come late, and the comparison with what the stream holds.
 */
export class AuditSession {
  readonly #server: AuditServer;
  readonly #progress: Progress;
  readonly #options: SessionOptions;
  #sweptAt: number;
  #reconciledAt: number;
  #comparedDayAt: number | undefined;
  /** Milliseconds that the database took for the rows of this poll. */
  #readingTime = 0;
  /** Rows of any age may have come into the table. */
  #comparesAll: boolean;
  /** The place that reading was resumed from. */
  readonly #resumedAt: Micros;
  readonly #canary: Canary | undefined;
  readonly #handOver: PurgeHandOver | undefined;
  readonly #policyWatch: PolicyWatch | undefined;

  constructor(server: AuditServer, progress: Progress, options: SessionOptions) {
    this.#server = server;
    this.#progress = progress;
    this.#options = options;
    this.#sweptAt = options.clock.monotonic();
    this.#reconciledAt = this.#sweptAt;
    this.#resumedAt = progress.low;
    this.#comparesAll = progress.isProvisional;
    this.#canary = options.canary ? new Canary(progress.losses) : undefined;
    // The primary tells it; what is protected is replicated.
    this.#policyWatch =
      options.branch === "table" ? new PolicyWatch(options.sourceId, progress.drift, options.logger) : undefined;
    this.#handOver =
      options.purgeRetention === undefined ? undefined : new PurgeHandOver(progress, options.purgeRetention);
  }

  /** Ends without an error when the database is not this source's any more. @throws UnavailableError, RefusedError */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const { clock, isOwn, heard, reachedEnd } = this.#options;
    let interval = POLL_BUSY;
    while (!signal.aborted) {
      this.#readingTime = 0;
      const state = await this.#server.observe(signal);
      if (signal.aborted || !isOwn(state)) return;
      heard();
      const now = microsOf(state.now);
      this.#noteClock(now);
      const hasNews = yield* this.#readTail(now, signal);
      if (signal.aborted) return;
      reachedEnd();
      yield* this.#lookBack(now, signal);
      if (signal.aborted) return;
      const notices = await this.#policyWatch?.look(this.#server, state.now, clock.monotonic(), signal);
      if (signal.aborted) return;
      yield { ...this.#batch([], this.#progress.losses.take()), ...(notices?.length && { notices }) };
      // A database that takes long to read its trail is asked less often.
      const shortest = Math.max(POLL_BUSY, 3 * this.#readingTime);
      interval = hasNews ? shortest : Math.max(shortest, Math.min(interval * 2, POLL_IDLE));
      await clock.sleep(interval, signal);
    }
  }

  #noteClock(now: Micros): void {
    const span = this.#progress.noteClock(now);
    if (!span) return;
    const { sourceId, logger } = this.#options;
    logger.warn(
      { source: sourceId, from: utcTimeOfMicros(span.from), to: utcTimeOfMicros(span.to) },
      "the database's clock was set back; the time since is read again, and may come twice",
    );
  }

  /** What is between a moment and now, slice by slice, so that no slice cuts rows of one microsecond apart. */
  async *#readTail(now: Micros, signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    const progress = this.#progress;
    let hasNews = false;
    for (let begin = progress.readFrom; begin <= now && !signal.aborted; ) {
      const length = progress.slice.length;
      const reachesNow = begin + length > now;
      const end = reachesNow ? now + AHEAD : begin + length;
      const rows = await this.#readSlice(begin, end, signal);
      if (rows === "too many") continue;
      if (signal.aborted) return hasNews;
      progress.slice.note(length, rows.length);
      const newest = rows.at(-1);
      const fresh = this.#takeNew(rows);
      progress.advance(newest && microsOf(newest.time), end, now);
      hasNews ||= fresh.length > 0;
      yield* this.#giveOut(fresh);
      progress.evict();
      begin = end;
    }
    return hasNews;
  }

  async *#lookBack(now: Micros, signal: AbortSignal): AsyncGenerator<Batch> {
    const time = this.#options.clock.monotonic();
    await this.#canary?.look(this.#server, now, time, signal);
    await this.#handOver?.look(this.#server, time, signal);
    if (signal.aborted) return;
    if (time - this.#sweptAt >= SWEEP_INTERVAL) {
      yield* this.#sweep(signal);
      this.#sweptAt = this.#options.clock.monotonic();
    }
    // What is given out and not on the stream yet is in the trail and not in the ledger.
    const to = this.#comparableTo;
    if (signal.aborted || this.#options.branch !== "table" || !this.#progress.isSettledBefore(to)) return;
    const comparesDay = this.#comparedDayAt === undefined || time - this.#comparedDayAt >= FULL_RECONCILE_INTERVAL;
    if (!comparesDay && !this.#comparesAll && time - this.#reconciledAt < RECONCILE_INTERVAL) return;
    const from = comparesDay ? Math.min(now - DAY, this.#resumedAt) : now - HOUR;
    yield* this.#reconcile(this.#comparesAll ? this.#progress.ledger.since : from, signal);
    if (signal.aborted) return;
    this.#comparesAll = false;
    this.#progress.isProvisional = false;
    this.#reconciledAt = this.#options.clock.monotonic();
    if (comparesDay) this.#comparedDayAt = this.#reconciledAt;
  }

  /** Rows that appeared behind the overlap, and rows that are gone. */
  async *#sweep(signal: AbortSignal): AsyncGenerator<Batch> {
    const progress = this.#progress;
    const { branch } = this.#options;
    const from = Math.max(progress.low - progress.lateWindow, progress.ledger.since);
    const to = progress.low - OVERLAP;
    if (from >= to) return;
    const counts = new Map<RowKey, number>();
    let oldest = Number.POSITIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    const complete = await this.#server.readKeys(
      branch,
      sliceOf(from, to),
      (keys) => {
        for (const values of keys) {
          const key = keyOfValues(values);
          const count = (counts.get(key) ?? 0) + 1;
          counts.set(key, count);
          if (count <= progress.window.count(key)) continue;
          const time = microsOf(timeOfKey(values));
          oldest = Math.min(oldest, time);
          newest = Math.max(newest, time);
        }
      },
      signal,
    );
    if (!complete || signal.aborted) return;
    if (oldest <= newest) yield* this.#readSpan(oldest, newest + 1, signal);
    if (signal.aborted) return;
    const missing = progress.window.missingFrom(counts, from, to);
    if (missing.length > 0) await this.#accountForMissing(missing, signal);
    const archived = await this.#server.lastArchiveTime(signal);
    if (!signal.aborted)
      progress.losses.notePurge(archived === undefined ? undefined : microsOf(archived), progress.low);
    await this.#accountForGaps(signal);
  }

  /** A span that was read before, once more: the rows that are not known came late. */
  async *#readSpan(from: Micros, to: Micros, signal: AbortSignal): AsyncGenerator<Batch> {
    for await (const rows of this.#slices(from, to, signal)) {
      const late = this.#takeNew(rows);
      if (late.length > 0) {
        const { sourceId, logger } = this.#options;
        logger.info({ source: sourceId, rows: late.length, from: late[0]?.time }, "rows of the audit trail came late");
      }
      yield* this.#giveOut(late);
    }
  }

  async *#slices(from: Micros, to: Micros, signal: AbortSignal): AsyncGenerator<readonly OracleRow[]> {
    for (let begin = from; begin < to && !signal.aborted; ) {
      const end = Math.min(to, begin + this.#progress.slice.length);
      const rows = await this.#readSlice(begin, end, signal);
      if (rows === "too many") continue;
      if (signal.aborted) return;
      yield rows;
      begin = end;
    }
  }

  /** Rows that were there and are not any more: purged as announced, loaded into the table, or deleted. */
  async #accountForMissing(missing: readonly (readonly [RowKey, Micros])[], signal: AbortSignal): Promise<void> {
    const progress = this.#progress;
    const archived = await this.#server.lastArchiveTime(signal);
    const purgedTo = archived === undefined ? Number.NEGATIVE_INFINITY : microsOf(archived);
    const loaded = this.#options.branch === "files" ? await this.#keysInTable(missing, signal) : new Set<RowKey>();
    if (signal.aborted) return;
    const deleted = missing.filter(([key, time]) => time > purgedTo && !loaded.has(key));
    for (const [key] of missing) progress.window.forget(key);
    const times = deleted.map(([, time]) => time);
    if (times.length > 0) progress.losses.tell(LOSS_CAUSES.rowsDeleted, Math.min(...times), Math.max(...times));
  }

  async #keysInTable(missing: readonly (readonly [RowKey, Micros])[], signal: AbortSignal): Promise<Set<RowKey>> {
    const keys = new Set<RowKey>();
    if (!this.#server.instance.branches.includes("table")) return keys;
    const times = missing.map(([, time]) => time);
    const slice = sliceOf(Math.min(...times), Math.max(...times) + 1);
    await this.#server.readKeys(
      "table",
      slice,
      (rows) => {
        for (const values of rows) keys.add(keyOfValues(values));
      },
      signal,
    );
    return keys;
  }

  /**
   * A session's entries may be split between table and files, and move: a hole counts when neither holds them. Files stay
   * on their host when another database becomes the primary.
   */
  async #accountForGaps(signal: AbortSignal): Promise<void> {
    const progress = this.#progress;
    for (const gap of progress.gaps.takeBefore(progress.low - progress.lateWindow)) {
      if (gap.from < progress.writesSince) continue;
      const slice = sliceOf(gap.from - progress.lateWindow, gap.to + progress.lateWindow);
      const found = new Set<string>();
      for (const branch of this.#server.instance.branches) {
        await this.#server.readKeys(
          branch,
          slice,
          (keys) => {
            for (const [, , session, entry] of keys) {
              if (session !== gap.session || entry === null || entry === undefined) continue;
              if (BigInt(entry) >= gap.first && BigInt(entry) <= gap.last) found.add(entry);
            }
          },
          signal,
        );
        if (signal.aborted) return;
      }
      const isFilled = BigInt(found.size) === gap.last - gap.first + 1n;
      if (!isFilled) progress.losses.tell(LOSS_CAUSES.entriesMissing, gap.from, gap.to);
    }
  }

  /** Newer minutes always differ: rows of them may still come. */
  get #comparableTo(): Micros {
    return this.#progress.low - this.#progress.lateWindow;
  }

  /** What the trail holds against what the stream holds, period by period. */
  async *#reconcile(from: Micros, signal: AbortSignal): AsyncGenerator<Batch> {
    const progress = this.#progress;
    const { branch } = this.#options;
    const { ledger } = progress;
    ledger.roll(progress.low);
    for (const span of ledger.spans(from, this.#comparableTo)) {
      const summaries = await this.#server.summarize(branch, sliceOf(span.from, span.to), span.unit, signal);
      if (signal.aborted) return;
      for (const difference of ledger.differences(span, summaries)) {
        yield* this.#settle(difference, signal);
        if (signal.aborted) return;
      }
    }
  }

  /** A period that differs is read again; when that is on the stream, the ledger holds what the trail holds. */
  async *#settle(difference: LedgerDifference, signal: AbortSignal): AsyncGenerator<Batch> {
    const { ledger, losses } = this.#progress;
    const { branch, sourceId, logger, publishedIn } = this.#options;
    const { from, to, unit, inTrail, inLedger } = difference;
    const span = sliceOf(from, to);
    logger.warn(
      { source: sourceId, ...span, inTrail: String(inTrail), inLedger: String(inLedger) },
      "the audit trail holds something else than what was published; what is not on the stream is published now",
    );
    const isPublished = await publishedIn(span.from, span.to, signal);
    for await (const rows of this.#slices(from, to, signal)) {
      const missing = [...byKey(rows).values()].flatMap((sameKey) => unpublished(numbered(sameKey), isPublished));
      for (const batch of batchesOf(missing))
        yield this.#batch(batch, losses.take(), { since: from, apply: () => undefined });
    }
    const [summary] = await this.#server.summarize(branch, span, unit, signal);
    if (signal.aborted) return;
    // What a role change takes away with lost redo is on the stream: nothing is missing.
    if ((summary?.count ?? 0n) < inLedger && !this.#progress.isProvisional) {
      const archived = await this.#server.lastArchiveTime(signal);
      if (signal.aborted) return;
      if (archived === undefined || microsOf(archived) < to) losses.tell(LOSS_CAUSES.rowsDeleted, from, to);
    }
    yield this.#batch([], losses.take(), { since: from, apply: () => ledger.set(difference, summary) });
  }

  /** In trail order; `too many` when the slice has to be shorter. */
  async #readSlice(from: Micros, to: Micros, signal: AbortSignal): Promise<readonly OracleRow[] | "too many"> {
    const { trail } = this.#server.instance;
    const rows: OracleRow[] = [];
    const overflow = new AbortController();
    const began = this.#options.clock.monotonic();
    await this.#server.readRows(
      this.#options.branch,
      sliceOf(from, to),
      (batch) => {
        for (const values of batch) rows.push(rowOf(trail, values));
        if (rows.length > MOST_ROWS && this.#progress.slice.shorten()) overflow.abort();
      },
      AbortSignal.any([signal, overflow.signal]),
    );
    this.#readingTime += this.#options.clock.monotonic() - began;
    return overflow.signal.aborted ? "too many" : rows.sort(compareRows);
  }

  /** The rows of a whole slice that nobody has seen, in trail order, numbered among those with an equal key. */
  #takeNew(rows: readonly OracleRow[]): readonly OracleRow[] {
    const published: LedgerEntry[] = [];
    const fresh: OracleRow[] = [];
    for (const [key, sameKey] of byKey(rows)) {
      const added = this.#newOf(key, sameKey);
      const missing = unpublished(added, this.#options.isPublished);
      for (const row of added) {
        const entry = ledgerEntryOf(row);
        if (entry.session !== undefined) this.#progress.gaps.note(entry.session, entry.entries, entry.time);
        if (missing.length === 0) published.push(entry);
        this.#policyWatch?.note(row, this.#server.instance.auditSessionId);
        this.#watch(entry);
      }
      fresh.push(...missing);
    }
    this.#progress.notePublished(published);
    return fresh;
  }

  /** Rows that say something about the trail itself. */
  #watch({ object, session }: RowEntry): void {
    if (object === MANAGEMENT_PACKAGE) this.#comparesAll = true;
    if (object === CANARY && session === this.#server.instance.auditSessionId) this.#canary?.seen();
  }

  /**
   * The rows of one key that are not known; which they are only what they say beyond the key can tell. As many as are
   * known may have another one among them, when one of those was deleted meanwhile.
   */
  #newOf(key: RowKey, rows: readonly OracleRow[]): readonly OracleRow[] {
    const { window } = this.#progress;
    const known = [...window.contents(key)];
    const count = known.length;
    const added: OracleRow[] = [];
    const contents: string[] = [];
    for (const row of rows) {
      const content = contentOf(row);
      const place = known.indexOf(content);
      if (place >= 0) known.splice(place, 1);
      else {
        added.push(row);
        contents.push(content);
      }
    }
    const [first] = added;
    if (!first) return [];
    window.add(key, microsOf(first.time), contents);
    return numbered(added, count);
  }

  *#giveOut(rows: readonly OracleRow[]): Generator<Batch> {
    for (const batch of batchesOf(rows)) {
      const entries = batch.map(ledgerEntryOf);
      const since = Math.min(...entries.map(({ time }) => time));
      const apply = () => this.#progress.notePublished(entries);
      yield this.#batch(batch, this.#progress.losses.take(), { since, apply });
    }
  }

  /** @param change of the ledger, when the batch is on the stream */
  #batch(rows: readonly OracleRow[], lossWindows: readonly LossWindow[], change?: LedgerChange): Batch {
    const cursor = formatCursor(this.#progress.nextBatch(change));
    const { description: instance } = this.#server.instance;
    return { rows, cursor, lossWindows, instance, ...(this.#progress.isProvisional && { provisional: true }) };
  }
}

function* batchesOf(rows: readonly OracleRow[]): Generator<readonly OracleRow[]> {
  for (let begin = 0; begin < rows.length; begin += BATCH_ROWS) yield rows.slice(begin, begin + BATCH_ROWS);
}

/** In the order of the rows. */
function byKey(rows: readonly OracleRow[]): ReadonlyMap<RowKey, readonly OracleRow[]> {
  const groups = new Map<RowKey, OracleRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function numbered(sameKey: readonly OracleRow[], first = 0): readonly OracleRow[] {
  return sameKey.map((row, index) => (first + index === 0 ? row : { ...row, ordinal: first + index }));
}

/**
 * The rows of one key that are not on the stream. An identity does not hold what tells rows with equal keys apart: when
 * only some of them are on the stream nobody knows which, and all come again under new names, because a double is better
 * than a loss.
 */
function unpublished(sameKey: readonly OracleRow[], isPublished: (row: OracleRow) => boolean): readonly OracleRow[] {
  const [first] = sameKey;
  if (!first) return [];
  let known = 0;
  while (isPublished({ ...first, ordinal: first.ordinal + known })) known += 1;
  if (known === 0) return sameKey;
  return known >= sameKey.length ? [] : numbered(sameKey, first.ordinal + known);
}

function sliceOf(from: Micros, to: Micros): TimeSlice {
  return { from: utcTimeOfMicros(from), to: utcTimeOfMicros(to) };
}

const TIME_OF_KEY = 5;

function timeOfKey(values: readonly OracleValue[]): UtcTime {
  return `${values[TIME_OF_KEY]}+00`;
}
