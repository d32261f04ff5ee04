import type { Clock, Logger, StreamNotice, UtcTime } from "@das/core";
import type { PolicyServer } from "./audit-server.ts";
import { driftOf } from "./provision/fingerprint.ts";
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

/** One line of drift, from the first look that found it to the notice that it ended. */
interface Drift {
  readonly noticedAt: UtcTime;
  /** By our own monotonic clock. */
  readonly since: number;
  isConfirmed: boolean;
  told?: { readonly cause: string; readonly startTime: UtcTime };
  endedAt?: UtcTime | undefined;
}

/**
 * Looks after the audit policy of one instance: tells what is not as it was recorded, by whom as far as the trail names
 * somebody, and that it ended; lets the installed procedure switch on again what is off. Tells, too, when the instance
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
    if (record && drift.some((line) => this.#drift.get(line)?.isConfirmed && isSwitchedOff(line))) {
      await this.#heal(server, signal);
    }
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
    const notices: StreamNotice[] = [];
    for (const [line, drift] of this.#drift) {
      const { isConfirmed, since, endedAt } = drift;
      const object = objectOf(line);
      const change = this.#changes.get(object);
      if (!drift.told && isConfirmed && (change || object === "" || now - since >= NAMING_TIME)) {
        const cause = change && change.person !== "" ? `${line}, by ${change.person}` : line;
        drift.told = { cause, startTime: change?.time ?? drift.noticedAt };
        notices.push({ command: "POLICY DRIFT", ...drift.told, endTime: null });
      }
      if (!drift.told || endedAt === undefined) continue;
      notices.push({ command: "POLICY DRIFT", ...drift.told, endTime: endedAt });
      this.#drift.delete(line);
    }
    return notices;
  }

  async #heal(server: PolicyServer, signal: AbortSignal): Promise<void> {
    const refusal = await server.heal(signal);
    if (refusal !== undefined)
      this.#warn(refusal, "the audit policy cannot be healed: the installed procedure is refused");
  }

  /** The same trouble comes back with every look, and is said once. */
  #warn(error: string, message: string): void {
    if (this.#warned === message) return;
    this.#warned = message;
    this.#options.logger.warn({ instance: this.#options.instanceId, error }, message);
  }
}

/** What the installed procedure can undo. */
function isSwitchedOff(line: string): boolean {
  return /, is (?:OFF|disabled)$/.test(line);
}

function textIn({ trail, values }: SqlServerRow, column: string): string {
  return String(values[trail.columns.findIndex(({ name }) => name === column)] ?? "");
}

/** The audit or specification that a line of drift is about, as the trail would name it. */
function objectOf(line: string): string {
  return (/^(?:database .+?, )?(?:audit|specification) (.+?), /.exec(line)?.[1] ?? "").toLowerCase();
}
