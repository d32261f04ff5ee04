import type { Clock, Logger, StreamNotice, UtcTime } from "@das/core";
import type { PolicyServer } from "./audit-server.ts";
import { driftOf } from "./provision/fingerprint.ts";
import { HEAL } from "./provision/names.ts";
import { eventTimeOf, type SqlServerRow } from "./row.ts";

export interface PolicyWatchOptions {
  readonly instanceId: string;
  /** The reader's own login: what it switches on again is not what was done. */
  readonly user: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds from one look to the next, at least. */
const INTERVAL = 2_000;
/** An audited change reaches its file within QUEUE_DELAY, a second: so long the notice waits for a name. */
const NAMING_TIME = 2_500;
/** A look takes no more than this share of the time. */
const LARGEST_SHARE = 1 / 20;

/** What an audited change says of itself. */
interface Change {
  readonly time: UtcTime;
  readonly person: string;
}

/** What was told of a drift: with it the notice of its end is the same event. */
interface Told {
  readonly cause: string;
  readonly startTime: UtcTime;
}

/** One line of drift, from the first look that found it to the notice that it ended. */
interface Drift {
  readonly noticedAt: UtcTime;
  /** By our own monotonic clock. */
  readonly since: number;
  isConfirmed: boolean;
  told?: Told;
  endedAt?: UtcTime | undefined;
}

/** How often the procedure was asked to put a line back, until it was gone for long enough. */
interface Attempts {
  readonly count: number;
  /** The look after which it was asked last. */
  readonly askedAt: number;
  /** By our own monotonic clock; undefined: it is not gone. */
  goneSince: number | undefined;
  isGivenUp: boolean;
}

/** Whoever undoes what is put back as often as this is told of, and left to people. */
const MOST_ATTEMPTS = 3;
/** Milliseconds for which a line must be gone before it is put back anew. */
const FORGIVENESS = 600_000;
/** What travels in a heartbeat is bounded; drift of more things than this is told again after a restart. */
const MOST_KEPT = 50;

/**
 * Looks after the audit policy of one instance: tells what is not as it was recorded, by whom as far as the trail names
 * somebody, and that it ended; lets the installed procedure put it back, and tells that, too. Tells when the instance
 * became the primary one.
 *
 * Drift is what two looks find: one look is many questions, and what they are about may change in between.
 */
export class PolicyWatch {
  readonly #options: PolicyWatchOptions;
  #nextLook = Number.NEGATIVE_INFINITY;
  readonly #drift = new Map<string, Drift>();
  /** The last change of each object that the trail showed since the policy was last as it should be. */
  readonly #changes = new Map<string, Change>();
  readonly #attempts = new Map<string, Attempts>();
  #wasProvisioned = false;
  #wasStandby = false;
  #warned = "";

  constructor(options: PolicyWatchOptions) {
    this.#options = options;
  }

  /** Rows of the audit that records changes of audits. */
  saw(rows: readonly SqlServerRow[]): void {
    for (const row of rows) {
      const name = textIn(row, "object_name");
      const person = textIn(row, "session_server_principal_name") || textIn(row, "server_principal_name");
      if (name !== "" && person !== this.#options.user)
        this.#changes.set(name.toLowerCase(), { time: eventTimeOf(row), person });
    }
  }

  /**
   * What was told and has not ended, for whoever goes on after this reader. An empty list says that there is nothing: no
   * ledger would make it look for an older one.
   */
  ledger(): string {
    const entries = [...this.#drift].flatMap(([line, { told }]): readonly LedgerEntry[] =>
      told ? [[line, told.cause, told.startTime, this.#attempts.get(line)?.count ?? 0]] : [],
    );
    return JSON.stringify(entries.slice(0, MOST_KEPT));
  }

  /** @param ledger of whoever read before: what it told is the same event still, and is not told anew */
  resume(ledger: string | undefined): void {
    const now = this.#options.clock.monotonic();
    for (const [line, cause, startTime, count] of readLedger(ledger)) {
      this.#wasProvisioned = true;
      if (this.#drift.get(line)?.told) continue;
      this.#drift.set(line, { noticedAt: startTime, since: now, isConfirmed: true, told: { cause, startTime } });
      // That it was given up was told by whoever gave it up.
      const isGivenUp = count >= MOST_ATTEMPTS;
      const askedAt = Number.NEGATIVE_INFINITY;
      if (count > 0) this.#attempts.set(line, { count, askedAt, goneSince: undefined, isGivenUp });
    }
  }

  /** What is to be told now; nothing most of the time. @throws UnavailableError */
  async look(server: PolicyServer, signal: AbortSignal): Promise<readonly StreamNotice[]> {
    const { clock } = this.#options;
    const started = clock.monotonic();
    if (started < this.#nextLook) return [];
    const seen = await server.look(signal);
    const duration = clock.monotonic() - started;
    this.#nextLook = clock.monotonic() + Math.max(INTERVAL, duration / LARGEST_SHARE);
    if (signal.aborted) return [];
    if ("refusal" in seen) {
      this.#warn(seen.refusal, "the audit policy cannot be watched: grant what das check asks for");
      return [];
    }
    const { observedAt, isStandby, record, facts } = seen;
    const failover = this.#wasStandby && !isStandby ? [this.#failover(observedAt)] : [];
    this.#wasStandby = isStandby;
    if (record) this.#wasProvisioned = true;
    const drift = record
      ? driftOf(record, facts)
      : this.#wasProvisioned
        ? ["the record of the audit policy is gone"]
        : [];
    this.#note(drift, observedAt, started);
    if (record) await this.#heal(server, drift, started, signal);
    const notices = [...failover, ...this.#tell(started)];
    if ([...this.#drift.values()].some(({ told }) => !told)) this.#nextLook = started;
    return notices;
  }

  #failover(startTime: UtcTime): StreamNotice {
    const cause = `instance "${this.#options.instanceId}" is the primary now`;
    return { command: "FAILOVER", cause, startTime, endTime: null };
  }

  #note(lines: readonly string[], observedAt: UtcTime, since: number): void {
    const present = new Set(lines);
    for (const [line, drift] of this.#drift) {
      if (present.has(line)) Object.assign(drift, { isConfirmed: true, endedAt: undefined });
      else if (drift.isConfirmed) drift.endedAt ??= observedAt;
      else this.#drift.delete(line);
    }
    for (const line of lines) {
      if (!this.#drift.has(line)) this.#drift.set(line, { noticedAt: observedAt, since, isConfirmed: false });
    }
    if (this.#drift.size === 0) this.#changes.clear();
  }

  #tell(now: number): readonly StreamNotice[] {
    const { instanceId: instance, logger } = this.#options;
    const notices: StreamNotice[] = [];
    for (const [line, drift] of this.#drift) {
      const { isConfirmed, since, endedAt } = drift;
      const object = objectOf(line);
      const change = this.#changes.get(object);
      if (!drift.told && isConfirmed && (change || object === "" || now - since >= NAMING_TIME)) {
        const cause = change && change.person !== "" ? `${line}, by ${change.person}` : line;
        drift.told = { cause, startTime: change?.time ?? drift.noticedAt };
        notices.push({ command: "POLICY DRIFT", ...drift.told, endTime: null });
        logger.error({ instance, drift: cause }, "the audit policy was changed");
      }
      const attempts = this.#attempts.get(line);
      if (!drift.told) continue;
      if (endedAt === undefined) {
        if (!attempts || attempts.count < MOST_ATTEMPTS || attempts.isGivenUp || attempts.askedAt === now) continue;
        attempts.isGivenUp = true;
        notices.push(outcome("not restored", drift.told, drift.told.startTime));
        logger.error({ instance, drift: drift.told.cause }, "the audit policy is not restored any more: somebody must");
        continue;
      }
      notices.push({ command: "POLICY DRIFT", ...drift.told, endTime: endedAt });
      if (attempts && !attempts.isGivenUp) {
        notices.push(outcome("restored", drift.told, endedAt));
        logger.warn({ instance, drift: drift.told.cause }, "the audit policy was restored");
      }
      this.#drift.delete(line);
    }
    return notices;
  }

  /** Asks for what two looks found, a few times: who undoes it again and again is no matter for a program. */
  async #heal(server: PolicyServer, drift: readonly string[], now: number, signal: AbortSignal): Promise<void> {
    for (const [line, attempts] of this.#attempts) {
      if (drift.includes(line)) attempts.goneSince = undefined;
      else attempts.goneSince ??= now;
      if (attempts.goneSince !== undefined && now - attempts.goneSince >= FORGIVENESS) this.#attempts.delete(line);
    }
    const due = drift.filter((line) => {
      const { count = 0, askedAt = Number.NEGATIVE_INFINITY } = this.#attempts.get(line) ?? {};
      return this.#drift.get(line)?.isConfirmed && count < MOST_ATTEMPTS && now - askedAt >= INTERVAL;
    });
    if (due.length === 0) return;
    for (const line of due) {
      const count = (this.#attempts.get(line)?.count ?? 0) + 1;
      this.#attempts.set(line, { count, askedAt: now, goneSince: undefined, isGivenUp: false });
    }
    const refusal = await server.heal(signal);
    if (refusal !== undefined) this.#warn(refusal, `the audit policy cannot be put back: ${HEAL.name} is refused`);
  }

  /** The same trouble comes back with every look, and is said once. */
  #warn(error: string, message: string): void {
    if (this.#warned === message) return;
    this.#warned = message;
    this.#options.logger.warn({ instance: this.#options.instanceId, error }, message);
  }
}

/**
 * What became of a drift, as an event of its own: the end of the drift is told as every end is. It bears the drift's own
 * start, so that whoever tells it again tells the same event.
 */
function outcome(word: "restored" | "not restored", { cause, startTime }: Told, endTime: UtcTime): StreamNotice {
  return { command: "POLICY DRIFT", cause: `${word} by ${HEAL.name}: ${cause}`, startTime, endTime };
}

function textIn({ trail, values }: SqlServerRow, column: string): string {
  return String(values[trail.columns.findIndex(({ name }) => name === column)] ?? "");
}

/** The audit or specification that a line of drift is about, as the trail would name it. */
function objectOf(line: string): string {
  return (/^(?:database .+?, )?(?:audit|specification) (.+?), /.exec(line)?.[1] ?? "").toLowerCase();
}

type LedgerEntry = readonly [line: string, cause: string, startTime: UtcTime, attempts: number];

/** Another version's ledger is none: then what has drifted is told once more. */
function readLedger(ledger: string | undefined): readonly LedgerEntry[] {
  if (ledger === undefined) return [];
  try {
    const entries: unknown = JSON.parse(ledger);
    return Array.isArray(entries) && entries.every(isLedgerEntry) ? entries : [];
  } catch {
    return [];
  }
}

function isLedgerEntry(entry: unknown): entry is LedgerEntry {
  if (!Array.isArray(entry) || entry.length !== 4) return false;
  return entry.slice(0, 3).every((text) => typeof text === "string") && Number.isInteger(entry[3]);
}
